"""Controls on units.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnableControl.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledControls.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_ResetEnabledControl.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_UpdateEnabledControl.html
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from pipeline.sandbox.control_tower.asked import (
    OTHER_OPERATION,
    conflict,
    not_found,
    numbered,
    operation_of,
    page,
    parameter_fields,
    refuse_when_blocked,
    refuse_when_busy,
    target_arn,
    unit_of,
    validation,
    zone_of,
)
from pipeline.sandbox.control_tower.catalogue import is_control, is_policy
from pipeline.sandbox.control_tower.drift import POLICY_DRIFTS
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import EnabledControl, Family, Standing, Step
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields, Unit
from pipeline.sandbox.service import Refusal

QUEUED: Final = 100
"""Operations on controls that wait or run. https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""
_PAGE: Final = 50
"""How many entries come without `maxResults`; AWS does not say."""

Outcome = Callable[[EnabledControl], EnabledControl | None]
"""What becomes of a control when an operation on it ends well; None if it is not enabled any more."""


def enable_control(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    control, target = _control(call, parameters["controlIdentifier"]), parameters["targetIdentifier"]
    unit = _registered(zone, target)
    if _find(zone, control, unit.id) is not None:
        raise conflict(f"The control {control} is already enabled on {target}.")
    _refuse_when_full(zone)
    arn, sequence = zone.new_arn("enabledcontrol")
    enabled = EnabledControl(
        arn=arn,
        sequence=sequence,
        control=control,
        target=unit.id,
        standing=Standing.UNDER_CHANGE,
        operation="",
        parameters=_values(parameters),
    )
    return {**_begin(zone, enabled, "ENABLE_CONTROL", lambda each: each), "arn": arn}


def disable_control(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    identifier = parameters.get("enabledControlIdentifier")
    if identifier is not None:
        enabled = _enabled(zone, identifier)
    elif "controlIdentifier" in parameters and "targetIdentifier" in parameters:
        unit = unit_of(zone, parameters["targetIdentifier"])
        found = _find(zone, parameters["controlIdentifier"], unit.id)
        if found is None:
            raise not_found(f"The control {parameters['controlIdentifier']} is not enabled on {unit.id}.")
        enabled = found
    else:
        raise validation("Give enabledControlIdentifier, or controlIdentifier and targetIdentifier.")
    _refuse_change(zone, enabled)
    return _begin(zone, enabled, "DISABLE_CONTROL", lambda _: None)


def reset_enabled_control(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    enabled = _enabled(zone, parameters["enabledControlIdentifier"])
    if is_policy(enabled.control):
        raise validation(f"The control {enabled.control} is a service control policy; it cannot be reset.")
    _refuse_change(zone, enabled)
    return _begin(zone, enabled, "RESET_ENABLED_CONTROL", lambda each: replace(each, is_ineffective=False))


def update_enabled_control(call: Call, parameters: Fields) -> Fields:
    """Other parameters, all of them; of a control that is well, the same ones are refused."""
    zone = zone_of(call)
    enabled = _enabled(zone, parameters["enabledControlIdentifier"])
    wanted = _values(parameters)
    if wanted == enabled.parameters and enabled.standing is Standing.SUCCEEDED:
        raise validation(f"The control {enabled.control} has these parameters already.")
    if enabled.is_ineffective:
        raise validation(f"The control {enabled.control} is in drift. Reset it.")
    _refuse_change(zone, enabled)
    return _begin(zone, enabled, "UPDATE_ENABLED_CONTROL", lambda each: replace(each, parameters=wanted))


def _values(parameters: Fields) -> dict[str, Any]:
    return {each["key"]: each["value"] for each in parameters.get("parameters") or ()}


def list_enabled_controls(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    target = parameters.get("targetIdentifier")
    if target is not None and ":account/" not in target:
        _registered(zone, target)
    known = [
        fields
        for fields in _all(zone, includes_children=bool(parameters.get("includeChildren")))
        if target in {None, fields["targetIdentifier"]} and _passes(fields, parameters.get("filter") or {})
    ]
    some, more = page(numbered(known), parameters, "enabled-controls", _PAGE)
    return {"enabledControls": some, **more}


def get_enabled_control(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    enabled = _enabled(zone, parameters["enabledControlIdentifier"])
    regions = [{"name": each} for each in zone.settings.governed_regions]
    details = {**_fields(zone, enabled), "targetRegions": regions, "parameters": parameter_fields(enabled)}
    return {"enabledControlDetails": details}


def get_control_operation(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    fields = operation_of(zone, parameters["operationIdentifier"], Family.CONTROL)
    enabled_arn, control, target = zone.operations[parameters["operationIdentifier"]].subject.split(" ")
    about = {"enabledControlIdentifier": enabled_arn, "controlIdentifier": control, "targetIdentifier": target}
    return {"controlOperation": fields | about}


def _begin(zone: LandingZone, enabled: EnabledControl, kind: str, outcome: Outcome) -> Fields:
    subject = f"{enabled.arn} {enabled.control} {target_arn(enabled.target)}"
    operation = zone.start(kind, Family.CONTROL, subject)
    changing = replace(enabled, standing=Standing.UNDER_CHANGE, operation=operation.id)
    zone.controls[enabled.arn] = changing

    def end(at: float) -> None:
        error = zone.strike(Step.UNIT_CONTROL)
        after = replace(changing, standing=Standing.FAILED) if error else outcome(changing)
        if after is None:
            zone.controls.pop(changing.arn, None)
        else:
            zone.controls[after.arn] = after if error else replace(after, standing=Standing.SUCCEEDED)
        zone.end(operation, at, error)

    zone.later(zone.organization.options.control_delay, end)
    return {"operationIdentifier": operation.id}


def _control(call: Call, identifier: str) -> str:
    if not is_control(identifier, call.region):
        raise not_found(f"The control {identifier} does not exist.")
    return identifier


def _registered(zone: LandingZone, target: str) -> Unit:
    unit = unit_of(zone, target)
    if zone.on(unit.id) is None and not zone.in_security(unit.id):
        raise not_found(f"Organizational unit {unit.id} is not registered with AWS Control Tower.")
    return unit


def _find(zone: LandingZone, control: str, unit_id: str) -> EnabledControl | None:
    found = (each for each in zone.controls.values() if each.control == control and each.target == unit_id)
    return next(found, None)


def _enabled(zone: LandingZone, arn: str) -> EnabledControl:
    if arn not in zone.controls:
        raise not_found(f"The enabled control {arn} does not exist.")
    return zone.controls[arn]


def _refuse_change(zone: LandingZone, enabled: EnabledControl) -> None:
    if enabled.standing is Standing.UNDER_CHANGE:
        raise conflict(OTHER_OPERATION)
    _refuse_when_full(zone)


def _refuse_when_full(zone: LandingZone) -> None:
    refuse_when_blocked(zone)
    refuse_when_busy(zone, Family.LANDING_ZONE, Family.BASELINE, Family.ACCOUNT)
    if len(zone.running(Family.CONTROL)) >= QUEUED:
        text = f"{QUEUED} operations on controls are queued; wait until some of them have ended."
        raise Refusal("ServiceQuotaExceededException", text)


def _fields(zone: LandingZone, enabled: EnabledControl) -> Fields:
    drift = "DRIFTED" if enabled.is_ineffective or _is_drifted_policy(zone, enabled) else "IN_SYNC"
    return {
        "arn": enabled.arn,
        "controlIdentifier": enabled.control,
        "targetIdentifier": target_arn(enabled.target),
        "statusSummary": {"status": enabled.standing.value, "lastOperationIdentifier": enabled.operation},
        "driftStatusSummary": {"driftStatus": drift, "types": {"resource": {"status": drift}}},
    }


def _is_drifted_policy(zone: LandingZone, enabled: EnabledControl) -> bool:
    drifted = {each.target for each in zone.drifts if each.kind in POLICY_DRIFTS}
    return is_policy(enabled.control) and enabled.target in drifted


def _all(zone: LandingZone, *, includes_children: bool) -> Iterator[Fields]:
    """The controls on units, each followed by what the enrolled accounts of its unit have of it."""
    for enabled in sorted(zone.controls.values(), key=lambda each: each.sequence):
        fields = _fields(zone, enabled)
        yield fields
        unit = zone.on(enabled.target) if includes_children else None
        for child in zone.children(unit) if unit is not None else ():
            account = zone.organization.latest.accounts.get(child.target)
            differs = account is None or zone.account_differs(account)
            inheritance = {"status": "DRIFTED" if differs else "IN_SYNC"}
            yield {
                **fields,
                "arn": f"{enabled.arn.rpartition('/')[0]}/{token(enabled.arn, int(child.target), 16).upper()}",
                "targetIdentifier": target_arn(child.target),
                "parentIdentifier": enabled.arn,
                "driftStatusSummary": {"driftStatus": inheritance["status"], "types": {"inheritance": inheritance}},
            }


def _passes(fields: Fields, wanted: Fields) -> bool:
    drift = fields["driftStatusSummary"]
    values = {
        "controlIdentifiers": fields["controlIdentifier"],
        "statuses": fields["statusSummary"]["status"],
        "driftStatuses": drift["driftStatus"],
        "parentIdentifiers": fields.get("parentIdentifier"),
        "inheritanceDriftStatuses": drift["types"].get("inheritance", {}).get("status"),
        "resourceDriftStatuses": drift["types"].get("resource", {}).get("status"),
    }
    return all(values[name] in accepted for name, accepted in wanted.items() if accepted)
