"""What the AWS backends do inside accounts, beyond the contract: calls, doors that stay closed, waits, the record."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.account import UNOBSERVED
from pipeline.model.account_settings import NOT_ENABLED, NOT_READABLE, PASSWORD_POLICY_DEFAULTS, Setting
from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Done, Result, Vanished, Waiting
from pipeline.provisioners.aws.account_settings.changing import ROLE_WAIT
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.members import Members
from pipeline.provisioners.aws.read_only import WriteRefusedError
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served
from tests.contract.provisioner_benches import ROLE, RUN_ID, SandboxBench, carry_out, creation, sandbox
from tests.contract.sandbox_client import Aws

BILLING, SEARCH_PROD, SUSPENDED, PAYMENTS = "210000000006", "210000000007", "210000000010", "210000000005"
KEYS = {BILLING: "billing", SEARCH_PROD: "search-prod", PAYMENTS: "payments-dev"}
EVERYTHING = frozenset(Setting) - {Setting.EBS_ENCRYPTION_KEY}
"""All but the key, which EC2 tells in a call of its own in each Region."""

SAMPLE = EVERYTHING - {Setting.IMDSV2}
HOME, OTHER = "eu-west-1", "us-east-1"
AWS_REGIONS = 17

Start = Callable[..., SandboxBench]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with sandbox(Options(seed="sample", region_delay=60.0)) as served:
        yield served


@pytest.fixture(scope="module")
def shared(served: Served) -> SandboxBench:
    return SandboxBench(served)


@pytest.fixture
def bench(shared: SandboxBench) -> SandboxBench:
    shared.begin_anew()
    return shared


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sandbox of its own with these options."""
    with ExitStack() as stack:
        yield lambda **options: SandboxBench(stack.enter_context(sandbox(Options(**options))))


def settings_of(observed: ObservedState, account_id: str) -> Any:
    (found,) = [each for each in observed.accounts if each.account_id == account_id]
    return found.spec.settings


def observe(bench: SandboxBench, wanted: Mapping[str, frozenset[Setting]]) -> ObservedState:
    provisioner = bench.provisioner()
    observed = provisioner.observe()
    bench.served.sandbox.front.calls.clear()
    return provisioner.observe_details(
        observed, {account_id: Details(settings=settings) for account_id, settings in wanted.items()}
    )


def calls(bench: SandboxBench) -> Counter[str]:
    return Counter(call.operation for call in bench.served.calls)


def update(account_id: str, setting: Setting, before: Any, after: Any, *regions: str) -> UpdateAccount:
    enabling = (FieldChange(path=("regions", region), before=None, after="enabled") for region in regions)
    field = FieldChange(path=("settings", setting.value), before=before, after=after)
    key = KEYS[account_id]
    return UpdateAccount(key=key, account_id=account_id, name=key, fields=(*enabling, field))


def apply(bench: SandboxBench, change: UpdateAccount) -> Result:
    return carry_out(bench, bench.provisioner(), change)[-1]


def kms(bench: SandboxBench, region: str) -> Any:
    return Aws(bench.served).client("kms", Aws(bench.served).inside(BILLING), region)


def a_key(bench: SandboxBench, region: str, alias: str, *, is_default: bool = False) -> str:
    """The ARN of a new key in billing; `is_default`: EBS uses it there."""
    key: str = kms(bench, region).create_key()["KeyMetadata"]["Arn"]
    kms(bench, region).create_alias(AliasName=alias, TargetKeyId=key)
    if is_default:
        ec2 = Aws(bench.served).client("ec2", Aws(bench.served).inside(BILLING), region)
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    return key


def regions(bench: SandboxBench) -> list[str]:
    ec2 = Aws(bench.served).client("ec2", Aws(bench.served).inside(BILLING), HOME)
    return [each["RegionName"] for each in ec2.describe_regions()["Regions"]]


def default_vpcs(bench: SandboxBench, account_id: str) -> dict[str, str]:
    vpcs = settings_of(observe(bench, {account_id: frozenset({Setting.DEFAULT_VPCS})}), account_id)["default_vpcs"]
    return {region: vpc["id"] for region, vpc in vpcs.items() if vpc is not None}


