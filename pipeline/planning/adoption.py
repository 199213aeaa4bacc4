"""Ownership comes first: nothing else happens to an account before it is marked as its request's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.model.change import Change, CreateAccount, CreateUnit, UpdateAccount
from pipeline.model.plan import Hold

C = TypeVar("C", bound=Change)


def claims(change: Change) -> bool:
    """Whether a change writes the ownership tags of an account: an adoption, a renamed request file, a repair."""
    return isinstance(change, UpdateAccount) and any(each.path == ("ownership",) for each in change.fields)


def wait_for_claims(changes: Sequence[C], holds: Sequence[Hold]) -> tuple[tuple[C, ...], tuple[Hold, ...]]:
    """The changes that may go on, and further holds: those of accounts whose change of ownership is among `holds`.

    Such a hold has the guard of the one that it follows, so what releases the one releases the other.
    """
    waiting = {
        hold.change.account_id: hold for hold in holds if isinstance(hold.change, UpdateAccount) and claims(hold.change)
    }
    left: list[C] = []
    held: list[Hold] = []
    for change in changes:
        account_id = None if isinstance(change, CreateUnit | CreateAccount) else change.account_id
        known = None if account_id is None else waiting.get(account_id)
        if known is None:
            left.append(change)
        else:
            reason = f"the account has to be marked as this request's first, and that waits: {known.reason}"
            held.append(replace(known, change=change, reason=reason))
    return tuple(left), tuple(held)
