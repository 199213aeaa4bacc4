"""What keeps Control Tower from working on a whole unit, by the accounts directly in it."""

from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.model.account import AccountState
from pipeline.model.observed import ObservedAccount
from pipeline.planning.territory import Objection

_MOST_ACCOUNTS: Final = 1_000
"""https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""
_NAMED: Final = 5


def of_residents(accounts: Sequence[ObservedAccount]) -> Objection | None:
    """Why a baseline can be neither registered, updated nor reset while these accounts are in the unit."""
    return _suspended(accounts) or _too_many(accounts)


def listed(ids: Iterable[str]) -> str:
    """A few of the ids in quotes, and how many more there are."""
    every = sorted(ids)
    more = f" and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return ", ".join(f'"{each}"' for each in every[:_NAMED]) + more


def _suspended(accounts: Sequence[ObservedAccount]) -> Objection | None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/resolve-drift.html."""
    found = [each.account_id for each in accounts if each.is_closed or each.state is AccountState.SUSPENDED]
    if not found:
        return None
    return Objection(
        guard="suspended-account",
        reason=f"a suspended account in the unit blocks it: {listed(found)}",
        release="move it to the root, or to a unit that Control Tower does not govern, and plan again",
    )


def _too_many(accounts: Sequence[ObservedAccount]) -> Objection | None:
    if len(accounts) <= _MOST_ACCOUNTS:
        return None
    reason = f"there are {len(accounts):,} accounts in the unit; Control Tower takes {_MOST_ACCOUNTS:,}"
    return Objection(guard="too-many-accounts", reason=reason, release="move some to other units, and plan again")
