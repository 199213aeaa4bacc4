"""The jobs of the GitLab files that `vend init` writes: those whose rules hold, line by line, in the shell that a runner uses."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from pipeline.app.init import GITLAB, Answers, init
from tests.end_to_end.conftest import Aws
from tests.forges.benches import Bench, bench_of

ANSWERS = Answers(
    account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main", forge=GITLAB
)
UNITS = "units: {Sandbox: , Workloads: {units: {Prod: }}}\n"
REQUEST = (
    "name: orders-dev\nemail: aws+orders-dev@example.com\norganizational_unit: Sandbox\nowner: orders@example.com\n"
)
ROLE = "arn:aws:iam::111122223333:role/account-vending-{}"
ROLES = {f"VEND_{name.upper()}_ROLE": ROLE.format(name) for name in ("plan", "apply", "close")}
INSTALL = "python -m pip install "


@dataclass(frozen=True)
class Runner:
    """A clone of a new workspace; its jobs find a fake GitLab, and the sandbox, whose roles let every token in."""

    root: Path
    aws: Aws
    bench: Bench

    def git(self, *arguments: str) -> str:
        settings = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        command = [str(shutil.which("git")), *settings, *arguments]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    @cached_property
    def jobs(self) -> dict[str, dict[str, Any]]:
        told: dict[str, dict[str, Any]] = {}
        main = yaml.safe_load((self.root / ".gitlab-ci.yml").read_text())
        for each in main["include"]:
            told |= yaml.safe_load((self.root / each["local"]).read_text())
        told.pop("variables")
        return {name: extended(told, name) for name in told}

    def pipeline(self, **variables: str) -> dict[str, subprocess.CompletedProcess[str]]:
        """Run every job that the pipeline has, and that nobody has to start by hand."""
        known = {"CI_PROJECT_ID": "1", "CI_PROJECT_DIR": str(self.root), **ROLES, **variables}
        return {name: self.job(job, known) for name, job in self.jobs.items() if starts(job, known)}

    def job(self, job: Mapping[str, Any], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "AWS_", "VEND_"))}
        around = {
            **ours,
            **self.aws.environment,
            **self.bench.environment,
            "VEND_ID_TOKEN": "a.b.c",
            **variables,
            "PATH": path,
        }
        lines = [line for line in (*job["before_script"], *job["script"]) if not line.startswith(INSTALL)]
        command = [str(shutil.which("bash")), "--noprofile", "--norc", "-eo", "pipefail", "-c", "\n".join(lines)]
        return subprocess.run(
            command, cwd=self.root, env=around, capture_output=True, text=True, check=False, timeout=120
        )


def extended(told: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """A job with what it inherits: mappings are merged, all else takes the place of what was there."""
    job = dict(told[name])
    parent = job.pop("extends", None)
    if parent is None:
        return job
    made = extended(told, parent)
    for key, value in job.items():
        made[key] = {**made[key], **value} if isinstance(value, dict) and isinstance(made.get(key), dict) else value
    return made


def starts(job: Mapping[str, Any], variables: Mapping[str, str]) -> bool:
    """Whether the first rule that holds has the job run by itself."""
    for rule in job.get("rules", ()):
        if all(holds(term, variables) for term in rule["if"].split(" && ")):
            return bool(rule.get("when", "on_success") != "manual")
    return False


def holds(term: str, variables: Mapping[str, str]) -> bool:
    found = re.fullmatch(r'\$(\w+)(?: (==|!=) (?:"(.*)"|\$(\w+)))?', term)
    assert found is not None, term
    value = variables.get(found[1], "")
    if found[2] is None:
        return bool(value)
    other = variables.get(found[4], "") if found[3] is None else found[3]
    return (value == other) is (found[2] == "==")


def make_roles() -> None:
    iam: Any = boto3.client("iam", region_name="us-east-1")
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
    for role in ROLES.values():
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(
                RoleName=role.rpartition("/")[2], AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
            )


@pytest.fixture
def runner(tmp_path: Path, aws: Aws) -> Iterator[Runner]:
    make_roles()
    with bench_of("gitlab") as bench:
        made = Runner(tmp_path / "workspace", aws, bench)
        remote = str(tmp_path / "remote")
        subprocess.run([str(shutil.which("git")), "init", "--quiet", "--bare", remote], check=True)
        init(made.root, ANSWERS)
        requests = made.root / "account-requests"
        (requests / "example-sandbox.yaml").unlink()
        (requests / "_defaults.yaml").write_text("{}\n")
        (requests / "_organization.yaml").write_text(UNITS)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("add", ".")
        made.git("commit", "--quiet", "-m", "Start")
        made.git("remote", "add", "origin", remote)
        made.git("push", "--quiet", "origin", "main")
        yield made


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """The artifacts of jobs, as GitLab serves them to whoever has a token of a job."""

    class Artifacts(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("JOB-TOKEN") == "the-job":
                super().do_GET()
            else:
                self.send_error(401)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Artifacts, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def green(done: Mapping[str, subprocess.CompletedProcess[str]], *names: str) -> None:
    """These jobs ran, no other, and all is well."""
    assert set(done) == set(names)
    for name, each in done.items():
        assert each.returncode == 0, f"{name}: {each.stdout}{each.stderr}"


def test_a_merge_request_becomes_an_account_and_what_was_applied_is_no_drift(runner: Runner, tmp_path: Path) -> None:
    world = runner.bench.world
    nightly = {
        "CI_PIPELINE_SOURCE": "schedule",
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_SHA": runner.git("rev-parse", "HEAD"),
    }
    green(runner.pipeline(**nightly, VEND_SNAPSHOT="true"), "vend-drift", "vend-snapshot")
    artifact = tmp_path / "projects/1/jobs/artifacts/main/raw/organization.json"
    artifact.parent.mkdir(parents=True)
    (runner.root / "organization.json").rename(artifact)

    runner.git("checkout", "--quiet", "-b", "orders")
    (runner.root / "account-requests" / "orders-dev.yaml").write_text(REQUEST)
    runner.git("add", ".")
    runner.git("commit", "--quiet", "-m", "An account")
    head = runner.git("rev-parse", "HEAD")
    runner.git("push", "--quiet", "origin", "orders")
    pull = world.pull(7, head=head, branch="orders")
    of_request = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_COMMIT_SHA": head,
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": runner.git("rev-parse", "main"),
        "CI_JOB_TOKEN": "the-job",
    }
    with published(tmp_path) as address:
        of_fork = {
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2",
            "CI_API_V4_URL": address,
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        }
        green(runner.pipeline(**of_request, **of_fork), "vend-validate", "vend-plan-fork")
        assert "orders-dev" in (runner.root / "plan.md").read_text().partition("without this branch")[0]
        done = runner.job(runner.jobs["vend-plan-fork"], {**of_request, **of_fork, "CI_JOB_TOKEN": "of somebody else"})
        assert (done.returncode, "no snapshot that this job can read" in done.stdout) == (0, True)
    assert world.bodies(7) == []

    green(runner.pipeline(**of_request, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="1"), "vend-validate", "vend-plan")
    (note,) = world.bodies(7)
    assert "orders-dev" in note.partition("<details>")[0]
    assert json.loads((runner.root / "gl-code-quality-report.json").read_text()) == []

    runner.git("checkout", "--quiet", "main")
    runner.git("merge", "--quiet", "--no-ff", "-m", "Merge", "orders")
    merged = runner.git("rev-parse", "HEAD")
    for commit in runner.git("rev-list", "--reverse", "HEAD").split():
        world.commits[commit] = tuple(runner.git("show", "--no-patch", "--format=%P", commit).split())
    world.brought[merged] = [7]
    later = datetime.now(UTC) + timedelta(days=3000)
    pull.merged_at, pull.state = later.strftime("%Y-%m-%dT%H:%M:%SZ"), "closed"
    done = runner.pipeline(CI_PIPELINE_SOURCE="push", CI_COMMIT_BRANCH="main", CI_COMMIT_SHA=merged)
    green(done, "vend-apply")
    assert any("vend apply" in text and "orders-dev" in text for text in world.bodies(7))

    green(
        runner.pipeline(**{**nightly, "CI_COMMIT_SHA": merged}), "vend-drift"
    )  # it finds the report of the one before
    report = json.loads((runner.root / ".vend" / "drift.json").read_text())
    assert (report["managed"], report["drift"]) == (1, 0)


def test_a_job_that_finds_errors_fails_with_their_exit_code(runner: Runner) -> None:
    (runner.root / "account-requests" / "wrong.yaml").write_text("name: wrong\nmail: x\n")

    validated = runner.pipeline(CI_PIPELINE_SOURCE="merge_request_event")["vend-validate"]
    drifted = runner.pipeline(CI_PIPELINE_SOURCE="schedule")["vend-drift"]

    assert (validated.returncode, drifted.returncode) == (3, 3)
    (found, *_) = json.loads((runner.root / "gl-code-quality-report.json").read_text())
    assert found["location"]["path"] == "account-requests/wrong.yaml"
