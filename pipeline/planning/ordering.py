"""The order of a plan: one that may be carried out from top to bottom, and the same for the same changes."""

from typing import assert_never

from pipeline.model.change import (
    Change,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    MoveAccount,
    UpdateAccount,
)
from pipeline.model.plan import Hold

Rank = tuple[int, int, str, str, int, tuple[tuple[str, ...], ...]]


def rank(change: Change) -> Rank:
    """Sort key: units with parents first, creations, updates and moves, closures, customizations, each by request key.

    An account's attributes come before its move, because they carry the ownership tags that permit the move.
    """
    match change:
        case CreateUnit(path=path):
            return (0, path.count("/"), path, "", 0, ())
        case CreateAccount(key=key):
            return (1, 0, key, "", 0, ())
        case UpdateAccount(key=key, account_id=account_id, fields=fields):
            return (2, 0, key, account_id, 0, tuple(each.path for each in fields))
        case MoveAccount(key=key, account_id=account_id):
            return (2, 0, key, account_id, 1, ())
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
