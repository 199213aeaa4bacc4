"""In front of everything: who calls what, with which fault; what was answered is counted."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, assert_never
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from pipeline.sandbox import wire
from pipeline.sandbox.faults import Fault, Faults, Kind
from pipeline.sandbox.identifiers import account_of
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.service import (
    ACCESS_KEY,
    CALLER,
    ERROR,
    OPERATION,
    REGION,
    REQUEST,
    SERVICE,
    Definition,
    respond,
    service_model,
)
from pipeline.sandbox.spoken_errors import server_error, spoken, throttled
from pipeline.sandbox.transport import ConnectionLostError, run

_CREDENTIAL: Final = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_SERVICES: Final = {"tagging": "resourcegroupstaggingapi", "sso": "sso-admin"}
"""Signing names that are not the service's."""
_CODE: Final = re.compile(rb'<Code>([^<]+)</Code>|"__type": ?"([^"]+)"')
_FAILED: Final = 400
_REMEMBERED: Final = 200_000


class Answered(NamedTuple):
    """One call that was answered; `error` is None if it went well."""

    service: str
    operation: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a request says about itself. `account` is None for credentials that nobody was given."""

    request: wire.Request
    service: str
    operation: str
    region: str
    account: str | None


Answer = tuple[str, list[tuple[str, str]], bytes]


class Front:
    """The WSGI application of the sandbox.

    It tells moto the caller's account by the header that moto has for this: moto's own way from an access key to its
    account looks through all accounts at every request. Errors of all kinds leave here in the words of the service.
    """

    def __init__(
        self,
        dispatch: WSGIApplication,
        definitions: Iterable[Definition],
        is_valid: Callable[[str, str], bool],
        endpoints: WSGIApplication,
    ) -> None:
        self._dispatch = dispatch
        self._definitions = {each.name: each for each in definitions}
        self._is_valid = is_valid
        self._endpoints = endpoints
        self.faults = Faults()
        self.calls: deque[Answered] = deque(maxlen=_REMEMBERED)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/_vend/"):
            return self._endpoints(environ, start_response)
        incoming = self._incoming(environ)
        try:
            status, headers, content = self._answer(incoming, environ)
        except ConnectionLostError:
            self.calls.append(Answered(incoming.service, incoming.operation, "connection-reset"))
            raise
        self.calls.append(Answered(incoming.service, incoming.operation, _error(environ, status, content)))
        start_response(status, headers)
        return [content]

    def _answer(self, incoming: Incoming, environ: WSGIEnvironment) -> Answer:
        if incoming.account is None:
            text = "The security token included in the request is invalid."
            code = "InvalidClientTokenId" if incoming.service in {"sts", "iam"} else "UnrecognizedClientException"
            return self._speak(incoming, code, text, status=403)
        fault = self.faults.strike(incoming.service, incoming.operation)
        return self._perform(incoming, environ) if fault is None else self._strike(fault, incoming, environ)

    def _strike(self, fault: Fault, incoming: Incoming, environ: WSGIEnvironment) -> Answer:
        time.sleep(fault.seconds)
        if fault.kind in {Kind.CARRIED_OUT_THEN_ERROR, Kind.CARRIED_OUT_THEN_RESET}:
            self._perform(incoming, environ)
            environ.pop(ERROR, None)
        match fault.kind:
            case Kind.CONNECTION_RESET | Kind.CARRIED_OUT_THEN_RESET:
                raise ConnectionLostError
            case Kind.THROTTLE:
                code, status = throttled(incoming.service)
                return self._speak(incoming, code, "Rate exceeded", status=status)
            case Kind.ERROR:
                members = dict(fault.members or {})
                return self._speak(incoming, fault.code, fault.message, status=fault.status, **members)
            case Kind.SERVER_ERROR | Kind.CARRIED_OUT_THEN_ERROR:
                code = server_error(incoming.service)
                return self._speak(incoming, code, "An internal failure occurred.", status=500)
            case Kind.DELAY | Kind.CREATION_FAILURE | Kind.WORKFLOW_FAILURE:
                return self._perform(incoming, environ)
            case _:
                assert_never(fault.kind)

    def _perform(self, incoming: Incoming, environ: WSGIEnvironment) -> Answer:
        try:
            return run(self._dispatch, environ)
        except (NotImplementedError, ImportError) as error:
            text = f"{incoming.service}: the sandbox does not imitate {incoming.operation} ({error}); use AWS for it."
            return self._speak(incoming, "UnknownOperationException", text, status=400)

    def _speak(self, incoming: Incoming, code: str, text: str, *, status: int, **members: Any) -> Answer:
        definition = self._definitions.get(incoming.service)
        message = definition.message if definition else "message"
        response = spoken(incoming.service, incoming.request, code, {message: text, **members}, status)
        sent: list[tuple[str, list[tuple[str, str]]]] = []
        content = respond(response, lambda line, headers, *_: sent.append((line, headers)))  # type: ignore[arg-type]  # nobody calls write()
        return *sent[0], b"".join(content)

    def _incoming(self, environ: WSGIEnvironment) -> Incoming:
        request = wire.request_of(environ)
        key, region, name = _credential(environ)
        service = _SERVICES.get(name, name)
        if service in self._definitions:
            operation = wire.operation_of(request, service_model(service)) or "UnknownOperation"
        else:
            operation = _operation(request)
            service = "sts" if operation.startswith("AssumeRoleWith") else service
        account = MANAGEMENT_ID if key is None else account_of(key)
        if key is not None and account is not None and not self._is_valid(account, key):
            account = None
        environ.update({REQUEST: request, OPERATION: operation, CALLER: account, REGION: region})
        environ.update({SERVICE: service, ACCESS_KEY: key or ""})
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account or MANAGEMENT_ID
        return Incoming(request, service, operation, region, account)


def _credential(environ: WSGIEnvironment) -> tuple[str | None, str, str]:
    """Access key, Region and service that the request is signed for, in its header or (presigned) its query.

    An unsigned request, as AssumeRoleWithWebIdentity is, has no key.
    """
    found = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if found is None and "X-Amz-Credential" in environ.get("QUERY_STRING", ""):
        presigned = parse_qs(environ["QUERY_STRING"])["X-Amz-Credential"][0]
        found = _CREDENTIAL.search(f"Credential={presigned}")
    if found is None:
        return None, "us-east-1", "unsigned"
    return found[1], found[2], found[3].lower()


def _operation(request: wire.Request) -> str:
    """The operation of a service that is not ours; for REST, method and path."""
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if request.headers["content-type"].startswith("application/x-www-form-urlencoded"):
        action = parse_qs(request.body.decode(errors="replace")).get("Action")
        if action:
            return action[0]
    return f"{request.method} {request.path}"


def _error(environ: WSGIEnvironment, status: str, content: bytes) -> str | None:
    if int(status[:3]) < _FAILED:
        return None
    if ERROR in environ:
        return str(environ[ERROR])
    found = _CODE.search(content)
    return (found[1] or found[2]).decode() if found else status[:3]
