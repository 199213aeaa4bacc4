"""The sandbox's IAM Identity Center does what AWS documents."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from pipeline.sandbox.identity_center import IDENTITY_STORE, SSO_ADMIN
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID
from tests.contract.answers import client_speaking, held_against_the_model
from tests.contract.sandbox_client import Aws, opened, refusal

BILLING, SUSPENDED, NOWHERE = "210000000006", "210000000010", "999999999999"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options()) as aws:
        held_against_the_model(aws.client("sso-admin"))
        held_against_the_model(aws.client("identitystore"))
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


class Center:
    """Identity Center, as a pipeline finds it by names."""

    def __init__(self, aws: Aws, sso: Any = None, users: Any = None) -> None:
        self.aws = aws
        self.sso = sso or aws.client("sso-admin")
        self.directory = users or aws.client("identitystore")
        [found] = self.sso.list_instances()["Instances"]
        self.arn = found["InstanceArn"]
        self.store = found["IdentityStoreId"]

    def permission_set(self, name: str) -> str:
        for page in self.sso.get_paginator("list_permission_sets").paginate(InstanceArn=self.arn):
            for arn in page["PermissionSets"]:
                asked = {"InstanceArn": self.arn, "PermissionSetArn": arn}
                if self.sso.describe_permission_set(**asked)["PermissionSet"]["Name"] == name:
                    return str(arn)
        raise AssertionError(name)

    def id_of(self, kind: str, path: str, value: str) -> str:
        call = getattr(self.directory, f"get_{kind}_id")
        unique = {"AttributePath": path, "AttributeValue": value}
        answer = call(IdentityStoreId=self.store, AlternateIdentifier={"UniqueAttribute": unique})
        return str(answer["UserId" if kind == "user" else "GroupId"])

    def asked(self, **more: Any) -> dict[str, Any]:
        """The assignment of the administrators' permission set to the payments group in an account."""
        known = {
            "InstanceArn": self.arn,
            "TargetId": BILLING,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": self.permission_set("AdministratorAccess"),
            "PrincipalType": "GROUP",
            "PrincipalId": self.id_of("group", "displayName", "Payments-Admins"),
        }
        return known | more

    def assign(self, **more: Any) -> dict[str, Any]:
        answer = self.sso.create_account_assignment(**self.asked(**more))["AccountAssignmentCreationStatus"]
        return self.created(str(answer["RequestId"]))

    def created(self, request_id: str) -> dict[str, Any]:
        self.aws.wait(1)
        answer = self.sso.describe_account_assignment_creation_status(
            InstanceArn=self.arn, AccountAssignmentCreationRequestId=request_id
        )
        status: dict[str, Any] = answer["AccountAssignmentCreationStatus"]
        return status

    def assigned(self, account_id: str = BILLING, name: str = "AdministratorAccess") -> list[str]:
        """The ids of the principals."""
        pages = self.sso.get_paginator("list_account_assignments").paginate(
            InstanceArn=self.arn, AccountId=account_id, PermissionSetArn=self.permission_set(name)
        )
        return [each["PrincipalId"] for page in pages for each in page["AccountAssignments"]]


@pytest.fixture
def center(aws: Aws) -> Center:
    return Center(aws)


def test_an_assignment_is_there_when_its_request_succeeded(center: Center) -> None:
    """https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html"""
    asked = center.asked()
    begun = center.sso.create_account_assignment(**asked)["AccountAssignmentCreationStatus"]
    before = center.assigned()
    ended = center.created(begun["RequestId"])

    assert (begun["Status"], before) == ("IN_PROGRESS", [])
    assert (ended["Status"], center.assigned()) == ("SUCCEEDED", [asked["PrincipalId"]])
    assert {name: ended[name] for name in asked if name != "InstanceArn"} == {
        name: value for name, value in asked.items() if name != "InstanceArn"
    }


def test_an_assignment_that_is_there_can_be_asked_for_again(center: Center) -> None:
    statuses = [center.assign()["Status"] for _ in range(2)]

    assert statuses == ["SUCCEEDED", "SUCCEEDED"]
    assert len(center.assigned()) == 1


def test_an_assignment_is_removed_later_too(center: Center) -> None:
    center.assign()
    begun = center.sso.delete_account_assignment(**center.asked())["AccountAssignmentDeletionStatus"]
    during = center.assigned()
    center.aws.wait(1)
    ended = center.sso.describe_account_assignment_deletion_status(
        InstanceArn=center.arn, AccountAssignmentDeletionRequestId=begun["RequestId"]
    )["AccountAssignmentDeletionStatus"]

    assert (begun["Status"], len(during)) == ("IN_PROGRESS", 1)
    assert (ended["Status"], center.assigned()) == ("SUCCEEDED", [])
    assert refusal(center.sso.delete_account_assignment, **center.asked())[0] == "ResourceNotFoundException"


