"""Errors in the words and the protocol of whichever service is asked."""

import json
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from pipeline.sandbox import wire
from pipeline.sandbox.service import service_model

OURS: Final = frozenset(
    {
        *("organizations", "account", "resourcegroupstaggingapi"),
        *("controlcatalog", "controltower", "servicecatalog", "sso-admin", "identitystore"),
    }
)

_THROTTLED: Final[Mapping[str, tuple[str, int]]] = {
    "organizations": ("TooManyRequestsException", 400),
    "account": ("TooManyRequestsException", 429),
    "controlcatalog": ("ThrottlingException", 429),
    "controltower": ("ThrottlingException", 429),
    "resourcegroupstaggingapi": ("ThrottledException", 400),
    "sts": ("Throttling", 400),
    "iam": ("Throttling", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "s3": ("SlowDown", 503),
}
_SERVER_ERRORS: Final[Mapping[str, str]] = {
    "organizations": "ServiceException",
    "account": "InternalServerException",
    "controlcatalog": "InternalServerException",
    "controltower": "InternalServerException",
    "resourcegroupstaggingapi": "InternalServiceException",
    "sso-admin": "InternalServerException",
    "identitystore": "InternalServerException",
    "s3": "InternalError",
}


def throttled(service: str) -> tuple[str, int]:
    """Code and HTTP status of too many calls."""
    return _THROTTLED.get(service, ("ThrottlingException", 400))


def server_error(service: str) -> str:
    """The code that goes with HTTP 500."""
    return _SERVER_ERRORS.get(service, "InternalFailure")


def spoken(service: str, request: wire.Request, code: str, members: Mapping[str, Any], status: int) -> wire.Response:
    """The error as the service's SDKs read it."""
    if service in OURS:
        protocol = wire.protocol_of(request, service_model(service))
        return wire.encode(protocol, members, status=status, error=code)
    if "x-amz-target" in request.headers or "json" in request.headers["content-type"]:
        return wire.Response(status, json.dumps({"__type": code, **members}).encode(), "application/x-amz-json-1.1")
    text = f"<Code>{escape(code)}</Code><Message>{escape(str(members.get('message', '')))}</Message>"
    match service:
        case "s3" | "s3-control":
            body = f"<Error>{text}</Error>"
        case "ec2":
            body = f"<Response><Errors><Error>{text}</Error></Errors></Response>"
        case _:
            body = f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error></ErrorResponse>"
    return wire.Response(status, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), "text/xml")
