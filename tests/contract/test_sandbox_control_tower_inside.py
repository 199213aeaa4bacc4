"""What Control Tower uses of moto is still there, and the sandbox's endpoints show its landing zone and steer it."""

import inspect
import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from moto.config.models import ConfigBackend, config_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import IAMBackend, iam_backends

from pipeline.sandbox.control import SandboxError, ask
from pipeline.sandbox.control_tower.records import Step
from pipeline.sandbox.faults import FaultRuleError, Kind, read_fault
from pipeline.sandbox.options import Options
from pipeline.sandbox.seed import SeedError
from pipeline.sandbox.server import Sandbox
from tests.contract.control_tower_client import ENDED, Tower, towering
from tests.contract.sandbox_client import opened

NETWORK = "210000000003"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Tower]:
    with towering() as tower:
        yield tower


@pytest.fixture
def tower(sandbox: Tower) -> Tower:
    sandbox.aws.served.reset("sample")
    return sandbox


def asked(tower: Tower, method: str, path: str, body: object = None) -> tuple[int, Any]:
    content = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(f"{tower.aws.served.url}/_vend/{path}", content, method=method)) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_moto_keeps_recorders_channels_and_default_networks_where_they_are_looked_for(tower: Tower) -> None:
    backend: Any = config_backends[NETWORK]["us-east-1"]
    network: Any = ec2_backends[NETWORK]["us-east-1"]

    assert isinstance(backend, ConfigBackend)
    assert (dict(backend.recorders), dict(backend.delivery_channels)) == ({}, {})
    assert [each.is_default for each in network.vpcs.values()] == [True]
    assert callable(network.create_default_vpc)
    assert tower.zone


def test_iam_has_the_methods_that_remove_a_role() -> None:
    def parameters(method: object) -> set[str]:
        return set(inspect.signature(method).parameters)  # type: ignore[arg-type]  # a function, to the checker an object

    assert parameters(IAMBackend.delete_role) == {"self", "role_name"}
    assert parameters(IAMBackend.detach_role_policy) == {"self", "policy_arn", "role_name"}
    assert parameters(IAMBackend.delete_role_policy) == {"self", "role_name", "policy_name"}
    assert parameters(IAMBackend.get_role) == {"self", "role_name"}


def test_looking_for_a_recorder_makes_nothing_inside_an_account(tower: Tower) -> None:
    tower.run("provision", email="erp-root@example.com", name="Legacy ERP", unit="Sandbox")

    assert tower.aws.id_of("Legacy ERP") not in config_backends


def test_a_landing_zone_costs_nothing_inside_its_accounts_until_they_are_entered(tower: Tower) -> None:
    tower.run("provision", email="new@example.com", name="new", unit="Sandbox")

    assert [each for each in iam_backends if each.startswith(("21", "31"))] == []


def test_a_role_with_policies_of_ones_own_goes_with_them(tower: Tower) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam = tower.aws.client("iam", tower.aws.inside(NETWORK))
    iam.put_role_policy(RoleName="AWSControlTowerExecution", PolicyName="own", PolicyDocument=json.dumps(policy))
    tower.run("terminate", account_id=NETWORK)

    assert not tower.has_role(NETWORK)


