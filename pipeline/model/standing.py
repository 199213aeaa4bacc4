"""Where a change stands that is carried out somewhere else."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One change of a run that goes on. `subject` is the request's key or the unit's path.

    `step` is the operation that is next or in progress, the `number`th of `steps`; empty when all are done. `attempt`: 2 and more
    after a worker died or handed it back; `error` says why. `since`: when this attempt began, None while it waits for a worker.
    `seconds_left`: by what changes of its kind have taken in this run; None before any has ended. `state`: in words.
    """

    run: str
    kind: str
    subject: str
    state: str
    step: str = ""
    number: int = 0
    steps: int = 0
    attempt: int = 1
    error: str = ""
    worker: str = ""
    since: datetime | None = None
    seconds_left: float | None = None
