"""The account workflow: what it refuses, its steps, its ends, and what it leaves behind."""

from collections.abc import Iterator

import pytest

from pipeline.sandbox.control_tower.account_factory import BUSY, CONCURRENT, AccountFactoryRefusal
from pipeline.sandbox.control_tower.enrolment import NO_ROLE, VPC
from pipeline.sandbox.control_tower.inside import EXECUTION_ROLE
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from tests.contract.control_tower_client import ENDED, Tower, towering
from tests.contract.sandbox_client import refusal

NETWORK, PAYMENTS_DEV, BILLING, LOG_ARCHIVE = "210000000003", "210000000005", "210000000006", "210000000001"
NEW = {"email": "new@example.com", "name": "new"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Tower]:
    with towering() as tower:
        yield tower


@pytest.fixture
def tower(sandbox: Tower) -> Tower:
    sandbox.aws.served.reset("sample")
    return sandbox


def parent(tower: Tower, account_id: str) -> str:
    return str(tower.aws.organizations.list_parents(ChildId=account_id)["Parents"][0]["Id"])


def begin(tower: Tower, **more: str) -> str:
    return tower.factory.provision(**{**NEW, "unit": "Sandbox", **more}, sso_user={})


def refused(tower: Tower, **more: str) -> str:
    with pytest.raises(AccountFactoryRefusal) as caught:
        begin(tower, **more)
    return str(caught.value)


def legacy(tower: Tower, name: str = "Legacy ERP") -> dict[str, str]:
    """Name and address of an account that is not enrolled."""
    account = next(each for each in tower.zone.organization.latest.accounts if each.name == name)
    return {"email": account.email, "name": account.name}


def test_a_new_account_is_created_put_into_its_unit_and_enrolled(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/provision-as-end-user.html"""
    status, account_id, error = tower.run("provision", **NEW, unit=f"Sandbox ({tower.unit('Sandbox')})")

    assert (status, error) == ("SUCCEEDED", "")
    assert account_id is not None
    assert parent(tower, account_id) == tower.unit("Sandbox")
    assert tower.standing(account_id) == "SUCCEEDED IN_SYNC"
    assert tower.has_role(account_id)
    assert refusal(tower.aws.inside, account_id=account_id)[0] == "AccessDenied"


def test_the_account_is_there_before_its_baseline_and_the_baseline_takes_its_time(tower: Tower) -> None:
    operation_id = begin(tower)
    seen = []
    for _ in range(3):
        tower.aws.organizations.list_roots()
        known = tower.factory.operation(operation_id)
        seen.append((known.status, known.account_id is not None))
        tower.aws.wait(2.5)
    under_change = tower.enabled(statuses=["UNDER_CHANGE"])

    assert seen == [("IN_PROGRESS", False), ("IN_PROGRESS", True), ("SUCCEEDED", True)]
    assert under_change == []


def test_accounts_that_are_being_made_count_as_under_change(tower: Tower) -> None:
    for number in range(3):
        begin(tower, email=f"n{number}@example.com", name=f"n{number}")
    tower.aws.wait(2.5)

    assert len(tower.enabled(statuses=["UNDER_CHANGE"])) == 3


def test_a_sixth_operation_is_refused_until_one_has_ended(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/limits.html"""
    for number in range(CONCURRENT):
        begin(tower, email=f"n{number}@example.com", name=f"n{number}")

    assert refused(tower) == BUSY
    tower.aws.wait(ENDED)
    tower.aws.organizations.list_roots()
    assert begin(tower)


def test_nothing_is_begun_while_a_unit_is_registered_or_a_control_is_changed(tower: Tower) -> None:
    found = tower.on(tower.unit("Sandbox"))
    assert found is not None
    tower.aws.organizations.move_account(
        AccountId="210000000010", SourceParentId=tower.unit("Sandbox"), DestinationParentId=ROOT_ID
    )
    tower.api.reset_enabled_baseline(enabledBaselineIdentifier=found["arn"])
    during_reset = refused(tower)
    tower.aws.wait(ENDED)
    control = "arn:aws:controltower:us-east-1::control/AWS-GR_EBS_OPTIMIZED_INSTANCE"
    tower.api.enable_control(controlIdentifier=control, targetIdentifier=tower.unit_arn("Sandbox"))

    assert (during_reset, refused(tower)) == (BUSY, BUSY)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("Legacy", "The parent organizational unit 'Legacy' is not enrolled in AWS Control Tower."),
        ("Workloads/Prod", "The parent organizational unit 'Workloads/Prod' is not enrolled in AWS Control Tower."),
        ("Prod", "The parent organizational unit 'Prod' is not enrolled in AWS Control Tower."),
        ("Security", "The parent organizational unit 'Security' is not enrolled in AWS Control Tower."),
        ("Sandbox (ou-ex01-00000000)", "is not enrolled in AWS Control Tower."),
        ("", "The parent organizational unit '' is not enrolled in AWS Control Tower."),
    ],
)
def test_the_unit_has_to_be_registered_and_a_bare_name_is_one_beneath_the_root(
    tower: Tower, unit: str, text: str
) -> None:
    assert text in refused(tower, unit=unit)


