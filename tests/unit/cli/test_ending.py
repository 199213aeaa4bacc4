"""How the process ends: other threads than ours may not spoil the exit code, and nothing that was said is lost."""

import os
import subprocess
import sys

import pytest

ORDERLY = """
import atexit, sys
from pipeline.cli.ending import end
atexit.register(print, "in good order")
print("said")
"""
TEMPORAL = "sys.modules['temporalio'] = object()"
"""As if the SDK had been loaded; its threads abort a process that ends in good order."""

DEFECT = """
import pipeline.cli
def main():
    raise ValueError("a defect")
pipeline.cli.main = main
pipeline.cli.command()
"""


def ended(*lines: str, to: int = subprocess.PIPE) -> tuple[int, str, str]:
    command = [sys.executable, "-c", "\n".join(lines)]
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(command, stdout=to, stderr=subprocess.PIPE, text=True, check=False, env=buffered)
    return done.returncode, done.stdout or "", done.stderr


@pytest.mark.parametrize(("loaded", "output"), [("", "said\nin good order\n"), (TEMPORAL, "said\n")])
def test_a_process_whose_sdk_has_threads_writes_everything_and_ends_at_once(loaded: str, output: str) -> None:
    assert ended(ORDERLY, loaded, "end(6)") == (6, output, "")


def test_output_that_cannot_be_written_is_no_success() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, for its file number
        code, _, _ = ended(ORDERLY, TEMPORAL, "end(0)", to=full.fileno())

    assert code == 120


def test_a_defect_is_shown_and_is_exit_code_1() -> None:
    code, _, shown = ended(ORDERLY, TEMPORAL, DEFECT)

    assert code == 1
    assert shown.endswith("ValueError: a defect\n")
