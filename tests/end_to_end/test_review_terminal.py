"""The real `vend apply` on a terminal of its own."""

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from tests.end_to_end.conftest import Aws
from tests.end_to_end.organization import calls

QUESTION = b'Only "yes" '
WRITES = {"CreateAccount", "MoveAccount", "TagResource", "CloseAccount", "CreateOrganizationalUnit"}


def ask(root: Path, answer: bytes) -> tuple[int, bytes]:
    """Answer the question of `vend apply --accept-new-plan`; its exit code, and what the terminal got after the question."""
    child, terminal = pty.fork()
    if child == 0:
        arguments = ["-m", "pipeline", "--root", str(root), "apply", "--accept-new-plan"]
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - the program under test
    try:
        _until(terminal, QUESTION)
        shown = _read(terminal, seconds=0.6)
        os.write(terminal, answer)
        shown += _read(terminal, seconds=20)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(terminal)


def _until(terminal: int, text: bytes) -> None:
    shown, end = b"", time.monotonic() + 30
    while text not in shown:
        assert time.monotonic() < end, shown
        shown += _read(terminal, seconds=0.1)


def _read(terminal: int, *, seconds: float) -> bytes:
    """What comes within that time; less, if the other side ends."""
    shown, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                shown += os.read(terminal, 65_536)
            except OSError:  # nobody is at the other end
                break
    return shown


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (b"\x03", ExitCode.INCOMPLETE, b"vend: interrupted"),
        (b"\x04", ExitCode.NOT_REVIEWED, b"nothing was changed"),
        (b"y\n", ExitCode.NOT_REVIEWED, b"nothing was changed"),
    ],
    ids=["interrupt", "end of file", "not quite yes"],
)
def test_everything_but_yes_changes_nothing(sample: Path, aws: Aws, answer: bytes, code: ExitCode, said: bytes) -> None:
    """One interrupt is enough, and no progress bar draws over the question."""
    ended, shown = ask(sample, answer)
    assert (ended, said in shown) == (code, True), shown
    assert b"\x1b[2K" not in shown
    assert b"Traceback" not in shown
    assert not WRITES & {operation for _, operation, _ in calls(aws.url)}