def test_a_name_that_is_not_the_ids_is_refused(tower: Tower) -> None:
    assert "is not enrolled" in refused(tower, unit=f"Infrastructure ({tower.unit('Sandbox')})")


def test_a_unit_that_needs_a_baseline_update_takes_no_account(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/table-of-baselines.html"""
    assert "requires a baseline update" in refused(tower, unit=f"Prod ({tower.unit('Prod')})")


def test_a_member_with_exactly_this_address_is_enrolled_and_not_created(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/quick-account-provisioning.html"""
    before = len(tower.zone.organization.latest.accounts)
    status, account_id, error = tower.run("provision", **legacy(tower), unit="Sandbox")

    assert (status, error) == ("SUCCEEDED", "")
    assert account_id == tower.aws.id_of("Legacy ERP")
    assert parent(tower, account_id) == tower.unit("Sandbox")
    assert len(tower.zone.organization.latest.accounts) == before


def test_a_mistyped_address_creates_another_account(tower: Tower) -> None:
    _, account_id, _ = tower.run("provision", email="erp-rot@example.com", name="Legacy ERP", unit="Sandbox")

    assert account_id not in {None, tower.aws.id_of("Legacy ERP")}


def test_an_address_that_differs_in_case_alone_is_taken(tower: Tower) -> None:
    status, account_id, error = tower.run("provision", email="ERP-root@example.com", name="x", unit="Sandbox")

    assert (status, account_id) == ("FAILED", None)
    assert "EMAIL_ALREADY_EXISTS" in error


def test_an_account_without_the_role_is_not_enrolled_and_stays_where_it_is(tower: Tower) -> None:
    """https://repost.aws/knowledge-center/aws-control-tower-role-troubleshoot"""
    account_id = tower.aws.id_of("Legacy Wiki")
    outcome = tower.run("provision", **legacy(tower, "Legacy Wiki"), unit="Sandbox")

    assert outcome == ("FAILED", account_id, NO_ROLE)
    assert parent(tower, account_id) == tower.unit("Legacy")
    assert tower.standing(account_id) == "-"


def test_the_role_has_to_trust_the_management_account(tower: Tower) -> None:
    iam = tower.aws.client("iam", tower.aws.inside(tower.aws.id_of("Legacy Wiki")))
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'
    )
    iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=trust % "arn:aws:iam::999999999999:root")
    before = tower.run("provision", **legacy(tower, "Legacy Wiki"), unit="Sandbox")[0]
    iam.update_assume_role_policy(RoleName=EXECUTION_ROLE, PolicyDocument=trust % f"arn:aws:iam::{MANAGEMENT_ID}:root")

    assert (before, tower.run("provision", **legacy(tower, "Legacy Wiki"), unit="Sandbox")[0]) == (
        "FAILED",
        "SUCCEEDED",
    )