class TestReading:
    def test_a_new_account_is_read_in_under_60_calls(self, bench: SandboxBench) -> None:
        """All that the documentation's example names, in an account that has a default VPC in each of 17 Regions."""
        found = settings_of(observe(bench, {BILLING: SAMPLE}), BILLING)
        assert len(found["default_vpcs"]) == AWS_REGIONS
        assert len(bench.served.calls) < 60

    def test_an_account_that_is_as_asked_for_is_read_in_under_60_calls_with_every_setting(
        self, bench: SandboxBench
    ) -> None:
        apply(bench, update(BILLING, Setting.DEFAULT_VPCS, default_vpcs(bench, BILLING), "delete"))
        observe(bench, {BILLING: EVERYTHING})
        assert len(bench.served.calls) < 60

    def test_a_default_vpc_costs_one_call_more(self, bench: SandboxBench) -> None:
        observe(bench, {BILLING: EVERYTHING})
        assert calls(bench)["DescribeNetworkInterfaces"] == AWS_REGIONS
        assert len(bench.served.calls) < 60 + AWS_REGIONS

    def test_the_key_and_the_encryption_that_it_is_for_are_read_in_under_60_calls(self, bench: SandboxBench) -> None:
        """With an alias in every Region, and with all that holds for the whole account."""
        for region in regions(bench):
            a_key(bench, region, "alias/volumes", is_default=True)
        wanted = {each for each in Setting if not each.is_regional}
        observe(bench, {BILLING: frozenset({*wanted, Setting.EBS_ENCRYPTION_KEY, Setting.EBS_ENCRYPTION_BY_DEFAULT})})
        assert calls(bench)["GetEbsDefaultKmsKeyId"] == calls(bench)["ListAliases"] == AWS_REGIONS
        assert len(bench.served.calls) < 60

    def test_accounts_without_settings_cost_no_call(self, bench: SandboxBench) -> None:
        observe(bench, {BILLING: frozenset()})
        assert not bench.served.calls

    def test_what_holds_everywhere_needs_no_region(self, bench: SandboxBench) -> None:
        observe(bench, {BILLING: frozenset({Setting.ALIAS})})
        assert calls(bench) == {"AssumeRole": 1, "ListAccountAliases": 1}

    def test_one_session_serves_reading_and_changing(self, bench: SandboxBench) -> None:
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        provisioner.observe_details(observed, {BILLING: Details(settings=frozenset({Setting.ALIAS}))})
        carry_out(bench, provisioner, update(BILLING, Setting.ALIAS, None, "example-billing"))
        assert calls(bench)["AssumeRole"] == 1

    def test_accounts_are_read_at_once_and_never_confused(self, bench: SandboxBench) -> None:
        for account_id, key in KEYS.items():
            apply(bench, update(account_id, Setting.ALIAS, None, f"example-{key}"))
            if account_id == BILLING:
                apply(bench, update(BILLING, Setting.EBS_ENCRYPTION_BY_DEFAULT, {HOME: False}, after=True))
        wanted = frozenset({Setting.ALIAS, Setting.EBS_ENCRYPTION_BY_DEFAULT})
        observed = observe(bench, dict.fromkeys(KEYS, wanted))
        for account_id, key in KEYS.items():
            found = settings_of(observed, account_id)
            assert found["alias"] == f"example-{key}"
            encrypted = {region for region, value in found["ebs_encryption_by_default"].items() if value}
            assert encrypted == ({HOME} if account_id == BILLING else set())

    def test_changes_in_many_accounts_at_once_stay_in_their_accounts(self, bench: SandboxBench) -> None:
        provisioner = bench.provisioner()
        changes = [update(account_id, Setting.ALIAS, None, f"example-{key}") for account_id, key in KEYS.items()]
        with ThreadPoolExecutor(len(changes)) as pool:
            list(pool.map(lambda change: carry_out(bench, provisioner, change), changes))
        observed = observe(bench, dict.fromkeys(KEYS, frozenset({Setting.ALIAS})))
        assert [settings_of(observed, each)["alias"] for each in KEYS] == [f"example-{key}" for key in KEYS.values()]


