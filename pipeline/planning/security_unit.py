"""The unit of the landing zone's shared accounts, once somebody has deleted it.

A reset of the landing zone makes it again, and brings its accounts back into it. One that we had made meanwhile would be a unit
of the same name that Control Tower does not know.
https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html
"""

from collections.abc import Iterable
from typing import Final

from pipeline.model.account import ROOT
from pipeline.model.change import CreateUnit
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.landing_zone import LandingZone
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.plan import Hold
from pipeline.model.request import DesiredState
from pipeline.planning.matching import Matching
from pipeline.planning.territory import Objection, Territory, is_within

_USUAL_NAME: Final = "Security"
"""https://docs.aws.amazon.com/controltower/latest/userguide/how-control-tower-works.html"""


def deleted_security_units(
    desired: DesiredState, observed: ObservedState, zone: LandingZone, matching: Matching
) -> frozenset[str]:
    """Paths of units that may be the deleted one; none while the shared accounts are together in a unit.

    Landing zones tell the name before version 4.0. Of others it is where requests of the shared accounts want them, or the name
    that Control Tower proposes.
    """
    shared = [each for each in observed.accounts if each.account_id in zone.security_accounts]
    homes = {each.spec.organizational_unit for each in shared}
    if not shared or (len(homes) == 1 and ROOT not in homes):
        return frozenset()
    if zone.security_unit_name is not None:
        return frozenset({zone.security_unit_name}) - observed.unit_paths()
    ids = {each.account_id for each in shared}
    wanted = {
        each.spec.organizational_unit
        for each in desired.requests
        if isinstance(account := matching.accounts.get(each.key), ObservedAccount) and account.account_id in ids
    }
    return frozenset({*wanted, _USUAL_NAME} - {ROOT}) - observed.unit_paths()


def split(missing: Iterable[str], territory: Territory | None) -> tuple[tuple[CreateUnit, ...], tuple[Hold, ...]]:
    """Missing units as what is created, and what waits for a reset of the landing zone; each in the order given."""
    deleted = territory.deleted if territory is not None else frozenset()
    created: list[CreateUnit] = []
    holds: list[Hold] = []
    for path in missing:
        above = next((each for each in sorted(deleted) if is_within(path, each)), None)
        if above is None:
            created.append(CreateUnit(path=path))
        else:
            holds.append(_objection(above).on(CreateUnit(path=path)))
    return tuple(created), tuple(holds)


def _objection(unit: str) -> Objection:
    facts = DRIFT[DriftKind.UNIT_DELETED]
    return Objection(
        guard="security-unit",
        reason=f'{facts.meaning}, and unit "{unit}" may be that one: the landing zone would not know another one of its name',
        release=f"{facts.repair}, which makes it again; then plan again",
    )
