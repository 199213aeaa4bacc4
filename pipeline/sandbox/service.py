"""A service of our own, in front of moto's dispatch: decode, allow, check, answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import botocore.session
from botocore.model import OperationModel, ServiceModel

from pipeline.sandbox import wire
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import Call, Organization
from pipeline.sandbox.records import Fields
from pipeline.sandbox.validation import Problem, problems

Handler = Callable[[Call, Fields], Fields]

OPERATION = "vend.operation"
CALLER = "vend.caller"
REGION = "vend.region"
SERVICE = "vend.service"
ACCESS_KEY = "vend.access-key"
REQUEST = "vend.request"
ERROR = "vend.error"
"""Where the front leaves in the WSGI environment what it found out, and finds the error code that was answered."""


class Refusal(Exception):  # noqa: N818 - an answer of the imitated service, not a failure of ours
    """An error that the service answers: its code, message and further members as the service's model has them."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a service is: its operations by name, and how it says no.

    `invalid` makes the error for input that breaks the model, `throttled` the one for too many calls; `authorize` raises
    `Refusal` for a caller who may not do this. Errors carry their text as the member `message`.
    """

    name: str
    operations: Mapping[str, Handler]
    invalid: Callable[[list[Problem]], Refusal]
    throttled: Callable[[], Refusal]
    authorize: Callable[[Call, str], None]
    message: str = "Message"


@cache
def service_model(name: str) -> ServiceModel:
    """The model of a service as the installed botocore has it."""
    return botocore.session.get_session().get_service_model(name)


_requests = count(1)


class ServiceApplication:
    """The WSGI application of one imitated service."""

    def __init__(self, definition: Definition, organization: Callable[[], Organization]) -> None:
        self._definition = definition
        self._organization = organization

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request: wire.Request = environ[REQUEST]
        protocol = wire.protocol_of(request, service_model(self._definition.name))
        try:
            response = wire.encode(protocol, self._answer(environ, request, protocol))
        except Refusal as refusal:
            environ[ERROR] = refusal.code
            response = refused(self._definition, protocol, refusal)
        return respond(response, start_response)

    def _answer(self, environ: WSGIEnvironment, request: wire.Request, protocol: wire.Protocol) -> Fields:
        operation = environ[OPERATION]
        organization = self._organization()
        with organization.lock:
            organization.advance()
            reads = organization.store.visible(organization.clock.monotonic())
            call = Call(organization, environ[CALLER], environ[REGION], reads, environ[ACCESS_KEY])
            if not organization.throttle.admits(self._definition.name, operation, call.caller):
                raise self._definition.throttled()
            self._definition.authorize(call, operation)
            parameters = self._parameters(operation, request, protocol)
            answer = self._definition.operations[operation](call, parameters)
            organization.event_history.note(call, self._definition.name, operation, parameters)
            return answer

    def _parameters(self, operation: str, request: wire.Request, protocol: wire.Protocol) -> Fields:
        model = service_model(self._definition.name)
        if operation not in self._definition.operations:
            text = f"{self._definition.name}: the sandbox does not imitate {operation}; use AWS for it."
            raise Refusal("UnknownOperationException", text)
        try:
            parameters = wire.decode(protocol, request.body)
        except wire.MalformedBodyError:
            raise Refusal("SerializationException", "The request body cannot be read.") from None
        shape = _operation_model(model, operation).input_shape
        if shape is not None and (found := list(problems(shape, parameters))):
            raise self._definition.invalid(found)
        return parameters


@cache
def _operation_model(model: ServiceModel, operation: str) -> OperationModel:
    return model.operation_model(operation)


def refused(definition: Definition, protocol: wire.Protocol, refusal: Refusal) -> wire.Response:
    """A refusal in the words of its service, with the HTTP status of the service's model."""
    members = {definition.message: refusal.message, **refusal.members}
    return wire.encode(protocol, members, status=_status(definition.name, refusal.code), error=refusal.code)


@cache
def _status(service: str, code: str) -> int:
    known = {shape.name: shape for shape in service_model(service).error_shapes}
    declared = known[code].metadata.get("error", {}).get("httpStatusCode") if code in known else None
    if declared is not None:
        return int(declared)
    return 500 if code in {"ServiceException", "InternalServiceException"} else 400


def respond(response: wire.Response, start_response: StartResponse) -> Iterable[bytes]:
    """Send an answer, with a request id as AWS does."""
    number = token("request", next(_requests), 32)
    request_id = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
    headers = [
        ("Content-Type", response.content_type),
        ("Content-Length", str(len(response.body))),
        ("x-amzn-RequestId", request_id),
        *response.headers,
    ]
    start_response(f"{response.status} {'OK' if response.status < 400 else 'Error'}", headers)  # noqa: PLR2004 - HTTP
    return [response.body]
