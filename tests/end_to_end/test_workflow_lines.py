"""The `run:` lines of the workflows that `vend init` writes, as they are, in the shell that GitHub uses."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.app.init import GITHUB, Answers, init
from tests.end_to_end.conftest import Aws
from tests.forges.benches import Bench, bench_of
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
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        around = {**os.environ, **self.aws.environment, **self.bench.environment, "PATH": path}
        around |= {"RUNNER_TEMP": str(self.temp), **environment}
        command = [
            str(shutil.which("bash")),
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            self.lines(workflow, step),
        ]
        done = subprocess.run(
            command, cwd=self.root, env=around, capture_output=True, text=True, check=False, timeout=120
        )
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


def test_an_issue_becomes_an_account(runner: Runner) -> None:
    """Form, pull request, plan, merge, apply, drift: nothing is written by hand but the form."""
    world = runner.bench.world
    form = body({"name": "orders-dev", "email": "aws+orders-dev@example.com", "owner": "orders@example.com"})
    issue = {"number": 41, "body": form, "user": {"login": "octavia"}, "labels": [{"name": "account-request"}]}
    runner.run("request", "Open the pull request", GITHUB_EVENT_PATH=runner.event(issue=issue))
    (pull,) = world.pulls.values()
    assert (pull.branch, pull.title) == ("vend/request-41", "Account request: orders-dev")
    assert any("where it is reviewed" in text for text in world.bodies(41))

    runner.git("fetch", "--quiet", "origin")
    pull.head = runner.git("rev-parse", f"origin/{pull.branch}")
    runner.git("merge", "--quiet", "--no-ff", "-m", "Merge", pull.head)
    merged = runner.git("rev-parse", "HEAD")
    event = runner.event(pull_request={"number": pull.number, "head": {"sha": pull.head}, "base": {"ref": "main"}})
    runner.run("plan", "Plan", GITHUB_EVENT_PATH=event, GITHUB_SHA=merged)
    (comment,) = world.bodies(pull.number)
    assert "orders-dev" in comment.partition("<details>")[0]

    for commit in runner.git("rev-list", "--reverse", "HEAD").split():
        world.commits[commit] = tuple(runner.git("show", "--no-patch", "--format=%P", commit).split())
    world.brought[merged] = [pull.number]
    later = datetime.now(UTC) + timedelta(days=3000)
    pull.merged_at, pull.state = later.strftime("%Y-%m-%dT%H:%M:%SZ"), "closed"
    said = runner.run("apply", "Apply", GITHUB_SHA=merged, GITHUB_REF_NAME="main", GITHUB_EVENT_PATH="")
    assert "orders-dev" in said
    assert any("vend apply" in text and "orders-dev" in text for text in world.bodies(pull.number))

    runner.run("drift", "Look for drift", GITHUB_SHA=merged, GITHUB_REF_NAME="main", GITHUB_EVENT_PATH="")
    report = json.loads((runner.root / "drift.json").read_text())
    assert "orders-dev" not in json.dumps(report), "what was just applied is not drift"


def test_validate_observe_and_the_plan_of_a_fork(runner: Runner) -> None:
    (runner.root / "account-requests" / "orders-dev.yaml").write_text("name: orders\nemail: aws+orders@example.com\n")
    runner.run("plan", "Validate")
    runner.run("snapshot", "Observe")
    (runner.temp / "snapshot").mkdir()
    (runner.root / "organization.json").rename(runner.temp / "snapshot" / "organization.json")
    summary = runner.temp / "summary.md"

    runner.run(
        "plan", "Plan from the snapshot", GITHUB_STEP_SUMMARY=str(summary), AWS_ENDPOINT_URL="http://127.0.0.1:9"
    )

    assert "orders-dev" in summary.read_text()


def test_an_annotation_says_where_a_request_is_wrong(runner: Runner) -> None:
    (runner.root / "account-requests" / "wrong.yaml").write_text("name: wrong\nmail: x\n")

    said = runner.run("plan", "Validate", expected=3)

    assert "::error file=account-requests/wrong.yaml,line=2" in said
