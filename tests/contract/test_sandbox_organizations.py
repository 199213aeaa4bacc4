"""The sandbox's Organizations does what AWS documents; each row names its source."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from pipeline.sandbox.control import SECRET_ACCESS_KEY
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from tests.contract.sandbox_client import Aws, opened, refusal

API = "https://docs.aws.amazon.com/organizations/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/organizations/latest/userguide/"
LOG_ARCHIVE, NOWHERE = "210000000001", "999999999999"
NO_UNIT = "ou-ex01-ffffffff"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options()) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


class Rule(NamedTuple):
    """A call that is refused, and with what; `{unit}` and `{security}` are filled in.

    The source is the operation's page of the API reference, unless another one is given.
    """

    operation: str
    parameters: dict[str, Any]
    code: str
    reason: str | None = None
    elsewhere: str = ""

    @property
    def source(self) -> str:
        return self.elsewhere or f"{API}API_{''.join(each.title() for each in self.operation.split('_'))}.html"


RULES = [
    Rule("describe_account", {"AccountId": NOWHERE}, "AccountNotFoundException"),
    Rule("describe_account", {"AccountId": "12"}, "InvalidInputException", "INVALID_PATTERN"),
    Rule("describe_account", {}, "InvalidInputException", "INPUT_REQUIRED"),
    Rule("list_accounts", {"MaxResults": 21}, "InvalidInputException", "MAX_VALUE_EXCEEDED"),
    Rule("list_accounts", {"MaxResults": 0}, "InvalidInputException", "MIN_VALUE_EXCEEDED"),
    Rule("list_accounts", {"NextToken": "x"}, "InvalidInputException", "INVALID_NEXT_TOKEN"),
    Rule("list_accounts_for_parent", {"ParentId": NO_UNIT}, "ParentNotFoundException"),
    Rule("list_parents", {"ChildId": NOWHERE}, "ChildNotFoundException"),
    Rule("list_children", {"ParentId": NO_UNIT, "ChildType": "ACCOUNT"}, "ParentNotFoundException"),
    Rule("list_children", {"ParentId": ROOT_ID, "ChildType": "X"}, "InvalidInputException", "INVALID_ENUM"),
    Rule("list_organizational_units_for_parent", {"ParentId": NO_UNIT}, "ParentNotFoundException"),
    Rule("describe_organizational_unit", {"OrganizationalUnitId": NO_UNIT}, "OrganizationalUnitNotFoundException"),
    Rule("create_organizational_unit", {"ParentId": NO_UNIT, "Name": "x"}, "ParentNotFoundException"),
    Rule(
        "create_organizational_unit", {"ParentId": ROOT_ID, "Name": "Sandbox"}, "DuplicateOrganizationalUnitException"
    ),
    Rule(
        "create_organizational_unit",
        {"ParentId": ROOT_ID, "Name": "x" * 129},
        "InvalidInputException",
        "MAX_LENGTH_EXCEEDED",
    ),
    Rule(
        "update_organizational_unit",
        {"OrganizationalUnitId": "{unit}", "Name": "Security"},
        "DuplicateOrganizationalUnitException",
    ),
    Rule(
        "update_organizational_unit",
        {"OrganizationalUnitId": NO_UNIT, "Name": "x"},
        "OrganizationalUnitNotFoundException",
    ),
    Rule("delete_organizational_unit", {"OrganizationalUnitId": "{unit}"}, "OrganizationalUnitNotEmptyException"),
    Rule("delete_organizational_unit", {"OrganizationalUnitId": NO_UNIT}, "OrganizationalUnitNotFoundException"),
    Rule(
        "move_account",
        {"AccountId": NOWHERE, "SourceParentId": ROOT_ID, "DestinationParentId": "{unit}"},
        "AccountNotFoundException",
    ),
    Rule(
        "move_account",
        {"AccountId": LOG_ARCHIVE, "SourceParentId": NO_UNIT, "DestinationParentId": "{unit}"},
        "SourceParentNotFoundException",
    ),
    Rule(
        "move_account",
        {"AccountId": LOG_ARCHIVE, "SourceParentId": ROOT_ID, "DestinationParentId": "{unit}"},
        "SourceParentNotFoundException",
    ),
    Rule(
        "move_account",
        {"AccountId": LOG_ARCHIVE, "SourceParentId": "{security}", "DestinationParentId": NO_UNIT},
        "DestinationParentNotFoundException",
    ),
    Rule(
        "move_account",
        {"AccountId": LOG_ARCHIVE, "SourceParentId": "{security}", "DestinationParentId": "{security}"},
        "DuplicateAccountException",
    ),
    Rule("tag_resource", {"ResourceId": NOWHERE, "Tags": []}, "TargetNotFoundException"),
    Rule(
        "tag_resource",
        {"ResourceId": LOG_ARCHIVE, "Tags": [{"Key": "aws:x", "Value": ""}]},
        "InvalidInputException",
        "INVALID_SYSTEM_TAGS_PARAMETER",
    ),
    Rule(
        "tag_resource",
        {"ResourceId": LOG_ARCHIVE, "Tags": [{"Key": "x", "Value": ""}, {"Key": "x", "Value": "y"}]},
        "InvalidInputException",
        "DUPLICATE_TAG_KEY",
    ),
    Rule(
        "tag_resource",
        {"ResourceId": LOG_ARCHIVE, "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
        "ConstraintViolationException",
        "MAX_TAG_LIMIT_EXCEEDED",
        GUIDE + "orgs_tagging.html",
    ),
    Rule(
        "tag_resource",
        {"ResourceId": LOG_ARCHIVE, "Tags": [{"Key": "a#b", "Value": ""}]},
        "InvalidInputException",
        "INVALID_PATTERN",
    ),
    Rule(
        "tag_resource",
        {"ResourceId": LOG_ARCHIVE, "Tags": [{"Key": "a\n", "Value": ""}]},
        "InvalidInputException",
        "INVALID_PATTERN",
    ),
    Rule(
        "untag_resource",
        {"ResourceId": LOG_ARCHIVE, "TagKeys": ["aws:x"]},
        "InvalidInputException",
        "INVALID_SYSTEM_TAGS_PARAMETER",
    ),
    Rule("list_tags_for_resource", {"ResourceId": NOWHERE}, "TargetNotFoundException"),
    Rule("list_policies_for_target", {"TargetId": NOWHERE, "Filter": "TAG_POLICY"}, "TargetNotFoundException"),
    Rule(
        "register_delegated_administrator",
        {"AccountId": MANAGEMENT_ID, "ServicePrincipal": "x"},
        "ConstraintViolationException",
        "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
    ),
    Rule(
        "deregister_delegated_administrator",
        {"AccountId": LOG_ARCHIVE, "ServicePrincipal": "x"},
        "AccountNotRegisteredException",
    ),
    Rule(
        "create_policy",
        {"Name": "x", "Type": "TAG_POLICY", "Content": "{}", "Description": ""},
        "UnknownOperationException",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.operation}-{rule.code}-{rule.reason}")
def test_a_call_against_the_rules_is_refused_as_documented(aws: Aws, rule: Rule) -> None:
    known = {"{unit}": _unit(aws, "Infrastructure"), "{security}": _unit(aws, "Security")}
    parameters = {
        name: known.get(value, value) if isinstance(value, str) else value for name, value in rule.parameters.items()
    }

    assert refusal(getattr(aws.organizations, rule.operation), **parameters) == (rule.code, rule.reason), rule.source


def _unit(aws: Aws, name: str) -> str:
    units = aws.organizations.list_organizational_units_for_parent(ParentId=ROOT_ID)["OrganizationalUnits"]
    return next(str(each["Id"]) for each in units if each["Name"] == name)


def test_accounts_are_listed_twenty_a_page_and_each_exactly_once(aws: Aws) -> None:
    aws.served.reset("accounts:45")

    pages = list(aws.organizations.get_paginator("list_accounts").paginate())

    ids = [each["Id"] for page in pages for each in page["Accounts"]]
    assert [len(page["Accounts"]) for page in pages] == [20, 20, 6]
    assert len(set(ids)) == len(ids)


def test_an_account_tells_its_state_and_the_path_of_its_units(aws: Aws) -> None:
    account = aws.organizations.describe_account(AccountId=aws.id_of("billing"))["Account"]

    unit = aws.organizations.describe_organizational_unit(
        OrganizationalUnitId=aws.organizations.list_parents(ChildId=account["Id"])["Parents"][0]["Id"]
    )["OrganizationalUnit"]
    assert account["State"] == "ACTIVE"
    assert account["Paths"] == [f"{unit['Path']}{account['Id']}/"]
    assert unit["Path"].startswith("o-exampleorgid1/r-ex01/ou-ex01-")
    assert unit["Path"].count("/") == 4
    assert "Status" not in account


def test_the_legacy_option_tells_status_and_neither_state_nor_paths() -> None:
    with opened(Options(legacy_status=True)) as aws:
        accounts = {each["Name"]: each for each in aws.organizations.list_accounts()["Accounts"]}

    assert accounts["old-experiment"]["Status"] == "SUSPENDED"
    assert accounts["billing"]["Status"] == "ACTIVE"
    assert not {"State", "Paths"} & accounts["billing"].keys()


def test_a_moved_account_is_in_its_new_unit_and_no_longer_in_the_old_one(aws: Aws) -> None:
    source, destination = _unit(aws, "Security"), _unit(aws, "Sandbox")

    aws.organizations.move_account(AccountId=LOG_ARCHIVE, SourceParentId=source, DestinationParentId=destination)

    def members(unit: str) -> set[str]:
        return {each["Id"] for each in aws.organizations.list_accounts_for_parent(ParentId=unit)["Accounts"]}

    assert LOG_ARCHIVE in members(destination)
    assert LOG_ARCHIVE not in members(source)
    children = aws.organizations.list_children(ParentId=destination, ChildType="ACCOUNT")["Children"]
    assert {each["Id"] for each in children} == members(destination)


def test_units_nest_five_levels_deep_and_no_deeper(aws: Aws) -> None:
    parent = ROOT_ID
    for depth in range(5):
        parent = aws.unit(f"level-{depth}", parent)

    refused = refusal(aws.organizations.create_organizational_unit, ParentId=parent, Name="level-5")

    assert refused == ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED")


def test_an_empty_unit_can_be_renamed_and_deleted(aws: Aws) -> None:
    unit = aws.unit("Short-lived")

    renamed = aws.organizations.update_organizational_unit(OrganizationalUnitId=unit, Name="Shorter")
    aws.organizations.delete_organizational_unit(OrganizationalUnitId=unit)

    assert renamed["OrganizationalUnit"]["Name"] == "Shorter"
    assert refusal(aws.organizations.describe_organizational_unit, OrganizationalUnitId=unit)[0] == (
        "OrganizationalUnitNotFoundException"
    )


def test_tags_of_an_account_a_unit_and_the_root_are_set_overwritten_and_removed(aws: Aws) -> None:
    for target in (LOG_ARCHIVE, _unit(aws, "Security"), ROOT_ID):
        aws.organizations.tag_resource(
            ResourceId=target, Tags=[{"Key": "one", "Value": "1"}, {"Key": "two", "Value": ""}]
        )
        aws.organizations.tag_resource(ResourceId=target, Tags=[{"Key": "one", "Value": "uno"}])
        aws.organizations.untag_resource(ResourceId=target, TagKeys=["two", "never-there"])

        tags = {
            each["Key"]: each["Value"] for each in aws.organizations.list_tags_for_resource(ResourceId=target)["Tags"]
        }
        assert tags["one"] == "uno"
        assert "two" not in tags


def test_a_tag_may_consist_of_any_letters(aws: Aws) -> None:
    aws.organizations.tag_resource(ResourceId=LOG_ARCHIVE, Tags=[{"Key": "Größe 部门", "Value": "ñ @-_.:/=+"}])


def test_a_member_may_describe_the_organization_and_nothing_else(aws: Aws) -> None:
    member = aws.client("organizations", aws.inside(LOG_ARCHIVE))

    assert member.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT_ID
    for operation in ("list_accounts", "list_roots", "list_create_account_status"):
        assert refusal(getattr(member, operation))[0] == "AccessDeniedException"
    assert refusal(member.create_account, Email="a@example.com", AccountName="a")[0] == "AccessDeniedException"


def test_a_delegated_administrator_reads_and_tags_but_does_not_write(aws: Aws) -> None:
    aws.organizations.register_delegated_administrator(AccountId=LOG_ARCHIVE, ServicePrincipal="account.amazonaws.com")
    delegate = aws.client("organizations", aws.inside(LOG_ARCHIVE))

    assert len(delegate.list_accounts()["Accounts"]) == 13
    delegate.tag_resource(ResourceId=LOG_ARCHIVE, Tags=[{"Key": "a", "Value": "b"}])
    assert refusal(delegate.create_organizational_unit, ParentId=ROOT_ID, Name="x")[0] == "AccessDeniedException"
    listed = aws.organizations.list_delegated_administrators()["DelegatedAdministrators"]
    assert [each["Id"] for each in listed] == [LOG_ARCHIVE]
    services = aws.organizations.list_delegated_services_for_account(AccountId=LOG_ARCHIVE)["DelegatedServices"]
    assert [each["ServicePrincipal"] for each in services] == ["account.amazonaws.com"]


def test_trusted_services_are_enabled_listed_and_disabled(aws: Aws) -> None:
    aws.organizations.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    aws.organizations.disable_aws_service_access(ServicePrincipal="account.amazonaws.com")

    enabled = aws.organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]

    assert [each["ServicePrincipal"] for each in enabled] == ["sso.amazonaws.com"]


def test_the_one_policy_is_full_access(aws: Aws) -> None:
    policies = aws.organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]

    attached = aws.organizations.list_policies_for_target(TargetId=ROOT_ID, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    assert [each["Id"] for each in policies] == ["p-FullAWSAccess"]
    assert attached == policies
    assert "Allow" in aws.organizations.describe_policy(PolicyId="p-FullAWSAccess")["Policy"]["Content"]


def test_credentials_that_nobody_was_given_are_refused(aws: Aws) -> None:
    for key in ("AKIAIOSFODNN7EXAMPLE", access_key_of(NOWHERE), access_key_of(LOG_ARCHIVE)):
        unknown = {"AccessKeyId": key, "SecretAccessKey": SECRET_ACCESS_KEY}
        assert refusal(aws.client("organizations", unknown).list_accounts)[0] == "UnrecognizedClientException"
        assert refusal(aws.client("sts", unknown).get_caller_identity)[0] == "InvalidClientTokenId"


def test_the_same_calls_give_the_same_ids(aws: Aws) -> None:
    def ids() -> tuple[str, str, str]:
        aws.served.reset("empty")
        created = aws.create("first")
        return aws.unit("Unit"), created["Id"], created["AccountId"]

    assert ids() == ids()
