"""One turn: the operations of a task that follow each other on one lane, on a worker, with a sign of life every few seconds."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from temporalio import activity
from temporalio.exceptions import ApplicationError

from pipeline.model.clock import Clock
from pipeline.model.operation import Operation
from pipeline.reconcile.course import INTERRUPTED, Course, Reports, Worker
from pipeline.reconcile.engine import Perform, Stop, Task
from pipeline.reconcile.patience import Patience
from pipeline.reconcile.record import ApiWrite
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.documents import (
    Document,
    course_from_json,
    course_to_json,
    ending_to_json,
    task_from_json,
    timing_from_json,
)
from pipeline.reconcile.temporal.names import TURN
from pipeline.reconcile.temporal.stops import Lease, Softly, ThreadStop

_KEPT: Final = 50
"""Reports of one turn that are kept."""

_RUNS: Final = 4
"""Runs whose clients a worker keeps."""

_TRUSTED: Final = 2 / 3
"""Of the time after which the server believes a silent worker to be dead: signs of life are sent with some delay."""

SHARED: Final = Patience(tries=1000)
"""Workers share AWS's rates, and each knows only of its own requests: to be refused is usual, and only time ends it."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """How a worker carries out the operations of one run."""

    perform: Perform
    clock: Clock
    jitter: Callable[[], float]
    patience: Patience = SHARED


HandsFor = Callable[[str, Stop, Callable[[Write], None]], Hands]
"""Makes those of a run, by its id. The `Stop` tells, on the thread that performs, whether to give up what is in progress;
the last takes every write to AWS. Raises `VendError` where this worker cannot."""


@dataclass(slots=True, kw_only=True)
class _Notes:
    """What is reported of one turn; written by the thread that performs, read by the one that tells of it."""

    course: Course
    first: int
    reports: list[Any] = field(default_factory=list)
    writes: list[Document] = field(default_factory=list)

    def reports_to(self) -> Reports:
        def step(_: Task, operation: Operation, message: str) -> None:
            self.reports.append(["step", operation.kind, message])

        def waiting(_: Task, reason: str, delay: float) -> None:
            self.reports.append(["waiting", reason, delay])

        def retrying(_: Task, error: str, delay: float) -> None:
            self.reports.append(["retrying", error, delay])

        return Reports(step=step, waiting=waiting, retrying=retrying)

    def as_document(self) -> Document:
        numbered = [[self.first + number, *each] for number, each in enumerate(list(self.reports))]
        return {
            "course": course_to_json(self.course),
            "reports": numbered[-_KEPT:],
            "reported": self.first + len(numbered),
            "writes": list(self.writes),
        }


