"""How clients are made."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from pipeline import __version__
from pipeline.provisioners.aws.connection import Connection, home_of_organizations, session_name
from pipeline.provisioners.aws.descriptions import new_session
from pipeline.provisioners.aws.limits import Limits
from tests.unit.provisioners.clocks import StillClock


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


class Sent(BaseException):
    """Instead of leaving, a request is looked at."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.headers = {name.lower(): value for name, value in request.headers.items()}


def sent(client: Any, operation: str) -> Sent:
    def catch(request: Any, **_: Any) -> None:
        raise Sent(request)

    client.meta.events.register("before-send", catch)
    with pytest.raises(Sent) as caught:
        getattr(client, operation)()
    return caught.value


@pytest.mark.parametrize(
    ("region", "home"),
    [
        ("eu-west-1", "us-east-1"),
        ("us-west-2", "us-east-1"),
        ("cn-north-1", "cn-northwest-1"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("us-iso-west-1", "us-iso-east-1"),
        ("us-isob-east-1", "us-isob-east-1"),
    ],
)
def test_organizations_live_in_one_region_of_each_partition(region: str, home: str) -> None:
    assert home_of_organizations(region) == home


@pytest.mark.parametrize("run_id", ["20261122T130501Z-3f9a1c", "a b/c:d\u00e9", "x" * 200])
def test_session_names_are_what_sts_allows(run_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_+=,.@-]{2,64}", session_name(run_id))


def test_a_request_names_the_product_and_the_run() -> None:
    connection = Connection(region="eu-west-1", run_id="20261122T130501Z-3f9a1c", clock=StillClock())
    agent = sent(connection.organizations, "list_roots").headers["user-agent"].decode()
    assert f"vend/{__version__} run/20261122T130501Z-3f9a1c" in agent


def test_a_request_is_signed_after_its_turn_has_come() -> None:
    """A signature is valid for five minutes, and a turn may take longer."""
    signed: list[bool] = []

    class Watching(Limits):
        def pay(self, service: str, operation: str) -> None:
            del service, operation
            signed.append(bool(sys._getframe(1).f_locals["_"]["request"].headers.get("Authorization")))

    clock = StillClock()
    connection = Connection(region="eu-west-1", run_id="test", clock=clock, limits=Watching(clock))
    assert "authorization" in sent(connection.organizations, "list_roots").headers
    assert signed == [False]


def test_clients_are_made_once() -> None:
    connection = Connection(region="eu-west-1", run_id="test", clock=StillClock())
    assert connection.organizations is connection.organizations
    assert connection.organizations is not connection.organizations_once


def test_the_sdk_is_not_imported_before_the_first_client() -> None:
    code = (
        "import sys; from pipeline.provisioners import organizations; "
        "from pipeline.provisioners.aws.connection import Connection; from pipeline.app.clock import SystemClock; "
        "Connection(region='eu-west-1', run_id='x', clock=SystemClock()); "
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_without_credentials_the_role_cannot_be_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    role = "arn:aws:iam::111122223333:role/vend-plan"
    connection = Connection(region="eu-west-1", run_id="test", clock=StillClock(), role_arn=role)
    with pytest.raises(NoCredentialsError):
        connection.organizations.list_roots()


def test_sessions_share_what_the_sdk_knows_of_the_services() -> None:
    """Reading it takes longer than most runs' own work, and a run has a session for each role."""
    sessions = [new_session(), new_session()]

    assert sessions[0].get_component("data_loader") is sessions[1].get_component("data_loader")


def test_descriptions_that_the_environment_adds_are_not_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usual = new_session().get_component("data_loader")
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    assert new_session().get_component("data_loader") is not usual
    assert str(tmp_path) in new_session().get_component("data_loader").search_paths
