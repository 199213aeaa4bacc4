"""What every engine keeps, whatever it runs on."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.model.operation import Done, Facts, Lane, Operation, Result, Vanished, Waiting
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Engine, Listener, Perform, Stop, Task
from pipeline.reconcile.inline import PLACES, InlineEngine
from pipeline.reconcile.patience import Patience, StoppableClock
from pipeline.reconcile.subject import current_subject
from tests.temporal_bench import Bench, Crew
from tests.unit.reconcile.fakes import FakeClock, Notes, Script, a_creation, a_task, logged

REAL_TIMEOUT = 10.0
"""Seconds after which a test that waits for another thread gives up; nothing that works comes near it."""


def _inline(clock: FakeClock, lanes: Mapping[Lane, int], patience: Patience) -> Engine:
    return InlineEngine(clock, lanes, patience, jitter=lambda: 0.5)


@pytest.fixture(params=["inline", "temporal"])
def make_engine(request: pytest.FixtureRequest) -> Callable[..., Engine]:
    if request.param == "inline":
        return _inline
    crew: Crew = request.getfixturevalue("crew")
    return partial(Bench, crew)


class Running:
    """An engine with everything it needs, and what came of a run."""

    def __init__(self, make: Callable[..., Engine]) -> None:
        self._make = make
        self.clock = FakeClock()
        self.notes = Notes()
        self.stop = Stop()
        self.lanes: Mapping[Lane, int] = PLACES
        self.patience = Patience()

    def run(self, tasks: Sequence[Task], perform: Perform, listener: Listener | None = None) -> tuple[Outcome, ...]:
        engine = self._make(self.clock, self.lanes, self.patience)
        return engine.run(tasks, perform, listener or self.notes, self.stop)


@pytest.fixture
def running(make_engine: Callable[..., Engine]) -> Running:
    return Running(make_engine)


def _statuses(outcomes: Sequence[Outcome]) -> dict[str, Status]:
    return {outcome.subject: outcome.status for outcome in outcomes}


# Outcomes and order


def test_outcomes_come_back_in_the_order_of_the_tasks_whatever_ends_first(running: Running) -> None:
    last_is_done = threading.Event()
    script = Script({("a", "x"): [lambda _: Done() if last_is_done.wait(REAL_TIMEOUT) else Vanished(reason="late")]})

    def release(name: str) -> None:
        if name == "c":
            last_is_done.set()

    outcomes = running.run(
        [a_task("a", "x"), a_task("b", "x"), a_task("c", "x")], script, Notes(on={"finished": release})
    )

    assert [(outcome.subject, outcome.status) for outcome in outcomes] == [
        ("a", Status.APPLIED),
        ("b", Status.APPLIED),
        ("c", Status.APPLIED),
    ]


def test_no_tasks_give_no_outcomes(running: Running) -> None:
    assert running.run([], Script()) == ()


def test_a_task_without_operations_is_applied(running: Running) -> None:
    (outcome,) = running.run([a_task("a")], Script())

    assert (outcome.status, outcome.message) == (Status.APPLIED, "nothing to do")


def test_a_task_whose_operations_say_nothing_is_done(running: Running) -> None:
    (outcome,) = running.run([a_task("a", "x")], Script())

    assert (outcome.status, outcome.message) == (Status.APPLIED, "done")


def test_a_refused_task_fails_with_the_text_of_its_refusal(running: Running) -> None:
    outcomes = running.run([a_task("a", refusal="no such backend"), a_task("b", "x", requires=["a"])], Script())

    assert outcomes[0].message == "no such backend"
    assert _statuses(outcomes) == {"a": Status.FAILED, "b": Status.SKIPPED}


def test_operations_are_performed_in_order_and_their_messages_and_facts_are_kept(running: Running) -> None:
    script = Script(
        {
            ("a", "request"): [Done(message="requested", facts={"creation_request": "car-1"})],
            ("a", "wait"): [
                Waiting(reason="in progress", delay=1, facts={"seen": "1"}),
                Done(message="created", facts={"account_id": "111122223333"}),
            ],
            ("a", "move"): [Done()],
        }
    )

    (outcome,) = running.run([a_creation("a")], script)

    assert script.calls == [("a", "request"), ("a", "wait"), ("a", "wait"), ("a", "move")]
    assert script.facts[2] == {"creation_request": "car-1", "seen": "1"}
    assert script.facts[3]["account_id"] == "111122223333"
    assert outcome == Outcome(
        digest="digest-of-a",
        kind="move",
        subject="a",
        status=Status.APPLIED,
        message="requested; created",
        account_id="111122223333",
        seconds=1.0,
    )


def test_the_account_id_of_the_change_is_in_the_outcome_when_nothing_was_performed(running: Running) -> None:
    running.stop.drain()

    (outcome,) = running.run([a_task("a", "x", account_id="111122223333")], Script())

    assert outcome.account_id == "111122223333"


def test_a_task_starts_after_those_it_comes_after_even_if_they_failed(running: Running) -> None:
    script = Script({("a", "x"): [PermanentServiceError("no")]})

    outcomes = running.run([a_task("b", "x", after=["a"]), a_task("a", "x")], script)

    assert script.calls == [("a", "x"), ("b", "x")]
    assert _statuses(outcomes) == {"a": Status.FAILED, "b": Status.APPLIED}


def test_what_requires_a_task_that_was_not_applied_is_skipped_and_says_so(running: Running) -> None:
    script = Script({("a", "x"): [PermanentServiceError("no")]})
    tasks = [a_task("a", "x"), a_task("b", "x", requires=["a"]), a_task("c", "x", requires=["b"]), a_task("d", "x")]

    outcomes = running.run(tasks, script)

    assert sorted(script.calls) == [("a", "x"), ("d", "x")]
    assert [outcome.status for outcome in outcomes] == [Status.FAILED, Status.SKIPPED, Status.SKIPPED, Status.APPLIED]
    assert outcomes[1].message == 'not started: it needs move "a", which is failed'
    assert outcomes[2].message == 'not started: it needs move "b", which is skipped'


def test_a_long_chain_is_walked_to_its_end(running: Running) -> None:
    names = [f"{number:04}" for number in range(1500)]
    tasks = [a_task(name, after=[before]) for before, name in pairwise(names)]

    outcomes = running.run([a_task(names[0]), *tasks], Script())

    assert {outcome.status for outcome in outcomes} == {Status.APPLIED}


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([a_task("a", "x"), a_task("a", "x")], "same id"),
        ([a_task("a", "x", after=["z"])], "not there: z"),
        ([a_task("a", "x", after=["b"]), a_task("b", "x", requires=["a"])], "each other"),
        ([a_task("a", "x", requires=["a"])], "each other"),
    ],
)
def test_tasks_that_cannot_be_ordered_are_refused_before_anything_happens(
    running: Running, tasks: list[Task], message: str
) -> None:
    script = Script()

    with pytest.raises(ValueError, match=message):
        running.run(tasks, script)
    assert script.calls == []


# Lanes


def test_a_lane_is_used_to_its_limit(running: Running) -> None:
    """The barrier opens only when all places are taken at once."""
    running.lanes = {Lane.ORGANIZATIONS: 3}
    barrier = threading.Barrier(3)

    def perform(_: Operation, __: Facts) -> Result:
        barrier.wait(REAL_TIMEOUT)
        return Done()

    outcomes = running.run([a_task(f"{number}", "x") for number in range(9)], perform)

    assert {outcome.status for outcome in outcomes} == {Status.APPLIED}


class CreatingCloud:
    """Counts creations in progress the way AWS does: from the request until it is seen to have ended. Requests come in pairs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: dict[str, int] = {}
        self._pair = threading.Barrier(2)
        self.in_progress: set[str] = set()
        self.most = 0

    def __call__(self, operation: Operation, _: Facts) -> Result:
        name = str(operation.arguments["task"])
        match operation.kind:
            case "request":
                with self._lock:
                    self.in_progress.add(name)
                    self.most = max(self.most, len(self.in_progress))
                self._pair.wait(REAL_TIMEOUT)
            case "wait":
                self._looks[name] = self._looks.get(name, 0) + 1
                if self._looks[name] < 4:
                    return Waiting(reason="in progress", delay=2)
                with self._lock:
                    self.in_progress.remove(name)
            case _:
                pass
        return Done()


