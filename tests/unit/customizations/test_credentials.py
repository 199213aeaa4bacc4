"""Who gets which session, and how."""

import json
import os
import shlex
import socket
import stat
import subprocess
import tempfile
import time
from configparser import ConfigParser
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline.customizations.credentials import Credentials, handed_out
from pipeline.errors import PermanentServiceError
from tests.unit.customizations.terraform_bench import ACCOUNT, FakeSessions


def ask(folder: Path, profile: str, other: str | None = None) -> subprocess.CompletedProcess[str]:
    """What an SDK does with the profile; `other`: ask for that instead of what the profile says."""
    config = ConfigParser(interpolation=None)
    config.read(folder / "config")
    command = shlex.split(config[f"profile {profile}"]["credential_process"])
    return subprocess.run([*command[:-1], other or command[-1]], capture_output=True, text=True, check=False, env={})


def test_profiles_give_the_two_sessions_in_the_sdks_form() -> None:
    sessions = FakeSessions()
    with handed_out(sessions, ACCOUNT) as folder:
        member, state = (json.loads(ask(folder, profile).stdout) for profile in ("target", "vend-state"))

    assert member == {
        "Version": 1,
        "AccessKeyId": f"member-{ACCOUNT}-3",
        "SecretAccessKey": "the-secret-key",
        "SessionToken": "the-token",
        "Expiration": "2026-03-04T06:06:00Z",
    }
    assert state["AccessKeyId"] == f"state-{ACCOUNT}-4"


def test_every_question_asks_anew() -> None:
    """So a session is renewed for as long as the run lasts: `sessions` decides what is fresh."""
    sessions = FakeSessions()
    with handed_out(sessions, ACCOUNT) as folder:
        keys = [json.loads(ask(folder, "target").stdout)["AccessKeyId"] for _ in range(2)]

    assert keys == [f"member-{ACCOUNT}-3", f"member-{ACCOUNT}-4"]


def test_there_are_no_other_sessions() -> None:
    with handed_out(FakeSessions(), ACCOUNT, with_state=False) as folder:
        answers = [ask(folder, "target", other) for other in ("vend-state", "management", "target\nvend-state")]

    assert [each.returncode for each in answers] == [1, 1, 0]
    assert 'there is no session "vend-state" in this run' in answers[0].stderr
    assert f"member-{ACCOUNT}" in answers[2].stdout


def test_folder_is_private_holds_no_secret_and_goes() -> None:
    with handed_out(FakeSessions(), ACCOUNT) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "config").stat().st_mode) == 0o600
        assert "secret-key" not in (folder / "config").read_text()
    assert not folder.exists()


def test_run_that_is_over_hands_out_nothing() -> None:
    with handed_out(FakeSessions(), ACCOUNT) as folder:
        command = shlex.split((folder / "config").read_text().splitlines()[1].partition("=")[2])
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env={})

    assert answer.returncode == 1
    assert "the run that hands out this session is gone" in answer.stderr


def test_session_that_cannot_be_renewed_says_why() -> None:
    sessions = FakeSessions()

    def refuse(kind: str) -> None:
        raise PermanentServiceError(f"no {kind} session any more")

    with handed_out(sessions, ACCOUNT) as folder:
        sessions.refuse = refuse
        answer = ask(folder, "target")

    assert answer.returncode == 1
    assert answer.stderr == "no member session any more\n"


def test_refused_session_is_known_before_anything_starts() -> None:
    def refuse(kind: str) -> None:
        raise PermanentServiceError(f"no {kind} session")

    with (
        pytest.raises(PermanentServiceError, match="no member session"),
        handed_out(FakeSessions(refuse=refuse), ACCOUNT),
    ):
        pytest.fail("nothing may start")


def test_expiry_is_told_in_utc() -> None:
    local = datetime(2026, 3, 4, 8, 6, tzinfo=timezone(timedelta(hours=2)))
    sessions = FakeSessions()
    sessions.member = lambda _: Credentials(access_key_id="a", secret_access_key="b", expires=local)  # type: ignore[method-assign]
    with handed_out(sessions, ACCOUNT) as folder:
        told = json.loads(ask(folder, "target").stdout)

    assert told["Expiration"] == local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == "2026-03-04T06:06:00Z"
    assert "SessionToken" not in told


def test_secrets_do_not_show() -> None:
    """A value that is logged or stands in a traceback gives nothing away."""
    shown = repr(Credentials(access_key_id="a", secret_access_key="hidden", session_token="hidden"))

    assert "hidden" not in shown


def test_folders_of_killed_runs_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once they are an hour old; a run that still answers keeps its folder, however old it is."""
    hours_ago = time.time() - 7200
    with tempfile.TemporaryDirectory() as base:
        monkeypatch.setattr(tempfile, "tempdir", base)
        dead, young = Path(base, "vend-dead"), Path(base, "vend-young")
        for folder in (dead, young):
            folder.mkdir()
            with socket.socket(socket.AF_UNIX) as left:
                left.bind(str(folder / "socket"))
        os.utime(dead / "socket", (hours_ago, hours_ago))
        with handed_out(FakeSessions(), ACCOUNT) as alive:
            os.utime(alive / "socket", (hours_ago, hours_ago))
            with handed_out(FakeSessions(), ACCOUNT):
                assert (dead.exists(), young.exists(), alive.exists()) == (False, True, True)
