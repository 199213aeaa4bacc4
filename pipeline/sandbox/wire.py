"""The protocols that our own services speak: JSON 1.1, REST-JSON and Smithy RPC v2 CBOR.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
botocore reads CBOR; nothing that we depend on writes it without a shape, so the few kinds we send are written here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from io import BufferedReader, BytesIO
from struct import pack
from typing import Any, assert_never

from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError, RpcV2CBORParser


class Protocol(Enum):
    JSON = "application/x-amz-json-1.1"
    REST_JSON = "application/json"
    CBOR = "application/cbor"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, taken from its WSGI environment; the body is read whole and put back."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = field(default=())


class MalformedBodyError(Exception):
    """The body is not what its protocol says."""


def request_of(environ: dict[str, Any]) -> Request:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = BytesIO(body)
    headers = {key[5:].lower().replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return Request(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), headers, body)


def protocol_of(request: Request, model: ServiceModel) -> Protocol:
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return Protocol.CBOR
    return Protocol.REST_JSON if model.protocol == "rest-json" else Protocol.JSON


def operation_of(request: Request, model: ServiceModel) -> str | None:
    """The name of the operation that is asked for; None if the service has no such operation."""
    match protocol_of(request, model):
        case Protocol.CBOR:
            name = request.path.rpartition("/operation/")[2]
        case Protocol.JSON:
            name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        case Protocol.REST_JSON:
            name = _rest_operations(model).get((request.method, request.path), "")
        case other:
            assert_never(other)
    return name if name in model.operation_names else None


def _rest_operations(model: ServiceModel) -> dict[tuple[str, str], str]:
    """All operations of `account` are a POST to a path of their own; a service with parameters in paths needs more."""
    known: dict[tuple[str, str], str] | None = model.__dict__.get("_sandbox_rest_operations")
    if known is None:
        known = {}
        for name in model.operation_names:
            http = model.operation_model(name).http
            known[http["method"], http["requestUri"]] = name
        model.__dict__["_sandbox_rest_operations"] = known
    return known


def decode(protocol: Protocol, body: bytes) -> dict[str, Any]:
    """The input of an operation. Raises `MalformedBodyError`."""
    if not body:
        return {}
    try:
        value = _from_cbor(body) if protocol is Protocol.CBOR else json.loads(body)
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError, ResponseParserError) as error:
        raise MalformedBodyError from error
    if not isinstance(value, dict):
        raise MalformedBodyError
    return value


def _from_cbor(body: bytes) -> Any:
    # botocore's reader takes a buffered stream; its parse_data_item is the only public way in
    return RpcV2CBORParser().parse_data_item(BufferedReader(BytesIO(body)))


def encode(protocol: Protocol, value: Mapping[str, Any], *, status: int = 200, error: str | None = None) -> Response:
    """An answer; `error` is the code of an error, whose members `value` holds."""
    fields = dict(value) if error is None else {"__type": error, **value}
    headers: tuple[tuple[str, str], ...] = ()
    if protocol is Protocol.CBOR:
        return Response(status, cbor(fields), protocol.value, (("smithy-protocol", "rpc-v2-cbor"),))
    if error is not None:
        headers = (("x-amzn-ErrorType", error),)
        if protocol is Protocol.REST_JSON:
            del fields["__type"]
    moment = _iso if protocol is Protocol.REST_JSON else datetime.timestamp
    return Response(status, json.dumps(fields, default=moment).encode(), protocol.value, headers)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cbor(value: Any) -> bytes:
    """`value` in CBOR (RFC 8949): the kinds that JSON has, and moments."""
    match value:
        case None | bool():
            written = {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
        case int():
            written = _cbor_head(0, value) if value >= 0 else _cbor_head(1, -1 - value)
        case float():
            written = b"\xfb" + pack(">d", value)
        case str():
            written = _cbor_head(3, len(value.encode())) + value.encode()
        case datetime():
            written = _cbor_head(6, 1) + cbor(value.timestamp())
        case Mapping():
            written = _cbor_head(5, len(value)) + b"".join(cbor(key) + cbor(each) for key, each in value.items())
        case _:
            written = _cbor_head(4, len(value)) + b"".join(map(cbor, value))
    return written


def _cbor_head(kind: int, number: int) -> bytes:
    if number < 24:  # noqa: PLR2004 - RFC 8949 3: small numbers stand in the first byte
        return bytes([kind << 5 | number])
    for extra, form in ((24, ">B"), (25, ">H"), (26, ">I")):
        if number < 1 << 8 * (1 << extra - 24):
            return bytes([kind << 5 | extra]) + pack(form, number)
    return bytes([kind << 5 | 27]) + pack(">Q", number)
