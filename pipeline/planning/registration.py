"""Units under Control Tower: registered, brought up to date, put right, never taken out.

The baseline of a unit touches every account in it, so a change of it is held unless `confirm` repeats the number of accounts
that people saw: with another number it waits again. One operation on a unit runs at a time, parents before children.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.model.change import RegisterUnit, UnitAction, UnitChange
from pipeline.model.finding import Finding, Severity
from pipeline.model.landing_zone import EXECUTION_ROLE, Standing
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Hold
from pipeline.model.request import DesiredState, DesiredUnit
from pipeline.planning.policy import Policy
from pipeline.planning.territory import (
    Objection,
    Territory,
    drift_of,
    is_outdated,
    is_unsettled,
)
from pipeline.planning.unit_objections import listed, of_residents
from pipeline.planning.unit_resets import is_by_reset
from pipeline.planning.unit_sites import DRIFTS_BY_UNMANAGED, POLICIES, Site, Wishes, residents_of

_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """What happens to units, and the territory that accounts will then find; None where Control Tower governs nothing."""

    territory: Territory | None = None
    changes: tuple[UnitChange, ...] = ()
    holds: tuple[Hold, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Progress:
    """What is decided so far; units come parents first."""

    changes: list[RegisterUnit] = field(default_factory=list)
    waiting: dict[str, Hold] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def registrations(
    desired: DesiredState, observed: ObservedState, territory: Territory, policy: Policy, wishes: Wishes
) -> Governance:
    """The registrations of all units that declare `register: true`."""
    progress = _Progress()
    residents = residents_of(observed)
    for unit in sorted(desired.units, key=lambda each: (each.path.count("/"), each.path)):
        if unit.register and not _is_refused(unit, desired, territory, progress):
            site = Site(
                unit=unit,
                accounts=residents.get(unit.path, ()),
                territory=territory,
                policy=policy,
                wishes=wishes,
            )
            _decide(site, progress)
    return Governance(
        territory=replace(
            territory,
            planned=frozenset(each.path for each in progress.changes),
            waiting=progress.waiting,
            residents={path: tuple(each.account_id for each in some) for path, some in residents.items()},
        ),
        changes=tuple(progress.changes),
        holds=tuple(progress.waiting.values()),
        findings=tuple(progress.findings),
    )


def _decide(site: Site, progress: _Progress) -> None:
    unit = site.unit
    if site.registration is not None and is_unsettled(site.registration):
        progress.findings.append(_in_progress(unit))
        return
    change = _change(site)
    if change is None and site.registration is not None and site.registration.is_drifted:
        progress.findings.append(_drifts_by_unmanaged(site))
    if change is not None:
        objection = _objection(change, site, progress)
        if objection is None:
            progress.changes.append(change)
        else:
            progress.waiting[unit.path] = objection.on(change)
    used = set() if change is None else {change.action.value}
    if is_by_reset(site.territory.zone):
        used.add(UnitAction.RESET.value)  # it may release enrolments into the unit
    if site.is_asked_to_reset_policies:
        used.add(POLICIES)
    progress.findings.extend(_idle(unit, name) for name in sorted(unit.confirm) if name not in used)


def _change(site: Site) -> RegisterUnit | None:
    """What the baseline of the unit needs; a failed one is reset before it is anything else."""
    newest, path, registration = site.territory.zone.baseline_version, site.unit.path, site.registration
    ids = tuple(sorted(each.account_id for each in site.accounts))
    if registration is None:
        if newest is None:
            return None
        return RegisterUnit(path=path, action=UnitAction.REGISTER, before=None, after=newest, accounts=ids)
    before, has_failed = registration.version, registration.standing is Standing.FAILED
    if not has_failed and newest is not None and is_outdated(registration, site.territory.zone):
        return RegisterUnit(path=path, action=UnitAction.UPDATE, before=before, after=newest, accounts=ids)
    is_drifted = registration.is_drifted and not site.drifts_by_unmanaged
    if not (has_failed or is_drifted or site.unit.path in site.wishes.drifted or site.is_asked_to_reset_policies):
        return None
    is_broken = has_failed or registration.is_drifted
    return RegisterUnit(
        path=path,
        action=UnitAction.RESET,
        before=before,
        after=before,
        accounts=ids,
        last_operation="" if is_broken else registration.operation,
    )


def _objection(change: RegisterUnit, site: Site, progress: _Progress) -> Objection | None:
    above = progress.waiting.get(change.path.rpartition("/")[0])
    if above is not None:
        reason = f"the unit above comes first, and that waits: {above.reason}"
        return Objection(guard=above.guard, reason=reason, release=above.release)
    return site.territory.pause() or of_residents(site.accounts) or _of_enrolling(site) or _unconfirmed(change, site)


def _of_enrolling(site: Site) -> Objection | None:
    """Registering a unit, also once more, enrolls its accounts, under the conditions of any enrolment."""
    outside = site.outside
    if not outside:
        return None
    if (drift := drift_of(site.territory.zone)) is not None:
        return drift
    if unwilling := site.unmanaged:
        return Objection(
            guard="unmanaged-account",
            reason=f"it enrolls every account in the unit, and requests say `managed: false` for {listed(unwilling)}",
            release="move these to a unit that is not registered, or remove `managed: false`, and plan again",
        )
    # Registering a unit needs no AWSControlTowerExecution in its accounts: Control Tower makes it.
    failed = [
        (each, check)
        for each in outside
        for check in each.checks
        if check.passed is False and check.name != EXECUTION_ROLE
    ]
    if not failed:
        return None
    shown = [f'account "{each.account_id}": {check.message}' for each, check in failed[:_NAMED]]
    more = len(failed) - len(shown)
    remedies = dict.fromkeys(check.remedy for _, check in failed if check.remedy)
    return Objection(
        guard="enrollment-checks",
        reason="; ".join(shown) + (f"; and {more:,} more" if more else ""),
        release="; ".join([*list(remedies)[:_NAMED], "then plan again"]),
    )


def _unconfirmed(change: RegisterUnit, site: Site) -> Objection | None:
    touched, action = len(change.accounts), change.action.value
    allowed = 0 if change.action is UnitAction.REGISTER else site.policy.max_touched_accounts
    if touched <= allowed or site.unit.confirm.get(action) == touched:
        return None
    if change.action is UnitAction.RESET and site.is_asked_to_reset_policies:
        return None
    accounts = "1 account" if touched == 1 else f"{touched:,} accounts"
    enrolls = ", and enrolls those that are not enrolled" if change.action is UnitAction.REGISTER else ""
    return Objection(
        guard="unit-accounts",
        reason=f"it touches {accounts}{enrolls}: {listed(change.accounts)}",
        release=f"write `confirm: {{{action}: {touched}}}` for the unit in {site.unit.location.file}",
    )


def _is_refused(unit: DesiredUnit, desired: DesiredState, territory: Territory, progress: _Progress) -> bool:
    """Whether the unit cannot be registered as it is declared; the finding says why."""
    security = territory.security_above(unit.path)
    if unit.path == security:
        return True  # the landing zone itself governs it
    if security is not None:
        message = f'unit "{unit.path}" lies below "{security}", which Control Tower keeps for itself'
        progress.findings.append(_error(unit, "security-unit", message, "remove `register: true`"))
        return True
    above = unit.path.rpartition("/")[0]
    declared = any(each.path == above and each.register for each in desired.units)
    if above and not declared and above not in territory.registrations:
        message = f'Control Tower does not govern "{above}", the unit above "{unit.path}"'
        progress.findings.append(
            _error(unit, "parent-not-registered", message, "write `register: true` for that one, too")
        )
        return True
    return False


def _in_progress(unit: DesiredUnit) -> Finding:
    message = f'Control Tower is changing unit "{unit.path}", or does not say how it stands with it'
    return _finding(unit, "unit-busy", message, "plan again when its baseline is SUCCEEDED", Severity.WARNING)


def _drifts_by_unmanaged(site: Site) -> Finding:
    message = (
        f'unit "{site.unit.path}" is drifted, and is not reset, since that enrolls every account in it, and requests say '
        f"`managed: false` for {listed(site.unmanaged)}"
    )
    hint = "move these to a unit that is not registered, or to the root"
    return _finding(site.unit, DRIFTS_BY_UNMANAGED, message, hint, Severity.WARNING)


def _idle(unit: DesiredUnit, name: str) -> Finding:
    message = f'`confirm: {{{name}: …}}` of unit "{unit.path}" releases nothing'
    return _finding(unit, "confirm-releases-nothing", message, "remove it", Severity.WARNING)


def _error(unit: DesiredUnit, rule: str, message: str, hint: str) -> Finding:
    return _finding(unit, rule, message, hint, Severity.ERROR)


def _finding(unit: DesiredUnit, rule: str, message: str, hint: str, severity: Severity) -> Finding:
    return Finding(
        location=unit.location, rule=rule, message=message, hint=hint, attribute=f"units.{unit.path}", severity=severity
    )