def test_a_creation_holds_its_place_while_it_waits(running: Running) -> None:
    running.lanes = {Lane.CREATION: 2}
    running.patience = Patience(waiting=1e9)
    cloud = CreatingCloud()

    outcomes = running.run([a_creation(f"{number}") for number in range(12)], cloud)

    assert {outcome.status for outcome in outcomes} == {Status.APPLIED}
    assert cloud.most == 2


def test_tasks_of_one_subject_do_not_mix_their_operations(running: Running) -> None:
    names = ["a", "b", "c", "d"]
    chain = [a_task(name, "x", "y", after=names[max(0, at - 1) : at]) for at, name in enumerate(names)]
    script = Script()

    running.run(chain, script)

    assert script.calls == [(name, kind) for name in names for kind in ("x", "y")]


def test_a_lane_without_places_is_refused() -> None:
    with pytest.raises(ValueError, match="without a place: creation"):
        InlineEngine(FakeClock(), {Lane.CREATION: 0})


# Errors


def test_a_temporary_error_is_tried_again_with_growing_delays_never_below_what_aws_asked_for(running: Running) -> None:
    busy = [TemporaryServiceError("busy"), TemporaryServiceError("busy"), TemporaryServiceError("busy", delay=30)]
    script = Script({("a", "x"): [*busy, TemporaryServiceError("busy"), Done(message="moved")]})

    (outcome,) = running.run([a_task("a", "x")], script)

    assert outcome.status is Status.APPLIED
    assert [event[2] for event in running.notes.of("retrying")] == [0.5, 1.0, 30, 4.0]
    assert running.clock.monotonic() == pytest.approx(35.5)


