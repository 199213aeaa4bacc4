"""Changing the address of an account's root user: AWS sends a code to the new mailbox, and somebody hands it in.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html
"""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.json import digest

_LENGTH = 16


class EmailStanding(StrEnum):
    """How far a change of address has come."""

    WAITING = "waiting"
    """A code is on its way, or in the mailbox."""
    EXPIRED = "expired"
    """The code was not handed in within 24 hours."""
    ACCEPTED = "accepted"
    """The code was right; AWS takes up to four hours to show the new address."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailUpdate:
    """A change of address that is not over.

    `mark` is that of the address that we asked for (`email_mark`); None where somebody else has asked, for an address that
    AWS does not tell. `until`: when the code ceases to be good, in ISO 8601, in UTC.
    """

    standing: EmailStanding
    until: str
    mark: str | None = None

    def is_for(self, email: str) -> bool:
        return self.mark == email_mark(email)


def email_mark(email: str) -> str:
    """Stands for an address in the ownership tag that notes a change; the case of letters makes no difference."""
    return digest(email.lower())[:_LENGTH]
