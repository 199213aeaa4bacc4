"""`vend email-code` and `vend import-event`, as a person and a CI job use them."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import pytest

from pipeline.app.parts import Parts
from pipeline.cli import main
from tests.end_to_end.conftest import Aws
from tests.unit.account_requests.test_events import account_event

BILLING, NEW = "210000000006", "aws+billing-new@example.com"
REQUEST = """\
name: billing
email: {email}
organizational_unit: Workloads/Prod
tags: {{CostCenter: "4711", Owner: payments}}
"""
SETTINGS = """\
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-account-requests
guards: {max_changed_share: 1}
"""
UNITS = "units: {Sandbox: , Workloads: {units: {Prod: }}}\n"


@pytest.fixture
def workspace(tmp_path: Path, aws: Aws) -> Path:
    """One request: an account that the sample has, with another address."""
    folder = tmp_path / "account-requests"
    folder.mkdir()
    (tmp_path / "vending.yaml").write_text(SETTINGS)
    (folder / "_organization.yaml").write_text(UNITS)
    (folder / "billing.yaml").write_text(REQUEST.format(email=NEW))
    return tmp_path


def vend(workspace: Path, *arguments: str) -> int:
    return main(["--root", str(workspace), *arguments], Parts())


def mail(aws: Aws) -> dict[str, Any]:
    with urlopen(f"{aws.url}/_vend/otp", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_an_address_changes_by_one_code_that_a_person_hands_in(
    workspace: Path, aws: Aws, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vend(workspace, "email-code", "billing", "abc123") == 2
    assert "was not asked to change its address" in capsys.readouterr().err
    reviewed = str(workspace / "plan.json")
    assert vend(workspace, "plan") == 0
    assert vend(workspace, "apply", "--reviewed", reviewed) == 4
    code = mail(aws)[BILLING]["otp"]
    assert vend(workspace, "plan") == 4
    assert "waiting for the code" in capsys.readouterr().out
    assert vend(workspace, "email-code", "billing", "abc123") == 7
    monkeypatch.setenv("VEND_EMAIL_CODE", code)
    assert vend(workspace, "email-code", "billing") == 0
    told = capsys.readouterr()
    assert "up to 4 hours" in told.out
    assert code not in told.out + told.err
    assert vend(workspace, "plan") == 0
    assert vend(workspace, "email-code", "billing") == 2
    assert "already" in capsys.readouterr().err


def test_another_code_comes_only_when_a_person_asks(workspace: Path, aws: Aws) -> None:
    assert vend(workspace, "plan") == 0
    reviewed = str(workspace / "plan.json")
    for _ in range(2):
        assert vend(workspace, "apply", "--reviewed", reviewed) == 4
    first = mail(aws)[BILLING]["otp"]
    assert vend(workspace, "email-code", "billing", "--send-again") == 0
    second = mail(aws)[BILLING]["otp"]
    assert second != first
    assert vend(workspace, "email-code", "billing", first) == 7
    assert vend(workspace, "email-code", "billing", second) == 0


@pytest.mark.parametrize(("given", "told"), [("", "there is no code"), ("12 34", "six letters and digits")])
def test_what_is_no_code_is_refused_before_anybody_is_asked(
    tmp_path: Path, given: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEND_EMAIL_CODE", given)
    assert vend(tmp_path, "email-code", "billing") == 2
    error = capsys.readouterr().err
    assert told in error
    assert not given or given not in error


def test_an_event_of_an_account_without_a_request_prints_the_request_that_adopts_it(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "account-requests" / "billing.yaml").write_text(REQUEST.format(email="aws+billing@example.com"))
    event = workspace / "event.json"
    event.write_text(json.dumps(account_event(accountId="210000000011", accountName="\x1b[31m")))
    assert vend(workspace, "import-event", str(event)) == 4
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert "account-requests/marketing-poc.yaml" in told.err
    (workspace / "account-requests" / "marketing-poc.yaml").write_text(told.out)
    assert vend(workspace, "validate") == 0
    assert vend(workspace, "plan") == 0
    assert "adopts an existing account" in capsys.readouterr().out
    assert vend(workspace, "import-event", str(event)) == 0
    assert 'request "marketing-poc" speaks for it' in capsys.readouterr().err


def test_an_event_comes_from_a_pipe_and_bad_ones_are_findings(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for document, code in ((account_event(accountId=BILLING), 0), ({"source": "aws.ec2"}, 3)):
        pipe = SimpleNamespace(buffer=io.BytesIO(json.dumps(document).encode()))
        monkeypatch.setattr(sys, "stdin", pipe)
        assert vend(workspace, "import-event", "-") == code
    assert "standard input:1:1: the event does not come from Control Tower" in capsys.readouterr().err
    event = workspace / "event.json"
    event.write_text(json.dumps(account_event(accountId="999999999999")))
    assert vend(workspace, "import-event", str(event)) == 3
    assert 'account "999999999999" is not in the organization' in capsys.readouterr().err