def test_two_requests_for_one_account_conflict_while_the_first_is_in_progress(center: Center) -> None:
    center.sso.create_account_assignment(**center.asked())
    other = center.asked(PermissionSetArn=center.permission_set("ReadOnlyAccess"))

    assert refusal(center.sso.create_account_assignment, **other)[0] == "ConflictException"
    assert refusal(center.sso.delete_account_assignment, **other)[0] == "ConflictException"
    elsewhere = center.asked(TargetId="210000000003")
    assert (
        center.sso.create_account_assignment(**elsewhere)["AccountAssignmentCreationStatus"]["Status"] == "IN_PROGRESS"
    )
    center.aws.wait(1)
    assert center.assign(PermissionSetArn=other["PermissionSetArn"])["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "change",
    [{"PrincipalId": NOBODY}, {"TargetId": NOWHERE}, {"TargetId": SUSPENDED}, {"PrincipalType": "USER"}],
    ids=["nobody", "no-account", "suspended", "group-as-user"],
)
def test_what_cannot_be_assigned_is_told_by_the_request(center: Center, change: dict[str, str]) -> None:
    ended = center.assign(**change)

    assert ended["Status"] == "FAILED"
    assert ended["FailureReason"]
    assert center.assigned(str(change.get("TargetId", BILLING))) == []


def test_requests_are_listed_by_status(center: Center) -> None:
    failed = center.assign(PrincipalId=NOBODY)["RequestId"]
    succeeded = center.assign()["RequestId"]
    listed = center.sso.list_account_assignment_creation_status

    assert [each["RequestId"] for each in listed(InstanceArn=center.arn)["AccountAssignmentsCreationStatus"]] == [
        failed,
        succeeded,
    ]
    for status, request in (("FAILED", [failed]), ("SUCCEEDED", [succeeded]), ("IN_PROGRESS", [])):
        found = listed(InstanceArn=center.arn, Filter={"Status": status})["AccountAssignmentsCreationStatus"]
        assert [each["RequestId"] for each in found] == request
    deletions = center.sso.list_account_assignment_deletion_status(InstanceArn=center.arn)
    assert deletions["AccountAssignmentsDeletionStatus"] == []


def test_a_user_has_the_assignments_of_its_groups(center: Center) -> None:
    """https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignmentsForPrincipal.html"""
    center.assign()
    ada = center.id_of("user", "userName", "ada@example.com")
    asked = {"InstanceArn": center.arn, "PrincipalId": ada, "PrincipalType": "USER"}
    listed = center.sso.list_account_assignments_for_principal
    [found] = listed(**asked)["AccountAssignments"]

    assert (found["AccountId"], found["PrincipalType"]) == (BILLING, "GROUP")
    assert listed(**asked, Filter={"AccountId": NOWHERE})["AccountAssignments"] == []
    provisioned = center.sso.list_permission_sets_provisioned_to_account(InstanceArn=center.arn, AccountId=BILLING)
    assert provisioned["PermissionSets"] == [center.permission_set("AdministratorAccess")]
    assert center.sso.list_accounts_for_provisioned_permission_set(
        InstanceArn=center.arn, PermissionSetArn=provisioned["PermissionSets"][0]
    )["AccountIds"] == [BILLING]


def test_listings_go_page_by_page(center: Center) -> None:
    for number in range(5):
        center.directory.create_group(IdentityStoreId=center.store, DisplayName=f"Team {number}")
        center.assign(PrincipalId=center.id_of("group", "displayName", f"Team {number}"))
    sets = center.sso.get_paginator("list_permission_sets").paginate(
        InstanceArn=center.arn, PaginationConfig={"PageSize": 1}
    )
    assigned = center.sso.get_paginator("list_account_assignments").paginate(
        InstanceArn=center.arn,
        AccountId=BILLING,
        PermissionSetArn=center.permission_set("AdministratorAccess"),
        PaginationConfig={"PageSize": 2},
    )
    groups = center.directory.get_paginator("list_groups").paginate(
        IdentityStoreId=center.store, PaginationConfig={"PageSize": 4}
    )

    assert [len(page["PermissionSets"]) for page in sets] == [1, 1, 1]
    assert [len(page["AccountAssignments"]) for page in assigned] == [2, 2, 1]
    assert [len(page["Groups"]) for page in groups] == [4, 4, 1]


