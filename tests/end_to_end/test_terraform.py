"""Real Terraform, with the real AWS provider, against the sandbox: few runs, and large ones."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from pipeline.app.clock import SystemClock
from pipeline.customizations.credentials import Credentials
from pipeline.customizations.deciding import Reason, decide
from pipeline.customizations.failures import Failure
from pipeline.customizations.overrides import S3Backend
from pipeline.customizations.processes import Patience
from pipeline.customizations.releases import Release
from pipeline.customizations.running import Applied, Customizer
from pipeline.customizations.runs import Job, Surroundings
from pipeline.customizations.state import S3StateStore
from pipeline.customizations.terraform import Limits, find_mirror, find_program
from pipeline.customizations.workspace import Workspace
from pipeline.model.customization import Difference, Target
from pipeline.sandbox import control
from pipeline.sandbox.options import Options

ACCOUNT, OTHER = "210000000001", "210000000002"
BACKEND = S3Backend(bucket="terraform-states", region="us-east-1")
NAME = "baseline"

# What a customization might try to get out of its account: an alias that nobody has configured, and a program.
TERRAFORM = """
variable "account" {
  type = object({ id = string, name = string, tags = map(string) })
}
variable "secret" {
  type      = string
  sensitive = true
}
variable "python" { type = string }

provider "aws" {
  alias  = "bare"
  region = "us-west-2"
}

data "aws_caller_identity" "default" {}
data "aws_caller_identity" "bare" { provider = aws.bare }

resource "aws_ssm_parameter" "name" {
  name  = "/vend/name"
  type  = "String"
  value = "${var.account.name} ${var.account.tags["CostCenter"]}"
}
resource "aws_ssm_parameter" "bare" {
  provider = aws.bare
  name     = "/vend/bare"
  type     = "SecureString"
  value    = var.secret
}
resource "terraform_data" "program" {
  input = data.aws_caller_identity.bare.account_id
  provisioner "local-exec" {
    command     = "${path.module}/escape.py"
    interpreter = [var.python]
  }
}
output "identities" {
  value = [data.aws_caller_identity.default.account_id, data.aws_caller_identity.bare.account_id]
}
"""

# Who a program of the customization is, by every way that SDKs know to credentials.
ESCAPE = """
import json, os, sys
import boto3
from botocore.config import Config

def identity(**environment):
    kept = dict(os.environ)
    os.environ.update({name: value for name, value in environment.items() if value is not None})
    for name in (name for name, value in environment.items() if value is None):
        os.environ.pop(name, None)
    try:
        return boto3.Session().client("sts", config=Config(retries={"max_attempts": 0})).get_caller_identity()["Account"]
    except Exception as error:
        return type(error).__name__
    finally:
        os.environ.clear()
        os.environ.update(kept)

found = {
    "as it is": identity(),
    "without a profile": identity(AWS_PROFILE=None),
    "the default profile": identity(AWS_PROFILE="default"),
    "the machine's own files": identity(AWS_PROFILE=None, AWS_CONFIG_FILE=None, AWS_SHARED_CREDENTIALS_FILE=None),
    "variables": sorted(name for name in os.environ if "KEY" in name or "TOKEN" in name or "SECRET" in name),
}
open(os.path.join(os.path.dirname(__file__), "..", "found.json"), "w").write(json.dumps(found))
"""


@dataclass
class SandboxSessions:
    """Sessions of the sandbox's accounts. `instead`: enter this account whatever is asked."""

    instead: str | None = None

    def member(self, account_id: str) -> Credentials:
        account = self.instead or account_id
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="vend-test")["Credentials"]
        return Credentials(
            access_key_id=found["AccessKeyId"],
            secret_access_key=found["SecretAccessKey"],
            session_token=found["SessionToken"],
            expires=found["Expiration"],
        )

    def state(self, account_id: str) -> Credentials:
        assert account_id == ACCOUNT
        return Credentials(
            access_key_id=os.environ["AWS_ACCESS_KEY_ID"], secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"]
        )


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """A sandbox with a bucket; its environment is that of this process."""
    state = tmp_path / "sandbox.json"
    environment = control.environment(control.start(state, Options()).url)
    for name in control.UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(Bucket=BACKEND.bucket)
    yield environment
    control.stop(state)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform" / NAME
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(TERRAFORM)
    (folder / "escape.py").write_text(ESCAPE)
    return folder


def customizer(tmp_path: Path, sessions: SandboxSessions) -> Customizer:
    patience = Patience(clock=SystemClock())
    around = Surroundings(
        program=find_program("terraform", os.environ, patience),
        workspace=Workspace(tmp_path / "work", SystemClock()),
        sessions=sessions,
        patience=patience,
        ours=os.environ,
        region="us-east-1",
        mirror=find_mirror(os.environ),
        limits=Limits(lock=1),
    )
    return Customizer(around, BACKEND, S3StateStore(boto3.client("s3"), BACKEND))