def test_facts_of_an_earlier_try_are_handed_to_the_next(running: Running) -> None:
    script = Script(
        {("a", "x"): [Waiting(reason="r", delay=1, facts={"k": "v"}), TemporaryServiceError("busy"), Done()]}
    )

    running.run([a_task("a", "x")], script)

    assert script.facts == [{}, {"k": "v"}, {"k": "v"}]


def test_too_many_tries_leave_the_task_pending_with_what_to_do(running: Running) -> None:
    running.patience = Patience(tries=3)
    script = Script({("a", "x"): [TemporaryServiceError("organizations: busy", hint="wait")]})

    (outcome,) = running.run([a_task("a", "x", "never")], script)

    assert len(script.calls) == 3
    assert (outcome.status, outcome.hint) == (Status.PENDING, "wait")
    assert outcome.message == "organizations: busy (tried 3 times); the next run continues"


def test_no_try_begins_after_patience_has_ended(running: Running) -> None:
    running.patience = Patience(tries=99, seconds=100)
    script = Script({("a", "x"): [TemporaryServiceError("busy", delay=40)]})

    (outcome,) = running.run([a_task("a", "x")], script)

    assert (outcome.status, len(script.calls)) == (Status.PENDING, 3)
    assert running.clock.monotonic() == pytest.approx(80)
    assert "run the same command again" in outcome.hint


def test_an_answer_in_between_makes_patience_for_errors_new(running: Running) -> None:
    running.patience = Patience(tries=2)
    busy, waiting = TemporaryServiceError("busy"), Waiting(reason="r", delay=1)
    script = Script({("a", "x"): [busy, waiting, busy, waiting, busy, Done()]})

    (outcome,) = running.run([a_task("a", "x")], script)

    assert outcome.status is Status.APPLIED