class TestClosedDoors:
    def test_an_account_that_lets_nobody_in_stays_unobserved_and_the_others_are_read(
        self, bench: SandboxBench, caplog: pytest.LogCaptureFixture
    ) -> None:
        aws = Aws(bench.served)
        credentials = aws.inside(SEARCH_PROD)
        iam = aws.client("iam", credentials)
        iam.detach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        iam.delete_role(RoleName=ROLE)
        wanted = frozenset({Setting.ALIAS, Setting.EBS_ENCRYPTION_BY_DEFAULT})
        observed = observe(bench, {BILLING: wanted, SEARCH_PROD: wanted})
        assert settings_of(observed, SEARCH_PROD) is UNOBSERVED
        assert set(settings_of(observed, BILLING)) == wanted
        assert f'account "{SEARCH_PROD}": settings not observed' in caplog.text
        assert "AccessDenied" in caplog.text

    def test_a_suspended_account_and_the_management_account_are_not_entered(self, bench: SandboxBench) -> None:
        observed = observe(bench, {SUSPENDED: EVERYTHING, "111122223333": EVERYTHING})
        assert not bench.served.calls
        assert settings_of(observed, SUSPENDED) is UNOBSERVED

    @pytest.mark.parametrize("code", ["UnauthorizedOperation", "AuthFailure", "OptInRequired"])
    def test_a_region_that_refuses_is_not_readable_and_the_others_are_read(
        self, bench: SandboxBench, code: str
    ) -> None:
        bench.served.inject(Fault(kind=Kind.ERROR, operation="GetEbsEncryptionByDefault", code=code, status=403))
        found = settings_of(observe(bench, {BILLING: frozenset({Setting.EBS_ENCRYPTION_BY_DEFAULT})}), BILLING)[
            "ebs_encryption_by_default"
        ]
        assert Counter(found.values()) == {NOT_READABLE: 1, False: AWS_REGIONS - 1}

    def test_a_setting_of_the_account_that_refuses_is_left_out(self, bench: SandboxBench) -> None:
        bench.served.inject(Fault(kind=Kind.ERROR, operation="ListAccountAliases", code="AccessDenied", status=403))
        wanted = frozenset({Setting.ALIAS, Setting.PASSWORD_POLICY})
        assert settings_of(observe(bench, {BILLING: wanted}), BILLING) == {"password_policy": None}

    def test_a_call_outside_of_any_account_is_not_sent(self, bench: SandboxBench) -> None:
        members = Members(bench.connection, execution_role=ROLE)
        with members.inside(BILLING) as member:
            iam = member.iam
        bench.served.sandbox.front.calls.clear()
        with pytest.raises(PermanentServiceError, match="outside of any member account"):
            iam.list_account_aliases()
        assert not bench.served.calls


class TestNewAccounts:
    def test_the_role_of_a_new_account_is_waited_for(self, start: Start) -> None:
        bench = start(seed="empty", creation_delay=5.0, role_delay=180.0)
        results = carry_out(bench, bench.provisioner(), creation("billing", settings={"alias": "example-billing"}))
        assert all(isinstance(result, Done) for result in results)
        assert calls(bench)["AssumeRole"] > 2

    def test_the_wait_has_an_end_that_says_what_to_do(self, start: Start) -> None:
        bench = start(seed="empty", creation_delay=5.0, role_delay=86_400.0)
        began = bench.clock.monotonic()
        with pytest.raises(PermanentServiceError, match="cannot be assumed for 10 min") as given_up:
            carry_out(bench, bench.provisioner(), creation("billing", settings={"alias": "example-billing"}))
        assert "execution_role" in given_up.value.hint
        assert not given_up.value.stops_lane
        assert ROLE_WAIT <= bench.clock.monotonic() - began <= ROLE_WAIT + 60

    def test_a_region_that_a_policy_denies_is_passed_over_and_told(self, start: Start) -> None:
        bench = start(seed="empty", creation_delay=5.0)
        denied = Fault(kind=Kind.ERROR, operation="GetEbsEncryptionByDefault", code="UnauthorizedOperation", status=403)
        bench.served.inject(denied)
        change = creation("billing", settings={"ebs_encryption_by_default": True})
        last = carry_out(bench, bench.provisioner(), change)[-1]
        assert isinstance(last, Done)
        assert "in 16 Regions, not in " in last.message


class TestAlias:
    def test_an_alias_that_is_taken_elsewhere_fails_with_a_hint(self, bench: SandboxBench) -> None:
        apply(bench, update(BILLING, Setting.ALIAS, None, "example-x"))
        with pytest.raises(PermanentServiceError, match='"example-x" is taken by another account') as refused:
            apply(bench, update(SEARCH_PROD, Setting.ALIAS, None, "example-x"))
        assert "choose another alias" in refused.value.hint
        assert not refused.value.stops_lane

    def test_a_new_alias_takes_the_place_of_the_old_one(self, bench: SandboxBench) -> None:
        apply(bench, update(BILLING, Setting.ALIAS, None, "example-x"))
        apply(bench, update(BILLING, Setting.ALIAS, "example-x", "example-y"))
        apply(bench, update(SEARCH_PROD, Setting.ALIAS, None, "example-x"))
        observed = observe(bench, dict.fromkeys((BILLING, SEARCH_PROD), frozenset({Setting.ALIAS})))
        assert settings_of(observed, BILLING) == {"alias": "example-y"}
        assert settings_of(observed, SEARCH_PROD) == {"alias": "example-x"}


