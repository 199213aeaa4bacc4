"""What the sandbox adds to moto inside accounts, by AWS's documentation, and what it uses of moto to do so."""

import inspect
from collections.abc import Iterator

import pytest
from moto.ec2.models import ec2_backends
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.iam.models import iam_backends

from pipeline.sandbox.account_management.regions import BY_DEFAULT
from pipeline.sandbox.options import Options
from tests.contract.sandbox_client import Aws, opened, refusal

BILLING, SEARCH_PROD = "210000000006", "210000000007"
HOME = "eu-west-1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options(region_delay=30.0)) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


def test_moto_has_what_is_used_of_it() -> None:
    assert {"create_internet_gateway", "attach_internet_gateway"} <= set(dir(InternetGatewayBackend))
    assert list(inspect.signature(InternetGatewayBackend.attach_internet_gateway).parameters)[1:] == [
        "internet_gateway_id",
        "vpc_id",
    ]
    backend = ec2_backends["999999999999"]["eu-west-1"]
    assert [vpc.is_default for vpc in backend.vpcs.values()] == [True]
    assert backend.enis == {}
    assert list(iam_backends["999999999999"]["aws"].account_aliases) == []


def test_an_account_sees_the_regions_that_are_enabled_for_it(aws: Aws) -> None:
    ec2 = aws.client("ec2", aws.inside(BILLING), HOME)
    assert {each["RegionName"] for each in ec2.describe_regions()["Regions"]} == set(BY_DEFAULT)
    aws.account.enable_region(AccountId=BILLING, RegionName="eu-south-2")
    assert len(ec2.describe_regions()["Regions"]) == len(BY_DEFAULT)
    aws.wait(30)
    (new,) = [each for each in ec2.describe_regions()["Regions"] if each["RegionName"] not in BY_DEFAULT]
    assert new == {
        "RegionName": "eu-south-2",
        "Endpoint": "ec2.eu-south-2.amazonaws.com",
        "OptInStatus": "opted-in",
    }
    everywhere = ec2.describe_regions(AllRegions=True)["Regions"]
    assert {each["OptInStatus"] for each in everywhere} == {"opt-in-not-required", "opted-in", "not-opted-in"}
    (named,) = ec2.describe_regions(RegionNames=["af-south-1"])["Regions"]
    assert named["OptInStatus"] == "not-opted-in"


def test_a_region_that_is_not_enabled_is_closed(aws: Aws) -> None:
    ec2 = aws.client("ec2", aws.inside(BILLING), "eu-south-2")
    assert refusal(ec2.describe_vpcs)[0] == "AuthFailure"


def test_a_default_vpc_has_a_gateway_and_stays_while_that_is_attached(aws: Aws) -> None:
    ec2 = aws.client("ec2", aws.inside(BILLING), HOME)
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
    (gateway,) = ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    assert refusal(ec2.delete_vpc, VpcId=vpc["VpcId"])[0] == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    assert ec2.describe_vpcs()["Vpcs"] == []


def test_a_subnet_stays_while_a_network_interface_is_in_it(aws: Aws) -> None:
    ec2 = aws.client("ec2", aws.inside(BILLING), HOME)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    assert refusal(ec2.delete_subnet, SubnetId=subnet)[0] == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=subnet)


def test_instance_metadata_has_defaults_of_its_own_in_each_region(aws: Aws) -> None:
    here, there = (aws.client("ec2", aws.inside(BILLING), region) for region in (HOME, "us-east-1"))
    assert "HttpTokens" not in here.get_instance_metadata_defaults()["AccountLevel"]
    assert here.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)["Return"] is True
    here.modify_instance_metadata_defaults(HttpPutResponseHopLimit=-1)
    assert here.get_instance_metadata_defaults()["AccountLevel"] == {"HttpTokens": "required", "ManagedBy": "account"}
    assert "HttpTokens" not in there.get_instance_metadata_defaults()["AccountLevel"]


def test_an_alias_is_unique_among_all_accounts_while_it_is_in_use(aws: Aws) -> None:
    one, other = (aws.client("iam", aws.inside(account_id)) for account_id in (BILLING, SEARCH_PROD))
    one.create_account_alias(AccountAlias="example-a")
    assert refusal(other.create_account_alias, AccountAlias="example-a")[0] == "EntityAlreadyExists"
    one.create_account_alias(AccountAlias="example-b")
    assert one.list_account_aliases()["AccountAliases"] == ["example-b"]
    other.create_account_alias(AccountAlias="example-a")
    assert refusal(one.delete_account_alias, AccountAlias="example-a")[0] == "NoSuchEntity"


def test_nobody_enters_an_account_before_its_role_is_known(aws: Aws) -> None:
    with pytest.MonkeyPatch.context() as change:
        options = Options(role_delay=60.0)
        change.setattr(aws.served.sandbox.organization, "options", options)
        account_id = aws.create("young")["AccountId"]
        role = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
        sts = aws.client("sts")
        assert refusal(sts.assume_role, RoleArn=role, RoleSessionName="contract")[0] == "AccessDenied"
        aws.wait(60)
        assert aws.inside(account_id)["AccessKeyId"]
