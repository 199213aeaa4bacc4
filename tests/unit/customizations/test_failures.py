"""What is told when Terraform fails without a word."""

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
