"""The hooks for pre-commit: ours by reference, and the one that a new workspace has."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.app.init import Answers, contents, init
from pipeline.app.parts import Parts
from pipeline.cli import main

REPOSITORY = Path(__file__).parents[2]
ANSWERS = Answers(account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main")


def shipped() -> dict[str, Any]:
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    return dict(hook)


def of_workspace() -> dict[str, Any]:
    (repository,) = yaml.safe_load(contents(ANSWERS)[".pre-commit-config.yaml"])["repos"]
    (hook,) = repository["hooks"]
    return dict(hook)


@pytest.mark.parametrize("hook", [shipped(), of_workspace()], ids=["by reference", "of a workspace"])
def test_the_hook_runs_where_requests_or_settings_change_and_refuses_what_is_wrong(
    hook: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = (
        "account-requests/a.yaml",
        "account-requests/x/_defaults.yml",
        "vending.yaml",
        "README.md",
        "x/vending.yaml",
    )
    assert [bool(re.search(hook["files"], each)) for each in changed] == [True, True, True, False, False]
    assert hook["pass_filenames"] is False

    program, *arguments = shlex.split(hook["entry"])
    assert program == "vend"
    init(tmp_path, ANSWERS)
    monkeypatch.chdir(tmp_path)
    assert main(arguments, Parts()) == 0
    (tmp_path / "account-requests" / "wrong.yaml").write_text("name: x\n")
    assert main(arguments, Parts()) == 3


def test_both_are_one_hook() -> None:
    assert {name: shipped()[name] for name in of_workspace() if name != "language"} == {
        name: value for name, value in of_workspace().items() if name != "language"
    }
