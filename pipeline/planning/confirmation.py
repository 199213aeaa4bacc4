"""Confirmations: the attribute whose new value a person repeats under `confirm`, and so releases exactly that hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from pipeline.model.account import ROOT
from pipeline.model.change import (
    AccountChange,
    CloseAccount,
    CreateAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.json import canonical


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The attribute, and the value that `confirm` has to say."""

    field: str
    value: str | bool

    @property
    def as_yaml(self) -> str:
        """The value inside a flow mapping: as it is where that is safe, else in double quotes."""
        if isinstance(self.value, bool):
            return canonical(self.value)
        safe = self.value[:1].isalpha() and all(each.isalnum() or each in "-_./" for each in self.value)
        return self.value if safe and self.value.lower() not in {"true", "false", "null"} else canonical(self.value)


def confirmation_of(change: AccountChange) -> Confirmation | None:
    """What `confirm` has to say for this change; None for a change that nobody confirms."""
    match change:
        case CreateAccount(spec=spec):
            return Confirmation("name", spec.name)
        case UpdateAccount(fields=fields):
            named = (found for each in fields if (found := _confirmation_of_field(each)) is not None)
            return next(named, None)
        case MoveAccount(before=before, after=after):
            return None if before == ROOT else Confirmation("organizational_unit", after)
        case EnrollAccount():
            return Confirmation("managed", value=True)
        case UnmanageAccount():
            return Confirmation("managed", value=False)
        case CloseAccount():
            return Confirmation("state", "closed")
        case _:
            assert_never(change)


def _confirmation_of_field(field: FieldChange) -> Confirmation | None:
    match field.path:
        case ("name",) | ("email",):
            return Confirmation(field.path[0], str(field.after))
        case ("sso_user",) if isinstance(field.after, Mapping):
            return Confirmation("sso_user", str(field.after.get("email")))
        case _:
            return None


def confirmation_of_move(change: AccountChange) -> Confirmation | None:
    """That of the way of an account from one unit to another, which an enrolment may be, too."""
    if isinstance(change, EnrollAccount):
        is_move = change.before not in {ROOT, change.after}
        return Confirmation("organizational_unit", change.after) if is_move else None
    return confirmation_of(change) if isinstance(change, MoveAccount) else None
