"""A declared unit and what is there: its accounts, and what these, its controls and people ask of its baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.model.change import UnitAction
from pipeline.model.landing_zone import Registration, Standing
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.request import DesiredUnit
from pipeline.planning.enrollment_state import drift_of_account, is_governed
from pipeline.planning.policy import Policy
from pipeline.planning.territory import Territory

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
    def is_asked_to_reset_controls(self) -> bool:
        """Whether people confirm a reset, and a declared control has to be put right.

        Only so is a service control policy put right, and nothing that is observed tells it from other controls:
        https://docs.aws.amazon.com/controltower/latest/APIReference/API_ResetEnabledControl.html
        """
        if self.registration is None or self.unit.confirm.get(UnitAction.RESET.value) != len(self.accounts):
            return False
        declared = {each.control.rpartition("/")[2] for each in self.unit.controls if each.enabled}
        return any(
            each.is_drifted or each.standing is Standing.FAILED
            for each in self.registration.controls
            if each.control.rpartition("/")[2] in declared
        )


def residents_of(observed: ObservedState) -> Mapping[str, Sequence[ObservedAccount]]:
    """The accounts directly in each unit, by id."""
    found: dict[str, list[ObservedAccount]] = {}
    for account in sorted(observed.accounts, key=lambda each: each.account_id):
        if account.account_id != observed.management_account_id:
            found.setdefault(account.spec.organizational_unit, []).append(account)
    return found
