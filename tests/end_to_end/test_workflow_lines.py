"""The `run:` lines of the workflows that `vend init` writes, as they are, in the shell that GitHub uses."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from pipeline.app.init import GITHUB, Answers, init
from tests.end_to_end.conftest import Aws
from tests.forges.benches import Bench, bench_of
from tests.forges.world import Pull
from tests.unit.account_requests.test_issue_form import body

ANSWERS = Answers(
    account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main", forge=GITHUB
)
DEFAULTS = "organizational_unit: Sandbox\n"
UNITS = "units: {Sandbox: , Workloads: {units: {Prod: }}}\n"
"""Units that the sandbox has already, so that the first commit asks for nothing that nobody has reviewed."""


@dataclass(frozen=True)
class Runner:
    """A clone of a new workspace; what the workflows run in it finds the sandbox and a fake GitHub."""

    root: Path
    aws: Aws
    bench: Bench

    @property
    def temp(self) -> Path:
        return self.root.parent / "temp"

    def git(self, *arguments: str) -> str:
        settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        command = [str(shutil.which("git")), *settings, *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def run(self, workflow: str, step: str, *, expected: int = 0, **environment: str) -> str:
        """Run the lines of the step; what it has printed."""
        return self._shell(self.lines(workflow, step), expected, environment)

    def vend(self, *arguments: str) -> str:
        """What a person runs, where the forge is known."""
        return self._shell(shlex.join(["vend", *arguments]), 0, {})

    def plan(self, pull: Pull) -> list[str]:
        """Check the merge of the pull request into main out, and plan it; what is told there."""
        self.git("fetch", "--quiet", "origin")
        pull.head = self.git("rev-parse", f"origin/{pull.branch}")
        self.git("merge", "--quiet", "--no-ff", "-m", "Merge", pull.head)
        event = self.event(pull_request={"number": pull.number, "head": {"sha": pull.head}, "base": {"ref": "main"}})
        self.run("plan", "Plan", GITHUB_EVENT_PATH=event, GITHUB_SHA=self.git("rev-parse", "HEAD"))
        return self.bench.world.bodies(pull.number)

    def apply(self, pull: Pull) -> None:
        """The merge that was planned lands on main."""
        self.git("push", "--quiet", "origin", "HEAD:main")
        world, landed = self.bench.world, self.git("rev-parse", "HEAD")
        for commit in self.git("rev-list", "--reverse", "HEAD").split():
            world.commits[commit] = tuple(self.git("show", "--no-patch", "--format=%P", commit).split())
        world.brought[landed] = [pull.number]
        later = datetime.now(UTC) + timedelta(days=3000)
        pull.merged_at, pull.state = later.strftime("%Y-%m-%dT%H:%M:%SZ"), "closed"
        self.run("apply", "Apply", GITHUB_SHA=landed, GITHUB_REF_NAME="main", GITHUB_EVENT_PATH="")

    def drift(self) -> None:
        landed = self.git("rev-parse", "HEAD")
        self.run("drift", "Look for drift", GITHUB_SHA=landed, GITHUB_REF_NAME="main", GITHUB_EVENT_PATH="")

    def _shell(self, lines: str, expected: int, environment: dict[str, str]) -> str:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        around = {**os.environ, **self.aws.environment, **self.bench.environment, "PATH": path}
        around |= {"RUNNER_TEMP": str(self.temp), **environment}
        bash = [str(shutil.which("bash")), "--noprofile", "--norc", "-eo", "pipefail", "-c", lines]
        done = subprocess.run(bash, cwd=self.root, env=around, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout + done.stderr

    def lines(self, workflow: str, step: str) -> str:
        told: Any = yaml.safe_load((self.root / f".github/workflows/{workflow}.yml").read_text())
        steps = (each for job in told["jobs"].values() for each in job["steps"])
        return next(str(each["run"]) for each in steps if each.get("name") == step)

    def event(self, **told: Any) -> str:
        path = self.temp / "event.json"
        path.write_text(json.dumps(told))
        return str(path)


@pytest.fixture
def runner(tmp_path: Path, aws: Aws) -> Iterator[Runner]:
    with bench_of("github") as bench:
        made = Runner(tmp_path / "workspace", aws, bench)
        made.temp.mkdir()
        remote = str(tmp_path / "remote")
        subprocess.run([str(shutil.which("git")), "init", "--quiet", "--bare", remote], check=True)
        init(made.root, ANSWERS)
        (made.root / "account-requests" / "example-sandbox.yaml").unlink()
        (made.root / "account-requests" / "_defaults.yaml").write_text(DEFAULTS)
        (made.root / "account-requests" / "_organization.yaml").write_text(UNITS)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("add", ".")
        made.git("commit", "--quiet", "-m", "Start")
        made.git("remote", "add", "origin", remote)
        made.git("push", "--quiet", "origin", "main")
        yield made


def test_an_issue_becomes_an_account_and_what_is_done_to_it_by_hand_is_accepted(runner: Runner) -> None:
    """Form, pull request, plan, merge, apply; then drift, report, acceptance, merge: nothing is written by hand but the form."""
    world = runner.bench.world
    form = body({"name": "orders-dev", "email": "aws+orders-dev@example.com", "owner": "orders@example.com"})
    issue = {"number": 41, "body": form, "user": {"login": "octavia"}, "labels": [{"name": "account-request"}]}
    runner.run("request", "Open the pull request", GITHUB_EVENT_PATH=runner.event(issue=issue))
    (pull,) = world.pulls.values()
    assert (pull.branch, pull.title) == ("vend/request-41", "Account request: orders-dev")
    assert any("where it is reviewed" in text for text in world.bodies(41))
    (comment,) = runner.plan(pull)
    assert "orders-dev" in comment.partition("<details>")[0]
    runner.apply(pull)
    assert any("vend apply" in text and "✅ | create | orders-dev" in text for text in world.bodies(pull.number))
    runner.drift()
    assert "orders-dev" not in (runner.root / "drift.json").read_text(), "what was just applied is not drift"

    account = move_by_hand("orders-dev", "Sandbox", "Workloads")
    runner.drift()
    (told,) = world.issues
    assert told["state"] == "open"
    assert account in told["body"]
    runner.vend("drift", "--accept", "orders-dev", "--open")
    accepted = max(world.pulls.values(), key=lambda each: each.number)
    (comment,) = runner.plan(accepted)
    assert "no changes" in comment
    runner.apply(accepted)
    runner.drift()
    assert told["state"] == "closed"


def move_by_hand(name: str, before: str, after: str) -> str:
    """Move the account from one unit of the root to another; its id."""
    organizations: Any = boto3.client("organizations", region_name="us-east-1")
    root = organizations.list_roots()["Roots"][0]["Id"]
    found = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    units = {each["Name"]: each["Id"] for each in found}
    there = organizations.list_accounts_for_parent(ParentId=units[before])["Accounts"]
    account = next(str(each["Id"]) for each in there if each["Name"] == name)
    organizations.move_account(AccountId=account, SourceParentId=units[before], DestinationParentId=units[after])
    return account


def test_a_fork_is_planned_from_the_snapshot_without_credentials_and_told_how_old_it_is(runner: Runner) -> None:
    """What differs without the fork's branch is not shown as its own; what is on hold does not make the job fail."""
    runner.run("snapshot", "Observe")
    (runner.temp / "snapshot").mkdir()
    (runner.root / "organization.json").rename(runner.temp / "snapshot" / "organization.json")
    requests = runner.root / "account-requests"
    (requests / "billing.yaml").write_text("name: billing-prod\nemail: aws+billing@example.com\n")
    runner.git("add", ".")
    runner.git("commit", "--quiet", "-m", "Main asks for another name")
    runner.git("checkout", "--quiet", "-b", "fork")
    (requests / "orders-dev.yaml").write_text("name: orders\nemail: aws+orders@example.com\n")
    runner.git("add", ".")
    runner.git("commit", "--quiet", "-m", "An account")
    runner.git("checkout", "--quiet", "main")
    runner.git("merge", "--quiet", "--no-ff", "-m", "Merge result", "fork")
    runner.run("plan", "Validate")
    summary = runner.temp / "summary.md"
    nothing = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"), "")
    runner.bench.fake.requests.clear()

    runner.run(
        "plan",
        "Plan from the snapshot",
        GITHUB_STEP_SUMMARY=str(summary),
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        **nothing,
    )

    told = summary.read_text()
    assert "orders-dev" in told.partition("without this branch")[0]
    assert "billing-prod" not in told.partition("without this branch")[0]
    assert re.search(r"Planned from a stored observation, read .*less than an hour ago", told.replace("`", ""))
    assert not runner.bench.fake.requests


def test_an_annotation_says_where_a_request_is_wrong(runner: Runner) -> None:
    (runner.root / "account-requests" / "wrong.yaml").write_text("name: wrong\nmail: x\n")

    said = runner.run("plan", "Validate", expected=3)

    assert "::error file=account-requests/wrong.yaml,line=2" in said
