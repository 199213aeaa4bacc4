"""The roles may do what the code calls, and nothing else: compared with the code, with AWS's models, and with recorded runs."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import Session

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.provisioners.aws.permissions import (
    PLACES,
    WRITES,
    Operation,
    Place,
    Role,
    action_of,
    actions_of,
    operations_of,
    place_of,
)
from pipeline.provisioners.aws.read_only import READS
from pipeline.sandbox import control
from pipeline.sandbox.clock import ScaledClock as SandboxClock
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served, running

REPOSITORY = Path(__file__).parents[2]
CALLERS = ("provisioners", "customizations", "app")
PATHS = (
    (r"GET /v20180820/configuration/publicAccessBlock", ("s3control", "GetPublicAccessBlock")),
    (r"PUT /v20180820/configuration/publicAccessBlock", ("s3control", "PutPublicAccessBlock")),
)
ALL = {(service, name) for table in (READS, WRITES) for service, names in table.items() for name in names}
FREE: set[Operation] = {("sts", "AssumeRole"), ("sts", "GetCallerIdentity")}
"""Given for named roles, and free for everybody."""
HOMONYMS = {"encrypt", "remove_tags"}
"""An argument of Terraform's backend, and a method of ours."""


def names_in_code() -> set[str]:
    """Every attribute and every text in the code that may call AWS."""
    found = set()
    for room in CALLERS:
        for path in (REPOSITORY / "pipeline" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute):
                    found.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


def test_everything_that_a_role_may_do_is_called_somewhere() -> None:
    names = names_in_code()

    assert sorted(each for each in ALL if xform_name(each[1]) not in names) == []


def test_everything_that_is_called_somewhere_some_role_may_do() -> None:
    """A name in the code that is an operation of one of our services is in the lists; `HOMONYMS` are names of other things."""
    session, operations = Session(), dict[str, set[Operation]]()
    for service in PLACES:
        for name in session.get_service_model(service).operation_names:
            operations.setdefault(xform_name(name), set()).add((service, name))
    unlisted = {name for name in names_in_code() & operations.keys() if not operations[name] & (ALL | FREE)}

    assert unlisted == HOMONYMS


def test_every_operation_exists_and_is_either_a_read_or_a_write() -> None:
    session = Session()
    for service, name in ALL:
        assert name in session.get_service_model(service).operation_names
    assert [each for each in ALL if each[1] in READS.get(each[0], ()) and each[1] in WRITES.get(each[0], ())] == []


def test_every_service_has_a_place() -> None:
    assert set(PLACES) >= {*READS, *WRITES}


@pytest.mark.parametrize("place", Place)
def test_each_role_may_do_what_those_before_it_may_do(place: Place) -> None:
    plan, applying, close = (operations_of(role, place) for role in (Role.PLAN, Role.APPLY, Role.CLOSE))

    assert plan <= applying <= close
    assert all(name in READS[service] for service, name in plan)
    assert close == {each for each in ALL if place_of(each) is place}


def test_only_the_close_role_may_close_accounts() -> None:
    more = set(actions_of(Role.CLOSE, Place.MANAGEMENT)) - set(actions_of(Role.APPLY, Place.MANAGEMENT))

    assert more == {"organizations:CloseAccount"}


def test_actions_that_are_not_named_like_their_operations() -> None:
    assert action_of(("s3", "ListObjectsV2")) == "s3:ListBucket"
    assert action_of(("s3control", "PutPublicAccessBlock")) == "s3:PutAccountPublicAccessBlock"
    assert action_of(("resourcegroupstaggingapi", "GetResources")) == "tag:GetResources"
    assert action_of(("sso-admin", "ListInstances")) == "sso:ListInstances"


def test_the_lists_of_the_bootstrap_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/permissions.py", "--check"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def called(served: Served) -> set[Operation]:
    """The operations of the calls since the last time that somebody asked."""
    found: set[Operation] = set()
    for service, operation, _ in served.calls:
        path = next((each for pattern, each in PATHS if re.fullmatch(pattern, operation)), None)
        found.add(path or (service, operation))
    served.sandbox.front.calls.clear()
    return found - FREE


def of_role(role: Role) -> set[Operation]:
    return {each for place in Place for each in operations_of(role, place)}


SETTINGS = """
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-account-requests
guards: {max_changed_share: 1}
"""
REQUEST = """
name: payments-dev
email: aws+payments-dev@example.com
organizational_unit: Workloads/Dev
tags: {CostCenter: "4711"}
contacts: {security: {name: Desk, title: On call, email: desk@example.com, phone: '+49 30 1'}}
regions: [eu-south-2]
settings: {alias: example-payments, s3_block_public_access: true}
"""


@pytest.fixture
def served(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with running(request.param, SandboxClock(500)) as sandbox:
        sandbox.reset()
        for name in control.UNSET:
            monkeypatch.delenv(name, raising=False)
        for name, value in control.environment(sandbox.url).items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.mark.parametrize("served", [Options(creation_delay=1)], indirect=True)
def test_plan_and_drift_call_what_the_plan_role_may_do_and_an_apply_what_the_apply_role_may_do(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "account-requests").mkdir()
    (tmp_path / "vending.yaml").write_text(SETTINGS)
    units = json.dumps({"units": {"Workloads": {"units": {"Dev": {}}}, "New": {}}})
    (tmp_path / "account-requests" / "_organization.yaml").write_text(units)
    (tmp_path / "account-requests" / "payments-dev.yaml").write_text(REQUEST)
    created = REQUEST.replace("payments-dev", "new-account").replace("Workloads/Dev", "New").partition("settings:")[0]
    (tmp_path / "account-requests" / "new-account.yaml").write_text(created)
    monkeypatch.chdir(tmp_path)
    parts = Parts(clock=ScaledClock(500))

    assert main(["plan"], parts) == 0
    planned = called(served)
    assert planned
    assert planned - of_role(Role.PLAN) == set()

    (tmp_path / "vending.yaml").write_text(SETTINGS + "drift: {who: true}\n")
    assert main(["drift"], parts) == 10
    drifted = called(served)
    assert ("cloudtrail", "LookupEvents") in drifted
    assert drifted - of_role(Role.PLAN) == set()

    assert main(["apply", "--reviewed", "plan.json"], parts) in {0, 6}
    applied = called(served)
    assert applied - of_role(Role.APPLY) == set()
    assert {
        ("organizations", "CreateAccount"),
        ("account", "EnableRegion"),
        ("s3control", "PutPublicAccessBlock"),
    } <= applied


@pytest.mark.parametrize("served", [Options(landing_zone=True, home_region="eu-west-1")], indirect=True)
def test_a_plan_of_a_landing_zone_calls_what_the_plan_role_may_do(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "account-requests").mkdir()
    (tmp_path / "vending.yaml").write_text(SETTINGS + "provisioner: control_tower\n")
    (tmp_path / "account-requests" / "payments-dev.yaml").write_text(REQUEST.partition("regions:")[0])
    (tmp_path / "account-requests" / "_organization.yaml").write_text(
        json.dumps({"units": {"Workloads": {"units": {"Dev": {}}}}})
    )
    monkeypatch.chdir(tmp_path)

    main(["plan"], Parts(clock=ScaledClock(500)))

    planned = called(served)
    assert ("controltower", "ListEnabledBaselines") in planned
    assert planned - of_role(Role.PLAN) == set()
