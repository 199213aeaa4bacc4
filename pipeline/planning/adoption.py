"""What comes first: an account is marked as its request's before all else, and its unit is there before it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.model.account import ROOT
from pipeline.model.change import (
    Change,
    ChangeControl,
    CreateAccount,
    CreateUnit,
    EnrollAccount,
    MoveAccount,
    RegisterUnit,
    UnmanageAccount,
    UpdateAccount,
    account_of,
)
from pipeline.model.plan import Hold

C = TypeVar("C", bound=Change)


def claims(change: Change) -> bool:
    """Whether a change writes the ownership tags of an account: an adoption, a renamed request file, a repair."""
    return isinstance(change, UpdateAccount) and any(each.path == ("ownership",) for each in change.fields)


def wait_for_claims(changes: Sequence[C], holds: Sequence[Hold]) -> tuple[tuple[C, ...], tuple[Hold, ...]]:
    """The changes that may go on, and further holds: those of accounts whose change of ownership is among `holds`.

    Where an account goes once it has left Control Tower waits for its leaving in the same way, and what comes into a unit for the
    unit. Such a hold has the guard of the one that it follows, so what releases the one releases the other.
    """
    waiting = {
        hold.change.account_id: hold for hold in holds if isinstance(hold.change, UpdateAccount) and claims(hold.change)
    }
    leaving = {hold.change.account_id: hold for hold in holds if isinstance(hold.change, UnmanageAccount)}
    missing = {hold.change.path: hold for hold in holds if isinstance(hold.change, CreateUnit)}
    left: list[C] = []
    held: list[Hold] = []
    for change in changes:
        account_id = account_of(change)
        if account_id is not None and (known := waiting.get(account_id)) is not None:
            reason = f"the account has to be marked as this request's first, and that waits: {known.reason}"
            held.append(replace(known, change=change, reason=reason))
        elif isinstance(change, MoveAccount) and change.before == ROOT and (known := leaving.get(change.account_id)):
            reason = f"the account has to leave Control Tower first, and that waits: {known.reason}"
            held.append(replace(known, change=change, reason=reason))
        elif (unit := _missing_unit(change, missing)) is not None:
            reason = f'unit "{unit}" has to be there first, and that waits: {missing[unit].reason}'
            held.append(replace(missing[unit], change=change, reason=reason))
        else:
            left.append(change)
    return tuple(left), tuple(held)


def _missing_unit(change: Change, missing: Mapping[str, Hold]) -> str | None:
    """The highest of the units that have to be there before the change, and are on hold."""
    match change:
        case CreateUnit(path=path) | RegisterUnit(path=path) | ChangeControl(path=path):
            where = path
        case CreateAccount(spec=spec):
            where = spec.organizational_unit
        case MoveAccount(after=after) | EnrollAccount(after=after):
            where = after
        case _:
            return None
    steps = where.split("/")
    paths = ("/".join(steps[:number]) for number in range(1, len(steps) + 1))
    return next((path for path in paths if path in missing), None)
