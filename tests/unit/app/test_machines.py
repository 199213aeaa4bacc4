"""What a worker and its probes are told by settings and arguments."""

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from pipeline.app.health import Health
from pipeline.app.machines import run_places, server_of, worker_places
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.cli.verbs import worker
from pipeline.errors import SettingsError, UsageError
from pipeline.model.operation import Lane
from pipeline.reconcile.engine import Stop
from pipeline.settings import ROLE_VARIABLES, load_settings
from tests.temporal_bench import free_port

ORGANIZATION = 'organization: {management_account: "111122223333", home_region: eu-west-1}\n'


def settings_with(root: Path, engine: str) -> Path:
    (root / "vending.yaml").write_text(f"{ORGANIZATION}engine: {engine}\n")
    return root


def test_the_limits_of_aws_hold_in_the_whole_run_and_those_of_machines_in_each_worker(tmp_path: Path) -> None:
    settings = load_settings(settings_with(tmp_path, "{kind: temporal, accounts: 3, customizations: 7}"))

    assert (run_places(settings)[Lane.CREATION], worker_places(settings)[Lane.CREATION]) == (3, 3)
    assert (run_places(settings)[Lane.TERRAFORM], worker_places(settings)[Lane.TERRAFORM]) == (7, 7)
    assert run_places(settings)[Lane.MEMBER] > worker_places(settings)[Lane.MEMBER]


@pytest.mark.parametrize(
    ("roles", "others"), [("", set()), ('roles: {apply: "arn:aws:iam::111122223333:role/a"}', {Lane.CLOSING})]
)
def test_a_worker_whose_role_is_not_known_to_close_accounts_leaves_that_lane_to_others(
    roles: str, others: set[Lane], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ROLE_VARIABLES["apply"], raising=False)
    (tmp_path / "vending.yaml").write_text(f"{ORGANIZATION}{roles}\n")

    assert set(Lane) - set(worker_places(load_settings(tmp_path))) == others


def test_the_log_of_a_worker_that_cannot_begin_is_nothing_but_json(tmp_path: Path) -> None:
    (tmp_path / "vending.yaml").write_text("engine: {kind: temporal, port: 1}\n")
    command = [sys.executable, "-m", "pipeline", "--root", str(tmp_path), "--log-format", "json", "worker"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in done.stderr.splitlines()]

    assert (done.returncode, done.stdout) == (2, "")
    assert [each["message"].partition(": ")[0] for each in told] == [
        "vending.yaml:1:1",
        "vending.yaml:1:26",
        "vending.yaml",
    ]
    assert all(each["hint"] for each in told)


def test_an_api_key_comes_from_where_the_settings_say_and_is_never_sent_in_the_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_KEY", "secret\n")
    settings = load_settings(settings_with(tmp_path, "{kind: temporal, api_key_from: {environment: TEMPORAL_KEY}}"))
    server = server_of(settings)

    assert server.api_key == "secret"
    assert server.tls is not None


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("{kind: temporal, api_key_from: {environment: NOT_THERE}}", "holds no API key"),
        ("{kind: temporal, api_key_from: {file: /absent}}", "holds no API key"),
        ("{kind: temporal, api_key_from: {}}", "names 0 sources"),
        ("{kind: temporal, tls: {certificate: /a.pem}}", "go together"),
    ],
)
def test_what_cannot_be_used_names_the_setting(engine: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=words):
        server_of(load_settings(settings_with(tmp_path, engine)))


@pytest.mark.parametrize("lane", ["nothing=2", "terraform", "terraform=0", "terraform=x"])
def test_a_lane_that_cannot_be_served_is_refused_before_anything_is_connected(lane: str, tmp_path: Path) -> None:
    arguments = Namespace(lane=[lane], grace=1.0, health_port=None, health_check=None, root=None, log_format="text")

    with pytest.raises(UsageError, match="--lane"):
        worker.run(arguments, tmp_path, Parts())


def test_a_probe_hears_whether_the_worker_takes_work() -> None:
    leave, port = Stop(), free_port()
    with Health(port, leave) as health:
        assert probe(port) == (503, "starting")
        health.begun()
        assert probe(port) == (200, "working")
        leave.drain()
        assert probe(port) == (503, "leaving")
        with pytest.raises(UsageError, match="--health-port"):
            Health(port, leave)


def test_the_command_of_orchestrators_exits_as_the_worker_answers(capsys: pytest.CaptureFixture[str]) -> None:
    leave, port = Stop(), free_port()
    asked = ["worker", "--health-check", str(port)]
    with Health(port, leave) as health:
        assert main(asked) == 7
        health.begun()
        assert main(asked) == 0
        leave.drain()
        assert main(asked) == 7
    assert main(asked) == 7

    said = capsys.readouterr().err
    assert '"starting"' in said
    assert '"leaving"' in said
    assert "nobody answers" in said


@pytest.mark.parametrize("port", ["0", "65536", "x"])
@pytest.mark.parametrize("option", ["--health-port", "--health-check"])
def test_a_port_that_cannot_be_is_a_wrong_argument(option: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["worker", option, port])

    assert "is not a port" in capsys.readouterr().err


def probe(port: int) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return answer.status, json.load(answer)["state"]
    except HTTPError as error:
        with error:
            return error.code, json.load(error)["state"]
