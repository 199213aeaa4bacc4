"""What the console command costs, prints and ends with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main

REPOSITORY = Path(__file__).parents[3]

WATCH = """
import json, sys
from pipeline.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
sys.stderr.write(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def modules_after(*arguments: str) -> set[str]:
    """The top-level modules that are imported when `vend` with these arguments has ended."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr[done.stderr.index("[") :]))


def test_help_imports_nothing_of_weight() -> None:
    heavy = {
        "boto3",
        "botocore",
        "yaml",
        "jsonschema",
        "jsonschema_rs",
        "rich",
        "git",
        "cattrs",
        "moto",
        "shtab",
        "logging",
    }

    assert not heavy & modules_after("--help")


def test_validate_imports_no_sdk_no_git_no_terminal_library() -> None:
    heavy = {"boto3", "botocore", "jsonschema", "rich", "git", "cattrs", "moto"}

    assert not heavy & modules_after("validate")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_verbs(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "validate" in script
    assert "observe" in script


def test_wrong_arguments_end_with_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--colour"])

    assert ended.value.code == 2


def test_a_workspace_without_settings_ends_with_2_and_says_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(tmp_path), "validate"]) == 2
    said = capsys.readouterr().err
    assert "vending.yaml" in said
    assert "management_account" in said


def test_findings_are_on_standard_output_and_their_number_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vending.yaml").write_text(
        'organization: {management_account: "111122223333", home_region: eu-west-1}\n'
    )

    assert main(["--root", str(tmp_path), "validate", "--format", "json"]) == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out)
    assert "1 finding" in printed.err


def test_log_lines_are_json_when_asked_for(tmp_path: Path) -> None:
    script = (
        "import logging; from pipeline.cli.logs import set_up; set_up(verbose=True, form='json');"
        "logging.getLogger('pipeline.app').info('one %s', 'line')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    line = json.loads(done.stderr)
    assert line["message"] == "one line"
    assert line["level"] == "INFO"
    assert line["logger"] == "pipeline.app"
