"""Progress as lines of text, for logs: one per finished change."""

from collections.abc import Sequence
from typing import Final, TextIO

from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.listening import Silent
from pipeline.reports.escaping import visible

STOPPING: Final = "interrupted: finishing what runs; interrupt again to stop now"

CANCELLED: Final = "interrupted twice: stopping now; the next run continues"

_MINUTE: Final = 60
_HOUR: Final = 3600


class Lines(Silent):
    """One line per finished change, numbered, for logs."""

    def __init__(self, stream: TextIO, stop: Stop) -> None:
        self._stream = stream
        self._stop = stop
        self._total = 0
        self._done = 0
        self._said = ""

    def planned(self, tasks: Sequence[Task]) -> None:
        self._total = len(tasks)

    def finished(self, task: Task, outcome: Outcome) -> None:  # noqa: ARG002 - the outcome says it all
        if (state := interruption(self._stop)) != self._said:
            self._said = state
            self._write(state)
        self._done += 1
        self._write(f"[{self._done}/{self._total}] {line_of(outcome)}")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def interruption(stop: Stop) -> str:
    """What an interrupt has led to so far, or nothing."""
    if stop.is_cancelled:
        return CANCELLED
    return STOPPING if stop.is_draining else ""


def line_of(outcome: Outcome) -> str:
    """One line that can be printed anywhere: `create payments-prod 333344445555: applied in 3 min 34 s: created`."""
    who = " ".join(filter(None, (outcome.kind, outcome.subject, outcome.account_id)))
    time = f" in {duration(outcome.seconds)}" if outcome.status is Status.APPLIED else ""
    what_to_do = f"; {outcome.hint}" if outcome.hint else ""
    return visible(f"{who}: {outcome.status.value}{time}: {outcome.message}{what_to_do}")


def duration(seconds: float) -> str:
    """Rounded to what people care about."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
