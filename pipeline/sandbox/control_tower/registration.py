"""Units come under Control Tower, are brought up to date or put right again, and leave it.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnableBaseline.html
https://docs.aws.amazon.com/controltower/latest/userguide/types-of-baselines.html
https://docs.aws.amazon.com/controltower/latest/userguide/importing-existing.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pipeline.sandbox.control_tower import enrolment
from pipeline.sandbox.control_tower.asked import (
    conflict,
    enabled_baseline,
    not_found,
    refuse_when_blocked,
    refuse_when_busy,
    unit_of,
    validation,
    zone_of,
)
from pipeline.sandbox.control_tower.baselines import differs
from pipeline.sandbox.control_tower.catalogue import (
    IDENTITY_CENTER_BASELINE,
    IDENTITY_CENTER_PARAMETER,
    TOWER_BASELINE,
    baseline_arn,
    baseline_named,
    is_older,
    is_policy,
)
from pipeline.sandbox.control_tower.drift import POLICY_DRIFTS
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import EnabledBaseline, Family, Operation, Standing, Step
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID, Call
from pipeline.sandbox.records import ACTIVE, Fields, Unit
from pipeline.sandbox.service import Refusal

ACCOUNTS: Final = 1_000
"""Accounts directly in a unit that is registered. https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""

_EVENTS: Final = {
    "ENABLE_BASELINE": "EnableBaseline",
    "UPDATE_ENABLED_BASELINE": "UpdateEnabledBaseline",
    "RESET_ENABLED_BASELINE": "ResetEnabledBaseline",
}


