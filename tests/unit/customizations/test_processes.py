"""One process, from its start to its end."""

import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.customizations.processes import Command, Ended, Ending, Patience, run
from pipeline.errors import PermanentServiceError
from tests.unit.customizations.terraform_bench import HandClock

WAITS = "import time; print('begun', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {WAITS}"
ORDERLY = f"""
import signal, sys
def stop(*_):
    print('in order', flush=True)
    sys.exit(3)
signal.signal(signal.SIGINT, stop)
{WAITS}
"""


def ran(tmp_path: Path, script: str, patience: Patience, limit: float = 60) -> tuple[Ended, str]:
    log = tmp_path / "logs" / "log"
    command = Command(
        arguments=(sys.executable, "-IS", "-c", script),
        directory=tmp_path,
        environment={"ONLY": "this"},
        log=log,
        limit=limit,
    )
    return run(command, patience), log.read_text()


class WhenBegun:
    """Says yes once the log of the process has something in it, and counts how often it was asked."""

    def __init__(self, log: Path) -> None:
        self.log, self.asked = log, 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.log.exists() and bool(self.log.read_text())


def test_output_goes_to_a_private_log(tmp_path: Path) -> None:
    """Both outputs, one file, which only its owner can read; the environment is what was given."""
    script = "import os, sys; print(sorted(os.environ), file=sys.stderr); print('said'); sys.exit(4)"
    ended, log = ran(tmp_path, script, Patience(clock=HandClock()))

    assert (ended.ending, ended.code) == (Ending.EXITED, 4)
    assert "said" in log
    assert "ONLY" in log
    assert "PATH" not in log
    assert stat.S_IMODE((tmp_path / "logs" / "log").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700


def test_files_of_the_process_are_private(tmp_path: Path) -> None:
    ran(tmp_path, "open('made', 'w')", Patience(clock=HandClock()))

    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("script", "code", "said"), [(ORDERLY, 3, "in order"), (STUBBORN, -9, "begun")], ids=["orderly", "stubborn"]
)
def test_cancelled_process_is_interrupted_and_killed_after_its_grace(
    tmp_path: Path, script: str, code: int, said: str
) -> None:
    """SIGINT first; SIGKILL only to what does not end by it."""
    cancelled = WhenBegun(tmp_path / "logs" / "log")
    ended, log = ran(tmp_path, script, Patience(clock=HandClock(step=1), cancelled=cancelled, grace=1.5), limit=1e6)

    assert (ended.ending, ended.code) == (Ending.CANCELLED, code)
    assert said in log


def test_process_over_its_limit_is_stopped(tmp_path: Path) -> None:
    ended, _ = ran(tmp_path, WAITS, Patience(clock=HandClock(step=100), grace=1), limit=50)

    assert ended.ending is Ending.TIMED_OUT


def test_what_it_leaves_running_ends_with_it(tmp_path: Path) -> None:
    """A process in the background holds the sessions of the account."""
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid); child.returncode = 0"
    )
    _, log = ran(tmp_path, script, Patience(clock=HandClock()))

    assert any(is_gone(int(log)) or time.sleep(0.01) for _ in range(500))


def is_gone(pid: int) -> bool:
    """Whether the process has ended: nobody by that number, or nobody but the dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_whoever_stops_waiting_leaves_nothing_running(tmp_path: Path) -> None:
    """Ctrl-C in this process, or an error of ours: the program is in a group of its own, and is told to end in good order."""
    log = tmp_path / "logs" / "log"

    def interrupts() -> bool:
        if "begun" in log.read_text():
            raise KeyboardInterrupt
        return False

    script = f"import os; print(os.getpid(), flush=True)\n{ORDERLY}"
    with pytest.raises(KeyboardInterrupt):
        ran(tmp_path, script, Patience(clock=HandClock(), cancelled=interrupts, grace=5))
    number, *said = log.read_text().splitlines()
    assert is_gone(int(number))
    assert said[-1] == "in order"


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.chmod(0o600)])
def test_program_that_cannot_be_started_is_told(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    program = tmp_path / "program"
    program.write_text("no program")
    spoil(program)
    command = Command(
        arguments=(str(program),), directory=tmp_path, environment=dict(os.environ), log=tmp_path / "log", limit=1
    )

    with pytest.raises(PermanentServiceError, match="it cannot be started"):
        run(command, Patience(clock=HandClock()))
