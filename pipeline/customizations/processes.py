"""One process, from its start to its end: in a group of its own, with a time limit, and stopped in good order.

Its output goes to a file and not through us. So Terraform, if this process is killed, still finishes what it does, writes
the state and releases the lock.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from pipeline.errors import PermanentServiceError
from pipeline.model.clock import Clock

_LOOK: Final = 0.2
"""Seconds between two looks at the time and at whether the run was cancelled."""


class Ending(Enum):
    EXITED = "exited"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    TOO_LOUD = "wrote too much"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`log` gets everything that the process writes, readable for its owner only. `limit`: seconds.

    `most`: bytes of output; what writes more is killed without grace, since it fills the disk meanwhile. None: as it likes.
    """

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    log: Path
    limit: float
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`code`: the exit code, negative for the signal that ended it. `seconds`: how long it took."""

    ending: Ending
    code: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """`cancelled` tells whether a person has ended the run. `grace`: seconds from the first signal to the last.

    Terraform ends at SIGINT once the calls under way are answered, and then writes the state: give it minutes.
    """

    clock: Clock
    cancelled: Callable[[], bool] = lambda: False
    grace: float = 120.0


def run(command: Command, patience: Patience) -> Ended:
    """Run it to its end. Raises `PermanentServiceError` if it cannot be started."""
    began = patience.clock.monotonic()
    process = _start(command)
    ended = threading.Event()
    # Waits without reaping, so that the number of the group is not given to anybody else while we still use it.
    watcher = threading.Thread(target=_watch, args=(process.pid, ended), daemon=True)
    watcher.start()
    try:
        ending = _await_end(process.pid, ended, command, patience)
    except BaseException:
        _stop(process.pid, ended, patience)  # Ctrl-C, which a program in a group of its own does not hear
        raise
    finally:
        with suppress(ProcessLookupError, PermissionError):  # nobody, or only the dead, is left in the group
            os.killpg(process.pid, signal.SIGKILL)  # what it left running holds the account's session
        watcher.join()
        process.wait()
    return Ended(ending=ending, code=process.returncode, seconds=patience.clock.monotonic() - began)


def _start(command: Command) -> subprocess.Popen[bytes]:
    try:
        command.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            return subprocess.Popen(  # noqa: S603 - no shell; the arguments are ours, the program is the setting's
                command.arguments,
                cwd=command.directory,
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                umask=0o077,
            )
    except OSError as error:
        raise PermanentServiceError(
            f'"{command.arguments[0]}": it cannot be started: {error.strerror}',
            hint="check it, and the disk, then run again",
        ) from error


def _watch(pid: int, ended: threading.Event) -> None:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    ended.set()


def _await_end(pid: int, ended: threading.Event, command: Command, patience: Patience) -> Ending:
    deadline = patience.clock.monotonic() + command.limit
    while not ended.wait(_LOOK):
        if command.most is not None and command.log.stat().st_size > command.most:
            os.killpg(pid, signal.SIGKILL)
            ended.wait()
            return Ending.TOO_LOUD
        if patience.cancelled():
            _stop(pid, ended, patience)
            return Ending.CANCELLED
        if patience.clock.monotonic() > deadline:
            _stop(pid, ended, patience)
            return Ending.TIMED_OUT
    return Ending.EXITED


def _stop(pid: int, ended: threading.Event, patience: Patience) -> None:
    """SIGINT to the program alone: its plug-ins go on until it tells them to end. After `grace`, SIGKILL to all."""
    os.kill(pid, signal.SIGINT)
    deadline = patience.clock.monotonic() + patience.grace
    while not ended.wait(_LOOK):
        if patience.clock.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            ended.wait()
            return
