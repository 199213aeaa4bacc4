"""AWS Control Tower, by its documentation.

https://docs.aws.amazon.com/controltower/latest/APIReference/Welcome.html
https://docs.aws.amazon.com/controltower/latest/userguide/what-is-control-tower.html
Not imitated, and refused as unknown: creating and deleting a landing zone, listing operations, tags.
"""

from typing import Final

from pipeline.sandbox.control_tower import baselines, controls, registration, zone
from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.validation import Problem


def _authorize(call: Call, operation: str) -> None:
    """Raises AccessDeniedException for everybody but the management account."""
    if call.caller != MANAGEMENT_ID:
        text = f"User: {call.caller} is not authorized to perform: controltower:{operation}"
        raise Refusal("AccessDeniedException", text)


def _invalid(problems: list[Problem]) -> Refusal:
    return Refusal("ValidationException", "; ".join(problem.message for problem in problems))


CONTROL_TOWER: Final = Definition(
    name="controltower",
    operations={
        "DisableBaseline": registration.disable_baseline,
        "DisableControl": controls.disable_control,
        "EnableBaseline": registration.enable_baseline,
        "EnableControl": controls.enable_control,
        "GetBaseline": baselines.get_baseline,
        "GetBaselineOperation": baselines.get_baseline_operation,
        "GetControlOperation": controls.get_control_operation,
        "GetEnabledBaseline": baselines.get_enabled_baseline,
        "GetEnabledControl": controls.get_enabled_control,
        "GetLandingZone": zone.get_landing_zone,
        "GetLandingZoneOperation": zone.get_landing_zone_operation,
        "ListBaselines": baselines.list_baselines,
        "ListEnabledBaselines": baselines.list_enabled_baselines,
        "ListEnabledControls": controls.list_enabled_controls,
        "ListLandingZones": zone.list_landing_zones,
        "ResetEnabledBaseline": registration.reset_enabled_baseline,
        "ResetEnabledControl": controls.reset_enabled_control,
        "ResetLandingZone": zone.reset_landing_zone,
        "UpdateEnabledBaseline": registration.update_enabled_baseline,
        "UpdateEnabledControl": controls.update_enabled_control,
        "UpdateLandingZone": zone.update_landing_zone,
    },
    invalid=_invalid,
    throttled=lambda: Refusal("ThrottlingException", "Rate exceeded", serviceCode="controltower", retryAfterSeconds=1),
    authorize=_authorize,
    message="message",
)
