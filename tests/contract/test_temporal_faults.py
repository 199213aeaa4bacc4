"""What may go wrong around a run on a Temporal server: nothing is lost, nothing is done twice, and it is said."""

import asyncio
import multiprocessing
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import PermanentServiceError, UsageError
from pipeline.model.operation import Done, Facts, Lane, Operation, Result, Waiting
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Perform, Stop, Task
from pipeline.reconcile.patience import Patience
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.names import run_workflow
from pipeline.reconcile.temporal.parts import Size
from pipeline.reconcile.temporal.turn import Hands
from tests import customizing_worker
from tests.temporal_bench import QUICK, SCOPE, Crew, TemporalServer
from tests.unit.reconcile.fakes import FakeClock, Notes, Script, a_task

TIMEOUT = 60.0
CONTINUES_AT = 40
"""Events after which a run of the frail server continues as a new execution; 4,096 by default."""

LANES = (Lane.ORGANIZATIONS, Lane.MEMBER)
PLACES = {**dict.fromkeys(Lane, 5), Lane.ORGANIZATIONS: 4, Lane.MEMBER: 4}
CALM = replace(QUICK, poll=0.2, look=0.5)


class Frail:
    """A server of its own, of which the database can be locked, with a worker of every lane."""

    def __init__(self, database: Path) -> None:
        self.database = database
        continues = {"limit.historyCount.suggestContinueAsNew": str(CONTINUES_AT)}
        self.server = TemporalServer(database=database, settings=continues)
        self.server.start()
        self.crew = Crew(self.server, dict.fromkeys(Lane, 4))

    def close(self) -> None:
        self.crew.stop()
        self.server.kill()

    def lock_database(self, seconds: float) -> None:
        """Nobody else reads or writes it, as long as that takes."""
        with closing(sqlite3.connect(self.database, timeout=TIMEOUT, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")

    def events(self, run: str) -> list[int]:
        """How long the history of each execution of a run has become."""

        async def lengths() -> list[int]:
            client = await connect(Server(address=self.server.address), "test")
            query = f"WorkflowId = '{run_workflow(SCOPE, run)}'"
            return [each.history_length async for each in client.list_workflows(query)]

        return asyncio.run(lengths())


@pytest.fixture(scope="module")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frail]:
    made = Frail(tmp_path_factory.mktemp("frail") / "temporal.db")
    yield made
    made.close()


def an_engine(server: TemporalServer, run: str, *, scope: str = SCOPE, version: str = "1.0") -> TemporalEngine:
    address = Server(address=server.address)
    return TemporalEngine(address, scope, run, version, PLACES, on_write=lambda _: None, timing=CALM)


def serve(crew: Crew, run: str, perform: Perform, clock: FakeClock | None = None) -> None:
    hands = Hands(perform=perform, clock=clock or FakeClock(), jitter=lambda: 0.5, patience=Patience())
    crew.hands[run] = lambda _, __: hands


class Work:
    """Takes a moment for each operation, and counts them; the `after`th one tells that the run is in full swing."""

    def __init__(self, after: int = 6) -> None:
        self.done: Counter[tuple[str, str]] = Counter()
        self.is_in_full_swing = threading.Event()
        self._after = after
        self._lock = threading.Lock()

    def __call__(self, operation: Operation, _: Facts) -> Result:
        with self._lock:
            self.done[str(operation.arguments["task"]), operation.kind] += 1
            if self.done.total() == self._after:
                self.is_in_full_swing.set()
        time.sleep(0.05)
        return Done(message=operation.kind)


def some_tasks(number: int, steps: int = 2) -> list[Task]:
    """Each changes from lane to lane at every step."""
    kinds = [(f"step-{step}", LANES[step % 2]) for step in range(steps)]
    return [a_task(f"t-{each}", *kinds) for each in range(number)]


def everything_once(tasks: list[Task]) -> Mapping[tuple[str, str], int]:
    return {(task.id, operation.kind): 1 for task in tasks for operation in task.operations}


# The server, and the way to it


@pytest.mark.parametrize("fault", ["frozen", "database"])
def test_a_server_that_is_away_for_a_while_costs_nothing_but_the_while(frail: Frail, fault: str) -> None:
    """Frozen: the network loses everything. Database: somebody else has locked it."""
    work, tasks = Work(), some_tasks(8)
    serve(frail.crew, fault, work)
    answers: list[Status] = []
    engine = an_engine(frail.server, fault)
    run = threading.Thread(
        target=lambda: answers.extend(each.status for each in engine.run(tasks, work, Notes(), Stop())), daemon=True
    )
    run.start()
    assert work.is_in_full_swing.wait(TIMEOUT)

    if fault == "frozen":
        with frail.server.frozen():
            time.sleep(2)
    else:
        frail.lock_database(2)
    run.join(TIMEOUT)

    assert answers == [Status.APPLIED] * len(tasks)
    assert work.done == everything_once(tasks)


def test_a_run_continues_as_new_in_the_middle_of_its_work_and_everything_ends_once(frail: Frail) -> None:
    work, tasks = Work(), some_tasks(10, steps=3)
    serve(frail.crew, "long", work)
    notes = Notes()

    outcomes = an_engine(frail.server, "long").run(tasks, work, notes, Stop())

    assert [each.status for each in outcomes] == [Status.APPLIED] * len(tasks)
    assert [each.message for each in outcomes] == ["step-0; step-1; step-2"] * len(tasks)
    assert work.done == everything_once(tasks)
    assert sorted(str(each[0]) for each in notes.of("finished")) == sorted(task.id for task in tasks)
    events = frail.events("long")
    assert len(events) > 2
    # Of what is at work when a run begins to settle it still hears: some events for each of the eight places.
    assert max(events) < 3 * CONTINUES_AT


# Plans that are too large for one order


def test_a_plan_that_is_too_large_for_one_order_goes_in_parts_which_know_of_each_other(crew: Crew) -> None:
    script = Script(
        {
            ("created", "x"): [Done(facts={"account_id": "111122223333"})],
            ("refused", "x"): [PermanentServiceError("no")],
        }
    )
    for run in ("large", *(f"large-{number}" for number in range(2, 6))):
        serve(crew, run, script)
    tasks = [
        a_task("created", "x"),
        a_task("refused", "x"),
        replace(a_task("customized", "x", requires=["created"]), subject="created"),
        a_task("skipped", "x", requires=["refused"]),
        a_task("other", "x"),
    ]
    server = Server(address=crew.server.address)
    engine = TemporalEngine(
        server, SCOPE, "large", "1.0", PLACES, on_write=lambda _: None, timing=CALM, largest=Size(tasks=1)
    )
    notes = Notes()

    outcomes = engine.run(tasks, script, notes, Stop())

    found = [(each.status, each.account_id) for each in outcomes]
    assert found[:3] == [
        (Status.APPLIED, "111122223333"),
        (Status.FAILED, None),
        (Status.APPLIED, "111122223333"),
    ]
    assert found[3:] == [(Status.SKIPPED, None), (Status.APPLIED, None)]
    assert 'it needs move "refused", which is failed' in outcomes[3].message
    assert sorted(script.calls) == [(name, "x") for name in ("created", "customized", "other", "refused")]
    assert notes.of("planned") == [(tuple(task.id for task in tasks),)]
    assert sorted(str(each[0]) for each in notes.of("finished")) == sorted(task.id for task in tasks)


def test_the_parts_that_are_left_do_not_begin_when_the_run_is_told_to_stop(crew: Crew) -> None:
    script, stop = Script(), Stop()
    serve(crew, "stopped", script)
    server = Server(address=crew.server.address)
    engine = TemporalEngine(
        server, SCOPE, "stopped", "1.0", PLACES, on_write=lambda _: None, timing=CALM, largest=Size(tasks=1)
    )

    outcomes = engine.run(
        [a_task("a", "x"), a_task("b", "x")], script, Notes(on={"finished": lambda _: stop.drain()}), stop
    )

    assert [each.status for each in outcomes] == [Status.APPLIED, Status.SKIPPED]
    assert "not started: interrupted" in outcomes[1].message
    assert script.calls == [("a", "x")]


def test_one_change_that_the_server_would_not_take_is_named_before_anything_is_submitted(crew: Crew) -> None:
    huge = replace(
        a_task("huge"), operations=(Operation(kind="x", lane=Lane.MEMBER, arguments={"text": "x" * 9_000_000}),)
    )
    engine = an_engine(crew.server, "huge")

    with pytest.raises(UsageError, match=r'move "huge": this change alone is 9,[\d,]+ bytes'):
        engine.run([huge], Script(), Notes(), Stop())
    assert "huge" not in engine.unfinished()


# Workers of several releases, and clocks that are wrong


def test_an_older_worker_beside_a_newer_one_leaves_the_operations_of_a_newer_run_to_it(
    temporal_server: TemporalServer,
) -> None:
    scope = "111122223333/two-releases"
    older = Crew(temporal_server, dict.fromkeys(LANES, 4), scope)
    newer = Crew(temporal_server, dict.fromkeys(LANES, 4), scope, version="1.1")
    others, ours, tasks = Work(), Work(), some_tasks(6)
    serve(older, "new", others)
    serve(newer, "new", ours)

    outcomes = an_engine(temporal_server, "new", scope=scope, version="1.1").run(tasks, ours, Notes(), Stop())
    older.stop()
    newer.stop()

    assert [each.status for each in outcomes] == [Status.APPLIED] * len(tasks)
    assert ours.done == everything_once(tasks)
    assert others.done == {}


class Skewed(FakeClock):
    """The clock of a machine that is wrong by so many seconds; `monotonic` is the uptime, and has nothing to do with it."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._wrong = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._wrong

    def monotonic(self) -> float:
        return super().monotonic() + self._wrong.total_seconds() + 7200.0


@pytest.mark.parametrize("seconds", [3600.0, -3600.0], ids=["ahead", "behind"])
def test_workers_whose_clocks_differ_by_an_hour_end_nothing_early_and_do_nothing_twice(
    temporal_server: TemporalServer, seconds: float
) -> None:
    """The first one leaves while AWS is at it; the second one, whose clock is right, goes on with the same operation."""
    scope = f"111122223333/skewed{seconds:.0f}"
    first, second = (Crew(temporal_server, {Lane.CREATION: 2}, scope) for _ in range(2))
    second.stop()
    waits = [Waiting(reason="in progress", delay=30, facts={"creation_request": "car-1"})] * 3
    script = Script({("new", "wait"): [*waits, Done(facts={"account_id": "111122223333"})]})
    left = threading.Event()

    def until_told(operation: Operation, facts: Facts) -> Result:
        answer = script(operation, facts)
        if operation.kind == "wait":
            threading.Thread(target=first.stop, daemon=True).start()
            left.wait(2)
        return answer

    serve(first, "skewed", until_told, Skewed(seconds))
    task = a_task("new", ("request", Lane.CREATION), ("wait", Lane.CREATION))
    engine = an_engine(temporal_server, "skewed", scope=scope)
    answers: list[tuple[Status, str | None]] = []
    run = threading.Thread(
        target=lambda: answers.extend(
            (each.status, each.account_id) for each in engine.run([task], script, Notes(), Stop())
        ),
        daemon=True,
    )
    run.start()
    first._thread.join(TIMEOUT)
    second = Crew(temporal_server, {Lane.CREATION: 2}, scope)
    serve(second, "skewed", script)
    run.join(TIMEOUT)
    second.stop()

    assert answers == [(Status.APPLIED, "111122223333")]
    assert script.calls.count(("new", "request")) == 1
    assert script.facts[-1] == {"creation_request": "car-1"}


@pytest.mark.parametrize("skew", [timedelta(hours=1), timedelta(hours=-1)], ids=["ahead", "behind"])
def test_a_job_whose_clock_is_wrong_by_an_hour_still_finds_the_workers(crew: Crew, skew: timedelta) -> None:
    script = Script()
    run = f"clock{skew.total_seconds():.0f}"
    serve(crew, run, script)
    engine = TemporalEngine(
        Server(address=crew.server.address),
        SCOPE,
        run,
        "1.0",
        PLACES,
        on_write=lambda _: None,
        timing=CALM,
        now=lambda: datetime.now(UTC) + skew,
    )

    (outcome,) = engine.run([a_task("a", "x")], script, Notes(), Stop())

    assert outcome.status is Status.APPLIED


# Terraform


def test_a_worker_that_is_killed_in_the_middle_of_terraform_leaves_the_state_locked_and_the_next_one_waits(
    temporal_server: TemporalServer, tmp_path: Path
) -> None:
    scope = "111122223333/terraform"
    bench = customizing_worker.bench(tmp_path, seconds=5)
    order = bench.terraform.folder / "order"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.customizing_worker"])

    def worker() -> multiprocessing.process.BaseProcess:
        process = context.Process(
            target=customizing_worker.customize, args=(temporal_server.address, scope, tmp_path), daemon=True
        )
        process.start()
        return process

    timing = replace(QUICK, heartbeat=2.0, workers=TIMEOUT)
    engine = TemporalEngine(
        Server(address=temporal_server.address),
        scope,
        "killed",
        "1.0",
        PLACES,
        on_write=lambda _: None,
        timing=timing,
    )
    answers: list[tuple[Status, str]] = []
    task = a_task("billing", ("customize", Lane.TERRAFORM))
    run = threading.Thread(
        target=lambda: answers.extend(
            (each.status, each.message) for each in engine.run([task], Script(), Notes(), Stop())
        ),
        daemon=True,
    )
    run.start()
    first = worker()
    until(lambda: order.exists() and "apply begins" in order.read_text())
    first.kill()
    second = worker()
    run.join(TIMEOUT)
    second.kill()

    assert answers == [(Status.APPLIED, "Unchanged")]
    assert order.read_text().split("\n")[2:4] == ["apply begins", "apply ends"]
    assert bench.terraform.verbs.count("apply") == 1


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
