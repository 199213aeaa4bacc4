"""The steps on what AWS keeps about an account outside of it: primary contact, address of the root user, access.

`account_id` is None for an account of this change: then it is among the facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.access import FOREIGN, Assignment, Principal, PrincipalKind
from pipeline.model.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContactInformation:
    """Set the primary contact, all of it. On an account of this change `before` is None, and what is there is replaced."""

    key: str
    account_id: str | None
    before: Mapping[str, Json] | None
    after: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartEmailUpdate:
    """Have AWS send a code to the new address, once. `again`: once more, because a person asks for it."""

    key: str
    account_id: str
    before: str
    after: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptEmailUpdate:
    """Hand in the code. It is no part of a plan and of nothing that is kept: a person gives it."""

    key: str
    account_id: str
    email: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignAccess:
    """Give a principal a permission set in the account. `before`: `FOREIGN` where it has it, and we are to answer for it."""

    key: str
    account_id: str | None
    kind: str
    principal: str
    permission_set: str
    before: str | None = None

    @property
    def assignment(self) -> Assignment:
        return Assignment(Principal(PrincipalKind(self.kind), self.principal), self.permission_set)

    @property
    def takes_over(self) -> bool:
        return self.before == FOREIGN


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAccess:
    """Take a permission set that we have given from a principal."""

    key: str
    account_id: str
    kind: str
    principal: str
    permission_set: str

    @property
    def assignment(self) -> Assignment:
        return Assignment(Principal(PrincipalKind(self.kind), self.principal), self.permission_set)


UpkeepStep = SetContactInformation | StartEmailUpdate | AcceptEmailUpdate | AssignAccess | RemoveAccess