def test_names_lead_to_ids(center: Center) -> None:
    """https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetGroupId.html"""
    by_name = center.id_of("user", "userName", "Ada@Example.com")
    by_email = center.id_of("user", "emails.value", "ada@example.com")
    [listed] = center.directory.list_users(
        IdentityStoreId=center.store, Filters=[{"AttributePath": "UserName", "AttributeValue": "ada@example.com"}]
    )["Users"]
    [group] = center.directory.list_groups(
        IdentityStoreId=center.store, Filters=[{"AttributePath": "DisplayName", "AttributeValue": "Payments-Admins"}]
    )["Groups"]

    assert by_name == by_email == listed["UserId"]
    assert group["GroupId"] == center.id_of("group", "DisplayName", "Payments-Admins")
    for kind, path in (("user", "userName"), ("group", "displayName")):
        assert refusal(center.id_of, kind=kind, path=path, value="Nobody")[0] == "ResourceNotFoundException"


def test_an_identity_center_lives_in_its_own_region(center: Center) -> None:
    sso = center.aws.client("sso-admin", region="eu-west-1")
    users = center.aws.client("identitystore", region="eu-west-1")

    assert sso.list_instances()["Instances"] == []
    assert refusal(sso.list_permission_sets, InstanceArn=center.arn)[0] == "ResourceNotFoundException"
    assert refusal(users.list_groups, IdentityStoreId=center.store)[0] == "ResourceNotFoundException"


def test_an_empty_organization_has_no_identity_center(aws: Aws) -> None:
    aws.served.reset("empty")

    assert aws.client("sso-admin").list_instances()["Instances"] == []


def test_a_member_sees_it_once_it_is_the_delegated_administrator(center: Center) -> None:
    """https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html"""
    sso = center.aws.client("sso-admin", center.aws.inside(BILLING))
    refused = refusal(sso.list_instances)
    center.aws.organizations.register_delegated_administrator(AccountId=BILLING, ServicePrincipal="sso.amazonaws.com")

    assert refused[0] == "AccessDeniedException"
    assert len(sso.list_instances()["Instances"]) == 1
    on_management = center.asked(TargetId=MANAGEMENT_ID)
    assert refusal(sso.create_account_assignment, **on_management)[0] == "AccessDeniedException"


class Rule(NamedTuple):
    """A call that is refused, and with what; `{arn}` and `{store}` are filled in."""

    service: str
    operation: str
    parameters: dict[str, Any]
    code: str


SET = "arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-0000000000000000"
RULES = [
    Rule("sso-admin", "list_permission_sets", {}, "ValidationException"),
    Rule("sso-admin", "list_permission_sets", {"InstanceArn": "x"}, "ValidationException"),
    Rule("sso-admin", "list_permission_sets", {"InstanceArn": "{arn}", "MaxResults": 101}, "ValidationException"),
    Rule("sso-admin", "list_permission_sets", {"InstanceArn": "{arn}", "NextToken": "x"}, "ValidationException"),
    Rule(
        "sso-admin",
        "describe_permission_set",
        {"InstanceArn": "{arn}", "PermissionSetArn": SET},
        "ResourceNotFoundException",
    ),
    Rule(
        "sso-admin",
        "describe_account_assignment_creation_status",
        {"InstanceArn": "{arn}", "AccountAssignmentCreationRequestId": NOBODY},
        "ResourceNotFoundException",
    ),
    Rule("sso-admin", "create_permission_set", {"InstanceArn": "{arn}", "Name": "ReadOnlyAccess"}, "ConflictException"),
    Rule("identitystore", "list_groups", {"IdentityStoreId": "d-0000000000"}, "ResourceNotFoundException"),
    Rule(
        "identitystore", "describe_user", {"IdentityStoreId": "{store}", "UserId": NOBODY}, "ResourceNotFoundException"
    ),
    Rule(
        "identitystore",
        "describe_group",
        {"IdentityStoreId": "{store}", "GroupId": NOBODY},
        "ResourceNotFoundException",
    ),
    Rule(
        "identitystore",
        "create_group",
        {"IdentityStoreId": "{store}", "DisplayName": "Payments-Admins"},
        "ConflictException",
    ),
    Rule("identitystore", "create_user", {"IdentityStoreId": "{store}", "UserName": "x"}, "ValidationException"),
    Rule(
        "identitystore",
        "list_users",
        {"IdentityStoreId": "{store}", "Filters": [{"AttributePath": "Title", "AttributeValue": "x"}]},
        "ValidationException",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.operation}-{rule.code}")
def test_what_cannot_be_is_refused_with_its_code(sandbox: Aws, rule: Rule) -> None:
    center = Center(sandbox)
    places = {"{arn}": center.arn, "{store}": center.store}
    filled = {name: places.get(str(value), value) for name, value in rule.parameters.items()}

    assert refusal(getattr(sandbox.client(rule.service), rule.operation), **filled)[0] == rule.code


def test_every_operation_answers_as_its_model_says(aws: Aws) -> None:
    seen: set[str] = set()
    sso = held_against_the_model(client_speaking(aws, "sso-admin", "json"), seen)
    users = held_against_the_model(client_speaking(aws, "identitystore", "json"), seen)
    center = Center(aws, sso, users)
    _tour_of_permission_sets(center)
    _tour_of_assignments(center)
    _tour_of_the_directory(center)

    assert seen == set(SSO_ADMIN.operations) | set(IDENTITY_STORE.operations)


def _tour_of_permission_sets(center: Center) -> None:
    sso, policy = center.sso, "arn:aws:iam::aws:policy/ReadOnlyAccess"
    sso.describe_instance(InstanceArn=center.arn)
    tags = [{"Key": "Owner", "Value": "platform"}]
    made = sso.create_permission_set(InstanceArn=center.arn, Name="Own", Description="Ours", Tags=tags)["PermissionSet"]
    asked = {"InstanceArn": center.arn, "PermissionSetArn": made["PermissionSetArn"]}
    sso.update_permission_set(**asked, SessionDuration="PT4H")
    sso.attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=policy)
    attached = sso.list_managed_policies_in_permission_set(**asked)["AttachedManagedPolicies"]
    sso.detach_managed_policy_from_permission_set(**asked, ManagedPolicyArn=policy)
    sso.put_inline_policy_to_permission_set(**asked, InlinePolicy="{}")
    inline = sso.get_inline_policy_for_permission_set(**asked)["InlinePolicy"]
    sso.delete_inline_policy_from_permission_set(**asked)
    resource = {"InstanceArn": center.arn, "ResourceArn": made["PermissionSetArn"]}
    sso.tag_resource(**resource, Tags=[{"Key": "Cost", "Value": "1"}])
    sso.untag_resource(**resource, TagKeys=["Owner"])
    left = sso.list_tags_for_resource(**resource)["Tags"]
    described = sso.describe_permission_set(**asked)["PermissionSet"]
    sso.delete_permission_set(**asked)

    assert attached == [{"Arn": policy, "Name": "ReadOnlyAccess"}]
    assert (inline, left) == ("{}", [{"Key": "Cost", "Value": "1"}])
    assert (described["Description"], described["SessionDuration"]) == ("Ours", "PT4H")
    assert refusal(sso.describe_permission_set, **asked)[0] == "ResourceNotFoundException"


