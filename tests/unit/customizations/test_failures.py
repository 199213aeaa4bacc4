"""What is told when Terraform fails without a word, or does not end."""

import signal
from pathlib import Path

import pytest

from pipeline.customizations.events import Spoken
from pipeline.customizations.failures import failure_of
from pipeline.customizations.processes import Command, Ended, Ending
from tests.unit.customizations.terraform_bench import TARGET


@pytest.mark.parametrize(
    ("log", "expected"), [("log", ", and said nothing"), ("/proc/log", ' the disk of "/proc" is full')]
)
def test_silence_is_told_and_a_full_disk_is_named_as_its_reason(tmp_path: Path, log: str, expected: str) -> None:
    """`/proc` is a file system with no byte free."""
    command = Command(arguments=("terraform", "apply"), directory=tmp_path, environment={}, log=tmp_path / log, limit=1)
    silent = Spoken(changes=(), drift=(), diagnostics=(), tail=())

    failure = failure_of(TARGET, command, Ended(ending=Ending.EXITED, code=1, seconds=1), silent)
    assert failure.message.endswith(expected)


@pytest.mark.parametrize(("code", "killed"), [(1, False), (-signal.SIGKILL, True)])
def test_what_took_too_long_says_what_is_left_of_it_and_names_no_limit_that_nobody_can_set(
    tmp_path: Path, code: int, *, killed: bool
) -> None:
    command = Command(arguments=("terraform", "apply"), directory=tmp_path, environment={}, log=tmp_path / "l", limit=9)

    failure = failure_of(TARGET, command, Ended(ending=Ending.TIMED_OUT, code=code, seconds=9), Spoken())
    assert "terraform apply takes longer than 9 seconds and was stopped" in failure.message
    assert ("the state may be behind, and locked" in failure.message) == killed
    assert failure.hint.startswith("find out what it waits for")
    assert "the limit" not in failure.hint