def test_a_permanent_error_is_never_tried_again(running: Running) -> None:
    script = Script(
        {("a", "x"): [PermanentServiceError("e-mail is taken", hint="choose another")], ("b", "x"): [Done()]}
    )

    outcomes = running.run([a_task("a", "x", "y"), a_task("b", "x")], script)

    assert script.calls.count(("a", "x")) == 1
    assert ("a", "y") not in script.calls
    assert (outcomes[0].status, outcomes[0].message, outcomes[0].hint) == (
        Status.FAILED,
        "e-mail is taken",
        "choose another",
    )
    assert outcomes[1].status is Status.APPLIED


def test_an_error_of_ours_that_is_neither_temporary_nor_permanent_fails_with_its_own_text(running: Running) -> None:
    (outcome,) = running.run([a_task("a", "x")], Script({("a", "x"): [ServiceError("refused", hint="ask")]}))

    assert (outcome.status, outcome.message, outcome.hint) == (Status.FAILED, "refused", "ask")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (RuntimeError("boom"), "unexpected: RuntimeError: boom"),
        (SystemExit(3), "unexpected: SystemExit: 3"),
        (KeyError("k"), "unexpected: KeyError: 'k'"),
    ],
)
def test_any_other_exception_is_the_outcome_of_its_task_only_and_is_logged(
    running: Running, answer: BaseException, text: str
) -> None:
    with logged() as records:
        outcomes = running.run([a_task("a", "x"), a_task("b", "x")], Script({("a", "x"): [answer]}))

    assert (outcomes[0].status, outcomes[0].message) == (Status.FAILED, text)
    assert outcomes[1].status is Status.APPLIED
    (record,) = records
    assert record.exc_info is not None
    assert '"a"' in record.getMessage()


def test_an_answer_that_is_none_of_the_union_fails_only_its_task(running: Running) -> None:
    nonsense: Any = lambda _: None  # noqa: E731 - an answer that types forbid

    outcomes = running.run([a_task("a", "x"), a_task("b", "x")], Script({("a", "x"): [nonsense]}))

    assert _statuses(outcomes) == {"a": Status.FAILED, "b": Status.APPLIED}


def test_what_vanished_is_skipped_with_the_reason(running: Running) -> None:
    (outcome,) = running.run([a_task("a", "x", "y")], Script({("a", "x"): [Vanished(reason='no account "1"')]}))

    assert (outcome.status, outcome.message) == (Status.SKIPPED, 'no account "1"')


# Waiting


def test_waiting_performs_the_same_operation_again_after_the_delay(running: Running) -> None:
    script = Script(
        {("a", "x"): [Waiting(reason="in progress", delay=2), Waiting(reason="in progress", delay=3), Done()]}
    )

    (outcome,) = running.run([a_task("a", "x")], script)

    assert running.notes.of("waiting") == [("a", "in progress", 2), ("a", "in progress", 3)]
    assert (outcome.status, outcome.seconds) == (Status.APPLIED, 5.0)


@pytest.mark.parametrize("delay", [0.0, 7.0, 4000.0])
def test_waiting_ends_with_patience_and_a_last_look(running: Running, delay: float) -> None:
    running.patience = Patience(waiting=60)

    (outcome,) = running.run([a_task("a", "x")], Script({("a", "x"): [Waiting(reason="car-1 runs", delay=delay)]}))

    assert outcome.status is Status.PENDING
    assert outcome.message == "still in progress at AWS: car-1 runs"
    assert outcome.seconds == pytest.approx(60, abs=0.11)


# A lane that stops


def test_a_used_up_quota_skips_what_would_enter_the_lane_and_lets_those_inside_go_on(running: Running) -> None:
    running.lanes = {Lane.CREATION: 2}
    stopped = threading.Event()
    script = Script(
        {
            ("a", "request"): [
                PermanentServiceError("10 accounts are the limit", hint="ask for more", stops_lane=True)
            ],
            ("b", "request"): [lambda _: Done() if stopped.wait(REAL_TIMEOUT) else Vanished(reason="late")],
        }
    )

    tasks = [a_creation("a"), a_creation("b"), a_creation("c"), a_task("d", "x")]
    outcomes = running.run(tasks, script, Notes(on={"finished": lambda _: stopped.set()}))

    assert _statuses(outcomes) == {
        "a": Status.FAILED,
        "b": Status.APPLIED,
        "c": Status.SKIPPED,
        "d": Status.APPLIED,
    }
    assert (outcomes[2].message, outcomes[2].hint) == ("not started: 10 accounts are the limit", "ask for more")