def _tour_of_assignments(center: Center) -> None:
    center.assign()
    sso, asked = center.sso, center.asked()
    assert refusal(sso.delete_permission_set, InstanceArn=center.arn, PermissionSetArn=asked["PermissionSetArn"]) == (
        "ConflictException",
        None,
    )
    center.assigned()
    sso.list_account_assignments_for_principal(
        InstanceArn=center.arn, PrincipalId=asked["PrincipalId"], PrincipalType="GROUP"
    )
    sso.list_account_assignment_creation_status(InstanceArn=center.arn)
    sso.list_account_assignment_deletion_status(InstanceArn=center.arn)
    sso.list_permission_sets_provisioned_to_account(InstanceArn=center.arn, AccountId=BILLING)
    sso.list_accounts_for_provisioned_permission_set(InstanceArn=center.arn, PermissionSetArn=asked["PermissionSetArn"])
    begun = sso.delete_account_assignment(**asked)["AccountAssignmentDeletionStatus"]
    sso.describe_account_assignment_deletion_status(
        InstanceArn=center.arn, AccountAssignmentDeletionRequestId=begun["RequestId"]
    )


def _tour_of_the_directory(center: Center) -> None:
    users, store = center.directory, {"IdentityStoreId": center.store}
    user = users.create_user(
        **store,
        UserName="eve@example.com",
        DisplayName="Eve O'Brien",
        Name={"GivenName": "Eve", "FamilyName": "O'Brien"},
        Emails=[{"Value": "eve@example.com"}],
        Title="Engineer",
    )["UserId"]
    group = users.create_group(**store, DisplayName="New team", Description="A team")["GroupId"]
    member = {"UserId": user}
    membership = users.create_group_membership(**store, GroupId=group, MemberId=member)["MembershipId"]
    joined = users.is_member_in_groups(**store, MemberId=member, GroupIds=[group])["Results"][0]["MembershipExists"]
    of_group = users.list_group_memberships(**store, GroupId=group)["GroupMemberships"]
    of_member = users.list_group_memberships_for_member(**store, MemberId=member)["GroupMemberships"]
    users.delete_group_membership(**store, MembershipId=membership)
    left = users.list_group_memberships(**store, GroupId=group)["GroupMemberships"]
    described = users.describe_user(**store, UserId=user), users.describe_group(**store, GroupId=group)
    found = center.id_of("user", "emails.value", "eve@example.com"), center.id_of("group", "displayName", "New team")
    users.list_users(**store)
    users.list_groups(**store)
    users.delete_user(**store, UserId=user)
    users.delete_group(**store, GroupId=group)

    assert (joined, of_group, left) == (True, of_member, [])
    assert (described[0]["Title"], described[1]["Description"]) == ("Engineer", "A team")
    assert found == (user, group)
