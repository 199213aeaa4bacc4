"""Ownership comes first: nothing else happens to an account before it is marked as its request's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.model.account import ROOT
from pipeline.model.change import Change, MoveAccount, UnmanageAccount, UpdateAccount, account_of
from pipeline.model.plan import Hold

C = TypeVar("C", bound=Change)


def claims(change: Change) -> bool:
    """Whether a change writes the ownership tags of an account: an adoption, a renamed request file, a repair."""
    return isinstance(change, UpdateAccount) and any(each.path == ("ownership",) for each in change.fields)


def wait_for_claims(changes: Sequence[C], holds: Sequence[Hold]) -> tuple[tuple[C, ...], tuple[Hold, ...]]:
    """The changes that may go on, and further holds: those of accounts whose change of ownership is among `holds`.

    Where an account goes once it has left Control Tower waits for its leaving in the same way. Such a hold has the guard of the
    one that it follows, so what releases the one releases the other.
    """
    waiting = {
        hold.change.account_id: hold for hold in holds if isinstance(hold.change, UpdateAccount) and claims(hold.change)
    }
    leaving = {hold.change.account_id: hold for hold in holds if isinstance(hold.change, UnmanageAccount)}
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
        else:
            left.append(change)
    return tuple(left), tuple(held)
