"""Starting, finding and stopping a sandbox that lives on its own, between commands.

The state file holds the process id, the URL and the options. A process counts as ours if it answers at that URL with that
process id; so a recycled id is never taken for a sandbox, and never stopped.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.errors import ServiceError
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options, arguments
from pipeline.sandbox.organization import MANAGEMENT_ID

SECRET_ACCESS_KEY: Final = "example-secret-access-key-of-the-sandbox"  # noqa: S105 - of nobody, for nothing
UNSET: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN")
"""Variables to take out of an environment that `environment` is put into."""

_START: Final = 60.0
_STOP: Final = 10.0
_PAUSE: Final = 0.05
_ANSWER: Final = 5.0


class SandboxError(ServiceError):
    """The sandbox cannot be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that answers."""

    url: str
    pid: int
    options: Options


def environment(url: str) -> dict[str, str]:
    """What makes SDKs, aws-cli and Terraform talk to the sandbox at `url`, as its management account, and to nothing else.

    Take the variables of `UNSET` out as well.
    """
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_ACCESS_KEY_ID": access_key_of(MANAGEMENT_ID),
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def start(state_file: Path, options: Options) -> Running:
    """Start a sandbox that outlives this process, and wait until it answers. Raises `SandboxError` if one runs already."""
    state_file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(state_file):
        if (found := status(state_file)) is not None:
            raise SandboxError(
                f"sandbox: one is running at {found.url} (process {found.pid}).",
                hint="Stop it first, or go on using it.",
            )
        state_file.unlink(missing_ok=True)
        url, pid = _spawn(state_file, options)
        written = state_file.with_suffix(".writing")
        written.write_text(json.dumps({"url": url, "pid": pid, "options": asdict(options)}))
        written.replace(state_file)
    return Running(url=url, pid=pid, options=options)


def status(state_file: Path) -> Running | None:
    """The sandbox of this state file, if it answers."""
    try:
        known = json.loads(state_file.read_text())
        found = Running(url=str(known["url"]), pid=int(known["pid"]), options=Options(**known["options"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if _answering(found.url) == found.pid else None


def stop(state_file: Path) -> Running | None:
    """End the sandbox of this state file, and say which it was; None if none was running."""
    found = status(state_file)
    if found is not None:
        os.kill(found.pid, signal.SIGTERM)
        _await_end(found)
    state_file.unlink(missing_ok=True)
    return found


def ask(url: str, path: str, body: object = None) -> Any:
    """What the sandbox at `url` answers at one of its own endpoints: to a GET, or to a POST if there is a body.

    Raises `SandboxError` with its words if it refuses, or does not answer.
    """
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=_ANSWER)
    try:
        content = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", f"/_vend/{path}", content)
        response = connection.getresponse()
        told: Any = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise SandboxError(
            f"sandbox: it does not answer at {url}: {error}.", hint="See: vend sandbox status"
        ) from error
    finally:
        connection.close()
    if response.status != HTTPStatus.OK:
        raise SandboxError(f"sandbox: {told['error']}")
    return told


def _await_end(running: Running) -> None:
    deadline = time.monotonic() + _STOP
    while _answering(running.url) == running.pid:
        if time.monotonic() > deadline:
            os.kill(running.pid, signal.SIGKILL)
            break
        time.sleep(_PAUSE)
    with suppress(ChildProcessError):  # it is our child only if this process started it
        os.waitpid(running.pid, 0)


def _spawn(state_file: Path, options: Options) -> tuple[str, int]:
    ready, log = state_file.with_suffix(".ready"), state_file.with_suffix(".log")
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pipeline.sandbox", *arguments(options, ready_file=ready)]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this very package, with arguments of its own
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + _START
    while not ready.exists():
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines()
            raise SandboxError(
                f"sandbox: it ended at once: {said[-1] if said else 'without a word'}", hint=f"See {log}."
            )
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise SandboxError(f"sandbox: it does not answer after {_START:.0f} seconds.", hint=f"See {log}.")
        time.sleep(_PAUSE)
    # the process is to outlive this one: nobody is left to wait for it
    process.returncode = 0
    told = json.loads(ready.read_text())
    ready.unlink()
    return told["url"], told["pid"]


@contextmanager
def _alone(state_file: Path) -> Iterator[None]:
    """Two commands that start a sandbox at the same time do so one after the other."""
    with state_file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _answering(url: str) -> int | None:
    """The process id of the sandbox that answers at `url`."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=_ANSWER)
    try:
        connection.request("GET", "/_vend/health")
        told: Any = json.loads(connection.getresponse().read())
        return int(told["pid"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