class TestEncryptionKey:
    ONLY = frozenset({Setting.EBS_ENCRYPTION_KEY})
    OWN = "alias/aws/ebs"

    def keys(self, bench: SandboxBench) -> dict[str, Any]:
        found: dict[str, Any] = settings_of(observe(bench, {BILLING: self.ONLY}), BILLING)["ebs_encryption_key"]
        return found

    def test_an_alias_is_looked_up_in_each_region_and_read_back_with_its_key(self, bench: SandboxBench) -> None:
        made = {region: a_key(bench, region, "alias/volumes") for region in (HOME, OTHER)}
        before = dict.fromkeys(made, self.OWN)

        done = apply(bench, update(BILLING, Setting.EBS_ENCRYPTION_KEY, before, "alias/volumes"))
        assert isinstance(done, Done)
        assert done.message == "EBS encryption key set in 2 Regions"
        found = self.keys(bench)
        assert len(found) == AWS_REGIONS
        assert {region: found[region] for region in made} == {
            region: {"key": key, "aliases": ["alias/volumes"]} for region, key in made.items()
        }
        assert found["eu-central-1"] == {"key": self.OWN, "aliases": [self.OWN]}

    def test_another_key_for_each_region_and_back_to_that_of_ec2(self, bench: SandboxBench) -> None:
        arn = a_key(bench, HOME, "alias/volumes")
        wanted = {HOME: arn, OTHER: self.OWN}

        assert isinstance(apply(bench, update(BILLING, Setting.EBS_ENCRYPTION_KEY, {HOME: self.OWN}, wanted)), Done)
        assert self.keys(bench)[HOME]["key"] == arn
        assert isinstance(apply(bench, update(BILLING, Setting.EBS_ENCRYPTION_KEY, {HOME: arn}, self.OWN)), Done)
        assert self.keys(bench)[HOME]["key"] == self.OWN

    def test_a_key_that_is_as_asked_for_is_not_written_again(self, bench: SandboxBench) -> None:
        a_key(bench, HOME, "alias/volumes", is_default=True)
        bench.served.sandbox.front.calls.clear()

        apply(bench, update(BILLING, Setting.EBS_ENCRYPTION_KEY, {HOME: self.OWN}, "alias/volumes"))
        assert calls(bench)["ModifyEbsDefaultKmsKeyId"] == 0

    @pytest.mark.parametrize(
        ("state", "expected"),
        [("missing", 'in eu-west-1: the key "alias/volumes" does not exist'), ("off", "Disabled")],
    )
    def test_a_key_that_cannot_be_used_is_told_before_ec2_takes_it(
        self, bench: SandboxBench, state: str, expected: str
    ) -> None:
        """EC2 checks it only after it has answered."""
        if state == "off":
            kms(bench, HOME).disable_key(KeyId=a_key(bench, HOME, "alias/volumes").rpartition("/")[2])

        with pytest.raises(PermanentServiceError, match=expected) as refused:
            apply(bench, update(BILLING, Setting.EBS_ENCRYPTION_KEY, {HOME: self.OWN}, "alias/volumes"))
        assert refused.value.hint
        assert calls(bench)["ModifyEbsDefaultKmsKeyId"] == 0


class TestPasswordPolicy:
    def test_it_is_set_whole_and_read_as_it_was_asked_for(self, bench: SandboxBench) -> None:
        rich = {
            **PASSWORD_POLICY_DEFAULTS,
            "minimum_length": 24,
            "require_symbols": True,
            "max_age_days": 90,
            "reuse_prevention": 5,
        }
        plain = {**PASSWORD_POLICY_DEFAULTS, "minimum_length": 20}
        for before, after in ((None, rich), (rich, plain)):
            assert isinstance(apply(bench, update(BILLING, Setting.PASSWORD_POLICY, before, after)), Done)
            observed = observe(bench, {BILLING: frozenset({Setting.PASSWORD_POLICY})})
            assert settings_of(observed, BILLING) == {"password_policy": after}

    def test_the_defaults_are_those_of_a_policy_that_names_nothing(self, bench: SandboxBench) -> None:
        Aws(bench.served).client("iam", Aws(bench.served).inside(BILLING)).update_account_password_policy()
        observed = observe(bench, {BILLING: frozenset({Setting.PASSWORD_POLICY})})
        assert settings_of(observed, BILLING) == {"password_policy": PASSWORD_POLICY_DEFAULTS}


