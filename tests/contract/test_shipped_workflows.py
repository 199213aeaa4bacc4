"""The workflows that we ship, and those that `vend init` writes: current, well-formed, pinned, with nothing to inject into."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.app.init import GITHUB, GITLAB, Answers, init

REPOSITORY = Path(__file__).parents[2]
ANSWERS = Answers(account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="trunk")
PINNED = re.compile(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}")
VERSIONED = re.compile(r"uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$")


def run(program: str, *arguments: str, at: Path) -> None:
    path = shutil.which(program, path=str(Path(sys.executable).parent))
    assert path is not None, f"{program} is not installed"
    done = subprocess.run([path, *arguments], cwd=at, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace for each forge, in a folder of its name."""
    folder = tmp_path_factory.mktemp("made")
    init(folder / GITHUB, Answers(**{**_fields(ANSWERS), "forge": GITHUB}))
    init(folder / GITLAB, Answers(**{**_fields(ANSWERS), "forge": GITLAB}))
    return folder


def _fields(answers: Answers) -> dict[str, Any]:
    return {name: getattr(answers, name) for name in answers.__slots__}


def workflows(root: Path) -> list[Path]:
    return sorted((root / ".github" / "workflows").glob("*.yml"))


def test_the_copies_in_this_repository_are_current() -> None:
    run("python", "tools/shipped.py", "--check", at=REPOSITORY)


def test_the_workflows_of_a_new_workspace_fit_their_schemas(made: Path) -> None:
    files = [str(path) for path in workflows(made / GITHUB)]
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files, at=made)
    form = str(made / GITHUB / ".github/ISSUE_TEMPLATE/account-request.yml")
    run("check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", form, at=made)
    pipelines = [str(path) for path in (made / GITLAB).rglob("*gitlab-ci.yml")]
    assert len(pipelines) == 6
    run("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *pipelines, at=made)


def test_linters_have_nothing_to_say_about_the_workflows_of_a_new_workspace(made: Path) -> None:
    run("zizmor", "--offline", "--no-progress", ".github", at=made / GITHUB)
    run("actionlint", *map(str, workflows(made / GITHUB)), at=made / GITHUB)


@pytest.mark.parametrize("path", [*workflows(REPOSITORY), REPOSITORY / "action.yml"], ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_beside_its_version(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]
    assert all(VERSIONED.fullmatch(line) for line in lines), lines


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.stem}.{name}", job)
        for path in workflows(REPOSITORY)
        for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    ]


@pytest.mark.parametrize(("name", "job"), jobs(), ids=[name for name, _ in jobs()])
def test_every_job_says_what_it_may_do_and_hands_values_over_by_the_environment(name: str, job: dict[str, Any]) -> None:
    assert job["permissions"], "the default of the repository may be anything"
    assert job["timeout-minutes"]
    for step in job["steps"]:
        assert "${{" not in step.get("run", "")
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_only_jobs_that_a_fork_cannot_start_get_credentials() -> None:
    for path in workflows(REPOSITORY):
        told = yaml.safe_load(path.read_text())
        assert told["permissions"] == {}
        triggers = told.get("on", told.get(True))  # YAML 1.1 takes "on" for true
        assert "pull_request_target" not in triggers
        assert "workflow_run" not in triggers
        for job in told["jobs"].values():
            if "pull_request" in triggers and job["permissions"].get("id-token") == "write":
                ours = "github.event.pull_request.head.repo.full_name == github.repository"
                assert job["if"].startswith(f"(github.event_name == 'merge_group' || {ours}) && ")


def test_applies_never_overlap_and_wait_for_their_environment() -> None:
    told = yaml.safe_load((REPOSITORY / ".github/workflows/apply.yml").read_text())

    assert told["concurrency"] == {"group": "apply", "cancel-in-progress": False}
    assert "production" in told["jobs"]["apply"]["environment"]


def scripts() -> dict[str, tuple[str, frozenset[int]]]:
    """What the jobs do with a plan, with what was reviewed, and with drift: the script, and exit codes that fail no job."""
    found = {}
    for name in ("plan", "apply", "drift"):
        steps = yaml.safe_load((REPOSITORY / f".github/workflows/{name}.yml").read_text())["jobs"][name]["steps"]
        found[f"github {name}"] = (
            next(each["run"] for each in steps if f"vend {name}" in each.get("run", "")),
            frozenset[int](),
        )
        if name == "drift":
            continue  # GitLab's goes on after it: it keeps the report
        jobs_there = yaml.safe_load((REPOSITORY / f"ci/gitlab/{name}.gitlab-ci.yml").read_text())
        job = jobs_there[f"vend-{name}"]
        allowed = frozenset(job.get("allow_failure", {}).get("exit_codes", ()))
        found[f"gitlab {name}"] = ("\n".join(job["script"]), allowed)
    return found


@pytest.mark.parametrize("name", scripts())
@pytest.mark.parametrize("code", [0, 3, 4, 5, 6, 10])
def test_what_is_on_hold_and_drift_fail_no_job_and_the_log_has_every_other_exit_code(
    name: str, code: int, tmp_path: Path
) -> None:
    """A failed job is a red cross beside the neutral verdict on GitHub, and keeps GitLab from merging."""
    vend = tmp_path / "vend"
    vend.write_text(f"#!/bin/sh\nexit {code}\n")
    vend.chmod(0o755)
    around = {"PATH": f"{tmp_path}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path)}
    script, allowed = scripts()[name]
    command = [str(shutil.which("bash")), "-e", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=around, check=False, timeout=30).returncode
    told = {10} if name.endswith("drift") else {4}
    assert (0 if done in allowed else done) == (0 if code in told else code)
