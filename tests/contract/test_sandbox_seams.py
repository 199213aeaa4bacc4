"""What the sandbox uses of moto is still there, and behaves: moto is pinned, and this fails when the pin moves."""

import inspect
import json
from collections.abc import Iterator

import pytest
from moto import settings
from moto.core.responses import BaseResponse
from moto.iam.models import AWSManagedPolicy, IAMBackend, iam_backends
from moto.iam.utils import generate_access_key_id_from_account_id
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from pipeline.sandbox.identifiers import account_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.service import service_model
from tests.contract.sandbox_client import Aws, opened, refusal

LOG_ARCHIVE, BILLING = "210000000001", "210000000006"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options()) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


def test_the_dispatcher_takes_the_maker_of_applications() -> None:
    assert list(inspect.signature(DomainDispatcherApplication).parameters) == ["create_app"]


def test_iam_has_the_methods_that_furnish_an_account() -> None:
    def parameters(method: object) -> set[str]:
        return set(inspect.signature(method).parameters)  # type: ignore[arg-type]

    assert parameters(IAMBackend.create_role) >= {
        "role_name",
        "assume_role_policy_document",
        "path",
        "permissions_boundary",
        "description",
        "tags",
        "max_session_duration",
    }
    assert parameters(IAMBackend.create_user) >= {"region_name", "user_name", "path", "tags"}
    assert parameters(IAMBackend.attach_role_policy) == {"self", "policy_arn", "role_name"}
    assert parameters(AWSManagedPolicy.from_data) == {"name", "account_id", "region_name", "data"}


def test_the_callers_account_can_be_told_by_header() -> None:
    """Otherwise moto looks through all accounts at every request: 107 ms at 10,000 accounts."""
    assert "x-moto-account-id" in inspect.getsource(BaseResponse.get_current_account)


def test_access_keys_of_moto_carry_their_account() -> None:
    for account_id in ("000000000000", "000000000001", MANAGEMENT_ID, LOG_ARCHIVE, "999999999999"):
        assert account_of(generate_access_key_id_from_account_id(account_id, prefix="ASIA")) == account_id


def test_default_images_are_not_loaded() -> None:
    """They cost 4 MB for each account and Region that is touched."""
    assert not settings.ec2_load_default_amis()


def test_services_of_ours_are_served_by_us_and_others_by_moto(aws: Aws) -> None:
    assert aws.organizations.describe_organization()["Organization"]["Id"] == "o-exampleorgid1"
    assert aws.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{MANAGEMENT_ID}:user/administrator"


def test_a_member_is_entered_by_its_role_and_what_is_done_there_stays_there(aws: Aws) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html"""
    inside, elsewhere = aws.inside(LOG_ARCHIVE), aws.inside(BILLING)
    aws.client("iam", inside).create_account_alias(AccountAlias="example-logs")
    aws.client("ssm", inside).put_parameter(Name="/x", Value="1", Type="String")

    assert aws.client("sts", inside).get_caller_identity()["Account"] == LOG_ARCHIVE
    assert aws.client("iam", inside).list_account_aliases()["AccountAliases"] == ["example-logs"]
    assert aws.client("iam", elsewhere).list_account_aliases()["AccountAliases"] == []
    assert aws.client("ssm", elsewhere).describe_parameters()["Parameters"] == []


def test_the_role_of_a_new_account_is_trusted_to_the_management_account_and_may_do_everything(aws: Aws) -> None:
    created = aws.create("new", RoleName="Gate")["AccountId"]
    iam = aws.client("iam", aws.inside(created, "Gate"))

    trust = iam.get_role(RoleName="Gate")["Role"]["AssumeRolePolicyDocument"]
    policies = iam.list_attached_role_policies(RoleName="Gate")["AttachedPolicies"]

    assert trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{MANAGEMENT_ID}:root"}
    assert [each["PolicyName"] for each in policies] == ["AdministratorAccess"]
    assert "OrganizationAccountAccessRole" not in json.dumps(iam.list_roles()["Roles"], default=str)


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::999999999999:role/OrganizationAccountAccessRole",
        f"arn:aws:iam::{LOG_ARCHIVE}:role/Nobody",
        "arn:aws:iam::210000000010:role/OrganizationAccountAccessRole",
        "nonsense",
    ],
    ids=["unknown-account", "unknown-role", "suspended-account", "no-arn"],
)
def test_a_role_that_is_not_there_cannot_be_assumed(aws: Aws, role: str) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    refused = refusal(aws.client("sts").assume_role, RoleArn=role, RoleSessionName="contract")

    assert refused[0] == "AccessDenied"


def test_a_role_that_was_deleted_stays_deleted(aws: Aws) -> None:
    iam = aws.client("iam", aws.inside(LOG_ARCHIVE))
    iam.create_role(RoleName="Own", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    name = "OrganizationAccountAccessRole"
    iam.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_role(RoleName=name)
    arn = f"arn:aws:iam::{LOG_ARCHIVE}:role/{name}"

    assert refusal(aws.client("sts").assume_role, RoleArn=arn, RoleSessionName="contract")[0] == "AccessDenied"
    assert aws.inside(LOG_ARCHIVE, "Own")


def test_nobody_is_furnished_before_somebody_enters(aws: Aws) -> None:
    """Ten thousand accounts cost nothing inside moto until they are used."""
    aws.served.reset("accounts:50")
    aws.inside("220000000007")

    assert [each for each in iam_backends if each.startswith("22")] == ["220000000007"]


def test_botocore_tells_the_protocols_that_we_answer_in() -> None:
    def protocols(service: str) -> list[str]:
        return list(service_model(service).metadata["protocols"])

    assert protocols("organizations") == ["json"]
    assert protocols("account") == ["rest-json"]
    assert set(protocols("resourcegroupstaggingapi")) == {"smithy-rpc-v2-cbor", "json"}
    paths = [service_model("account").operation_model(each).http for each in service_model("account").operation_names]
    assert all(each["method"] == "POST" and "{" not in each["requestUri"] for each in paths)