class TestPublicAccess:
    def test_half_a_block_is_shown_part_by_part(self, bench: SandboxBench) -> None:
        half = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
        with Members(bench.connection, execution_role=ROLE).inside(BILLING) as member:
            member.s3control.put_public_access_block(AccountId=BILLING, PublicAccessBlockConfiguration=half)
        observed = observe(bench, {BILLING: frozenset({Setting.S3_BLOCK_PUBLIC_ACCESS})})
        before = settings_of(observed, BILLING)["s3_block_public_access"]
        assert before == {
            "block_public_acls": True,
            "ignore_public_acls": True,
            "block_public_policy": False,
            "restrict_public_buckets": False,
        }
        for now, after in ((before, True), (True, False)):
            assert isinstance(apply(bench, update(BILLING, Setting.S3_BLOCK_PUBLIC_ACCESS, now, after)), Done)
            observed = observe(bench, {BILLING: frozenset({Setting.S3_BLOCK_PUBLIC_ACCESS})})
            assert settings_of(observed, BILLING) == {"s3_block_public_access": after}


class TestDefaultVpcs:
    def test_they_are_deleted_everywhere_and_what_aws_made_for_them_goes_too(self, bench: SandboxBench) -> None:
        vpcs = default_vpcs(bench, BILLING)
        assert len(vpcs) == AWS_REGIONS
        assert isinstance(apply(bench, update(BILLING, Setting.DEFAULT_VPCS, vpcs, "delete")), Done)
        assert default_vpcs(bench, BILLING) == {}
        ec2 = Aws(bench.served).client("ec2", Aws(bench.served).inside(BILLING), HOME)
        assert ec2.describe_internet_gateways()["InternetGateways"] == []
        assert ec2.describe_subnets()["Subnets"] == []

    def test_one_in_use_is_seen_with_what_uses_it_and_never_deleted(self, bench: SandboxBench) -> None:
        vpcs = default_vpcs(bench, BILLING)
        ec2 = Aws(bench.served).client("ec2", Aws(bench.served).inside(BILLING), HOME)
        subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpcs[HOME]]}])["Subnets"][0]
        interface = ec2.create_network_interface(SubnetId=subnet["SubnetId"], Description="a build machine")
        users = [f"{interface['NetworkInterface']['NetworkInterfaceId']} (a build machine)"]
        observed = settings_of(observe(bench, {BILLING: frozenset({Setting.DEFAULT_VPCS})}), BILLING)
        assert observed["default_vpcs"][HOME] == {"id": vpcs[HOME], "used_by": users}
        assert observed["default_vpcs"][OTHER]["used_by"] == []
        bench.served.sandbox.front.calls.clear()
        result = apply(bench, update(BILLING, Setting.DEFAULT_VPCS, {HOME: vpcs[HOME]}, "delete"))
        assert isinstance(result, Vanished)
        assert f'default VPC "{vpcs[HOME]}" is in use by {users[0]}' in result.reason
        assert not [name for name in calls(bench) if name.startswith(("Delete", "Detach"))]

    def test_tables_lists_and_groups_that_somebody_added_do_not_stand_in_the_way(self, bench: SandboxBench) -> None:
        vpc = default_vpcs(bench, BILLING)[HOME]
        ec2 = Aws(bench.served).client("ec2", Aws(bench.served).inside(BILLING), HOME)
        ec2.create_route_table(VpcId=vpc)
        ec2.create_network_acl(VpcId=vpc)
        groups = [
            ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("one", "two")
        ]
        for group, other in (groups, reversed(groups)):
            rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": other}]}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        assert isinstance(apply(bench, update(BILLING, Setting.DEFAULT_VPCS, {HOME: vpc}, "delete")), Done)
        assert HOME not in default_vpcs(bench, BILLING)

    @pytest.mark.parametrize(
        ("operation", "code"),
        [
            ("DetachInternetGateway", "Gateway.NotAttached"),
            ("DeleteInternetGateway", "InvalidInternetGatewayID.NotFound"),
            ("DeleteSubnet", "InvalidSubnetID.NotFound"),
            ("DeleteVpc", "InvalidVpcID.NotFound"),
        ],
    )
    def test_what_is_gone_already_is_done(self, bench: SandboxBench, operation: str, code: str) -> None:
        vpc = default_vpcs(bench, BILLING)[HOME]
        bench.served.inject(Fault(kind=Kind.CARRIED_OUT_THEN_ERROR, operation=operation))
        gone = Fault(kind=Kind.ERROR, operation=operation, code=code, status=400, skip=0)
        bench.served.inject(gone)
        assert isinstance(apply(bench, update(BILLING, Setting.DEFAULT_VPCS, {HOME: vpc}, "delete")), Done)
        assert HOME not in default_vpcs(bench, BILLING)

    def test_something_else_in_it_is_tried_again_later_and_named(self, bench: SandboxBench) -> None:
        vpc = default_vpcs(bench, BILLING)[HOME]
        bench.served.inject(Fault(kind=Kind.ERROR, operation="DeleteVpc", code="DependencyViolation", status=400))
        with pytest.raises(TemporaryServiceError, match="DependencyViolation") as refused:
            apply(bench, update(BILLING, Setting.DEFAULT_VPCS, {HOME: vpc}, "delete"))
        assert "what else is in the VPC" in refused.value.hint


