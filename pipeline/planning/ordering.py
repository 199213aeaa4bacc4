"""The order of a plan: one that may be carried out from top to bottom, and the same for the same changes."""

from collections.abc import Mapping
from typing import Final, assert_never

from pipeline.model.change import (
    AccountChange,
    Change,
    ChangeControl,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    MoveAccount,
    RegisterUnit,
    UnitChange,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.plan import Hold

_UNIT_ORDER: Final[Mapping[type[UnitChange], int]] = {CreateUnit: 0, RegisterUnit: 1, ChangeControl: 2}

Rank = tuple[int, int, str, str, int, tuple[tuple[str, ...], ...]]


def rank(change: Change) -> Rank:
    """Sort key: units with parents first, each with its registration and its controls; then accounts, each by request key.

    Of accounts creations come first, then updates, enrolments and moves, then closures and customizations. An account's
    attributes come before its move, because they carry the ownership tags that permit the move; it leaves Control Tower, and
    so comes into the root, before it moves on.
    """
    if isinstance(change, UnitChange):
        control = change.control if isinstance(change, ChangeControl) else ""
        return (0, change.path.count("/"), change.path, control, _UNIT_ORDER[type(change)], ())
    return _rank_of_account(change)


def _rank_of_account(change: AccountChange | CustomizeAccount) -> Rank:
    match change:
        case CreateAccount(key=key):
            return (1, 0, key, "", 0, ())
        case UpdateAccount(key=key, account_id=account_id, fields=fields):
            paths = tuple(each.path for each in fields)
            return (2, 0, key, account_id, 3 if paths == (("email",),) else 0, paths)
        case MoveAccount() | EnrollAccount() | UnmanageAccount():
            return (2, 0, change.key, change.account_id, 1 if isinstance(change, UnmanageAccount) else 2, ())
        case CloseAccount(key=key, account_id=account_id):
            return (3, 0, key, account_id, 0, ())
        case CustomizeAccount(key=key):
            # An account's customizations keep the order in which they are given: sorting is stable.
            return (4, 0, key, "", 0, ())
        case _:
            assert_never(change)


def hold_rank(hold: Hold) -> tuple[Rank, str]:
    """Sort key of holds: as their changes, then by guard."""
    return (rank(hold.change), hold.guard)
