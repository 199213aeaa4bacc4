"""Resets by the way: a landing zone that does not enroll by itself enrolls an account by a reset of its unit.

That touches every account of the unit, so people are told how many these are, and confirm the number where they are many.
https://docs.aws.amazon.com/controltower/latest/userguide/walkthrough-baseline-steps.html
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.model.account import ROOT
from pipeline.model.finding import Finding, Severity
from pipeline.model.json import Json
from pipeline.model.landing_zone import LandingZone, Mode
from pipeline.model.observed import ObservedState
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.territory import ORGANIZATION_FILE, Objection
from pipeline.planning.unit_objections import of_residents
from pipeline.planning.unit_sites import residents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Resets:
    """`enrolled`: how many accounts of each unit have its baseline; `confirmed`: the number that people have confirmed.

    `blocked`: units that cannot be reset, and why.
    """

    enrolled: Mapping[str, int] = field(default_factory=dict)
    confirmed: Mapping[str, Json] = field(default_factory=dict)
    allowed: int = 0
    planned: frozenset[str] = frozenset()
    blocked: Mapping[str, Objection] = field(default_factory=dict)

    def touched(self, unit: str) -> int:
        """Accounts that an enrolment into the unit touches beside its own; 0 where the plan puts the unit right anyway."""
        return 0 if unit == ROOT or unit in self.planned else self.enrolled.get(unit, 0)

    def objection_to(self, unit: str) -> Objection | None:
        if unit not in self.planned and (blocked := self.blocked.get(unit)) is not None:
            return replace(blocked, reason=f'it resets unit "{unit}": {blocked.reason}')
        touched = self.touched(unit)
        if touched <= self.allowed or self.confirmed.get(unit) == touched:
            return None
        return Objection(
            guard="unit-accounts",
            reason=f'it resets unit "{unit}", which touches {_counted(touched)} beside its own',
            release=f"write `confirm: {{reset: {touched}}}` for the unit in {ORGANIZATION_FILE}",
        )

    def told(self, request: AccountRequest) -> tuple[Finding, ...]:
        """What people should know of an enrolment into the unit of the request."""
        unit = request.spec.organizational_unit
        if not (touched := self.touched(unit)):
            return ()
        return (
            Finding(
                location=request.origin("organizational_unit"),
                rule="unit-reset",
                message=f'the enrolment touches every account of unit "{unit}": {_counted(touched)}',
                hint="the landing zone does not enroll by itself, so the unit is reset; automatic enrolment avoids it",
                attribute="organizational_unit",
                severity=Severity.WARNING,
            ),
        )


NO_RESETS: Final = Resets()


def is_by_reset(zone: LandingZone) -> bool:
    """Whether accounts are enrolled by resets of their units."""
    return zone.mode is Mode.AUTO_ENROLL and not zone.enrolls_automatically


def resets_of(
    desired: DesiredState, observed: ObservedState, zone: LandingZone, *, allowed: int, planned: frozenset[str]
) -> Resets:
    """`allowed`: accounts that may be touched unconfirmed; `planned`: units that the plan registers or puts right."""
    if not is_by_reset(zone):
        return NO_RESETS
    enrolled = Counter(each.spec.organizational_unit for each in observed.accounts if each.enrollment is not None)
    confirmed = {each.path: each.confirm["reset"] for each in desired.units if "reset" in each.confirm}
    blocked = {
        unit: objection
        for unit, accounts in residents_of(observed).items()
        if unit != ROOT and (objection := of_residents(accounts)) is not None
    }
    return Resets(enrolled=enrolled, confirmed=confirmed, allowed=allowed, planned=planned, blocked=blocked)


def _counted(accounts: int) -> str:
    return "1 account" if accounts == 1 else f"{accounts:,} accounts"
