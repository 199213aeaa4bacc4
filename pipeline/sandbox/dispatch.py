"""Our services in front of moto's dispatch, in place of moto's own.

What is signed for a service that we imitate goes to ours, and the rest to moto's `DomainDispatcherApplication`, which takes
the function that makes the application of a service. Nothing of moto is changed.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = (
    "false"  # before moto reads it: default images cost 4 MB per account and Region
)

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from pipeline.sandbox import members, wire
from pipeline.sandbox.account_management.regions import is_enabled
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.inside import Compute, Identity
from pipeline.sandbox.organization import Call, Organization
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import ERROR, OPERATION, REGION, REQUEST, SERVICE, Refusal, respond
from pipeline.sandbox.spoken_errors import spoken
from pipeline.sandbox.tagging import Delegate
from pipeline.sandbox.transport import run


def dispatcher(ours: Mapping[str, WSGIApplication], organization: Callable[[], Organization]) -> WSGIApplication:
    """`ours` by service name, and the server application of moto for everything else."""

    def create(service: Any) -> Any:
        if service is None:
            raise NotImplementedError("no such service")
        application = create_backend_app(service)
        return _FRONTS[service](application, organization) if service in _FRONTS else application

    others: WSGIApplication = DomainDispatcherApplication(create)

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return ours.get(environ.get(SERVICE, ""), others)(environ, start_response)

    return dispatch


class TokenService:
    """moto's STS, which lets anybody assume any role of any account: here the role has to be there, and STS active.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
    """

    def __init__(self, application: WSGIApplication, organization: Callable[[], Organization]) -> None:
        self._application = application
        self._organization = organization

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request: wire.Request = environ[REQUEST]
        if environ[OPERATION].startswith("AssumeRole"):
            role = parse_qs(request.body.decode()).get("RoleArn", [""])[0]
            if (refused := self._refusal(role, environ)) is not None:
                code, text = refused
                environ[ERROR] = code
                return respond(spoken("sts", request, code, {"message": text}, 403), start_response)
        return self._application(environ, start_response)

    def _refusal(self, role_arn: str, environ: WSGIEnvironment) -> tuple[str, str] | None:
        """Code and text, if nobody gets credentials of the role."""
        organization, region = self._organization(), environ[REGION]
        with organization.lock:
            organization.advance()
            account = organization.latest.accounts.get((role_arn.split(":") + [""] * 5)[4])
            if account is None or organization.is_newborn(account) or not members.can_enter(account, role_arn):
                text = f"The caller is not authorized to perform: sts:{environ[OPERATION]} on resource: {role_arn}"
                return "AccessDenied", text
            if (account.id, region) in organization.token_services_off or not is_enabled(account, region):
                text = f"STS is not activated in this region for account:{account.id}."
                return (
                    "RegionDisabledException",
                    f"{text} Your account administrator can activate STS in this region using the IAM Console.",
                )
        return None


_FRONTS: Final[Mapping[str, Callable[[WSGIApplication, Callable[[], Organization]], WSGIApplication]]] = {
    "ec2": Compute,
    "iam": Identity,
    "sts": TokenService,
}
"""What stands in front of a service of moto's."""


def moto_tagging() -> Delegate:
    """The tagging API of moto, for the resources that moto keeps; asked in JSON, since it reads no CBOR."""
    application = create_backend_app("resourcegroupstaggingapi")

    def ask(call: Call, operation: str, parameters: Fields) -> Fields:
        body = json.dumps(parameters).encode()
        scope = f"{access_key_of(call.caller)}/20200101/{call.region}/tagging/aws4_request"
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": "application/x-amz-json-1.1",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": f"tagging.{call.region}.amazonaws.com",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            "HTTP_X_AMZ_TARGET": f"ResourceGroupsTaggingAPI_20170126.{operation}",
            "HTTP_X_MOTO_ACCOUNT_ID": call.caller,
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
        }
        status, _, content = run(application, environ)
        answer: Fields = json.loads(content)
        if not status.startswith("200"):
            raise Refusal(answer.get("__type", "InternalServiceException"), str(answer.get("message", status)))
        return answer

    return ask