def job(folder: Path) -> Job:
    return Job(
        target=Target(account_id=ACCOUNT, customization=NAME),
        release=Release(
            name=NAME,
            folder=folder,
            providers=(("aws", None), ("aws", "bare")),
            variables=frozenset({"account", "secret", "python"}),
        ),
        inputs={
            "account": {"id": ACCOUNT, "name": "log ${archive}", "tags": {"CostCenter": "0042"}},
            "secret": "hush-hush",
            "python": sys.executable,
            "not declared": 1,
        },
    )


def parameters(account_id: str, region: str) -> dict[str, str]:
    """What stands in the parameter store of an account."""
    found = SandboxSessions().member(account_id)
    ssm: Any = boto3.client(
        "ssm",
        region_name=region,
        aws_access_key_id=found.access_key_id,
        aws_secret_access_key=found.secret_access_key,
        aws_session_token=found.session_token,
    )
    listed = ssm.get_parameters_by_path(Path="/vend", WithDecryption=True)["Parameters"]
    return {each["Name"]: each["Value"] for each in listed}


def test_customization_is_planned_applied_remembered_and_kept_in_its_account(
    sandbox: Mapping[str, str], folder: Path, tmp_path: Path
) -> None:
    """The whole life of a customization that tries to get out: it ends up in its account, with all that it starts."""
    s3 = boto3.client("s3")
    runs, wanted = customizer(tmp_path, SandboxSessions()), job(folder)

    reviewed = runs.difference(wanted)

    assert isinstance(reviewed, Difference)
    assert [(each.address, each.action) for each in reviewed.changes] == [
        ("aws_ssm_parameter.bare", "create"),
        ("aws_ssm_parameter.name", "create"),
        ("output.identities", "create"),
        ("terraform_data.program", "create"),
    ]
    assert "Contents" not in s3.list_objects_v2(Bucket=BACKEND.bucket)

    assert runs.apply(wanted, reviewed) == Applied(difference=reviewed)

    assert parameters(ACCOUNT, "us-east-1") == {"/vend/name": "log ${archive} 0042"}
    assert parameters(ACCOUNT, "us-west-2") == {"/vend/bare": "hush-hush"}
    found = json.loads(next((tmp_path / "work" / "prepared").rglob("found.json")).read_text())
    nobody = "NoCredentialsError"
    assert found == {
        "as it is": ACCOUNT,
        "without a profile": nobody,
        "the default profile": "ProfileNotFound",
        "the machine's own files": nobody,
        "variables": [],
    }
    logs = "".join(path.read_text() for path in (tmp_path / "work" / "logs").rglob("*.log"))
    assert "hush-hush" not in logs
    assert sandbox["AWS_SECRET_ACCESS_KEY"] not in logs

    store = S3StateStore(s3, BACKEND)
    fingerprints = {wanted.target: runs.fingerprint(wanted)}
    today = SystemClock().now().date()
    assert decide(fingerprints, store.listing(), today) == {wanted.target: None}
    s3.put_object(Bucket=BACKEND.bucket, Key=f"accounts/{ACCOUNT}/customizations/{NAME}.tfstate", Body=b"{}")
    (due,) = decide(fingerprints, store.listing(), today).values()
    assert due is not None
    assert due.reasons == (Reason.STATE_MOVED,)


def test_run_in_the_wrong_account_or_on_a_locked_state_changes_nothing(
    sandbox: Mapping[str, str], folder: Path, tmp_path: Path
) -> None:
    """Sessions of another account are refused by the provider's own guard; a lock that is left tells whose it is."""
    s3 = boto3.client("s3")
    wrong = customizer(tmp_path, SandboxSessions(instead=OTHER)).apply(job(folder), None)

    assert isinstance(wrong, Failure)
    assert f"AWS account ID not allowed: {OTHER}" in wrong.message
    assert parameters(OTHER, "us-east-1") == parameters(OTHER, "us-west-2") == {}

    lock = {
        "ID": "1111-2222",
        "Operation": "OperationTypeApply",
        "Who": "runner@host",
        "Created": "2026-01-02T03:04:05Z",
    }
    key = f"accounts/{ACCOUNT}/customizations/{NAME}.tfstate.tflock"
    s3.put_object(Bucket=BACKEND.bucket, Key=key, Body=json.dumps(lock).encode())
    locked = customizer(tmp_path, SandboxSessions()).apply(job(folder), None)

    assert isinstance(locked, Failure)
    assert locked.temporary
    assert 'the state is locked by "runner@host" since 2026-01-02 03:04:05' in locked.message
    assert locked.hint.endswith("force-unlock 1111-2222")
