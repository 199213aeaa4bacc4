"""Doubles for engines: a clock that only sleeping moves, a scripted provisioner, and a listener that writes everything down."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from pipeline.model.clock import Clock
from pipeline.model.operation import Done, Facts, Lane, Operation, Result
from pipeline.model.outcome import Outcome
from pipeline.reconcile.engine import Listener, Task

Answer = Result | BaseException | Callable[[Facts], Result]


class FakeClock(Clock):
    """Time passes only by sleeping: nobody waits for real."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 13, 5, 1, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._seconds += seconds
            self.sleeps.append(seconds)


class Script:
    """Answers each operation from a list, by task and kind; the last answer is repeated, and `Done()` is the default."""

    def __init__(self, answers: Mapping[tuple[str, str], Sequence[Answer]] | None = None) -> None:
        self._answers = {key: list(values) for key, values in (answers or {}).items()}
        self._lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []
        self.facts: list[Facts] = []

    def __call__(self, operation: Operation, facts: Facts) -> Result:
        answer = self._next((str(operation.arguments["task"]), operation.kind), facts)
        if isinstance(answer, BaseException):
            raise answer
        return answer(facts) if callable(answer) else answer

    def _next(self, key: tuple[str, str], facts: Facts) -> Answer:
        with self._lock:
            self.calls.append(key)
            self.facts.append(facts)
            left = self._answers.get(key, [])
            return left.pop(0) if len(left) > 1 else left[0] if left else Done()


class Notes(Listener):
    """Every event as a tuple, and the thread it was heard in; `on` says what to do at an event, given the task's id."""

    def __init__(self, on: Mapping[str, Callable[[str], object]] | None = None) -> None:
        self._on = on or {}
        self.events: list[tuple[object, ...]] = []
        self.threads: set[int] = set()

    def _note(self, kind: str, *rest: object) -> None:
        self.events.append((kind, *rest))
        self.threads.add(threading.get_ident())
        if kind in self._on:
            self._on[kind](str(rest[0]))

    def of(self, kind: str) -> list[tuple[object, ...]]:
        return [event[1:] for event in self.events if event[0] == kind]

    def planned(self, tasks: Sequence[Task]) -> None:
        self._note("planned", tuple(task.id for task in tasks))

    def started(self, task: Task) -> None:
        self._note("started", task.id)

    def step(self, task: Task, operation: Operation, message: str) -> None:
        self._note("step", task.id, operation.kind, message)

    def waiting(self, task: Task, reason: str, delay: float) -> None:
        self._note("waiting", task.id, reason, delay)

    def retrying(self, task: Task, error: str, delay: float) -> None:
        self._note("retrying", task.id, error, delay)

    def finished(self, task: Task, outcome: Outcome) -> None:
        self._note("finished", task.id, outcome.status)


@contextmanager
def logged() -> Iterator[list[logging.LogRecord]]:
    """What the room logs, whatever the program's own set-up of logging did in this process."""
    records: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, handler = logging.getLogger("pipeline.reconcile"), Keep()
    logger.addHandler(handler)
    try:
        yield records
    finally:
        logger.removeHandler(handler)


def a_task(
    name: str,
    *steps: tuple[str, Lane] | str,
    after: Sequence[str] = (),
    requires: Sequence[str] = (),
    account_id: str | None = None,
    wave: int | None = None,
    refusal: str = "",
) -> Task:
    """A task whose id and subject are `name`; a step is a kind (on `ORGANIZATIONS`) or a kind and its lane."""
    pairs = [(step, Lane.ORGANIZATIONS) if isinstance(step, str) else step for step in steps]
    return Task(
        id=name,
        change_digest=f"digest-of-{name}",
        kind="move",
        subject=name,
        account_id=account_id,
        operations=tuple(Operation(kind=kind, lane=lane, arguments={"task": name}) for kind, lane in pairs),
        after=frozenset(after),
        requires=frozenset(requires),
        wave=wave,
        refusal=refusal,
    )


def a_creation(name: str, *, requires: Sequence[str] = ()) -> Task:
    """Request and wait on the creation lane, then a move on the other."""
    return a_task(name, ("request", Lane.CREATION), ("wait", Lane.CREATION), "move", requires=requires)
