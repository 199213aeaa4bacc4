"""A declared unit and what is there: its accounts, and what these, its controls and people ask of its baseline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.model.json import digest
from pipeline.model.landing_zone import Registration
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.request import DesiredUnit
from pipeline.planning.enrollment_state import drift_of_account, is_governed
from pipeline.planning.policy import Policy
from pipeline.planning.territory import Territory

POLICIES: Final = "policies"
"""The word of `confirm` by which people ask for a reset of a unit that puts its policies right."""

_CODE: Final = 10

DRIFTS_BY_UNMANAGED: Final = "unit-unmanaged-account"
"""Rule of the finding that a unit differs by accounts that stay outside, and so is not reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What requests mean for units.

    `drifted`: units that accounts need to be reset; `unmanaged`: ids of accounts that are not to come under Control Tower.
    """

    drifted: frozenset[str] = frozenset()
    unmanaged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A declared unit and what is there: the accounts directly in it."""

    unit: DesiredUnit
    accounts: Sequence[ObservedAccount]
    territory: Territory
    policy: Policy
    wishes: Wishes

    @property
    def registration(self) -> Registration | None:
        return self.territory.registrations.get(self.unit.path)

    @property
    def outside(self) -> Sequence[ObservedAccount]:
        """Those that Control Tower does not govern."""
        return [each for each in self.accounts if not is_governed(each, self.territory.zone)]

    @property
    def unmanaged(self) -> Sequence[str]:
        """Ids of those that are outside because requests say so."""
        return [each.account_id for each in self.outside if each.account_id in self.wishes.unmanaged]

    @property
    def drifts_by_unmanaged(self) -> bool:
        """Whether accounts that stay outside are all that makes the unit differ, as far as its accounts tell."""
        if not self.unmanaged or len(self.unmanaged) < len(self.outside):
            return False
        return all(drift_of_account(each) is None for each in self.accounts)

    @property
    def is_asked_to_reset_policies(self) -> bool:
        """Whether a policy on the unit has to be put right, and people confirm the reset that does it."""
        registration = self.registration
        if registration is None or not any(each.is_broken and each.policy for each in registration.controls):
            return False
        code = policy_code(registration, self.unit.path, [each.account_id for each in self.accounts])
        return code is not None and self.unit.confirm.get(POLICIES) == code


def policy_code(registration: Registration, path: str, accounts: Iterable[str]) -> str | None:
    """What `confirm` has to say for a reset of the unit that puts policies right; None where AWS tells no last operation.

    It stands for the accounts that are touched and for the last operation on the unit: so it is good for one reset, and what
    that does not put right is not tried again by itself.
    """
    if not registration.operation:
        return None
    return f"reset-{digest([path, sorted(accounts), registration.operation])[:_CODE]}"


def residents_of(observed: ObservedState) -> Mapping[str, Sequence[ObservedAccount]]:
    """The accounts directly in each unit, by id."""
    found: dict[str, list[ObservedAccount]] = {}
    for account in sorted(observed.accounts, key=lambda each: each.account_id):
        if account.account_id != observed.management_account_id:
            found.setdefault(account.spec.organizational_unit, []).append(account)
    return found