def test_what_has_begun_is_pending_when_its_next_lane_is_stopped(running: Running) -> None:
    running.lanes = {Lane.CREATION: 1, Lane.ORGANIZATIONS: 1}
    stopped = threading.Event()
    script = Script(
        {
            ("a", "x"): [PermanentServiceError("access denied", stops_lane=True)],
            ("b", "wait"): [lambda _: Done() if stopped.wait(REAL_TIMEOUT) else Vanished(reason="late")],
        }
    )

    outcomes = running.run(
        [a_creation("b"), a_task("a", "x"), a_creation("c")], script, Notes(on={"finished": lambda _: stopped.set()})
    )

    assert [(outcome.status, outcome.message) for outcome in outcomes] == [
        (Status.PENDING, "not finished: access denied"),
        (Status.FAILED, "access denied"),
        (Status.SKIPPED, "not started: access denied"),
    ]


# Interrupts


def test_the_first_interrupt_finishes_what_runs_and_starts_nothing_else(running: Running) -> None:
    running.lanes = {Lane.CREATION: 1}
    script = Script({("a", "wait"): [Waiting(reason="in progress", delay=5), Done()]})
    listener = Notes(on={"started": lambda _: running.stop.drain()})

    outcomes = running.run([a_creation("a"), a_creation("b"), a_task("c", "x", after=["a"])], script, listener)

    assert [outcome.status for outcome in outcomes] == [Status.APPLIED, Status.SKIPPED, Status.SKIPPED]
    assert script.calls == [("a", "request"), ("a", "wait"), ("a", "wait"), ("a", "move")]
    assert outcomes[1].message == "not started: interrupted; the next run does it"


def test_the_second_interrupt_ends_a_wait(running: Running) -> None:
    asked = threading.Event()

    def interrupt_twice(_: str) -> None:
        running.stop.interrupt()
        running.stop.interrupt()
        asked.set()

    class Patient(FakeClock):
        """Lets no time pass until the interrupt was asked for."""

        def sleep(self, seconds: float) -> None:
            assert asked.wait(REAL_TIMEOUT)
            super().sleep(seconds)

    running.clock = Patient()
    script = Script({("a", "x"): [Waiting(reason="in progress", delay=600)]})

    (outcome,) = running.run([a_task("a", "x", "y")], script, Notes(on={"waiting": interrupt_twice}))

    assert outcome.status is Status.PENDING
    assert outcome.message == "interrupted before it was finished"
    assert running.clock.monotonic() <= 1
    assert script.calls == [("a", "x")]


def test_the_second_interrupt_ends_a_task_at_the_next_operation(running: Running) -> None:
    def perform(operation: Operation, _: Facts) -> Result:
        running.stop.cancel()
        return Done(message=f"{operation.kind} done")

    outcomes = running.run([a_task("a", "x", "y"), a_task("b", "x", after=["a"])], perform)

    assert [outcome.status for outcome in outcomes] == [Status.PENDING, Status.SKIPPED]
    assert running.notes.of("step") == [("a", "x", "x done")]


def test_what_waits_for_its_next_lane_is_pending_after_the_second_interrupt(running: Running) -> None:
    def perform(operation: Operation, _: Facts) -> Result:
        if operation.kind == "wait":
            running.stop.cancel()
        return Done()

    (outcome,) = running.run([a_creation("a")], perform)

    assert outcome.status is Status.PENDING


def test_the_second_interrupt_ends_a_wait_inside_an_operation(running: Running) -> None:
    """A backend that waits on the stoppable clock gives the operation up, and the engine does not try it again."""
    calls = []

    def perform(operation: Operation, _: Facts) -> Result:
        calls.append(operation.kind)
        running.stop.cancel()
        StoppableClock(running.clock, running.stop).sleep(60)
        return Done()

    (outcome,) = running.run([a_task("a", "x")], perform)

    assert (outcome.status, outcome.message) == (Status.PENDING, "interrupted before it was finished")
    assert calls == ["x"]


