"""What Control Tower itself calls drift and the plan does not put right, because no request or unit asks for it."""

from collections.abc import Iterator

from pipeline.model.change import Change, ChangeControl, RegisterUnit, account_of
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.drift_report import DriftItem, Section, WaysOut
from pipeline.model.landing_zone import LandingZone
from pipeline.model.observed import ObservedState, ObservedUnit
from pipeline.model.plan import Plan
from pipeline.planning.known_drift import known_drifts
from pipeline.planning.unit_sites import DRIFTS_BY_UNMANAGED


def landing_zone_items(plan: Plan, observed: ObservedState) -> Iterator[DriftItem]:
    """The landing zone, registrations, controls and enrolments that are drifted, without those that the plan is about."""
    if plan.landing_zone is None:
        return
    about = (*plan.changes, *(hold.change for hold in plan.holds))
    yield from _of_zone(observed, plan.landing_zone)
    told = {each.attribute for each in plan.findings if each.rule == DRIFTS_BY_UNMANAGED}
    for unit in observed.units:
        yield from _of_unit(unit, about, is_told=f"units.{unit.path}" in told)
    resets = {each.path for each in about if isinstance(each, RegisterUnit)}
    touched = {account_of(each) for each in about}
    for account in observed.accounts:
        enrollment = account.enrollment
        if enrollment is None or account.account_id in touched or account.spec.organizational_unit in resets:
            continue
        moved = enrollment.unit is not None and enrollment.unit != account.spec.organizational_unit
        if enrollment.is_drifted or moved:
            kind = DriftKind.ACCOUNT_MOVED if moved else DriftKind.INHERITANCE
            yield _item(kind, account.key or account.spec.name, "enrollment", account_id=account.account_id)


def _of_zone(observed: ObservedState, zone: LandingZone) -> Iterator[DriftItem]:
    if not zone.is_drifted:
        return
    yield _item(DriftKind.LANDING_ZONE, "landing zone", "landing-zone")
    for each in known_drifts(observed, zone):
        if each.kind is not DriftKind.POLICY:  # told with its unit
            yield _item(each.kind, "landing zone", "landing-zone", each.kind.value, found=each.subject)


def _of_unit(unit: ObservedUnit, about: tuple[Change, ...], *, is_told: bool) -> Iterator[DriftItem]:
    registration = unit.registration
    if registration is None:
        return
    resets = {each.path for each in about if isinstance(each, RegisterUnit)}
    if registration.is_drifted and unit.path not in resets and not is_told:
        yield _item(DriftKind.INHERITANCE, unit.path, "registration")
    planned = {each.control for each in about if isinstance(each, ChangeControl) and each.path == unit.path}
    for control in registration.controls:
        if not control.is_drifted or control.control in planned:
            continue
        if control.policy is None:
            yield _item(DriftKind.CONTROL, unit.path, "controls", control.control)
        elif unit.path not in resets:
            yield _item(DriftKind.POLICY, unit.path, "controls", control.control, found=f"drifted {control.policy}")


def _item(
    kind: DriftKind, subject: str, *path: str, account_id: str | None = None, found: str = "drifted"
) -> DriftItem:
    facts = DRIFT[kind]
    blocked = f", which blocks {facts.blocks}" if facts.blocks else ""
    return DriftItem(
        id="",
        section=Section.LANDING_ZONE,
        kind=kind.value,
        subject=subject,
        account_id=account_id,
        path=path,
        found=found,
        reason=f"{facts.meaning}{blocked}",
        ways_out=WaysOut(
            accept_words="it cannot be accepted in git", repair_words=f"no request asks for a repair: {facts.repair}"
        ),
    )
