"""Each folder of `scenarios/` is a story that a person can read: what is written, what is run, what is said."""

import io
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.cli import main
from tests.end_to_end.by_hand import do_by_hand

STORIES = sorted((Path(__file__).parent / "scenarios").glob("*/story.yaml"))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.parent.name)
def test_story(
    story: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A story begins on the sample organization or, with `landing_zone` (options of its sandbox), on that with Control Tower."""
    told = yaml.safe_load(story.read_text())
    is_governed = "landing_zone" in told
    root = request.getfixturevalue("landing_zone" if is_governed else "sample")
    sample: Path = root(**told["landing_zone"]) if is_governed else root
    monkeypatch.chdir(sample)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for number, step in enumerate(told["steps"], start=1):
        _prepare(step, sample, monkeypatch)
        if "by_hand" in step:
            do_by_hand(step["by_hand"])
        if "run" in step:
            _run(step, f"step {number}: {step['run']}", capfd)


def _prepare(step: dict[str, Any], root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file, text in step.get("write", {}).items():
        (root / file).write_text(text)
    for file, replacements in step.get("replace", {}).items():
        text = (root / file).read_text()
        for old, new in replacements.items():
            assert old in text
            text = text.replace(old, new)
        (root / file).write_text(text)
    for old, new in step.get("rename", {}).items():
        (root / old).rename(root / new)
    for file in step.get("remove", []):
        (root / file).unlink()
    for name in step.get("without", []):
        monkeypatch.delenv(name)


def _run(step: dict[str, Any], name: str, capfd: pytest.CaptureFixture[str]) -> None:
    program, *arguments = shlex.split(step["run"])
    assert program == "vend"
    code = main(arguments, Parts(clock=ScaledClock(50)))
    out, err = capfd.readouterr()
    said = out + err
    assert code == step["exit"], f"{name} ended with {code}\n{said}"
    for text in step.get("says", []):
        assert text in said, f"{name} does not say {text!r}\n{said}"
    for text in step.get("never", []):
        assert text not in said, f"{name} says {text!r}\n{said}"
