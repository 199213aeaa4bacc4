"""The only two sessions that Terraform can get: the account's own, and one that reaches the account's state.

They are handed out over a socket in a private folder, one socket for each run of one customization in one account. So
they stand in no file, argument or environment variable, they are renewed for as long as the run lasts, and a run that is
killed leaves nothing behind that opens anything.
"""

import json
import os
import shlex
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from pipeline.customizations import credential_process
from pipeline.errors import PermanentServiceError, ServiceError

TARGET: Final = "target"
"""The profile of the account: the default of everything that Terraform starts."""
AFT_TARGET: Final = "aft-target"
"""The same under the name that AFT gives to it."""
STATE: Final = "vend-state"
"""The profile of the state's backend."""

_PATH_LIMIT: Final = 100
"""Characters of a socket's path; the system allows 104 to 108."""
_PATIENCE: Final = 10.0
_LEFT: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A session. `expires` is aware of its time zone; None for credentials that do not expire."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    expires: datetime | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id}, …)"


class Sessions(Protocol):
    """Who can enter accounts. Called from several threads, and again for each renewal; may keep a session while it is
    fresh. Raises `ServiceError`."""  # noqa: D205, D209 - one sentence

    def member(self, account_id: str) -> Credentials:
        """A session of the role that customizes this account."""
        ...

    def state(self, account_id: str) -> Credentials:
        """A session that reaches the state of this account only, as `storage.session_policy` says."""
        ...


@contextmanager
def handed_out(sessions: Sessions, account_id: str, *, with_state: bool = True) -> Iterator[Path]:
    """A private folder with the AWS configuration of one run, whose sessions are served while the context is open.

    The folder holds `config` (the profiles `target`, `aft-target` and `vend-state`), and nothing secret. Without `with_state`
    there is no session of the state to have. Raises what `sessions` raises: the first session is asked for before anything
    starts.
    """

    def member() -> Credentials:
        return sessions.member(account_id)

    offers: dict[str, Callable[[], Credentials]] = {TARGET: member}
    if with_state:
        offers[STATE] = lambda: sessions.state(account_id)
    for offer in offers.values():
        offer()
    offers[AFT_TARGET] = member
    with _private_folder() as folder:
        place = folder / "socket"
        _write_config(folder / "config", place, tuple(offers))
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place))
            listening.listen(16)
            server = threading.Thread(
                target=_serve, args=(listening, offers), daemon=True, name=f"sessions {account_id}"
            )
            server.start()
            try:
                yield folder
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                server.join()


@contextmanager
def _private_folder() -> Iterator[Path]:
    for base in dict.fromkeys((tempfile.gettempdir(), "/tmp")):  # noqa: S108 - mkdtemp makes a folder of our own in it
        if len(base) + len("/vend-12345678/socket") <= _PATH_LIMIT and Path(base).is_dir():
            _sweep(Path(base))
            with tempfile.TemporaryDirectory(prefix="vend-", dir=base) as folder:
                yield Path(folder)
            return
    raise PermanentServiceError(
        f'credentials: the path of the temporary folder "{tempfile.gettempdir()}" is too long for a socket',
        hint="set TMPDIR to a shorter one",
    )


def _sweep(base: Path) -> None:
    """Remove what runs that were killed have left: folders of ours, an hour old, at whose socket nobody answers."""
    for place in base.glob("vend-*/socket"):
        with suppress(OSError):  # somebody else removes it, or it is somebody else's
            told = place.lstat()
            if told.st_uid == os.geteuid() and time.time() - told.st_mtime > _LEFT and not _answers(place):
                shutil.rmtree(place.parent)


def _answers(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(place))
        except ConnectionRefusedError:
            return False
    return True


def _write_config(path: Path, place: Path, profiles: tuple[str, ...]) -> None:
    # -I and -S: nothing of the environment or of installed packages takes part
    script = credential_process.__file__
    sections = [
        f"[profile {profile}]\n"
        f"credential_process = {shlex.join([sys.executable, '-I', '-S', script, str(place), profile])}\n"
        for profile in profiles
    ]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write("".join(sections))


def _serve(listening: socket.socket, offers: Mapping[str, Callable[[], Credentials]]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return  # closed: the run is over
        threading.Thread(target=_answer, args=(connection, offers), daemon=True).start()


def _answer(connection: socket.socket, offers: Mapping[str, Callable[[], Credentials]]) -> None:
    with connection:
        try:
            connection.settimeout(_PATIENCE)
            name = connection.makefile("r").readline().strip()
            connection.sendall(_reply(offers, name).encode())
        except (OSError, UnicodeDecodeError):
            return  # whoever asked has gone, or did not ask in our words


def _reply(offers: Mapping[str, Callable[[], Credentials]], name: str) -> str:
    if name not in offers:
        return f'no\nthere is no session "{name}" in this run\n'
    try:
        return "ok\n" + json.dumps(_spoken(offers[name]()))
    except ServiceError as error:
        return f"no\n{error}\n"


def _spoken(credentials: Credentials) -> dict[str, str | int]:
    """The credentials in the form of `credential_process`."""
    spoken: dict[str, str | int] = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
    }
    if credentials.session_token:
        spoken["SessionToken"] = credentials.session_token
    if credentials.expires is not None:
        spoken["Expiration"] = credentials.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return spoken