class Turns:
    """The activity of a worker. `version`: of its program, as numbers; `monotonic`: the seconds of this machine."""

    def __init__(self, hands_for: HandsFor, version: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._hands_for = hands_for
        self._monotonic = monotonic
        self.version = version
        self._stop = ThreadStop()
        self._lock = threading.Lock()
        self._hands: dict[str, Hands] = {}
        self._notes: dict[int, _Notes] = {}

    @activity.defn(name=TURN, no_thread_cancel_exception=True)
    def turn(self, order: Document) -> Document:
        """Where the task stands after the turn. Safe to repeat: it goes on from what the last sign of life has said."""
        self._refuse_if_older(order["version"])
        task = task_from_json(order["task"])
        hands = self._hands_of(order["run"])
        known = _last_words(order)
        notes = _Notes(
            course=course_from_json(task, known["course"]),
            first=known["reported"] - len(known["reports"]),
            reports=[each[1:] for each in known["reports"]],
            writes=known["writes"],
        )
        timing = timing_from_json(order["timing"])
        pulse = _Pulse(notes, timing.pulse, Lease(timing.heartbeat * _TRUSTED, self._monotonic))
        worker = Worker(
            perform=hands.perform,
            clock=hands.clock,
            patience=hands.patience,
            jitter=hands.jitter,
            stop=pulse.soft,
            reports=notes.reports_to(),
        )
        members = {"run": order["run"], "subject": task.subject, "account_id": task.account_id, "change": task.kind}
        _logger.info('%s "%s": turn begins', task.kind, task.subject, extra=members)
        begun = hands.clock.monotonic()
        with self._noting(notes), self._stop.of(pulse.hard), pulse:
            ending = worker.proceed(notes.course)
        if ending == INTERRUPTED and (pulse.hands_back or pulse.hard.is_over):
            ending = None
        members["account_id"] = notes.course.facts.get("account_id", task.account_id)
        _logger.info('%s "%s": %s', task.kind, task.subject, _word(ending, pulse), extra=members)
        return {
            **notes.as_document(),
            "seconds": hands.clock.monotonic() - begun,
            "ending": None if ending is None else ending_to_json(ending),
        }

    def wrote(self, write: Write) -> None:
        """Note a write to AWS for the turn that this thread takes."""
        notes = self._notes.get(threading.get_ident())
        if notes is not None:
            noted = ApiWrite(
                at=write.at,
                service=write.service,
                operation=write.operation,
                request_id=write.request_id,
                error=write.error,
                subject=notes.course.task.subject,
                target=write.subject,
            )
            notes.writes.append(asdict(noted))

    @contextmanager
    def _noting(self, notes: _Notes) -> Iterator[None]:
        self._notes[threading.get_ident()] = notes
        try:
            yield
        finally:
            del self._notes[threading.get_ident()]

    def _hands_of(self, run: str) -> Hands:
        with self._lock:
            if run not in self._hands:
                while len(self._hands) >= _RUNS:
                    del self._hands[next(iter(self._hands))]
                self._hands[run] = self._hands_for(run, self._stop, self.wrote)
            return self._hands[run]

    def _refuse_if_older(self, wanted: str) -> None:
        if numbers(self.version) < numbers(wanted):
            message = f"this worker is of version {self.version}, and the run was ordered by version {wanted}"
            raise ApplicationError(message, type="OlderWorker")


class _Pulse:
    """Tells the server that the turn goes on, and hears whether it may.

    `soft` ends it between two operations and in the engine's waits, `hard` also inside an operation. A worker that shuts down
    hands the turn back softly at first; when its grace is over, hard. One that could give no sign of life for so long that
    another may have the turn by now (it was frozen, or got no CPU) hands it back hard, before it writes anything more.
    """

    def __init__(self, notes: _Notes, interval: float, lease: Lease) -> None:
        self._notes = notes
        self._interval = interval
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.soft = Softly(lease)
        self.hard = lease
        self.hands_back = False

    def __enter__(self) -> Self:
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._beat,), name="pulse", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self) -> None:
        while True:
            self.hard.renew()
            activity.heartbeat(self._notes.as_document())
            self._listen()
            if self._over.wait(self._interval):
                return

    def _listen(self) -> None:
        if activity.is_worker_shutdown():
            self.hands_back = True
            self.soft.cancel()
        if activity.is_cancelled():
            self.soft.cancel()
            self.hard.cancel()


def numbers(version: str) -> tuple[int, ...]:
    """`0.12.1` to (0, 12, 1); what is no number ends it."""
    found: list[int] = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        found.append(int(part))
    return tuple(found)


def _last_words(order: Document) -> Document:
    """What the worker before this one has told, if it died; else where the task stood when the turn was ordered."""
    details = activity.info().heartbeat_details
    if details and details[0]["course"]["position"] >= order["course"]["position"]:
        words: Document = details[0]
        return words
    return {"course": order["course"], "reports": [], "reported": order["reported"], "writes": []}


def _word(ending: Any, pulse: _Pulse) -> str:
    if ending is not None:
        return f"{ending.status.value}: {ending.message}"
    return "handed back" if pulse.hands_back or pulse.hard.is_over else "turn is over"
