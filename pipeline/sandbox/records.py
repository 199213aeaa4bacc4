"""What the sandbox's organization consists of: frozen records, replaced as a whole by every write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

ACTIVE: Final = "ACTIVE"
SUSPENDED: Final = "SUSPENDED"
PENDING_CLOSURE: Final = "PENDING_CLOSURE"
CLOSED: Final = "CLOSED"

IN_PROGRESS: Final = "IN_PROGRESS"
SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailUpdate:
    """A change of the root user's address: `status` is PENDING until the one-time password is given back."""

    email: str
    otp: str
    status: str
    started: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`sequence` orders listings. `was_tagged`: the tagging API lists what was ever tagged, even if it is bare now.

    `further_roles` are in it from the beginning, like the one of `role_name`. `regions` holds what differs from an opt-in
    Region's default, DISABLED.
    """

    id: str
    sequence: int
    parent_id: str
    name: str
    email: str
    state: str
    joined: datetime
    joined_method: str = "CREATED"
    role_name: str = "OrganizationAccountAccessRole"
    further_roles: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    was_tagged: bool = False
    alternate_contacts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    contact_information: Mapping[str, str] | None = None
    regions: Mapping[str, str] = field(default_factory=dict)
    email_update: EmailUpdate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An organizational unit, or the root: then `parent_id` is empty."""

    id: str
    sequence: int
    parent_id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """One call of CreateAccount and what became of it. Its parent, for listings, is its state."""

    id: str
    sequence: int
    name: str
    email: str
    role_name: str
    tags: Mapping[str, str]
    state: str
    requested: datetime
    completed: datetime | None = None
    account_id: str | None = None
    failure_reason: str | None = None

    @property
    def parent_id(self) -> str:
        return self.state


Record = Account | Unit | Creation

Fields = dict[str, Any]
"""A structure of the AWS API: member names to values."""
