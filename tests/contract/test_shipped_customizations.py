"""The shipped Terraform: its own tests, its READMEs, and that our reading of types is Terraform's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.customizations.checking import check_folder
from pipeline.customizations.given import account_input
from pipeline.customizations.hcl import read_expression
from pipeline.customizations.reading import read_folder
from pipeline.customizations.sources import customization_folders
from pipeline.customizations.types import misfits, type_of
from pipeline.model.json import Json
from tests.builders import a_request

REPOSITORY = Path(__file__).parents[2]
FOLDERS = customization_folders(REPOSITORY)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=280)


@pytest.mark.parametrize("folder", FOLDERS)
def test_its_own_tests_pass_without_credentials(folder: str) -> None:
    done = run("tools/check_terraform.sh", "test", folder)
    assert done.returncode == 0, done.stderr
    assert " 0 failed" in done.stdout


def test_the_tables_in_the_readmes_are_current() -> None:
    done = run(sys.executable, "tools/terraform_readme.py", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", FOLDERS)
def test_we_would_take_it_ourselves(folder: str) -> None:
    """Pinned, described, typed, tested; and `account` is declared as it is given."""
    found = read_folder(REPOSITORY, folder)
    assert found is not None
    assert list(check_folder(found)) == []
    assert found.required_providers["aws"].version == ">= 5.0, < 7.0"
    assert all(each.description.endswith(".") for each in found.variables.values())
    assert list((REPOSITORY / folder / "tests").glob("*.tftest.hcl"))
    if (account := found.variables.get("account")) is not None:
        for request in (a_request("web"), a_request("web", owner="x", tags={"a": "b"}, custom_fields={"t": [1]})):
            assert all(each.is_dropped for each in misfits(account.type, account_input(request, "1" * 12)))


def test_without_terraform_the_check_says_what_to_do() -> None:
    environment = {**os.environ, "TERRAFORM": "terraform-that-is-not-there"}
    done = subprocess.run(
        [str(REPOSITORY / "tools/check_terraform.sh")],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "install Terraform 1.10 or newer" in done.stderr


PAIRS: tuple[tuple[str, Json], ...] = tuple(
    (kind, value)
    for kind in (
        "string",
        "number",
        "bool",
        "list(string)",
        "set(number)",
        "map(string)",
        "map(bool)",
        "tuple([string, number])",
        "object({a = string})",
        "object({a = optional(number), b = optional(bool, true)})",
        "list(object({a = number}))",
        "any",
    )
    for value in (
        "text",
        "3",
        "-1.5e3",
        "0x10",
        "1_000",
        " 3",
        "+3",
        ".5",
        "5.",
        "true",
        "True",
        "1",
        3,
        1.5,
        True,
        None,
        [],
        ["a", 3],
        ["3", "4"],
        [True],
        [None],
        [{"a": 1}],
        [{"a": "x"}],
        {},
        {"a": "x"},
        {"a": 1, "c": 2},
        {"b": "false"},
        {"a": None},
        {"a": ["x"]},
    )
)


def test_what_fits_a_type_is_what_terraform_takes(tmp_path: Path) -> None:
    """One plan without any provider judges all pairs."""
    names = {f"v{number}": pair for number, pair in enumerate(PAIRS)}
    blocks = "".join(f'variable "{name}" {{\n  type = {kind}\n}}\n' for name, (kind, _) in names.items())
    (tmp_path / "main.tf").write_text(blocks)
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, (_, value) in names.items())
    (tmp_path / "terraform.tfvars.json").write_text("{\n" + ",\n".join(lines) + "\n}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [str(shutil.which("terraform")), "plan", "-json", "-input=false"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [each["diagnostic"] for each in messages if each["type"] == "diagnostic"]
    refused = {each["range"]["start"]["line"] - 2 for each in errors if each["severity"] == "error"}
    expected = {number for number, (kind, value) in enumerate(PAIRS) if does_not_fit(kind, value)}
    assert refused, done.stdout
    assert [PAIRS[number] for number in sorted(refused ^ expected)] == []


def does_not_fit(kind: str, value: Json) -> bool:
    return any(not each.is_dropped for each in misfits(type_of(read_expression(kind)), value))
