"""Changes become operations: plain data, complete, in order."""

import json

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, UNOBSERVED, AccountSpec, Contact, ContactType
from pipeline.model.change import (
    Change,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    FieldChange,
    MoveAccount,
    UpdateAccount,
)
from pipeline.model.json import canonical
from pipeline.model.operation import Lane, Operation
from pipeline.provisioners.expansion import expand
from pipeline.provisioners.steps import operation_of, step_of

CONTACT = Contact(name="Security desk", title="On call", email="security@example.com", phone="+49 30 1234567")
CONTACT_JSON = {"name": "Security desk", "title": "On call", "email": "security@example.com", "phone": "+49 30 1234567"}
WHO = {"key": "billing", "account_id": "210000000006", "name": "billing"}


def creation(**spec: object) -> CreateAccount:
    wanted = {"name": "billing", "email": "aws+billing@example.com", "organizational_unit": "Workloads", **spec}
    return CreateAccount(key="billing", repository="example", spec=AccountSpec(**wanted))  # type: ignore[arg-type]


def updated(*fields: tuple[tuple[str, ...], object, object]) -> UpdateAccount:
    changes = tuple(FieldChange(path=path, before=before, after=after) for path, before, after in fields)  # type: ignore[arg-type]
    return UpdateAccount(**WHO, fields=changes)


EVERYTHING = updated(
    (("contacts", "security"), None, CONTACT_JSON),
    (("contacts", "billing"), CONTACT_JSON, None),
    (("name",), "old", "billing"),
    (("tags", "Owner"), "a", None),
    (("tags", "CostCenter"), None, "4711"),
    (("tags", "Team"), "x", "y"),
    (("ownership",), None, {"request": "billing", "repository": "example"}),
)
CHANGES: list[Change] = [
    CreateUnit(path="Workloads/Prod"),
    creation(tags={"b": "2", "a": "1"}, contacts={ContactType.SECURITY: CONTACT, ContactType.BILLING: None}),
    MoveAccount(**WHO, before=ROOT, after="Workloads"),
    EVERYTHING,
    CloseAccount(**WHO),
]


def kinds(change: Change) -> list[str]:
    return [operation.kind for operation in expand(change)]


@pytest.mark.parametrize("change", CHANGES)
def test_operations_are_json_and_come_back_from_it(change: Change) -> None:
    for operation in expand(change):
        stored = Operation(
            kind=operation.kind, lane=Lane(operation.lane.value), arguments=json.loads(canonical(operation.arguments))
        )
        assert operation_of(step_of(stored)) == operation


def test_a_creation_is_two_operations_on_the_creation_lane_then_its_placement_and_contacts() -> None:
    operations = expand(CHANGES[1])
    assert [(each.kind, each.lane) for each in operations] == [
        ("request-creation", Lane.CREATION),
        ("wait-for-creation", Lane.CREATION),
        ("move", Lane.ORGANIZATIONS),
        ("set-contact", Lane.ORGANIZATIONS),
    ]


def test_an_account_for_the_root_is_not_moved() -> None:
    assert kinds(creation(organizational_unit=ROOT)) == ["request-creation", "wait-for-creation"]


def test_what_was_not_observed_is_not_created() -> None:
    request = expand(creation(tags=UNOBSERVED, contacts=UNOBSERVED))[0]
    assert request.arguments["tags"] == {}


def test_an_update_claims_first_and_takes_all_tags_in_two_calls() -> None:
    assert kinds(EVERYTHING) == ["claim", "set-contact", "set-contact", "rename", "set-tags", "remove-tags"]
    set_tags, remove_tags = expand(EVERYTHING)[-2:]
    assert set_tags.arguments["before"] == {"CostCenter": None, "Team": "x"}
    assert set_tags.arguments["after"] == {"CostCenter": "4711", "Team": "y"}
    assert remove_tags.arguments["before"] == {"Owner": "a"}


def test_an_empty_tag_value_is_a_value() -> None:
    (operation,) = expand(updated((("tags", "Empty"), None, "")))
    assert operation.kind == "set-tags"
    assert operation.arguments["after"] == {"Empty": ""}


def test_closing_has_a_lane_of_its_own() -> None:
    assert [each.lane for each in expand(CHANGES[4])] == [Lane.CLOSING]


def test_what_no_operation_changes_is_refused_with_the_remedy() -> None:
    with pytest.raises(PermanentServiceError, match="state") as refused:
        expand(updated((("state",), "closed", "open")))
    assert refused.value.hint


def test_a_change_of_address_is_one_step() -> None:
    (operation,) = expand(updated((("email",), "a@example.com", "b@example.com")))
    assert (operation.kind, operation.lane) == ("start-email-update", Lane.ORGANIZATIONS)


def test_access_is_given_before_other_access_is_taken_away() -> None:
    given, taken = ("access", "group", "B", "Read"), ("access", "group", "A", "Read")
    operations = expand(updated((taken, "assigned", None), (given, None, "assigned"), (("name",), "a", "b")))
    assert [each.kind for each in operations] == ["rename", "assign-access", "remove-access"]
    assert {each.lane for each in operations[1:]} == {Lane.ACCESS}


@pytest.mark.parametrize("arguments", [{}, {"path": "a", "colour": "red"}])
def test_an_operation_of_another_form_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(PermanentServiceError, match="create-unit"):
        step_of(Operation(kind="create-unit", lane=Lane.ORGANIZATIONS, arguments=arguments))


def test_regions_come_before_settings_and_what_others_may_refuse_last() -> None:
    change = updated(
        (("settings", "default_vpcs"), {"eu-west-1": "vpc-1"}, "delete"),
        (("settings", "alias"), None, "example-a"),
        (("regions", "eu-south-2"), None, "enabled"),
        (("regions", "eu-south-1"), None, "enabled"),
        (("name",), "old", "billing"),
    )
    operations = expand(change)
    assert [each.kind for each in operations] == ["rename", "enable-regions", "set-setting", "set-setting"]
    assert {each.lane for each in operations[1:]} == {Lane.MEMBER}
    assert operations[1].arguments["regions"] == ["eu-south-1", "eu-south-2"]
    assert [each.arguments["setting"] for each in operations[2:]] == ["default_vpcs", "alias"]
    for operation in operations:
        assert operation_of(step_of(operation)) == operation


def test_a_creation_enables_regions_and_sets_settings_in_every_enabled_region() -> None:
    change = creation(regions=("eu-south-2",), settings={"imdsv2": "required", "default_vpcs": "keep"})
    *_, regions, setting = expand(change)
    assert (regions.kind, regions.arguments["account_id"]) == ("enable-regions", None)
    assert (setting.arguments["setting"], setting.arguments["before"], setting.arguments["after"]) == (
        "imdsv2",
        None,
        "required",
    )
    assert kinds(creation(regions=(), settings={})) == kinds(creation())
