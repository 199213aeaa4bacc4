"""Listeners to build on: one that hears nothing, and one that passes on to several."""

import logging
from collections.abc import Callable, Sequence
from typing import ParamSpec

from pipeline.model.operation import Operation
from pipeline.model.outcome import Outcome
from pipeline.reconcile.engine import Listener, Task

P = ParamSpec("P")

_logger = logging.getLogger(__name__)


def tell(event: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Tell a listener of an event; if it fails, that is logged, and the run goes on."""
    try:
        event(*args, **kwargs)
    except Exception:
        _logger.exception("a listener failed; the run goes on")


class Silent(Listener):
    """Hears everything and does nothing; override what matters."""

    def planned(self, tasks: Sequence[Task]) -> None:
        pass

    def started(self, task: Task) -> None:
        pass

    def step(self, task: Task, operation: Operation, message: str) -> None:
        pass

    def waiting(self, task: Task, reason: str, delay: float) -> None:
        pass

    def retrying(self, task: Task, error: str, delay: float) -> None:
        pass

    def finished(self, task: Task, outcome: Outcome) -> None:
        pass


class Several(Listener):
    """Passes every event on, in the given order. The first should be the one that must not miss any (the run record)."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def planned(self, tasks: Sequence[Task]) -> None:
        for listener in self._listeners:
            listener.planned(tasks)

    def started(self, task: Task) -> None:
        for listener in self._listeners:
            listener.started(task)

    def step(self, task: Task, operation: Operation, message: str) -> None:
        for listener in self._listeners:
            listener.step(task, operation, message)

    def waiting(self, task: Task, reason: str, delay: float) -> None:
        for listener in self._listeners:
            listener.waiting(task, reason, delay)

    def retrying(self, task: Task, error: str, delay: float) -> None:
        for listener in self._listeners:
            listener.retrying(task, error, delay)

    def finished(self, task: Task, outcome: Outcome) -> None:
        for listener in self._listeners:
            listener.finished(task, outcome)
