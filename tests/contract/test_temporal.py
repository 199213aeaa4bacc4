"""What only an engine of many machines can get wrong."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from pipeline.errors import SettingsError, TemporaryServiceError, UsageError, VendError
from pipeline.model.operation import Done, Facts, Lane, Operation, Result
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.patience import Patience
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.change import ChangeWorkflow
from pipeline.reconcile.temporal.connection import Server, Tls, connect
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.fleet import Post
from pipeline.reconcile.temporal.names import Timing, account_workflow, run_workflow
from pipeline.reconcile.temporal.run import RunWorkflow
from pipeline.reconcile.temporal.turn import Hands
from tests.temporal_bench import QUICK, SCOPE, Bench, Crew, TemporalServer, free_port
from tests.unit.reconcile.fakes import FakeClock, Notes, Script, a_creation, a_task

TIMEOUT = 30.0


def an_engine(
    crew: Crew, run: str, *, version: str = "1.0", on_write: Callable[[Write], None] = lambda _: None
) -> TemporalEngine:
    server = Server(address=crew.server.address)
    return TemporalEngine(server, SCOPE, run, version, PLACES, on_write=on_write, timing=QUICK)


def serve_with(crew: Crew, run: str, perform: Callable[[Operation, Facts], Result]) -> None:
    crew.hands[run] = lambda _, __: Hands(perform=perform, clock=FakeClock(), jitter=lambda: 0.5, patience=Patience())


async def no_time(_: float) -> None:
    await asyncio.sleep(0)


def in_background(deed: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=deed, daemon=True)
    thread.start()
    return thread


# A run that goes on without who began it


def test_a_run_is_found_and_followed_by_another_process_with_all_outcomes(crew: Crew) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def perform(_: Operation, __: Facts) -> Result:
        begun.set()
        return Done(message="moved") if may_end.wait(TIMEOUT) else Done(message="late")

    serve_with(crew, "left-alone", perform)
    tasks = [a_task("left-1", "x"), a_task("left-2", "x", after=["left-1"])]
    leaver = in_background(lambda: an_engine(crew, "left-alone").run(tasks, perform, Notes(), Stop()))
    assert begun.wait(TIMEOUT)
    other = an_engine(crew, "other")
    while "left-alone" not in other.unfinished():
        pass

    (standing,) = other.standings("left-1")
    assert (standing.run, standing.step, standing.number, standing.attempt) == ("left-alone", "x", 1, 1)
    assert standing.since is not None
    assert standing.since > datetime.now(UTC) - timedelta(minutes=5)
    may_end.set()
    notes = Notes()
    outcomes = other.attach("left-alone", notes, Stop())
    leaver.join(TIMEOUT)

    assert [(each.subject, each.status) for each in outcomes] == [
        ("left-1", Status.APPLIED),
        ("left-2", Status.APPLIED),
    ]
    assert notes.of("planned") == [(("left-1", "left-2"),)]


def test_there_is_nothing_to_attach_to_where_no_such_run_was(crew: Crew) -> None:
    with pytest.raises(UsageError, match='no run "never"'):
        an_engine(crew, "x").attach("never", Notes(), Stop())


def test_a_run_that_was_submitted_and_whose_answer_was_lost_is_not_submitted_twice(crew: Crew) -> None:
    script = Script({("once", "x"): [Done(message="moved")]})
    serve_with(crew, "twice", script)

    for _ in range(2):
        (outcome,) = an_engine(crew, "twice").run([a_task("once", "x")], script, Notes(), Stop())
        assert outcome.message == "moved"
    assert script.calls == [("once", "x")]


def test_a_run_that_is_terminated_at_the_server_leaves_its_tasks_pending(crew: Crew) -> None:
    begun, over = threading.Event(), threading.Event()

    def perform(_: Operation, __: Facts) -> Result:
        begun.set()
        over.wait(TIMEOUT)
        return Done()

    serve_with(crew, "terminated", perform)
    answers: list[Status] = []
    engine = an_engine(crew, "terminated")
    follower = in_background(
        lambda: answers.extend(
            each.status for each in engine.run([a_task("t-1", "x"), a_task("t-2", "x")], perform, Notes(), Stop())
        )
    )
    assert begun.wait(TIMEOUT)
    asyncio.run(_terminate(crew, run_workflow(SCOPE, "terminated")))
    follower.join(TIMEOUT)
    over.set()

    assert answers == [Status.PENDING, Status.PENDING]


def test_a_change_whose_workflow_is_terminated_is_pending_and_the_run_goes_on(crew: Crew) -> None:
    begun, over = threading.Event(), threading.Event()

    def perform(operation: Operation, _: Facts) -> Result:
        if operation.arguments["task"] == "gone":
            begun.set()
            over.wait(TIMEOUT)
        return Done()

    serve_with(crew, "one-gone", perform)
    answers: list[Status] = []
    engine = an_engine(crew, "one-gone")
    tasks = [a_task("gone", "x"), a_task("next", "x", after=["gone"])]
    follower = in_background(
        lambda: answers.extend(each.status for each in engine.run(tasks, perform, Notes(), Stop()))
    )
    assert begun.wait(TIMEOUT)
    asyncio.run(_terminate(crew, account_workflow(SCOPE, "gone")))
    follower.join(TIMEOUT)
    over.set()

    assert answers == [Status.PENDING, Status.APPLIED]


async def _terminate(crew: Crew, workflow: str) -> None:
    client = await connect(Server(address=crew.server.address), "test")
    await client.get_workflow_handle(workflow).terminate()


# Two runs at the same time


def test_two_runs_are_never_at_one_account_at_a_time_and_the_second_takes_over_what_the_first_has_done(
    crew: Crew,
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    inside: list[str] = []

    def perform(operation: Operation, _: Facts) -> Result:
        inside.append(operation.kind)
        begun.set()
        may_end.wait(TIMEOUT)
        return Done(message="moved", facts={"account_id": "111122223333"})

    def free(name: str) -> None:
        if name == "apart":
            may_end.set()

    script = Script()
    serve_with(crew, "first", perform)
    serve_with(crew, "second", script)
    first = in_background(
        lambda: an_engine(crew, "first").run([a_task("shared", "x")], perform, Notes(), Stop()),
    )
    assert begun.wait(TIMEOUT)
    answers: list[tuple[Status, str, str | None]] = []
    same, other = a_task("shared", "x"), a_task("apart", "x")
    second = in_background(
        lambda: answers.extend(
            (each.status, each.message, each.account_id)
            for each in an_engine(crew, "second").run([same, other], script, Notes(on={"finished": free}), Stop())
        )
    )

    second.join(TIMEOUT)
    first.join(TIMEOUT)

    assert answers == [(Status.APPLIED, "moved", "111122223333"), (Status.APPLIED, "done", None)]
    assert inside == ["x"]
    assert script.calls == [("apart", "x")]


# Releases


def test_a_run_that_only_older_workers_would_carry_out_is_not_submitted(crew: Crew) -> None:
    """The crew is of version 1.0."""
    server = Server(address=crew.server.address)
    quick = replace(QUICK, workers=0.1)
    engine = TemporalEngine(server, SCOPE, "newer", "1.1", PLACES, on_write=lambda _: None, timing=quick)

    with pytest.raises(TemporaryServiceError, match=r'"organizations" in version 1\.1, only in 1\.0 of') as caught:
        engine.run([a_task("new", "x")], Script(), Notes(), Stop())
    assert "update the workers before the job" in caught.value.hint
    assert "newer" not in engine.unfinished()


def test_a_newer_worker_finishes_the_run_of_an_older_release(crew: Crew) -> None:
    serve_with(crew, "older", Script())

    (outcome,) = an_engine(crew, "older", version="0.9").run([a_task("old", "x")], Script(), Notes(), Stop())

    assert outcome.status is Status.APPLIED


RECORDED = Path(__file__).parent / "histories"


@pytest.mark.parametrize("history", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_the_interpreter_decides_today_as_it_did_when_these_histories_were_recorded(history: Path) -> None:
    """A change that fails here would strand every run that is in progress at its release: make a new version instead."""
    replayer = Replayer(workflows=[RunWorkflow, ChangeWorkflow], workflow_runner=UnsandboxedWorkflowRunner())
    asyncio.run(replayer.replay_workflow(WorkflowHistory.from_json("recorded", history.read_text())))


# How long the dead are waited for


def test_the_dead_are_waited_for_no_longer_than_a_minute() -> None:
    """As long as nobody says otherwise; a turn goes on elsewhere, and so does a decision."""
    timing, post = Timing(), Post(server=Server(), scope=SCOPE, places={})

    assert timing.heartbeat + post.throttle + timing.again < 60
    assert timing.decision + post.sticky < 60


def test_a_decision_may_take_as_long_as_the_run_says(crew: Crew) -> None:
    serve_with(crew, "decided", Script())
    an_engine(crew, "decided").run([a_task("decided", "x")], Script(), Notes(), Stop())

    workflows = [run_workflow(SCOPE, "decided"), account_workflow(SCOPE, "decided")]
    assert asyncio.run(_decision_times(crew, workflows)) == [QUICK.decision, QUICK.decision]


async def _decision_times(crew: Crew, workflows: list[str]) -> list[float]:
    client = await connect(Server(address=crew.server.address), "test")
    found = [await client.get_workflow_handle(each).describe() for each in workflows]
    configured = (each.raw_description.execution_config.default_workflow_task_timeout for each in found)
    return [each.ToTimedelta().total_seconds() for each in configured]


# Rates that several workers share


def test_what_aws_refuses_again_and_again_is_tried_for_as_long_as_time_allows(crew: Crew) -> None:
    """With one worker ten refusals in a row mean that something is wrong; with many, that there are many."""
    script = Script({("crowded", "x"): [*[TemporaryServiceError("Rate exceeded")] * 15, Done(message="moved")]})
    crew.hands["crowded"] = lambda _, __: Hands(perform=script, clock=FakeClock(), jitter=lambda: 0.5)

    (outcome,) = an_engine(crew, "crowded").run([a_task("crowded", "x")], script, Notes(), Stop())

    assert (outcome.status, outcome.message) == (Status.APPLIED, "moved")


# What is wrong with the server or the settings


def test_a_server_that_is_about_to_begin_anew_is_waited_for() -> None:
    server = TemporalServer()
    beginning = in_background(server.start)
    engine = TemporalEngine(
        Server(address=server.address), SCOPE, "r", "1.0", PLACES, on_write=lambda _: None, timing=Timing()
    )

    assert engine.unfinished() == ()
    beginning.join(TIMEOUT)
    server.kill()


def test_a_server_that_does_not_answer_is_named_and_nothing_was_submitted() -> None:
    server = Server(address=f"127.0.0.1:{free_port()}")
    engine = TemporalEngine(server, SCOPE, "r", "1.0", PLACES, on_write=lambda _: None, timing=QUICK, rest=no_time)

    with pytest.raises(TemporaryServiceError, match="does not answer") as caught:
        engine.run([a_task("a", "x")], Script(), Notes(), Stop())
    assert server.address in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"namespace": "nobody-made-it"}, "engine.namespace"), ({"tls": Tls()}, "engine.tls")],
    ids=["namespace", "tls"],
)
def test_a_wrong_namespace_and_an_untrusted_connection_name_the_setting(
    temporal_server: TemporalServer, change: dict[str, object], field: str
) -> None:
    server = Server(**{"address": temporal_server.address, **change})  # type: ignore[arg-type]  # of a parametrization

    with pytest.raises(SettingsError, match=field):
        asyncio.run(connect(server, "test"))


def test_a_certificate_that_is_none_names_the_setting(temporal_server: TemporalServer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    server = Server(address=temporal_server.address, tls=Tls(ca=tmp_path / "ca.pem"))

    with pytest.raises(VendError, match=r"127\.0\.0\.1|engine\.tls"):
        asyncio.run(connect(server, "test"))
    with pytest.raises(SettingsError, match=r"engine\.tls\.ca"):
        asyncio.run(connect(Server(address="x:1", tls=Tls(ca=tmp_path / "absent.pem")), "test"))


def test_an_api_key_is_in_no_text() -> None:
    assert "secret" not in repr(Server(api_key="secret"))


def test_lanes_without_a_worker_are_named_with_the_command_that_starts_one(crew: Crew) -> None:
    server = Server(address=crew.server.address)
    engine = TemporalEngine(
        server, "111122223333/nobody", "r", "1", PLACES, on_write=lambda _: None, timing=QUICK, rest=no_time
    )
    with pytest.raises(TemporaryServiceError, match='no worker serves the lanes "creation", "organizations"') as caught:
        engine.run([a_creation("a")], Script(), Notes(), Stop())
    assert caught.value.hint == "start one with: vend worker --lane creation=5 --lane organizations=8"
    assert engine.unfinished() == ()


# Workers that leave


def test_a_worker_that_leaves_hands_back_what_it_cannot_finish_and_another_goes_on_from_there(
    temporal_server: TemporalServer,
) -> None:
    scope = "111122223333/leaving"
    first, steps = Crew(temporal_server, {Lane.ORGANIZATIONS: 2}, scope), ["x", "y", "z"]
    calls: list[str] = []
    in_the_middle = threading.Event()

    def perform(operation: Operation, facts: Facts) -> Result:
        calls.append(operation.kind)
        if operation.kind == "y":
            in_the_middle.set()
            leaving.join(TIMEOUT) if leaving.ident else None
        return Done(facts={operation.kind: str(len(facts))})

    serve_with(first, "leaving", perform)
    leaving = threading.Thread(target=lambda: (in_the_middle.wait(TIMEOUT), first._leave.drain()))
    leaving.start()
    engine = TemporalEngine(
        Server(address=temporal_server.address), scope, "leaving", "1", PLACES, on_write=lambda _: None, timing=QUICK
    )
    answers: list[Status] = []
    follower = in_background(
        lambda: answers.extend(each.status for each in engine.run([a_task("leaver", *steps)], perform, Notes(), Stop()))
    )
    assert in_the_middle.wait(TIMEOUT)
    first.stop()
    second = Crew(temporal_server, {Lane.ORGANIZATIONS: 2}, scope)
    serve_with(second, "leaving", perform)
    follower.join(TIMEOUT)
    second.stop()

    assert answers == [Status.APPLIED]
    assert calls == steps


def test_the_bench_terminates_what_a_test_has_left(crew: Crew) -> None:
    bench = Bench(crew, FakeClock(), PLACES, Patience())

    assert bench.run([], Script(), Notes(), Stop()) == ()