def test_an_operation_that_was_done_when_the_interrupt_came_counts(running: Running) -> None:
    def perform(_: Operation, __: Facts) -> Result:
        running.stop.cancel()
        return Done(message="moved")

    (outcome,) = running.run([a_task("a", "x")], perform)

    assert (outcome.status, outcome.message) == (Status.APPLIED, "moved")


def test_a_run_that_is_cancelled_before_it_begins_performs_nothing(running: Running) -> None:
    running.stop.cancel()
    script = Script()

    outcomes = running.run([a_task("a", "x"), a_task("b", "x", requires=["a"])], script)

    assert {outcome.status for outcome in outcomes} == {Status.SKIPPED}
    assert script.calls == []


# Listeners


def test_the_listener_hears_each_event_in_the_thread_that_called_run(running: Running) -> None:
    script = Script({("a", "x"): [Waiting(reason="r", delay=1), TemporaryServiceError("busy"), Done(message="moved")]})

    running.run([a_task("a", "x"), a_task("b", "x", requires=["c"]), a_task("c", refusal="no")], script)

    assert running.notes.threads == {threading.get_ident()}
    assert [event for event in running.notes.events if event[1] == "a"] == [
        ("started", "a"),
        ("waiting", "a", "r", 1),
        ("retrying", "a", "busy", 0.5),
        ("step", "a", "x", "moved"),
        ("finished", "a", Status.APPLIED),
    ]
    assert running.notes.events[0] == ("planned", ("a", "b", "c"))
    assert sorted(running.notes.of("finished")) == [
        ("a", Status.APPLIED),
        ("b", Status.SKIPPED),
        ("c", Status.FAILED),
    ]


def test_a_listener_that_fails_is_logged_and_changes_nothing(running: Running) -> None:
    def fail(name: str) -> None:
        raise RuntimeError(f"no screen for {name}")

    listener = Notes(on={"started": fail, "finished": fail})
    with logged() as records:
        outcomes = running.run([a_task("a", "x"), a_task("b", "x")], Script(), listener)

    assert _statuses(outcomes) == {"a": Status.APPLIED, "b": Status.APPLIED}
    assert len(records) == 4


def test_what_ends_the_process_stops_the_workers_and_goes_on_up(running: Running) -> None:
    """A `KeyboardInterrupt` in the thread of the run: nothing hangs, nothing is swallowed."""

    def die(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run([a_creation(name) for name in "abcdefgh"], Script(), Notes(on={"step": die}))
    assert running.stop.is_cancelled


def test_an_operation_knows_for_whom_it_is_performed(running: Running) -> None:
    seen: list[str | None] = []

    def perform(_: Operation, __: Facts) -> Result:
        seen.append(current_subject())
        return Done()

    running.run([a_task("a", "x"), a_task("b", "x", after=["a"])], perform)

    assert seen == ["a", "b"]
    assert current_subject() is None


# What one task hands down to another


def test_a_task_begins_with_the_account_that_a_task_of_its_subject_has_found_and_it_requires(running: Running) -> None:
    script = Script({("new", "request"): [Done(facts={"account_id": "111122223333", "creation_request": "car-1"})]})
    begun: dict[str, Facts] = {}

    def perform(operation: Operation, facts: Facts) -> Result:
        begun[operation.kind] = facts
        return script(operation, facts)

    creation = a_task("new", "request")
    customization = replace(a_task("new", "customize", requires=["new"]), id="customize new")
    stranger = replace(a_task("other", "elsewhere", requires=["new"]), id="other")
    outcomes = running.run([creation, customization, stranger], perform)

    assert begun["customize"] == {"account_id": "111122223333"}
    assert begun["elsewhere"] == {}
    assert outcomes[1].account_id == "111122223333"
