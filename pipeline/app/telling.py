"""How far a run is, told while it goes on: seldom, by another thread, and never at the run's expense."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Final

from pipeline.model.clock import Clock
from pipeline.model.operation import Operation
from pipeline.model.outcome import Outcome
from pipeline.reconcile.engine import Task
from pipeline.reconcile.listening import Silent
from pipeline.reports.merged import OnTheWay, Row

EVERY: Final = 60.0
"""Seconds between two tellings of one comment.

A telling takes about four requests of the 1,000 an hour that a repository's GITHUB_TOKEN has, and one of the 500 writes.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

Tell = Callable[[Sequence[Row]], bool]
"""Posts how far each change is; whether that went through."""

_logger = logging.getLogger(__name__)


class Telling(Silent):
    """Tells when a change has begun or ended, at most once in `every` seconds, and less often once a telling has failed.

    `post` runs tellings, one after the other: a forge may take its time, and the engine must not wait for it. What is not told
    yet when the run ends is left to its last word.
    """

    def __init__(self, tell: Tell, clock: Clock, *, every: float, post: Executor) -> None:
        self._tell = tell
        self._clock = clock
        self._every = every
        self._post = post
        self._posting: Future[bool] | None = None
        self._next = clock.monotonic() + every
        self._rows: dict[str, Row] = {}
        self._has_news = False

    def planned(self, tasks: Sequence[Task]) -> None:
        self._rows = {task.id: _row(task, has_begun=False) for task in tasks}

    def started(self, task: Task) -> None:
        self._note(task, _row(task, has_begun=True))

    def step(self, task: Task, operation: Operation, message: str) -> None:  # noqa: ARG002 - any event is an occasion
        self._tell_what_is_due()

    def waiting(self, task: Task, reason: str, delay: float) -> None:  # noqa: ARG002 - as above
        self._tell_what_is_due()

    def retrying(self, task: Task, error: str, delay: float) -> None:  # noqa: ARG002 - as above
        self._tell_what_is_due()

    def finished(self, task: Task, outcome: Outcome) -> None:
        self._note(task, outcome)

    def _note(self, task: Task, row: Row) -> None:
        self._rows[task.id] = row
        self._has_news = True
        self._tell_what_is_due()

    def _tell_what_is_due(self) -> None:
        if not self._has_news or self._clock.monotonic() < self._next:
            return
        if self._posting is not None:
            if not self._posting.done():
                return
            if self._has_failed(self._posting):
                self._every *= 2
        self._has_news = False
        self._next = self._clock.monotonic() + self._every
        self._posting = self._post.submit(self._tell, tuple(self._rows.values()))

    @staticmethod
    def _has_failed(posting: Future[bool]) -> bool:
        """Whether it was not posted; what broke in it must not reach the engine, whose event this is."""
        if (error := posting.exception()) is not None:
            _logger.warning("not posted: %s", type(error).__name__, exc_info=error)
            return True
        return not posting.result()


def _row(task: Task, *, has_begun: bool) -> OnTheWay:
    return OnTheWay(kind=task.kind, subject=task.subject, account_id=task.account_id, has_begun=has_begun)
