"""Faults that are asked for happen as often as asked, at the operation asked, in the words of its service."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ConnectionClosedError

from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import ROOT_ID
from tests.contract.sandbox_client import Aws, opened, refusal

LOG_ARCHIVE = "210000000001"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options()) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


def asked(aws: Aws, method: str, name: str, body: object = None) -> tuple[int, Any]:
    """Status and answer of an endpoint of the sandbox."""
    place = urlsplit(aws.served.url)
    connection = HTTPConnection(place.hostname or "", place.port)
    connection.request(method, f"/_vend/{name}", None if body is None else json.dumps(body))
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("organizations", "list_roots", "TooManyRequestsException"),
        ("account", "list_regions", "TooManyRequestsException"),
        ("resourcegroupstaggingapi", "get_resources", "ThrottledException"),
        ("sts", "get_caller_identity", "Throttling"),
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("s3", "list_buckets", "SlowDown"),
        ("ssm", "describe_parameters", "ThrottlingException"),
    ],
)
def test_throttling_speaks_the_language_of_the_service(aws: Aws, service: str, operation: str, code: str) -> None:
    aws.served.inject(Fault(kind=Kind.THROTTLE, service=service))
    call = getattr(aws.client(service), operation)

    assert refusal(call)[0] == code
    call()


def test_a_rule_skips_then_strikes_as_often_as_it_says(aws: Aws) -> None:
    aws.served.inject(Fault(kind=Kind.SERVER_ERROR, operation="ListRoots", skip=1, times=2))
    for _ in range(4):
        aws.organizations.list_accounts()
    results = []
    for _ in range(4):
        try:
            aws.organizations.list_roots()
            results.append("done")
        except aws.organizations.exceptions.ServiceException:
            results.append("failed")

    assert results == ["done", "failed", "failed", "done"]


@pytest.mark.parametrize("kind", [Kind.CONNECTION_RESET, Kind.SERVER_ERROR, Kind.THROTTLE, Kind.ERROR])
def test_a_call_that_fails_is_not_carried_out(aws: Aws, kind: Kind) -> None:
    aws.served.inject(Fault(kind=kind, operation="CreateOrganizationalUnit", code="ServiceException"))
    with pytest.raises((ConnectionClosedError, aws.organizations.exceptions.ClientError)):
        aws.unit("New")

    aws.unit("New")


@pytest.mark.parametrize("kind", [Kind.CARRIED_OUT_THEN_ERROR, Kind.CARRIED_OUT_THEN_RESET])
def test_a_call_may_be_carried_out_though_its_answer_is_lost(aws: Aws, kind: Kind) -> None:
    aws.served.inject(Fault(kind=kind, operation="CreateOrganizationalUnit"))
    with pytest.raises((ConnectionClosedError, aws.organizations.exceptions.ServiceException)):
        aws.unit("New")

    refused = refusal(aws.organizations.create_organizational_unit, ParentId=ROOT_ID, Name="New")
    assert refused[0] == "DuplicateOrganizationalUnitException"


def test_a_connection_that_is_reset_does_not_end_in_order(aws: Aws) -> None:
    aws.served.inject(Fault(kind=Kind.CONNECTION_RESET))
    place = urlsplit(aws.served.url)
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_connection_serves_many_calls(aws: Aws) -> None:
    place = urlsplit(aws.served.url)
    connection = HTTPConnection(place.hostname or "", place.port)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/_vend/health")
        connection.getresponse().read()

    assert connection.sock is first
    connection.close()


def test_a_delayed_call_is_answered(aws: Aws) -> None:
    aws.served.inject(Fault(kind=Kind.DELAY, operation="ListRoots", seconds=0.01))

    assert aws.organizations.list_roots()["Roots"]
    assert aws.served.sandbox.front.faults.pending() == ()


def test_an_error_of_choice_carries_its_reason(aws: Aws) -> None:
    fault = {"kind": "error", "operation": "CloseAccount", "code": "ConstraintViolationException"}
    asked(aws, "POST", "faults", fault | {"members": {"Reason": "CLOSE_ACCOUNT_QUOTA_EXCEEDED"}})

    refused = refusal(aws.organizations.close_account, AccountId=LOG_ARCHIVE)

    assert refused == ("ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED")


def test_calls_are_told_with_the_codes_that_were_answered(aws: Aws) -> None:
    aws.organizations.list_roots()
    refusal(aws.organizations.describe_account, AccountId="999999999999")
    refusal(aws.client("sts").assume_role, RoleArn="arn:aws:iam::999999999999:role/x", RoleSessionName="none")
    aws.client("s3").list_buckets()

    _, answer = asked(aws, "GET", "calls")

    assert answer["calls"] == [
        ["organizations", "ListRoots", None],
        ["organizations", "DescribeAccount", "AccountNotFoundException"],
        ["sts", "AssumeRole", "AccessDenied"],
        ["s3", "GET /", None],
    ]
    assert [tuple(each) for each in answer["calls"]] == aws.served.calls
    assert asked(aws, "DELETE", "calls")[0] == 200
    assert aws.served.calls == []


def test_the_sandbox_is_steered_over_http(aws: Aws) -> None:
    """For a sandbox in a process of its own."""
    rule = {"operation": "CreateAccount", "failure_reason": "ACCOUNT_LIMIT_EXCEEDED", "times": 1}
    asked(aws, "POST", "faults", [rule, {"kind": "throttle", "operation": "ListRoots"}])
    _, pending = asked(aws, "GET", "faults")
    asked(aws, "DELETE", "faults")
    request = aws.organizations.create_account(AccountName="new", Email="new@example.com")["CreateAccountStatus"]
    asked(aws, "POST", "clock", {"advance": 60})
    ended = aws.organizations.describe_create_account_status(CreateAccountRequestId=request["Id"])[
        "CreateAccountStatus"
    ]
    aws.account.start_primary_email_update(AccountId=LOG_ARCHIVE, PrimaryEmail="logs@example.com")
    _, otp = asked(aws, "GET", "otp")
    asked(aws, "POST", "reset", {"seed": "empty"})

    assert [each["operation"] for each in pending["faults"]] == ["ListRoots"]
    assert ended["FailureReason"] == "ACCOUNT_LIMIT_EXCEEDED"
    assert otp[LOG_ARCHIVE]["email"] == "logs@example.com"
    assert len(aws.organizations.list_accounts()["Accounts"]) == 1


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"operation": "ListRoots"}),
        ("faults", {"kind": "throttle", "colour": "red"}),
        ("faults", ["throttle"]),
        ("clock", {"advance": -1}),
        ("clock", []),
        ("reset", []),
        ("reset", {"seed": "weeds"}),
    ],
)
def test_an_order_that_cannot_be_read_is_refused_with_the_reason(aws: Aws, name: str, body: object) -> None:
    status, answer = asked(aws, "POST", name, body)

    assert status == 400
    assert answer["error"]


def test_there_are_no_other_endpoints(aws: Aws) -> None:
    assert asked(aws, "GET", "secrets")[0] == 404


def test_what_moto_does_not_imitate_is_a_client_error_that_no_sdk_retries(aws: Aws) -> None:
    assert refusal(aws.client("fms").list_policies)[0] == "UnknownOperationException"
