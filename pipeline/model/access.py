"""Access to accounts: assignments of IAM Identity Center, in the names that people give to things.

https://docs.aws.amazon.com/singlesignon/latest/userguide/useraccess.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.model.account import AccountSpec, Unobserved
from pipeline.model.json import Json

ASSIGNED: Final = "assigned"
"""The value of an assignment in changes; None where there is none."""

FOREIGN: Final = "assigned by others"
"""The value before, in changes, of an assignment that is there and that we have not made: it becomes ours by review."""

OURS: Final = "ours"
"""Key of an observed assignment that says whether we have made it."""

MARKS_IN_A_TAG: Final = 23
"""Marks of our assignments that one tag holds: ten characters each, with spaces between, in 256 characters."""


class PrincipalKind(StrEnum):
    """Who is assigned; also the key of a request that names it."""

    GROUP = "group"
    USER = "user"


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """A group by its display name, or a user by the user name."""

    kind: PrincipalKind
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One principal with one permission set in one account."""

    principal: Principal
    permission_set: str

    @property
    def path(self) -> tuple[str, ...]:
        """Its path in changes."""
        return ("access", self.principal.kind.value, self.principal.name, self.permission_set)

    @classmethod
    def of(cls, path: Sequence[str]) -> "Assignment":
        """The assignment of such a path."""
        _, kind, name, permission_set = path
        return cls(Principal(PrincipalKind(kind), name), permission_set)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPrincipal:
    """A group or a user that a request names and Identity Center does not have; `near` are names like it that it has."""

    kind: PrincipalKind
    name: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCenter:
    """What IAM Identity Center said to what requests name. `is_there`: this Region has an instance of it."""

    region: str
    is_there: bool = True
    permission_sets: tuple[str, ...] = ()
    unknown: tuple[UnknownPrincipal, ...] = ()


def wanted_access(spec: AccountSpec) -> tuple[Assignment, ...]:
    """The assignments that a request asks for, sorted, each once."""
    return tuple(sorted({assignment for entry in _entries(spec) if (assignment := _assignment(entry)) is not None}))


def observed_access(spec: AccountSpec) -> Mapping[Assignment, bool] | None:
    """The assignments of an observed account, and whether each is ours; None where they were not read."""
    if isinstance(spec.access, Unobserved):
        return None
    return {
        assignment: entry.get(OURS) is True
        for entry in _entries(spec)
        if (assignment := _assignment(entry)) is not None
    }


def access_json(assignment: Assignment, *, ours: bool) -> Mapping[str, Json]:
    """An observed assignment, as `AccountSpec.access` holds it."""
    return {
        assignment.principal.kind.value: assignment.principal.name,
        "permission_set": assignment.permission_set,
        OURS: ours,
    }


def principals_of(assignments: Iterable[Assignment]) -> tuple[Principal, ...]:
    return tuple(sorted({each.principal for each in assignments}))


def tags_for_marks(assignments: int) -> int:
    """How many ownership tags it takes to mark so many assignments as ours."""
    return -(-assignments // MARKS_IN_A_TAG)


def _entries(spec: AccountSpec) -> Iterable[Mapping[str, Json]]:
    return () if isinstance(spec.access, Unobserved) else spec.access


def _assignment(entry: Mapping[str, Json]) -> Assignment | None:
    for kind in PrincipalKind:
        name, permission_set = entry.get(kind.value), entry.get("permission_set")
        if isinstance(name, str) and isinstance(permission_set, str):
            return Assignment(Principal(kind, name), permission_set)
    return None
