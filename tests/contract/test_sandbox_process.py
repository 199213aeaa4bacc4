"""A sandbox of its own process: started, found, used and stopped by commands that know only a file."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from pipeline.sandbox import control
from pipeline.sandbox.options import Options


def test_a_sandbox_lives_from_start_to_stop(tmp_path: Path) -> None:
    state_file = tmp_path / "state" / "sandbox.json"
    options = Options(seed="accounts:3", creation_delay=0, throttle=True)
    started = control.start(state_file, options)
    try:
        found = control.status(state_file)
        with pytest.raises(control.SandboxError, match=started.url):
            control.start(state_file, options)
        session = boto3.Session()
        variables = control.environment(started.url)
        client = session.client(
            "organizations",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )
        names = [each["Name"] for each in client.list_accounts()["Accounts"]]
        client.close()
    finally:
        stopped = control.stop(state_file)

    assert found == started == stopped
    assert started.options == options
    assert names == ["example-management", "account-00001", "account-00002", "account-00003"]
    assert control.status(state_file) is None
    assert control.stop(state_file) is None


def test_a_state_file_of_a_process_that_is_not_a_sandbox_is_stale(tmp_path: Path) -> None:
    """A process id that was given to somebody else is neither taken for a sandbox nor stopped."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        state_file = tmp_path / "sandbox.json"
        state_file.write_text(json.dumps({"url": "http://127.0.0.1:1", "pid": bystander.pid, "options": {}}))

        assert control.status(state_file) is None
        assert control.stop(state_file) is None
        assert bystander.poll() is None
        bystander.communicate(b"\n")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}'])
def test_a_damaged_state_file_is_no_sandbox(tmp_path: Path, text: str) -> None:
    state_file = tmp_path / "sandbox.json"
    state_file.write_text(text)

    assert control.status(state_file) is None


def test_a_sandbox_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(control.SandboxError, match="there is no such seed"):
        control.start(tmp_path / "sandbox.json", Options(seed="weeds"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: int) -> None:
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "pipeline.sandbox", "--seed", "empty", "--ready-file", str(ready)]
    with subprocess.Popen(command) as process:
        while not ready.exists():
            assert process.poll() is None
        told = json.loads(ready.read_text())
        os.kill(process.pid, number)

        assert process.wait(20) == 0
        assert told["pid"] == process.pid
