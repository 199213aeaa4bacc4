"""The root and the organizational units.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html (depth 5, 2,000 units)
"""

from dataclasses import replace
from typing import Final

from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import ROOT_ID, Call
from pipeline.sandbox.organizations.shapes import arn, not_found, unit_fields
from pipeline.sandbox.organizations.tags import checked_tags
from pipeline.sandbox.paging import page, start_of
from pipeline.sandbox.records import Fields, Unit
from pipeline.sandbox.service import Refusal

DEPTH: Final = 5
UNITS: Final = 2_000


def list_roots(call: Call, parameters: Fields) -> Fields:
    start_of(parameters, "roots")
    root = call.reads.units.get(ROOT_ID)
    name = root.name if root else "Root"
    types = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    return {"Roots": [{"Id": ROOT_ID, "Arn": arn("root", ROOT_ID), "Name": name, "PolicyTypes": types}]}


def list_organizational_units_for_parent(call: Call, parameters: Fields) -> Fields:
    parent_id = parameters["ParentId"]
    if call.reads.units.get(parent_id) is None:
        raise not_found("ParentNotFoundException", "a root or organizational unit", parent_id)
    listing = f"units/{parent_id}"
    units, rest = page(call.reads.units.after(start_of(parameters, listing), parent_id), parameters, listing)
    return {"OrganizationalUnits": [unit_fields(call, each) for each in units], **rest}


def describe_organizational_unit(call: Call, parameters: Fields) -> Fields:
    unit = call.reads.units.get(parameters["OrganizationalUnitId"])
    if unit is None:
        raise _unknown(parameters["OrganizationalUnitId"])
    return {"OrganizationalUnit": unit_fields(call, unit)}


def create_organizational_unit(call: Call, parameters: Fields) -> Fields:
    parent_id, name = parameters["ParentId"], parameters["Name"]
    chain = call.latest.ancestors(parent_id)
    if not chain:
        raise not_found("ParentNotFoundException", "a root or organizational unit", parent_id)
    tags = checked_tags(parameters.get("Tags", []), {})
    if len(chain) > DEPTH:
        raise _limit("OU_DEPTH_LIMIT_EXCEEDED", f"Organizational units nest {DEPTH} levels deep at most.")
    if len(call.latest.units) > UNITS:
        raise _limit("OU_NUMBER_LIMIT_EXCEEDED", f"An organization has {UNITS} organizational units at most.")
    _refuse_duplicate(call, parent_id, name)
    unit = new_unit(call.organization.next_sequence(), parent_id, name)
    unit = replace(unit, tags=tags)
    call.organization.put(unit)
    return {"OrganizationalUnit": unit_fields(replace(call, reads=call.latest), unit)}


def new_unit(sequence: int, parent_id: str, name: str) -> Unit:
    unit_id = f"ou-{ROOT_ID.removeprefix('r-')}-{token('unit', sequence, 8)}"
    return Unit(id=unit_id, sequence=sequence, parent_id=parent_id, name=name)


def update_organizational_unit(call: Call, parameters: Fields) -> Fields:
    unit = _existing(call, parameters["OrganizationalUnitId"])
    name = parameters.get("Name", unit.name)
    if name != unit.name:
        _refuse_duplicate(call, unit.parent_id, name)
    unit = replace(unit, name=name)
    call.organization.put(unit)
    return {"OrganizationalUnit": unit_fields(replace(call, reads=call.latest), unit)}


def delete_organizational_unit(call: Call, parameters: Fields) -> Fields:
    unit = _existing(call, parameters["OrganizationalUnitId"])
    if call.latest.accounts.children(unit.id) or call.latest.units.children(unit.id):
        text = f'The organizational unit "{unit.id}" holds accounts or organizational units.'
        raise Refusal("OrganizationalUnitNotEmptyException", text)
    call.organization.drop_unit(unit)
    return {}


def _existing(call: Call, unit_id: str) -> Unit:
    unit = call.latest.units.get(unit_id)
    if unit is None or unit.id == ROOT_ID:
        raise _unknown(unit_id)
    return unit


def _unknown(unit_id: str) -> Refusal:
    return not_found("OrganizationalUnitNotFoundException", "an organizational unit", unit_id)


def _refuse_duplicate(call: Call, parent_id: str, name: str) -> None:
    if any(each.name == name for each in call.latest.units.children(parent_id)):
        text = f'"{parent_id}" has an organizational unit "{name}" already.'
        raise Refusal("DuplicateOrganizationalUnitException", text)


def _limit(reason: str, text: str) -> Refusal:
    return Refusal("ConstraintViolationException", text, Reason=reason)
