"""Why a roll-out does not go on: what failed is counted here, and nowhere else."""

from collections.abc import Sequence
from typing import Final

from pipeline.model.outcome import Status
from pipeline.reconcile.course import Ending
from pipeline.reconcile.engine import Task

_REPAIR: Final = "repair what failed, then run the same command again: it continues with what is left"


class Waves:
    """The tasks of waves in one run. For one thread only.

    The first wave of several is there to find out: unless all of it is applied, no other wave begins. Beyond that, as many may
    fail as the budget says; None for any number. What has ended for want of time, or waits for a person, counts in the first
    wave alone: it is no failure, but it has proved nothing.
    """

    def __init__(self, tasks: Sequence[Task], budget: int | None) -> None:
        self._first = min((task.wave for task in tasks if task.wave is not None), default=0)
        self._budget = budget
        self._failed = 0
        self._too_many: Ending | None = None
        self._unproved: Ending | None = None

    def note(self, task: Task, ending: Ending) -> None:
        """Take into account how a task has ended."""
        if task.wave is None or ending.status is Status.APPLIED:
            return
        if ending.status is Status.FAILED:
            self._failed += 1
        if self._too_many is None and self._budget is not None and self._failed > self._budget:
            self._too_many = _stopped(f"{_failures(self._failed)}, the budget is {self._budget}")
        if self._unproved is None and task.wave == self._first:
            self._unproved = _stopped(
                f'the first wave did not succeed: {task.kind} "{task.subject}" is {ending.status.value}'
            )

    def obstacle(self, task: Task) -> Ending | None:
        """Why a task is not begun any more; the same words for all of them, so that reports can say them once."""
        if task.wave is None:
            return None
        return self._too_many or (self._unproved if task.wave != self._first else None)


def _failures(number: int) -> str:
    return "1 customization failed" if number == 1 else f"{number} customizations failed"


def _stopped(why: str) -> Ending:
    return Ending(status=Status.SKIPPED, message=f"not started: {why}", hint=_REPAIR)
