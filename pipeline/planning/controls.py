"""Controls of Control Tower on units: enabled, put right, and taken off only when a declaration says so."""

from collections.abc import Mapping
from typing import Final

from pipeline.model.change import ChangeControl, ControlAction
from pipeline.model.finding import Finding, Severity
from pipeline.model.landing_zone import EnabledControl, Standing
from pipeline.model.request import DesiredControl, DesiredState, DesiredUnit
from pipeline.planning.registration import Governance
from pipeline.planning.territory import Objection, Territory

_PARTITIONS: Final = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}
"""By the beginning of the names of their Regions; all others are of `aws`."""


def controls(desired: DesiredState, governance: Governance) -> Governance:
    """`governance` with the controls that units declare; others are left alone, mandatory ones among them."""
    territory = governance.territory
    if territory is None:
        return governance
    changes: list[ChangeControl] = []
    holds = []
    findings: list[Finding] = []
    for unit, control in ((each, control) for each in desired.units for control in each.controls):
        known = _known(unit, territory)
        arn = identifier_of(control, territory.zone.home_region)
        found = known.get(_name(arn))
        if found is not None and found.standing is Standing.UNDER_CHANGE:
            findings.append(_in_progress(unit, control))
            continue
        change = _change(unit.path, arn, control, found)
        if change is None:
            continue
        if (objection := _objection(unit, control, territory)) is not None:
            holds.append(objection.on(change))
        else:
            changes.append(change)
    return Governance(
        territory=territory,
        changes=(*governance.changes, *changes),
        holds=(*governance.holds, *holds),
        findings=(*governance.findings, *findings),
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
    return {} if registration is None else {_name(each.control): each for each in registration.controls}


def _change(path: str, arn: str, control: DesiredControl, found: EnabledControl | None) -> ChangeControl | None:
    action = _action(control, found)
    if action is None:
        return None
    identifier = arn if found is None else found.control
    wanted = {} if action is ControlAction.DISABLE else dict(control.parameters)
    return ChangeControl(path=path, control=identifier, action=action, parameters=wanted)


def _action(control: DesiredControl, found: EnabledControl | None) -> ControlAction | None:
    if not control.enabled:
        return None if found is None else ControlAction.DISABLE
    if found is None:
        return ControlAction.ENABLE
    if found.is_drifted:
        return (
            ControlAction.RESET
        )  # AWS takes no other parameters for a drifted control; the plan after this one has them
    if control.parameters and dict(control.parameters) != dict(found.parameters):
        return ControlAction.UPDATE
    return ControlAction.RESET if found.standing is Standing.FAILED else None


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
    return Finding(
        location=control.location,
        rule="control-busy",
        message=f'Control Tower is changing control "{control.control}" on unit "{unit.path}"',
        hint="plan again when it has ended",
        attribute=f"units.{unit.path}.controls",
        severity=Severity.WARNING,
    )
