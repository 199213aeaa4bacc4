"""Controls of Control Tower on units: enabled, put right, and taken off only when a declaration says so.

Of controls that nobody declares, only those that are drifted are put right, and only on units that declare `register: true`:
resetting such a unit resets its controls, and a run that died in between has left some.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.model.change import ChangeControl, ControlAction
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.landing_zone import EnabledControl, Standing
from pipeline.model.plan import Hold
from pipeline.model.request import DesiredControl, DesiredState, DesiredUnit
from pipeline.planning.registration import Governance
from pipeline.planning.territory import ORGANIZATION_FILE, Objection, Territory
from pipeline.planning.unit_sites import POLICIES, policy_code

_PARTITIONS: Final = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}
"""By the beginning of the names of their Regions; all others are of `aws`."""


@dataclass(slots=True, kw_only=True)
class _Decided:
    changes: list[ChangeControl] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, change: ChangeControl, objection: Objection | None) -> None:
        if objection is None:
            self.changes.append(change)
        else:
            self.holds.append(objection.on(change))


def controls(desired: DesiredState, governance: Governance) -> Governance:
    """`governance` with the controls that units declare, and those that have to be put right with their units."""
    territory = governance.territory
    if territory is None:
        return governance
    decided = _Decided()
    for unit in desired.units:
        known = _known(unit, territory)
        for control in unit.controls:
            arn = identifier_of(control, territory.zone.home_region)
            _decide(_Wish(unit=unit, control=control, arn=arn, found=known.get(_name(arn))), territory, decided)
        for found in _undeclared(unit, known):
            _repair(unit, found, territory, decided)
    return Governance(
        territory=territory,
        changes=(*governance.changes, *decided.changes),
        holds=(*governance.holds, *decided.holds),
        findings=(*governance.findings, *decided.findings),
    )


def identifier_of(control: DesiredControl, home_region: str) -> str:
    """The ARN of a control; a name is one of Control Tower's own.

    https://docs.aws.amazon.com/controltower/latest/controlreference/control-identifiers.html
    """
    written = control.control
    partition = next((each for start, each in _PARTITIONS.items() if home_region.startswith(start)), "aws")
    return written if written.startswith("arn:") else f"arn:{partition}:controltower:{home_region}::control/{written}"


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _known(unit: DesiredUnit, territory: Territory) -> Mapping[str, EnabledControl]:
    registration = territory.registrations.get(unit.path)
    return {} if registration is None else {each.name: each for each in registration.controls}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A declared control, and what is there of it."""

    unit: DesiredUnit
    control: DesiredControl
    arn: str
    found: EnabledControl | None

    @property
    def action(self) -> ControlAction | None:
        control, found = self.control, self.found
        if not control.enabled:
            return None if found is None else ControlAction.DISABLE
        if found is None:
            return ControlAction.ENABLE
        if found.is_drifted:
            # AWS takes no other parameters for a drifted control; the plan after this one has them.
            return ControlAction.RESET
        if control.parameters and dict(control.parameters) != dict(found.parameters):
            return ControlAction.UPDATE
        return ControlAction.RESET if found.standing is Standing.FAILED else None


def _decide(wish: _Wish, territory: Territory, decided: _Decided) -> None:
    unit, found, action = wish.unit, wish.found, wish.action
    if found is not None and found.standing is Standing.UNDER_CHANGE:
        decided.findings.append(_in_progress(unit, wish.control))
        return
    if action is None:
        return
    is_policy = found is not None and found.policy is not None and action is ControlAction.RESET
    if is_policy and unit.path in territory.planned:
        return  # what the plan does with the unit attaches its policies anew
    wanted = {} if action is ControlAction.DISABLE else dict(wish.control.parameters)
    identifier = wish.arn if found is None else found.control
    change = ChangeControl(path=unit.path, control=identifier, action=action, parameters=wanted)
    objection = _objection(unit, wish.control, territory)
    if objection is None and is_policy and found is not None:
        objection = _by_unit_only(unit, found, territory)
    decided.add(change, objection)


def _undeclared(unit: DesiredUnit, known: Mapping[str, EnabledControl]) -> Iterator[EnabledControl]:
    """Drifted controls that are to be put right with their unit."""
    declared = {_name(each.control) for each in unit.controls}
    for name, found in sorted(known.items()) if unit.register else ():
        if found.is_drifted and name not in declared and found.standing is not Standing.UNDER_CHANGE:
            yield found


def _repair(unit: DesiredUnit, found: EnabledControl, territory: Territory, decided: _Decided) -> None:
    if not found.implementation:
        message = f'control "{found.name}" on unit "{unit.path}" is drifted, and nobody could read what it is made of'
        hint = "let the plan role call controlcatalog:GetControl; or repair it in the Control Tower console"
        decided.findings.append(_finding(unit, unit.location, "control-drift", message, hint))
    elif found.policy is None:
        change = ChangeControl(path=unit.path, control=found.control, action=ControlAction.RESET)
        decided.add(change, territory.pause())
    elif unit.path not in territory.planned:
        objection = _by_unit_only(unit, found, territory)
        decided.findings.append(_finding(unit, unit.location, "policy-drift", objection.reason, objection.release))


def _by_unit_only(unit: DesiredUnit, found: EnabledControl, territory: Territory) -> Objection:
    """https://docs.aws.amazon.com/controltower/latest/APIReference/API_ResetEnabledControl.html."""
    how = "is drifted" if found.is_drifted else "has failed"
    registration, ids = territory.registrations[unit.path], territory.residents.get(unit.path, ())
    release = DRIFT[DriftKind.POLICY].repair
    if (code := policy_code(registration, unit.path, ids)) is not None:
        touched = "1 account" if len(ids) == 1 else f"{len(ids):,} accounts"
        register = "" if unit.register else "`register: true` and "
        release = (
            f"{release}: write {register}`confirm: {{{POLICIES}: {code}}}` for the unit in {ORGANIZATION_FILE}, which "
            f"touches {touched}"
        )
    return Objection(
        guard="control-policy",
        reason=f'control "{found.name}" on unit "{unit.path}" {how}; it is a {found.policy}, which AWS resets with its unit only',
        release=release,
    )


def _objection(unit: DesiredUnit, control: DesiredControl, territory: Territory) -> Objection | None:
    """Controls stand on units that Control Tower governs, whatever the version of their baseline."""
    if (pause := territory.pause()) is not None:
        return pause
    if unit.path in territory.registrations and unit.path not in territory.waiting:
        return None
    if not control.enabled and unit.path in territory.registrations:
        return None
    return territory.objection_to(unit.path)


def _in_progress(unit: DesiredUnit, control: DesiredControl) -> Finding:
    message = f'Control Tower is changing control "{control.control}" on unit "{unit.path}"'
    return _finding(unit, control.location, "control-busy", message, "plan again when it has ended")


def _finding(unit: DesiredUnit, location: Location, rule: str, message: str, hint: str) -> Finding:
    return Finding(
        location=location,
        rule=rule,
        message=message,
        hint=hint,
        attribute=f"units.{unit.path}.controls",
        severity=Severity.WARNING,
    )