@pytest.mark.parametrize(("region", "status"), [("eu-central-1", "FAILED"), ("eu-west-3", "SUCCEEDED")])
def test_a_config_recorder_in_a_governed_region_fails_the_enrolment(tower: Tower, region: str, status: str) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/enrollment-prerequisites.html"""
    config = tower.aws.client("config", tower.aws.inside(tower.aws.id_of("Legacy ERP")), region)
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": "arn:aws:iam::310000000001:role/config"}
    )
    ended = tower.run("provision", **legacy(tower), unit="Sandbox")
    config.delete_configuration_recorder(ConfigurationRecorderName="default")

    assert ended[0] == status
    assert ("configuration recorder" in ended[2] and region in ended[2]) == (status == "FAILED")
    assert status == "SUCCEEDED" or tower.run("provision", **legacy(tower), unit="Sandbox")[0] == "SUCCEEDED"


def test_an_enrolled_account_is_not_enrolled_again(tower: Tower) -> None:
    assert "managed by AWS Control Tower already" in refused(tower, email="aws+network@example.com", name="network")


def test_an_update_moves_an_account_and_tells_it(tower: Tower) -> None:
    outcome = tower.run("update", account_id=PAYMENTS_DEV, unit="Infrastructure")
    told = tower.events("UpdateManagedAccount")[0]["updateManagedAccountStatus"]

    assert outcome == ("SUCCEEDED", PAYMENTS_DEV, "")
    assert parent(tower, PAYMENTS_DEV) == tower.unit("Infrastructure")
    assert tower.standing(PAYMENTS_DEV) == "SUCCEEDED IN_SYNC"
    assert told["account"] == {"accountName": "payments-dev", "accountId": PAYMENTS_DEV}
    assert told["organizationalUnit"]["organizationalUnitName"] == "Infrastructure"
    assert told["state"] == "SUCCEEDED"


def test_an_account_is_changed_by_one_operation_at_a_time(tower: Tower) -> None:
    tower.factory.update(PAYMENTS_DEV, unit="Infrastructure", sso_user={})

    with pytest.raises(AccountFactoryRefusal, match="another AWS Control Tower operation"):
        tower.factory.update(PAYMENTS_DEV, unit="Sandbox", sso_user={})
    with pytest.raises(AccountFactoryRefusal, match="another AWS Control Tower operation"):
        tower.factory.terminate(PAYMENTS_DEV)
    assert tower.factory.update(NETWORK, unit="Sandbox", sso_user={})


def test_shared_accounts_are_neither_moved_nor_un_managed(tower: Tower) -> None:
    with pytest.raises(AccountFactoryRefusal):
        tower.run("update", account_id=LOG_ARCHIVE, unit="Sandbox")
    with pytest.raises(AccountFactoryRefusal):
        tower.run("terminate", account_id=LOG_ARCHIVE)


def test_an_un_managed_account_is_in_the_root_without_the_role_and_can_be_enrolled_again(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/unmanage-account.html"""
    outcome = tower.run("terminate", account_id=PAYMENTS_DEV)
    address = {"email": "aws+payments-dev@example.com", "name": "payments-dev"}

    assert outcome == ("SUCCEEDED", PAYMENTS_DEV, "")
    assert (parent(tower, PAYMENTS_DEV), tower.standing(PAYMENTS_DEV)) == (ROOT_ID, "-")
    assert not tower.has_role(PAYMENTS_DEV)
    assert tower.run("provision", **address, unit="Sandbox") == ("FAILED", PAYMENTS_DEV, NO_ROLE)


def test_one_account_is_un_managed_at_a_time(tower: Tower) -> None:
    tower.factory.terminate(PAYMENTS_DEV)
    with pytest.raises(AccountFactoryRefusal, match="another AWS Control Tower operation"):
        tower.factory.terminate(NETWORK)


def test_an_account_that_left_the_organization_is_un_managed_without_further_ado(tower: Tower) -> None:
    tower.drift("removed-account", "payments-dev")
    was_tainted = tower.factory.is_tainted(PAYMENTS_DEV)

    assert tower.run("terminate", account_id=PAYMENTS_DEV)[0] == "SUCCEEDED"
    assert (was_tainted, tower.factory.is_tainted(PAYMENTS_DEV), tower.standing(PAYMENTS_DEV)) == (True, False, "-")


