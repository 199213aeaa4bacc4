"""What the operations of the API have in common: whose call it is, what it names, and how it is refused."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import EnabledBaseline, EnabledControl, Family, Operation
from pipeline.sandbox.organization import ROOT_ID, Call
from pipeline.sandbox.organizations.shapes import arn
from pipeline.sandbox.paging import read_token, write_token
from pipeline.sandbox.records import Fields, Unit
from pipeline.sandbox.service import Refusal

OTHER_OPERATION: Final = "AWS Control Tower cannot complete this operation because another operation is in progress."


def validation(text: str) -> Refusal:
    return Refusal("ValidationException", text)


def conflict(text: str) -> Refusal:
    return Refusal("ConflictException", text)


def not_found(text: str) -> Refusal:
    return Refusal("ResourceNotFoundException", text)


def found_zone(call: Call) -> LandingZone | None:
    """The landing zone, seen from the Region of the call: there is none but in the home Region."""
    zone = call.organization.landing_zone
    return zone if zone is not None and zone.settings.home_region == call.region else None


def zone_of(call: Call) -> LandingZone:
    """The landing zone. Raises AccessDeniedException where there is none."""
    zone = found_zone(call)
    if zone is None:
        text = f"There is no landing zone of AWS Control Tower in the Region {call.region}."
        raise Refusal("AccessDeniedException", text)
    return zone


def unit_of(zone: LandingZone, target_arn: str) -> Unit:
    """The unit of an ARN. Raises ValidationException for what is no unit, ResourceNotFoundException for one that is not there."""
    unit_id = target_arn.rpartition("/")[2]
    if target_arn != arn("ou", unit_id) or unit_id == ROOT_ID:
        raise validation(f"The target {target_arn} is not an organizational unit.")
    unit = zone.organization.latest.units.get(unit_id)
    if unit is None:
        raise not_found(f"The organizational unit {unit_id} does not exist.")
    return unit


def target_arn(target_id: str) -> str:
    """The ARN of a unit or an account."""
    return arn("ou" if target_id.startswith("ou-") else "account", target_id)


def refuse_when_busy(zone: LandingZone, *families: Family) -> None:
    """Raises ConflictException while an operation of these families, or any at all, is in progress."""
    if zone.running(*families):
        raise conflict(OTHER_OPERATION)


def refuse_when_blocked(zone: LandingZone) -> None:
    """Raises ValidationException while nothing but a reset of the landing zone is possible."""
    if zone.is_blocked:
        raise validation("Your landing zone is in a state of drift. Reset the landing zone, and try again.")


def enabled_baseline(zone: LandingZone, baseline_arn: str) -> EnabledBaseline:
    known = zone.baseline(baseline_arn)
    if known is None:
        raise not_found(f"The enabled baseline {baseline_arn} does not exist.")
    return known


def operation_of(zone: LandingZone, operation_id: str, family: Family) -> Fields:
    """The members that the details of all operations have."""
    known = zone.operations.get(operation_id)
    if known is None or known.family is not family:
        raise not_found(f"The operation {operation_id} does not exist.")
    return operation_fields(known)


def operation_fields(known: Operation) -> Fields:
    fields: Fields = {
        "operationIdentifier": known.id,
        "operationType": known.kind,
        "status": known.status.value,
        "startTime": known.started,
    }
    if known.ended is not None:
        fields["endTime"] = known.ended
    if known.message:
        fields["statusMessage"] = known.message
    return fields


def parameter_fields(record: EnabledBaseline | EnabledControl) -> list[Fields]:
    return [{"key": key, "value": value} for key, value in record.parameters.items()]


def page(values: Sequence[tuple[int, Any]], parameters: Fields, listing: str, default: int) -> tuple[list[Any], Fields]:
    """At most `maxResults` of the values, which are in the order of their numbers, and `nextToken` if there are more."""
    try:
        start = read_token(listing, parameters.get("nextToken"))
    except (ValueError, TypeError, IndexError):
        raise validation("The nextToken is not one that this operation gave.") from None
    limit = parameters.get("maxResults") or default
    rest = [each for each in values if each[0] > start]
    taken = rest[:limit]
    more = {"nextToken": write_token(listing, taken[-1][0])} if len(rest) > limit else {}
    return [each for _, each in taken], more


def numbered(values: Iterable[Any]) -> list[tuple[int, Any]]:
    """Values that have no number of their own, by their place."""
    return list(enumerate(values, 1))
