"""What became of a change."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    APPLIED = "applied"
    PENDING = "pending"
    """Begun, and not finished; the next run continues."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not begun: its precondition vanished, something that it depends on failed, or the run was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one change in one run: text only, so it can be stored and posted.

    `subject` is the request's key or the unit's path; `digest` the change's. `hint` says what to do next.
    """

    digest: str
    kind: str
    subject: str
    status: Status
    message: str
    hint: str = ""
    account_id: str | None = None
    seconds: float = 0.0