def test_a_default_vpc_that_came_back_fails_updates_until_it_is_deleted(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html"""
    tower.drift("default-vpc", "payments-dev")
    was_tainted = tower.factory.is_tainted(PAYMENTS_DEV)
    failed = tower.run("update", account_id=PAYMENTS_DEV, unit="Sandbox")
    ec2 = tower.aws.client("ec2", tower.aws.inside(PAYMENTS_DEV))
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for gateway in ec2.describe_internet_gateways()["InternetGateways"]:
        ec2.detach_internet_gateway(
            InternetGatewayId=gateway["InternetGatewayId"], VpcId=gateway["Attachments"][0]["VpcId"]
        )
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        ec2.delete_vpc(VpcId=vpc["VpcId"])

    assert was_tainted
    assert failed == ("FAILED", PAYMENTS_DEV, VPC)
    assert not tower.factory.is_tainted(PAYMENTS_DEV)
    assert tower.run("update", account_id=PAYMENTS_DEV, unit="Sandbox")[0] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("step", "standing"),
    [
        ("create-account", "-"),
        ("execution-role", "-"),
        ("baseline", "FAILED IN_SYNC"),
        ("controls", "FAILED IN_SYNC"),
    ],
)
def test_each_step_can_fail_and_a_second_try_ends_well(tower: Tower, step: str, standing: str) -> None:
    has_account = step != "create-account"
    tower.fail(step)
    status, account_id, error = tower.run("provision", **NEW, unit="Sandbox")

    assert (status, account_id is not None, error) == ("FAILED", has_account, "A stack set failed.")
    assert tower.standing(account_id or NETWORK) == (standing if account_id else "SUCCEEDED IN_SYNC")
    told = tower.events("CreateManagedAccount")[-1]["createManagedAccountStatus"]
    assert (told["state"], told["message"], "accountId" in told["account"]) == ("FAILED", error, has_account)
    again = (
        tower.run("update", account_id=account_id, unit="Sandbox")
        if account_id
        else tower.run("provision", **NEW, unit="Sandbox")
    )
    assert again[0] == "SUCCEEDED"


@pytest.mark.parametrize("step", ["execution-role", "baseline"])
def test_an_account_whose_creation_failed_half_way_is_enrolled_by_the_same_request(tower: Tower, step: str) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html"""
    tower.fail(step)
    first = tower.run("provision", **NEW, unit="Sandbox")
    second = tower.run("provision", **NEW, unit="Sandbox")

    assert (first[0], second) == ("FAILED", ("SUCCEEDED", first[1], ""))
    assert (len(tower.events("CreateManagedAccount")), len(tower.events("UpdateManagedAccount"))) == (1, 1)


def test_a_failure_of_un_managing_leaves_the_account_as_it_is(tower: Tower) -> None:
    tower.fail("un-manage")

    assert tower.run("terminate", account_id=PAYMENTS_DEV)[0] == "FAILED"
    assert tower.standing(PAYMENTS_DEV) == "SUCCEEDED IN_SYNC"
    assert tower.has_role(PAYMENTS_DEV)


def test_what_organizations_refuses_fails_the_operation(tower: Tower) -> None:
    for number in range(5):
        tower.aws.organizations.create_account(AccountName="x", Email=f"x{number}@example.com")
    limited = tower.run("provision", **NEW, unit="Sandbox")
    invalid = tower.run("provision", email="no address", name="x", unit="Sandbox")

    assert (limited[0], limited[1]) == ("FAILED", None)
    assert (invalid[0], invalid[1]) == ("FAILED", None)


@pytest.mark.parametrize("kind", ["role-drift", "unit-deleted", "scp-updated"])
def test_drift_of_what_everything_rests_on_blocks_provisioning_until_a_reset(tower: Tower, kind: str) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/drift.html"""
    tower.drift(kind)
    assert tower.landing_zone()["driftStatus"]["status"] == "DRIFTED"
    if kind != "scp-updated":
        assert "in a state of drift" in refused(tower)
        tower.api.reset_landing_zone(landingZoneIdentifier=tower.landing_zone()["arn"])
        tower.aws.wait(ENDED)
        tower.aws.organizations.list_roots()
    assert begin(tower)
