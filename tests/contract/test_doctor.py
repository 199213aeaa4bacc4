"""`vend doctor` against the sandbox: each prerequisite is a line, and what is missing has its repair."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from pipeline.app.clock import SystemClock
from pipeline.app.init import GITHUB, Answers, init
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.dry_reads import DRY
from pipeline.provisioners.aws.permissions import Place, Role, operations_of
from pipeline.sandbox import control
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served, running

GIT = str(shutil.which("git"))
ANSWERS = Answers(
    account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main", forge=GITHUB
)
UNTRIED = {
    ("account", "GetPrimaryEmailUpdateStatus"): "it takes the id of an account of the organization",
    ("controltower", "GetEnabledControl"): "AWS refuses an identifier that is not there",
    ("controltower", "GetLandingZone"): "as above",
    ("iam", "GetOpenIDConnectProvider"): "it has a line of its own",
    **dict.fromkeys(
        (each for each in operations_of(Role.PLAN, Place.MANAGEMENT) if each[0] in {"identitystore", "sso-admin"}),
        "they take the id of an Identity Center, and AWS refuses one that is not there",
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Served]:
    with running(Options(landing_zone=True, home_region="eu-west-1")) as served:
        yield served


@pytest.fixture
def served(sandbox: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    sandbox.reset()
    for name in (*control.UNSET, "GITHUB_ACTIONS", "GITLAB_CI", "VEND_PLAN_ROLE", "VEND_APPLY_ROLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in control.environment(sandbox.url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    init(tmp_path, ANSWERS)
    return sandbox


def examined(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["doctor", "--format", "json", *arguments], Parts())
    rows = json.loads(capsys.readouterr().out)["prerequisites"]
    return code, {row["name"]: row for row in rows}


def client(service: str) -> Any:
    connection = Connection(region="eu-west-1", run_id="by-hand", clock=SystemClock())
    return connection.client(service, region="eu-west-1" if service == "s3" else None)


def test_what_is_missing_has_its_repair_and_the_exit_code_says_so(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "vending.yaml").open("a") as stream:
        stream.write("customizations: {state: {bucket: example-vending-state, region: eu-west-1}}\n")

    code, rows = examined(capsys)

    missing = {name for name, row in rows.items() if row["presence"] == "missing"}
    assert code == 7
    assert missing == {
        "git",
        "OpenID Connect provider token.actions.githubusercontent.com",
        "state bucket example-vending-state",
        "role for the state bucket",
    }
    assert all(rows[name]["remedy"] for name in missing)
    assert rows["forge"]["presence"] == "cannot tell"
    assert rows["trusted access of Account Management"]["presence"] == "ok"
    assert "lets us into account" in rows["execution role"]["detail"]


def test_what_is_there_is_found(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    role = "arn:aws:iam::111122223333:role/account-vending"
    text = (tmp_path / "vending.yaml").read_text().replace("provisioner: organizations", "provisioner: control_tower")
    text += "customizations: {state: {bucket: example-vending-state, region: eu-west-1}}\n"
    (tmp_path / "vending.yaml").write_text(f"{text}roles: {{apply: {role}}}\n")
    buckets: Any = client("s3")
    buckets.create_bucket(Bucket="example-vending-state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )

    _, rows = examined(capsys)
    assert "without versions" in rows["state bucket example-vending-state"]["detail"]
    assert rows["OpenID Connect provider token.actions.githubusercontent.com"]["presence"] == "ok"
    assert rows["landing zone"]["presence"] == "ok"
    assert "portfolio" in rows["Account Factory"]["remedy"], "the role is not among the portfolio's principals"

    buckets.put_bucket_versioning(Bucket="example-vending-state", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    buckets.put_bucket_encryption(Bucket="example-vending-state", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert examined(capsys)[1]["state bucket example-vending-state"]["presence"] == "ok"


def test_away_from_the_home_region_no_permission_of_control_tower_is_said_to_be_missing(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (tmp_path / "vending.yaml").read_text().replace("provisioner: organizations", "provisioner: control_tower")
    (tmp_path / "vending.yaml").write_text(text.replace("home_region: eu-west-1", "home_region: eu-central-1"))

    _, rows = examined(capsys)

    refused = rows["permission controltower:ListEnabledControls"]
    assert refused["presence"] == "cannot tell"
    assert '"eu-central-1" is not the home Region' in refused["detail"]
    assert rows["landing zone"]["presence"] == "missing"
    assert "home_region" in rows["landing zone"]["remedy"]


def test_a_permission_that_is_refused_is_named(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    served.inject(
        Fault(service="organizations", operation="ListParents", kind=Kind.ERROR, code="AccessDeniedException")
    )

    code, rows = examined(capsys)

    row = rows["permission organizations:ListParents"]
    assert (code, row["presence"]) == (7, "missing")
    assert "allow organizations:ListParents" in row["remedy"]
    assert rows["permission organizations:DescribeAccount"]["presence"] == "ok", (
        "an account that is not there is no refusal"
    )


def test_without_trusted_access_and_without_the_role_the_repair_is_the_command_and_the_role(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client("organizations").disable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    with (tmp_path / "vending.yaml").open("a") as stream:
        stream.write("plan_execution_role: NobodyMadeIt\n")

    _, rows = examined(capsys)

    trusted, role = rows["trusted access of Account Management"], rows["execution role"]
    assert (trusted["presence"], role["presence"]) == ("missing", "missing")
    assert trusted["remedy"].endswith("enable-aws-service-access --service-principal account.amazonaws.com")
    assert "NobodyMadeIt does not let us into account" in role["detail"]


@pytest.mark.parametrize(("depth", "presence"), [((), "ok"), (("--depth", "1"), "missing")])
def test_a_shallow_clone_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    depth: tuple[str, ...],
    presence: str,
) -> None:
    source, clone = tmp_path / "source", tmp_path / "clone"
    init(source, ANSWERS)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        ("commit", "--quiet", "-m", "1"),
        ("commit", "--allow-empty", "-qm", "2"),
    ):
        subprocess.run([GIT, *identity, *arguments], cwd=source, check=True)
    subprocess.run([GIT, "clone", "--quiet", *depth, source.as_uri(), str(clone)], check=True)
    monkeypatch.chdir(clone)

    assert examined(capsys, "--offline")[1]["git"]["presence"] == presence


def test_cloudtrail_is_tried_where_reports_of_drift_say_who(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "permission cloudtrail:LookupEvents" not in examined(capsys)[1]
    settings = tmp_path / "vending.yaml"
    settings.write_text(settings.read_text().replace("drift: {repair: safe}", "drift: {who: true}"))
    assert examined(capsys)[1]["permission cloudtrail:LookupEvents"]["presence"] == "ok"

    served.inject(Fault(service="cloudtrail", operation="LookupEvents", kind=Kind.ERROR, code="AccessDeniedException"))
    row = examined(capsys)[1]["permission cloudtrail:LookupEvents"]
    assert (row["presence"], "allow cloudtrail:LookupEvents" in row["remedy"]) == ("missing", True)


def test_it_writes_nothing(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(served.calls)
    examined(capsys)
    called = {(service, operation) for service, operation, _ in served.calls[before:]}

    free = {("sts", "AssumeRole"), ("sts", "GetCallerIdentity")}
    reads = {each for place in Place for each in operations_of(Role.PLAN, place)}
    assert called - free <= reads


def test_offline_it_says_what_it_could_not_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    init(tmp_path, ANSWERS)

    _, rows = examined(capsys, "--offline")

    assert rows["AWS"] == {"name": "AWS", "presence": "cannot tell", "detail": "not looked at, offline", "remedy": ""}
    assert rows["forge"]["presence"] == "cannot tell"


def test_credentials_of_another_account_are_told(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "vending.yaml"
    settings.write_text(settings.read_text().replace("111122223333", "999988887777"))

    _, rows = examined(capsys)

    assert rows["credentials"]["presence"] == "missing"
    assert "not in the management account 999988887777" in rows["credentials"]["detail"]


def test_every_read_of_a_plan_is_tried_or_has_a_reason_not_to_be() -> None:
    assert set(DRY) | set(UNTRIED) - {("sso-admin", "ListInstances")} == operations_of(Role.PLAN, Place.MANAGEMENT)


def test_what_is_asked_has_the_shape_that_aws_takes() -> None:
    session, validator = Session(), ParamValidator()
    for (service, name), parameters in DRY.items():
        shape = session.get_service_model(service).operation_model(name).input_shape
        if shape is None:
            assert not parameters
        else:
            assert not validator.validate(dict(parameters), shape).has_errors(), (service, name)
