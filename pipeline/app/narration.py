"""What a run does, as log lines: for `--verbose` and `--log-format json`."""

import logging
from collections.abc import Sequence

from pipeline.model.operation import Operation
from pipeline.model.outcome import Outcome
from pipeline.reconcile.engine import Listener, Task
from pipeline.reports.escaping import visible

_logger = logging.getLogger(__name__)


class Narration(Listener):
    """One line per event: what people ask about later at level INFO, everything in between at DEBUG.

    Nothing is a WARNING, which Python shows even if nobody asked for log lines. In JSON, `change`, `subject`, `account_id`
    and `status` are members of their own.
    """

    def planned(self, tasks: Sequence[Task]) -> None:
        _logger.info("%d changes to carry out", len(tasks))

    def started(self, task: Task) -> None:
        _logger.debug("%s: begun, %d operations", _who(task), len(task.operations), extra=_members(task))

    def step(self, task: Task, operation: Operation, message: str) -> None:
        _logger.debug("%s: %s done: %s", _who(task), operation.kind, visible(message), extra=_members(task))

    def waiting(self, task: Task, reason: str, delay: float) -> None:
        _logger.debug("%s: %s; looks again in %.1f s", _who(task), visible(reason), delay, extra=_members(task))

    def retrying(self, task: Task, error: str, delay: float) -> None:
        _logger.info("%s: tries again in %.1f s: %s", _who(task), delay, visible(error), extra=_members(task))

    def finished(self, task: Task, outcome: Outcome) -> None:
        text = "; ".join(filter(None, (outcome.message, outcome.hint)))
        members = _members(task) | {"status": outcome.status.value, "account_id": outcome.account_id}
        _logger.info("%s: %s: %s", _who(task), outcome.status.value, visible(text), extra=members)


def _who(task: Task) -> str:
    return visible(f"{task.kind} {task.subject}")


def _members(task: Task) -> dict[str, str | None]:
    return {"change": task.kind, "subject": task.subject, "account_id": task.account_id}
