"""A read-only connection cannot write: every operation of every service that is not a known read is refused."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session

from pipeline.app.clock import SystemClock
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.read_only import READS, WriteRefusedError, is_read

SERVICES = [
    "account",
    "cloudformation",
    "controltower",
    "ec2",
    "iam",
    "identitystore",
    "kms",
    "organizations",
    "resourcegroupstaggingapi",
    "s3",
    "s3control",
    "service-quotas",
    "servicecatalog",
    "ssm",
    "sso-admin",
    "sts",
]
IN_OTHER_WORDS = {"DescribeKey", "GetProvisionedProductOutputs", "LookupEvents"}
"""Reads whose documentation begins with another verb."""

READING = re.compile(r"(Describe|Get|List|Lookup|Search)[A-Z]")


class SentError(Exception):
    """A request has left."""


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "example")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "example")
        yield Connection(region="eu-west-1", run_id="test", clock=SystemClock(), read_only=True)


def nothing_leaves(client: Any) -> Any:
    def refuse(**_: Any) -> None:
        raise SentError

    client.meta.events.register("before-call", refuse)
    return client


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_but_the_known_reads_is_refused_before_a_request_is_built(
    connection: Connection, service: str
) -> None:
    client = nothing_leaves(connection.client(service))
    operations = client.meta.service_model.operation_names
    for operation in operations:
        if not is_read(service, operation):
            # Without parameters: a refusal that came after their validation would be another error.
            with pytest.raises(WriteRefusedError, match=operation):
                client._make_api_call(operation, {})
    assert READS.get(service, frozenset()) <= set(operations), "the list names operations that exist"


def test_a_known_read_passes(connection: Connection) -> None:
    client = nothing_leaves(connection.client("organizations"))
    with pytest.raises(SentError):
        client.list_accounts()


def test_a_write_cannot_be_signed_for_later_either(connection: Connection) -> None:
    with pytest.raises(WriteRefusedError):
        connection.client("s3").generate_presigned_url("put_object", Params={"Bucket": "example", "Key": "example"})


def test_the_list_has_no_write_in_it() -> None:
    for service, operations in READS.items():
        for operation in operations:
            assert READING.match(operation), f"{service} {operation}"


def test_every_known_read_is_read_only_by_what_aws_says_of_it() -> None:
    """None has a verb of writing in the first sentence of its documentation."""
    session = Session()
    for service, operations in READS.items():
        model = session.get_service_model(service)
        for operation in operations:
            said = re.sub(
                r"<note>.*?</note>", "", model.operation_model(operation).documentation or "", flags=re.DOTALL
            )
            text = re.sub(r"<[^>]+>", "", said)
            assert operation in IN_OTHER_WORDS or re.match(r"\s*(Gets|Lists|Retrieves?|Returns|Describes)\b", text), (
                f"{service} {operation}: {text[:60]}"
            )


def test_without_read_only_nothing_is_refused() -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "example")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "example")
        connection = Connection(region="eu-west-1", run_id="test", clock=SystemClock())
        with pytest.raises(SentError):
            nothing_leaves(connection.client("organizations")).close_account(AccountId="210000000012")
