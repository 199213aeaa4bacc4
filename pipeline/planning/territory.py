"""Where Control Tower governs: the landing zone as a whole, and which units accounts may come into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from pipeline.model.account import ROOT
from pipeline.model.change import Change
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.landing_zone import LandingZone, Mode, Product, Registration, Standing
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Hold
from pipeline.planning.products import left_products

SETTINGS_FILE: Final = "vending.yaml"
ORGANIZATION_FILE: Final = "account-requests/_organization.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why a change waits, and what releases it; `guard` as in `Hold`."""

    guard: str
    reason: str
    release: str

    def on(self, change: Change) -> Hold:
        return Hold(change=change, guard=self.guard, reason=self.reason, release=self.release)


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """What a plan knows of the landing zone.

    `registrations`: of each unit that has one. `planned`: units whose registration this plan begins or puts right, which
    enrolls the accounts in them. `waiting`: units whose registration is on hold, and why. `left`: products, by name, without an
    open account of this organization. `residents`: ids of the accounts directly in each unit, sorted. `deleted`: units of which
    one was that of the shared accounts, and is gone.
    """

    zone: LandingZone
    registrations: Mapping[str, Registration]
    planned: frozenset[str] = frozenset()
    waiting: Mapping[str, Hold] = field(default_factory=dict)
    left: Mapping[str, Product] = field(default_factory=dict)
    residents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()

    def pause(self) -> Objection | None:
        """Why nothing can be asked of Control Tower at all now."""
        return _pause(self.zone)

    def security_above(self, unit: str) -> str | None:
        """The unit of the shared accounts, if this is it, or one below it: Control Tower keeps it for itself."""
        return next((each for each in (self.zone.security_unit, *sorted(self.deleted)) if is_within(unit, each)), None)

    def governs(self, unit: str) -> bool:
        """Whether Control Tower governs the unit, or will after this plan."""
        return unit in self.registrations or unit in self.planned

    def objection_to(self, unit: str) -> Objection | None:
        """Why no account can come under Control Tower in this unit. A unit that the plan registers will do."""
        if unit == ROOT:
            reason = "Control Tower does not govern accounts in the root"
            return Objection(guard="unit-not-registered", reason=reason, release="name a unit that it governs")
        if self.security_above(unit) is not None:
            reason = f'unit "{unit}" is Control Tower\'s own, for log archive and audit'
            return Objection(guard="security-unit", reason=reason, release="name another unit")
        if unit in self.planned:
            return None
        if (hold := self.waiting.get(unit)) is not None:
            reason = f'unit "{unit}" has to be registered first, and that waits: {hold.reason}'
            return Objection(guard=hold.guard, reason=reason, release=hold.release)
        return self._objection_to_registration(unit)

    def _objection_to_registration(self, unit: str) -> Objection | None:
        registration = self.registrations.get(unit)
        if registration is None:
            return Objection(
                guard="unit-not-registered",
                reason=f'Control Tower does not govern unit "{unit}"',
                release=f"write `register: true` for the unit in {ORGANIZATION_FILE}; or `managed: false` in the request",
            )
        if is_unsettled(registration):
            what = (
                "is changing" if registration.standing is Standing.UNDER_CHANGE else "does not say how it stands with"
            )
            return Objection(
                guard="unit-busy",
                reason=f'Control Tower {what} unit "{unit}"',
                release="plan again when its baseline is SUCCEEDED",
            )
        if registration.standing is Standing.FAILED or is_outdated(registration, self.zone):
            what = "failed" if registration.standing is Standing.FAILED else "is of an older version"
            return Objection(
                guard="unit-outdated",
                reason=f'the baseline of unit "{unit}" {what}, so no account can come into it',
                release=f"write `register: true` for the unit in {ORGANIZATION_FILE}, and plan again",
            )
        return None


def is_within(unit: str, above: str | None) -> bool:
    return above is not None and (unit == above or unit.startswith(f"{above}/"))


def is_unsettled(registration: Registration) -> bool:
    """Whether nothing can be asked of the unit now: it is being changed, or its status is a word of a later AWS."""
    return registration.standing in {Standing.UNDER_CHANGE, Standing.UNKNOWN}


def is_outdated(registration: Registration, zone: LandingZone) -> bool:
    """Whether a newer version of the baseline fits the landing zone; then nothing can be enrolled into the unit.

    https://docs.aws.amazon.com/controltower/latest/userguide/table-of-baselines.html
    """
    wanted = zone.baseline_version
    return wanted is not None and _numbers(registration.version) < _numbers(wanted)


def observed_territory(observed: ObservedState, zone: LandingZone, deleted: frozenset[str] = frozenset()) -> Territory:
    """The landing zone as it is, before anything is planned; `deleted` as in `Territory`."""
    registrations = {unit.path: unit.registration for unit in observed.units if unit.registration is not None}
    return Territory(zone=zone, registrations=registrations, left=left_products(observed), deleted=deleted)


def no_landing_zone() -> Finding:
    return Finding(
        location=Location(SETTINGS_FILE),
        rule="no-landing-zone",
        message="provisioner is `control_tower`, and there is no landing zone in this Region",
        hint="correct `organization.home_region`, or set the landing zone up first; nothing is planned without it",
        attribute="provisioner",
    )


def warnings_of(zone: LandingZone) -> tuple[Finding, ...]:
    """What people should know of the landing zone beside its drift, though the plan goes on."""
    found: list[Finding] = []
    if _numbers(zone.version) < _numbers(zone.latest_version):
        message = f'the landing zone has version "{zone.version}", and "{zone.latest_version}" is the latest'
        found.append(_warning("landing-zone-version", message, "update it in the Control Tower console"))
    if zone.baseline_version is None:
        message = f'no version of AWSControlTowerBaseline is known to fit version "{zone.version}" of the landing zone'
        found.append(_warning("baseline-version", message, "observe again with a role that can list baselines"))
    return tuple(found)


def obstacles_of(zone: LandingZone) -> Objection | None:
    """Why Account Factory takes no account, where accounts are its products."""
    if zone.mode is not Mode.SERVICE_CATALOG or not zone.factory_obstacles:
        return None
    return Objection(
        guard="account-factory",
        reason="; ".join(each.problem for each in zone.factory_obstacles),
        release="; ".join(each.remedy for each in zone.factory_obstacles),
    )


def drift_of(zone: LandingZone) -> Objection | None:
    """Why no account that is there can be enrolled.

    https://docs.aws.amazon.com/controltower/latest/userguide/enroll-account.html
    """
    if not zone.is_drifted:
        return None
    facts = DRIFT[DriftKind.LANDING_ZONE]
    return Objection(
        guard="landing-zone-drift", reason=f"{facts.meaning}, which blocks {facts.blocks}", release=facts.repair
    )


def _pause(zone: LandingZone) -> Objection | None:
    if zone.is_active:
        return None
    if zone.status == "PROCESSING":
        reason = "Control Tower is changing the landing zone"
        return Objection(guard="landing-zone-busy", reason=reason, release="plan again when it is ACTIVE")
    return Objection(
        guard="landing-zone-failed",
        reason=f"the landing zone is {zone.status or 'of an unknown status'}",
        release="repair it in the Control Tower console, and plan again when it is ACTIVE",
    )


def _warning(rule: str, message: str, hint: str) -> Finding:
    return Finding(
        location=Location(SETTINGS_FILE),
        rule=rule,
        message=message,
        hint=hint,
        attribute="provisioner",
        severity=Severity.WARNING,
    )


@cache
def _numbers(version: str) -> tuple[int, ...]:
    """`3.10` is newer than `3.3`; what is no number counts as 0."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
