"""What we write in CBOR, botocore reads; requests are told apart by their protocol."""

from datetime import UTC, datetime
from io import BufferedReader, BytesIO
from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox import wire
from pipeline.sandbox.service import service_model


def _is_there(value: object) -> bool:
    return value is not None


WHOLE = st.integers(-(2**63), 2**64 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False) | st.text(),
    # a member that is null is a member that is not there, by the protocol and for botocore
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(), inner.filter(_is_there), max_size=30),
    max_leaves=60,
)


def read(content: bytes) -> Any:
    return RpcV2CBORParser().parse_data_item(BufferedReader(BytesIO(content)))


@given(VALUES)
def test_botocore_reads_the_cbor_that_we_write(value: Any) -> None:
    assert read(wire.cbor(value)) == value


def test_moments_are_read_as_moments() -> None:
    moment = datetime(2026, 11, 22, 13, 0, 0, 500_000, tzinfo=UTC)

    assert read(wire.cbor(moment)) == moment


@given(VALUES.filter(lambda value: isinstance(value, dict)))
def test_what_is_encoded_is_decoded_again(value: dict[str, Any]) -> None:
    assert wire.decode(wire.Protocol.CBOR, wire.encode(wire.Protocol.CBOR, value).body) == value


@given(content=st.binary(max_size=200), protocol=st.sampled_from(wire.Protocol))
def test_any_bytes_are_an_input_or_malformed(content: bytes, protocol: wire.Protocol) -> None:
    try:
        value = wire.decode(protocol, content)
    except wire.MalformedBodyError:
        return
    assert isinstance(value, dict)


@pytest.mark.parametrize(
    ("service", "path", "headers", "operation"),
    [
        ("organizations", "/", {"x-amz-target": "AWSOrganizationsV20161128.ListRoots"}, "ListRoots"),
        ("organizations", "/", {"x-amz-target": "AWSOrganizationsV20161128.Fly"}, None),
        ("organizations", "/", {}, None),
        ("account", "/listRegions", {}, "ListRegions"),
        ("account", "/", {}, None),
        ("resourcegroupstaggingapi", "/", {"x-amz-target": "ResourceGroupsTaggingAPI_20170126.GetResources"}, "GetResources"),
        (
            "resourcegroupstaggingapi",
            "/service/ResourceGroupsTaggingAPI_20170126/operation/GetTagKeys",
            {"smithy-protocol": "rpc-v2-cbor"},
            "GetTagKeys",
        ),
    ],
)  # fmt: skip
def test_the_operation_is_found_where_its_protocol_puts_it(
    service: str, path: str, headers: dict[str, str], operation: str | None
) -> None:
    request = wire.Request("POST", path, headers, b"")

    assert wire.operation_of(request, service_model(service)) == operation