def test_lifecycle_events_are_told_in_the_form_that_event_bridge_has(tower: Tower) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html"""
    tower.run("provision", email="new@example.com", name="new", unit="Sandbox")
    event = asked(tower, "GET", "events")[1]["events"][-1]
    status = event["detail"]["serviceEventDetails"]["createManagedAccountStatus"]

    assert (event["source"], event["detail-type"]) == ("aws.controltower", "AWS Service Event via CloudTrail")
    assert event["detail"]["eventName"] == "CreateManagedAccount"
    assert set(status) == {
        *("organizationalUnit", "account", "state", "message", "requestedTimestamp", "completedTimestamp"),
    }
    assert status["account"] == {"accountName": "new", "accountId": tower.aws.id_of("new")}


def test_drift_is_caused_and_told_by_the_endpoint(tower: Tower) -> None:
    done = asked(tower, "POST", "drift", {"kind": "scp-updated", "target": "Workloads/Prod"})
    unit_id = tower.unit("Prod")

    assert done == (200, {"done": f'A service control policy of Control Tower\'s on "Prod" ({unit_id}) was edited.'})
    assert asked(tower, "GET", "drift") == (200, {"drift": [{"driftType": "SCP_UPDATED", "target": unit_id}]})


@pytest.mark.parametrize("body", [{"kind": 1}, {"kind": "nonsense"}, [], {"kind": "scp-updated", "target": 2}])
def test_drift_that_cannot_be_read_is_refused(tower: Tower, body: object) -> None:
    assert asked(tower, "POST", "drift", body)[0] == 400


def test_failures_of_steps_are_listed_and_forgotten_like_other_faults(tower: Tower) -> None:
    rule = {"kind": "workflow-failure", "operation": "baseline", "message": "No."}
    added = asked(tower, "POST", "faults", rule)
    listed = asked(tower, "GET", "faults")[1]["faults"]
    asked(tower, "DELETE", "faults")

    assert (added[0], [each["operation"] for each in listed]) == (200, ["baseline"])
    assert asked(tower, "GET", "faults")[1] == {"faults": []}
    assert asked(tower, "POST", "faults", {**rule, "operation": "nonsense"})[0] == 400
    assert tower.run("provision", email="new@example.com", name="new", unit="Sandbox")[0] == "SUCCEEDED"


@pytest.mark.parametrize("step", Step)
def test_every_step_of_a_workflow_can_be_named(step: Step) -> None:
    assert read_fault({"kind": "workflow-failure", "operation": step}).kind is Kind.WORKFLOW_FAILURE


def test_a_reset_brings_the_landing_zone_back(tower: Tower) -> None:
    tower.drift("unit-deleted")
    tower.aws.served.reset()
    tower.aws.wait(ENDED)

    assert tower.landing_zone()["driftStatus"]["status"] == "IN_SYNC"
    assert tower.has_role(NETWORK)


def test_without_a_landing_zone_its_endpoints_say_so() -> None:
    with opened(Options()) as aws:
        with pytest.raises(SandboxError, match="--landing-zone"):
            ask(aws.served.url, "drift", {"kind": "scp-updated"})
        with pytest.raises(SandboxError, match="--landing-zone"):
            ask(aws.served.url, "events")
        with pytest.raises(FaultRuleError, match="--landing-zone"):
            aws.served.inject(read_fault({"kind": "workflow-failure", "operation": "baseline"}))


def test_nobody_answers_where_there_is_no_sandbox() -> None:
    with pytest.raises(SandboxError, match="does not answer"):
        ask("http://127.0.0.1:9", "drift")


def test_a_version_that_there_is_not_is_refused_at_the_start() -> None:
    with pytest.raises(SeedError, match=r'"2\.9"'):
        Sandbox(Options(landing_zone=True, landing_zone_version="2.9"))


def test_a_reader_that_lags_sees_a_new_account_in_its_unit_after_a_while() -> None:
    with towering(consistency_delay=3.0) as tower:
        _, account_id, _ = tower.run("provision", email="new@example.com", name="new", unit="Sandbox")
        tower.aws.wait(3.5)

        listed = tower.aws.organizations.list_accounts_for_parent(ParentId=tower.unit("Sandbox"))["Accounts"]
        assert account_id in {each["Id"] for each in listed}
        tower.drift("removed-account", "new")
        assert tower.aws.organizations.describe_account(AccountId=account_id)["Account"]["Name"] == "new"
        tower.aws.wait(3.5)
        names = {each["Name"] for each in tower.aws.organizations.list_accounts()["Accounts"]}
        assert "new" not in names