class TestRegions:
    def test_at_most_six_are_enabled_at_once_and_then_they_take_part(self, bench: SandboxBench) -> None:
        new = ("af-south-1", "ap-east-1", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1")
        change = update(
            BILLING,
            Setting.EBS_ENCRYPTION_BY_DEFAULT,
            dict.fromkeys(new, NOT_ENABLED),
            True,  # noqa: FBT003 - JSON
            *new,
        )
        provisioner = bench.provisioner()
        first = provisioner.perform(provisioner.expand(change)[0], {})
        assert isinstance(first, Waiting)
        assert calls(bench)["EnableRegion"] == 6
        assert all(isinstance(result, Done) for result in carry_out(bench, provisioner, change))
        assert calls(bench)["EnableRegion"] == 7
        wanted = frozenset({Setting.EBS_ENCRYPTION_BY_DEFAULT})
        found = settings_of(observe(bench, {BILLING: wanted}), BILLING)["ebs_encryption_by_default"]
        assert {region for region, value in found.items() if value} == set(new)

    def test_a_region_that_aws_does_not_know_is_refused(self, bench: SandboxBench) -> None:
        change = update(BILLING, Setting.ALIAS, None, "example-b", "eu-moon-1")
        with pytest.raises(PermanentServiceError, match='AWS knows no Region "eu-moon-1"'):
            apply(bench, change)

    def test_a_region_that_is_not_open_any_more_is_a_vanished_precondition(self, bench: SandboxBench) -> None:
        change = update(BILLING, Setting.EBS_ENCRYPTION_BY_DEFAULT, {"eu-south-2": False}, after=True)
        result = apply(bench, change)
        assert isinstance(result, Vanished)
        assert "eu-south-2 is not open" in result.reason

    def test_a_region_that_was_just_enabled_is_waited_for(self, bench: SandboxBench) -> None:
        change = update(BILLING, Setting.EBS_ENCRYPTION_BY_DEFAULT, {"eu-south-2": NOT_ENABLED}, after=True)
        with pytest.raises(TemporaryServiceError, match="eu-south-2 is not open yet") as refused:
            apply(bench, change)
        assert refused.value.delay > 0


def test_writes_inside_are_noted_with_their_account_and_carry_the_name_of_the_run(bench: SandboxBench) -> None:
    apply(bench, update(BILLING, Setting.ALIAS, None, "example-b"))
    assert [(each.service, each.operation, each.subject) for each in bench.writes] == [
        ("iam", "CreateAccountAlias", BILLING)
    ]
    with Members(bench.connection, execution_role=ROLE).inside(BILLING):
        arn = bench.connection.client_inside("sts", HOME).get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{BILLING}:assumed-role/{ROLE}/vend-{RUN_ID}"


def test_a_read_only_connection_cannot_write_inside_an_account_either(bench: SandboxBench) -> None:
    connection = Connection(region=HOME, run_id=RUN_ID, clock=bench.clock, read_only=True)
    with Members(connection, execution_role=ROLE).inside(BILLING) as member:
        assert member.iam.list_account_aliases()["AccountAliases"] == []
        with pytest.raises(WriteRefusedError, match="CreateAccountAlias"):
            member.iam.create_account_alias(AccountAlias="example-b")
        with pytest.raises(WriteRefusedError, match="DeleteVpc"):
            member.compute.delete_vpc(VpcId="vpc-1")
