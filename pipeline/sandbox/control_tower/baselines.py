"""Reading baselines: what there is, what is enabled, and how operations on them go.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledBaselines.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListBaselines.html
"""

from typing import Final

from pipeline.sandbox.control_tower.asked import (
    enabled_baseline,
    not_found,
    numbered,
    operation_of,
    page,
    parameter_fields,
    target_arn,
    zone_of,
)
from pipeline.sandbox.control_tower.catalogue import BASELINES, TOWER_BASELINE, baseline_arn
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import EnabledBaseline, Family
from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields

_PAGE: Final = 50
"""How many entries come without `maxResults`; AWS does not say."""


def list_baselines(call: Call, parameters: Fields) -> Fields:
    known = [_baseline_fields(call, name) for name in BASELINES]
    some, more = page(numbered(known), parameters, "baselines", _PAGE)
    return {"baselines": some, **more}


def get_baseline(call: Call, parameters: Fields) -> Fields:
    wanted = parameters["baselineIdentifier"]
    for name in BASELINES:
        if baseline_arn(call.region, name) == wanted:
            return _baseline_fields(call, name)
    raise not_found(f"The baseline {wanted} does not exist.")


def list_enabled_baselines(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    known = [
        (each.sequence, each)
        for each in zone.baselines()
        if (each.parent is None or parameters.get("includeChildren"))
        and _passes(zone, each, parameters.get("filter") or {})
    ]
    some, more = page(known, parameters, "enabled-baselines", _PAGE)
    return {"enabledBaselines": [enabled_baseline_fields(zone, each) for each in some], **more}


def get_enabled_baseline(call: Call, parameters: Fields) -> Fields:
    zone = zone_of(call)
    found = enabled_baseline(zone, parameters["enabledBaselineIdentifier"])
    details = {**enabled_baseline_fields(zone, found), "parameters": parameter_fields(found)}
    return {"enabledBaselineDetails": details}


def get_baseline_operation(call: Call, parameters: Fields) -> Fields:
    return {"baselineOperation": operation_of(zone_of(call), parameters["operationIdentifier"], Family.BASELINE)}


def enabled_baseline_fields(zone: LandingZone, enabled: EnabledBaseline) -> Fields:
    fields: Fields = {
        "arn": enabled.arn,
        "baselineIdentifier": baseline_arn(zone.settings.home_region, enabled.baseline),
        "baselineVersion": enabled.version,
        "targetIdentifier": target_arn(enabled.target),
        "statusSummary": {"status": enabled.standing.value, "lastOperationIdentifier": enabled.operation},
    }
    if enabled.parent is not None:
        fields["parentIdentifier"] = enabled.parent
    if enabled.baseline == TOWER_BASELINE:
        fields["driftStatusSummary"] = {"types": {"inheritance": {"status": _inheritance(zone, enabled)}}}
    return fields


def _inheritance(zone: LandingZone, enabled: EnabledBaseline) -> str:
    return "DRIFTED" if differs(zone, enabled) else "IN_SYNC"


def differs(zone: LandingZone, enabled: EnabledBaseline) -> bool:
    """Whether the baseline is in inheritance drift: an account differs from its unit."""
    if enabled.parent is None:
        return zone.unit_differs(enabled.target)
    account = zone.organization.latest.accounts.get(enabled.target)
    return account is None or zone.account_differs(account)


def _passes(zone: LandingZone, enabled: EnabledBaseline, wanted: Fields) -> bool:
    """Each filter takes any of its values; all filters have to let it pass."""
    is_inherited = enabled.baseline == TOWER_BASELINE and "inheritanceDriftStatuses" in wanted
    values = {
        "baselineIdentifiers": baseline_arn(zone.settings.home_region, enabled.baseline),
        "targetIdentifiers": target_arn(enabled.target),
        "parentIdentifiers": enabled.parent,
        "statuses": enabled.standing.value,
        "inheritanceDriftStatuses": _inheritance(zone, enabled) if is_inherited else None,
        "sourceDriftStatuses": None,
    }
    return all(values[name] in accepted for name, accepted in wanted.items() if accepted)


def _baseline_fields(call: Call, name: str) -> Fields:
    return {"arn": baseline_arn(call.region, name), "name": name, "description": BASELINES[name][1]}
