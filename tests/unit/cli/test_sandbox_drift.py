"""`vend sandbox drift` and the arguments of a landing zone."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.cli.arguments import build_parser
from pipeline.errors import ExitCode
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import running

OPTIONS = Options(landing_zone=True, time_scale=0)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    """A workspace whose sandbox is this very process."""
    with running(OPTIONS) as served:
        state = tmp_path / ".vend" / "sandbox.json"
        state.parent.mkdir()
        state.write_text(json.dumps({"url": served.url, "pid": os.getpid(), "options": asdict(OPTIONS)}))
        yield tmp_path


def test_drift_is_caused_and_shown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str) -> tuple[int, str]:
        code = main(["--root", str(workspace), "sandbox", "drift", *words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    before = said()
    caused = said("inheritance-drift", "payments-dev")

    assert before == (ExitCode.OK, "Nothing is in drift.\n")
    assert caused == (ExitCode.OK, 'A resource of the baseline of "payments-dev" (210000000005) was changed.\n')
    assert said() == (ExitCode.OK, "INHERITANCE 210000000005\n")
    code, text = said("nonsense")
    assert (code, '"nonsense": there is no such drift' in text) == (ExitCode.SERVICE, True)


def test_without_a_sandbox_there_is_no_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "sandbox", "drift"]) == ExitCode.USAGE
    assert "vend sandbox start" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "is_set"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_a_landing_zone_can_be_asked_for_by_the_environment(
    value: str, is_set: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDING_ZONE", value)

    assert build_parser().parse_args(["sandbox", "start"]).landing_zone is is_set


def test_an_argument_asks_for_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANDING_ZONE", raising=False)
    parsed = build_parser().parse_args(["sandbox", "start", "--landing-zone", "--auto-enroll"])

    assert (parsed.landing_zone, parsed.auto_enroll, parsed.landing_zone_version) == (True, True, "3.3")
