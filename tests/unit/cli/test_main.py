"""What the console command costs, prints and ends with."""

import io
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.cli.arguments import build_parser
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_to_json

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


def test_what_is_wrong_with_the_settings_can_be_an_annotation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vending.yaml").write_text("guard: {}\n")

    assert main(["validate", "--root", str(tmp_path), "--format", "github"]) == 2
    assert "::error file=vending.yaml,line=1" in capsys.readouterr().out


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
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["at"])


@pytest.mark.parametrize(
    "option",
    ["--seed=other", "--seed=accounts:", "--creation-delay=-1", "--creation-delay=soon", "--consistency-delay=inf"],
)
def test_a_sandbox_that_cannot_be_is_a_wrong_argument(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sandbox", "start", option])

    assert ended.value.code == 2
    assert option.partition("=")[2] in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--root", "there", "plan"], ["plan", "--root", "there"]])
def test_what_every_verb_knows_stands_before_it_or_after_it(arguments: list[str]) -> None:
    parsed = build_parser().parse_args(arguments)

    assert (parsed.root, parsed.verbose, parsed.log_format, parsed.color) == (Path("there"), False, "text", "auto")


def test_verbose_says_what_was_read() -> None:
    command = [sys.executable, "-m", "pipeline", "validate", "--verbose"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert re.search(r" INFO pipeline\.app\.desire: \d+ account requests read in ", done.stderr)
    assert done.stdout == ""


class Unread(Parts):
    """As if the reader of what is printed had gone."""

    def today(self) -> date:
        raise BrokenPipeError


def test_an_apply_whose_report_nobody_reads_is_not_said_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed = tmp_path / "plan.json"
    reviewed.write_text(plan_to_json(Plan()))
    codes = []
    for verb in (["plan"], ["apply", "--reviewed", str(reviewed)]):
        monkeypatch.setattr(sys, "stderr", io.StringIO())  # it is closed
        codes.append(main([*verb, "--root", str(REPOSITORY)], parts=Unread()))

    assert codes == [0, 6]


@pytest.mark.parametrize("hours", ["abc", "0", "-6", "nan", "inf"])
def test_how_often_a_job_runs_is_a_number_of_hours(hours: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["apply", "--merged", f"--every={hours}"])
    assert f'"{hours}" is not a number of hours; write one like 6' in capsys.readouterr().err