def enable_baseline(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    identifier = parameters["baselineIdentifier"]
    name = baseline_named(identifier)
    if name is None or baseline_arn(call.region, name) != identifier:
        raise not_found(f"The baseline {identifier} does not exist.")
    unit = unit_of(zone, parameters["targetIdentifier"])
    _refuse_target(zone, name, unit)
    _refuse_version(zone, parameters["baselineVersion"])
    given = _checked_parameters(zone, parameters)
    if zone.on(unit.id) is not None:
        raise conflict("This baseline is already enabled on this target.")
    refuse_when_busy(zone)
    arn, sequence = zone.new_arn("enabledbaseline")
    operation = zone.start("ENABLE_BASELINE", Family.BASELINE, arn)
    enabled = EnabledBaseline(
        arn=arn,
        sequence=sequence,
        baseline=TOWER_BASELINE,
        version=zone.baseline_version,
        target=unit.id,
        standing=Standing.UNDER_CHANGE,
        operation=operation.id,
        parameters=given,
    )
    _work(zone, operation, enabled, enabled.version)
    return {"operationIdentifier": operation.id, "arn": arn}


def update_enabled_baseline(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    enabled = _of_unit(zone, parameters)
    version = parameters["baselineVersion"]
    _refuse_version(zone, version)
    if not is_older(enabled.version, version):
        raise validation(f"The enabled baseline {enabled.arn} has the version {enabled.version} already.")
    parent = zone.organization.latest.units.get(_unit(zone, enabled).parent_id)
    if parent is not None and zone.is_outdated(parent):
        raise validation(f"The parent organizational unit {parent.id} requires a baseline update first.")
    given = _checked_parameters(zone, parameters)
    refuse_when_blocked(zone)
    refuse_when_busy(zone)
    operation = zone.start("UPDATE_ENABLED_BASELINE", Family.BASELINE, enabled.arn)
    _work(zone, operation, replace(enabled, parameters=given), version)
    return {"operationIdentifier": operation.id}


def reset_enabled_baseline(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    enabled = _of_unit(zone, parameters)
    refuse_when_blocked(zone)
    refuse_when_busy(zone)
    operation = zone.start("RESET_ENABLED_BASELINE", Family.BASELINE, enabled.arn)
    _work(zone, operation, enabled, enabled.version)
    return {"operationIdentifier": operation.id}


def disable_baseline(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    enabled = enabled_baseline(zone, parameters["enabledBaselineIdentifier"])
    _refuse_disabling(zone, enabled)
    refuse_when_busy(zone)
    operation = zone.start("DISABLE_BASELINE", Family.BASELINE, enabled.arn)
    zone.put(replace(enabled, standing=Standing.UNDER_CHANGE, operation=operation.id))

    def end(at: float) -> None:
        error = zone.strike(Step.UNIT_BASELINE)
        if error:
            zone.put(replace(enabled, standing=Standing.FAILED, operation=operation.id))
        elif enabled.parent is not None:
            enrolment.un_manage(zone, enabled.target, at, to_root=False)
        else:
            _deregister(zone, enabled, at)
        zone.end(operation, at, error)

    zone.later(call.organization.options.baseline_delay, end)
    return {"operationIdentifier": operation.id}


def _refuse_target(zone: LandingZone, name: str, unit: Unit) -> None:
    if zone.in_security(unit.id):
        raise validation(f"The baseline '{name}' cannot be enabled on the Security OU")
    if name != TOWER_BASELINE:
        raise validation(f"The baseline '{name}' cannot be enabled on the organizational unit {unit.id}.")
    refuse_when_blocked(zone)
    parent = zone.organization.latest.units.get(unit.parent_id)
    if parent is not None and parent.id != ROOT_ID:
        _refuse_parent(zone, parent)
    if len(zone.organization.latest.accounts.children(unit.id)) > ACCOUNTS:
        text = f"The organizational unit {unit.id} has more than {ACCOUNTS} accounts."
        raise Refusal("ServiceQuotaExceededException", text)


def _refuse_parent(zone: LandingZone, parent: Unit) -> None:
    if not zone.is_registered(parent):
        raise validation(f"The parent organizational unit {parent.id} is not registered with AWS Control Tower.")
    if zone.is_outdated(parent):
        raise validation(f"The parent organizational unit {parent.id} requires a baseline update first.")
    drifted = [each for each in zone.controls.values() if each.target == parent.id and each.is_ineffective]
    if any(not is_policy(each.control) for each in drifted):
        raise validation(f"A control on the parent organizational unit {parent.id} is in a state of drift.")


def _refuse_version(zone: LandingZone, version: str) -> None:
    if version != zone.baseline_version:
        text = f"The baseline version {version} does not go with the landing zone version {zone.settings.version}"
        raise validation(f"{text}: it has to be {zone.baseline_version}.")


def _checked_parameters(zone: LandingZone, parameters: Fields) -> Mapping[str, Any]:
    """The parameters of AWSControlTowerBaseline: one where Control Tower manages access, none elsewhere."""
    given = {each["key"]: each["value"] for each in parameters.get("parameters") or ()}
    center = zone.on(MANAGEMENT_ID, IDENTITY_CENTER_BASELINE)
    expected = {} if center is None else {IDENTITY_CENTER_PARAMETER: center.arn}
    if missing := sorted(set(expected) - set(given)):
        raise validation(f"The parameter {missing[0]} is required, because AWS Control Tower manages access.")
    if needless := sorted(set(given) - set(expected)):
        raise validation(f"The parameter {needless[0]} is not one of this baseline in this landing zone.")
    if given != expected:
        raise validation(f"The parameter {IDENTITY_CENTER_PARAMETER} is not the ARN of the enabled baseline.")
    return given


def _of_unit(zone: LandingZone, parameters: Fields) -> EnabledBaseline:
    """What is enabled on a unit: accounts get it from there, and the shared accounts from the landing zone."""
    enabled = enabled_baseline(zone, parameters["enabledBaselineIdentifier"])
    if not enabled.target.startswith("ou-"):
        raise validation(f"The target of {enabled.arn} is not an organizational unit.")
    return enabled


def _refuse_disabling(zone: LandingZone, enabled: EnabledBaseline) -> None:
    if enabled.parent is not None:
        if not differs(zone, enabled):
            raise validation(f"The enabled baseline {enabled.arn} is inherited from {enabled.parent} and not in drift.")
    elif enabled.baseline != TOWER_BASELINE:
        raise validation(f"The baseline '{enabled.baseline}' belongs to the landing zone.")
    elif any(zone.on(each.id) for each in zone.organization.latest.units.children(enabled.target)):
        raise validation(f"Organizational units beneath {enabled.target} are registered; deregister them first.")


def _unit(zone: LandingZone, enabled: EnabledBaseline) -> Unit:
    unit = zone.organization.latest.units.get(enabled.target)
    if unit is None:
        raise not_found(f"The organizational unit {enabled.target} does not exist.")
    return unit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registering:
    """An operation on a unit. `enabled` is what it is to be; `refused` says why an account cannot be enrolled, or nothing."""

    operation: Operation
    enabled: EnabledBaseline
    refused: Mapping[str, str]


def _work(zone: LandingZone, operation: Operation, enabled: EnabledBaseline, version: str) -> None:
    """Enrol all accounts of the unit, at the version; the unit has it when they have."""
    enabled = zone.put(replace(enabled, standing=Standing.UNDER_CHANGE, operation=operation.id))
    accounts = zone.organization.latest.accounts.children(enabled.target)
    suspended = [each.id for each in accounts if each.state != ACTIVE]
    error = _suspended(suspended) if suspended else ""
    refused: dict[str, str] = {}
    if not error:
        for each in accounts:
            refused[each.id] = enrolment.problem(zone, each, needs_role=False)
            enrolment.begin(zone, each, replace(enabled, version=version), operation.id)

    def end(at: float) -> None:
        work = _Registering(operation=operation, enabled=replace(enabled, version=version), refused=refused)
        _finish(zone, work, error or zone.strike(Step.UNIT_BASELINE), at)

    zone.later(zone.organization.options.baseline_delay, end)


def _suspended(account_ids: list[str]) -> str:
    listed = ", ".join(account_ids)
    return f"The organizational unit contains suspended accounts: {listed}. Remove them from it, and try again."


def _finish(zone: LandingZone, work: _Registering, error: str, at: float) -> None:
    operation, enabled = work.operation, work.enabled
    before = zone.baseline(enabled.arn) or enabled
    if error:
        for child in zone.children(enabled):
            if child.operation == operation.id:
                zone.put(replace(child, standing=Standing.FAILED, version=before.version))
        zone.put(replace(before, standing=Standing.FAILED))
        zone.end(operation, at, error)
        return
    error = _finish_accounts(zone, work, at)
    zone.put(replace(enabled, standing=Standing.FAILED if error else Standing.SUCCEEDED))
    zone.drifts = {each for each in zone.drifts if each.target != enabled.target or each.kind not in POLICY_DRIFTS}
    for control in tuple(zone.controls.values()):
        if control.target == enabled.target and is_policy(control.control) and control.standing is Standing.FAILED:
            zone.controls[control.arn] = replace(control, standing=Standing.SUCCEEDED)
    zone.end(operation, at, error)


def _finish_accounts(zone: LandingZone, work: _Registering, at: float) -> str:
    """Enrolling each account has ended; the text of the first failure, with all that failed."""
    failed: dict[str, str] = {}
    for child in zone.children(work.enabled):
        if child.operation == work.operation.id:
            known = work.refused.get(child.target, "")
            failure = enrolment.finish(zone, child.target, _EVENTS[work.operation.kind], at, refused=known)
            failed |= {child.target: failure} if failure else {}
    if not failed:
        return ""
    return f"{len(failed)} accounts failed to enroll: {', '.join(failed)}. {next(iter(failed.values()))}"


def _deregister(zone: LandingZone, enabled: EnabledBaseline, at: float) -> None:
    for child in zone.children(enabled):
        enrolment.un_manage(zone, child.target, at, to_root=False)
    zone.controls = {arn: each for arn, each in zone.controls.items() if each.target != enabled.target}
    zone.drop(zone.baseline(enabled.arn) or enabled)
