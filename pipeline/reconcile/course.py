"""One task on its way: perform its operations one after the other, wait, retry, give up."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, assert_never

from pipeline.errors import PermanentServiceError, TemporaryServiceError, VendError
from pipeline.model.clock import Clock
from pipeline.model.operation import Done, Lane, Operation, Result, Vanished, Waiting
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Perform, Stop, Task
from pipeline.reconcile.patience import SHORTEST, Patience, rest
from pipeline.reconcile.subject import acting_for

CONTINUES: Final = "run the same command again: it continues where this run stopped"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a task ends. `stops_lane`: nothing else may enter the lane that it ended on."""

    status: Status
    message: str
    hint: str = ""
    stops_lane: bool = False


INTERRUPTED: Final = Ending(status=Status.PENDING, message="interrupted before it was finished", hint=CONTINUES)
"""How a task ends that a cancelled run did not let go on."""


@dataclass(slots=True, kw_only=True)
class Course:
    """Where a task stands. Belongs to one thread at a time: to a worker while it holds a place, else to the engine."""

    task: Task
    position: int = 0
    begun: float | None = None
    facts: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    @property
    def lane(self) -> Lane | None:
        """The lane that it needs next; None if nothing is left to do."""
        operations = self.task.operations
        return operations[self.position].lane if self.position < len(operations) else None

    def applied(self) -> Ending:
        message = "; ".join(self.messages) or ("done" if self.task.operations else "nothing to do")
        return Ending(status=Status.APPLIED, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """What a worker tells while it is at it."""

    step: Callable[[Task, Operation, str], None]
    waiting: Callable[[Task, str, float], None]
    retrying: Callable[[Task, str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Performs the operations of a course that follow each other on one lane: what one place of the lane is held for."""

    perform: Perform
    clock: Clock
    patience: Patience
    jitter: Callable[[], float]
    stop: Stop
    reports: Reports

    def proceed(self, course: Course) -> Ending | None:
        """Go on to the end of the lane; None when the task has to change to another lane. Never raises."""
        with acting_for(course.task.subject):
            try:
                return self._proceed(course)
            except BaseException as error:  # noqa: BLE001 - whatever comes, it is the end of this task and of no other
                return _unexpected(course.task, error)

    def _proceed(self, course: Course) -> Ending | None:
        lane = course.lane
        while (operation := _operation_on(course, lane)) is not None:
            if self.stop.is_cancelled:
                return INTERRUPTED
            answer = self._carry_out(course, operation)
            if isinstance(answer, Ending):
                return answer
            course.position += 1
            if answer.message:
                course.messages.append(answer.message)
            self.reports.step(course.task, operation, answer.message)
        return course.applied() if course.lane is None else None

    def _carry_out(self, course: Course, operation: Operation) -> Done | Ending:
        """Perform one operation until it is done or given up."""
        first_try = self.clock.monotonic()
        failures: list[float] = []
        while True:
            answer = self._ask(course, operation)
            match answer:
                case Done() | Ending():
                    return answer
                case Vanished(reason=reason):
                    return Ending(status=Status.SKIPPED, message=reason, hint="plan again: the next plan looks afresh")
                case Waiting():
                    failures.clear()
                    pause = self._await(course, operation.lane, answer, first_try)
                case TemporaryServiceError():
                    failures.append(self.clock.monotonic())
                    pause = self._retry(course, answer, failures)
                case _:
                    assert_never(answer)
            if isinstance(pause, Ending):
                return pause
            if not rest(self.clock, self.stop, max(pause, SHORTEST)):
                return INTERRUPTED

    def _ask(self, course: Course, operation: Operation) -> Result | TemporaryServiceError | Ending:
        try:
            result = self.perform(operation, dict(course.facts))
        except TemporaryServiceError as error:
            return error
        except VendError as error:
            stops_lane = isinstance(error, PermanentServiceError) and error.stops_lane
            return Ending(status=Status.FAILED, message=str(error), hint=error.hint, stops_lane=stops_lane)
        if isinstance(result, Done | Waiting):
            course.facts.update(result.facts)
        return result

    def _await(self, course: Course, lane: Lane, answer: Waiting, first_try: float) -> float | Ending:
        """Seconds until the next look; the last look is when patience ends."""
        left = self.patience.waiting_on(lane) - (self.clock.monotonic() - first_try)
        if left <= 0:
            return Ending(status=Status.PENDING, message=f"still in progress at AWS: {answer.reason}", hint=CONTINUES)
        delay = min(answer.delay, left)
        self.reports.waiting(course.task, answer.reason, delay)
        return delay

    def _retry(self, course: Course, error: TemporaryServiceError, failures: list[float]) -> float | Ending:
        """Seconds until the next try. `failures`: when each of the failures in a row happened."""
        delay = max(error.delay, self.patience.backoff(len(failures), self.jitter()))
        if len(failures) >= self.patience.tries or failures[-1] - failures[0] + delay > self.patience.seconds:
            message = f"{error} (tried {len(failures)} times); the next run continues"
            return Ending(status=Status.PENDING, message=message, hint=error.hint or CONTINUES)
        self.reports.retrying(course.task, str(error), delay)
        return delay


def _operation_on(course: Course, lane: Lane | None) -> Operation | None:
    return course.task.operations[course.position] if lane is not None and course.lane is lane else None


def _unexpected(task: Task, error: BaseException) -> Ending:
    _logger.error('%s "%s" failed unexpectedly', task.kind, task.subject, exc_info=error)
    return Ending(
        status=Status.FAILED,
        message=f"unexpected: {type(error).__name__}: {error}",
        hint="this is a defect of this program: report it with the log; running again is safe",
    )
