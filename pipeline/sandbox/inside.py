"""What moto lacks inside member accounts, by AWS's documentation; everything else there is moto's.

* Regions: an account sees, and may use, those that are enabled for it.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
* A default VPC comes with an internet gateway, and is not deleted while one is attached; nor is a subnet while a network
  interface is in it. https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
* The account's defaults for instance metadata, in each Region.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html
* The default key for EBS encryption, which moto only writes; unset, it is EC2's own.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsDefaultKmsKeyId.html
* An account alias is unique in all of AWS. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html

Of moto's internals this file uses `ec2_backends` and `iam_backends`; `tests/contract/test_sandbox_inside.py` fails when they
change.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs
from weakref import WeakSet
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.sax.saxutils import escape

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from pipeline.sandbox import wire
from pipeline.sandbox.account_management.regions import BY_DEFAULT, OPT_IN, is_enabled
from pipeline.sandbox.organization import Organization
from pipeline.sandbox.service import CALLER, ERROR, OPERATION, REGION, REQUEST, respond
from pipeline.sandbox.spoken_errors import spoken

_EC2_NAMESPACE: Final = "http://ec2.amazonaws.com/doc/2016-11-15/"
_METADATA_MEMBERS: Final = {
    "HttpTokens": "httpTokens",
    "HttpPutResponseHopLimit": "httpPutResponseHopLimit",
    "HttpEndpoint": "httpEndpoint",
    "InstanceMetadataTags": "instanceMetadataTags",
    "HttpTokensEnforced": "httpTokensEnforced",
}
_AWS_KEY: Final = "alias/aws/ebs"
_NO_PREFERENCE: Final = frozenset({"no-preference", "-1"})

Parameters = dict[str, str]
Refused = tuple[str, str, int]
"""Code, text and HTTP status of an error."""

_furnished: WeakSet[Any] = WeakSet()
"""moto's EC2 backends whose default VPC has its gateway."""


class _Inside:
    """In front of a service of moto's."""

    service = ""

    def __init__(self, application: WSGIApplication, organization: Callable[[], Organization]) -> None:
        self._application = application
        self.organization = organization

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request: wire.Request = environ[REQUEST]
        given = {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
        organization = self.organization()
        with organization.lock:
            organization.advance()
            answer = self.answer(environ[OPERATION], given, environ[CALLER], environ[REGION])
        if answer is None:
            return self._application(environ, start_response)
        if isinstance(answer, bytes):
            return respond(wire.Response(200, answer, "text/xml"), start_response)
        code, text, status = answer
        environ[ERROR] = code
        return respond(spoken(self.service, request, code, {"message": text}, status), start_response)

    def answer(self, operation: str, given: Parameters, caller: str, region: str) -> bytes | Refused | None:
        """The answer, or an error; None for what moto answers."""
        raise NotImplementedError


class Compute(_Inside):
    """EC2."""

    service = "ec2"

    def answer(self, operation: str, given: Parameters, caller: str, region: str) -> bytes | Refused | None:
        account = self.organization().latest.accounts.get(caller)
        if account is not None and not is_enabled(account, region):
            return "AuthFailure", "AWS was not able to validate the provided access credentials", 401
        match operation:
            case "DescribeRegions":
                return self._regions(given, caller)
            case "GetInstanceMetadataDefaults" | "ModifyInstanceMetadataDefaults":
                return self._metadata_defaults(operation, given, caller, region)
            case "GetEbsDefaultKmsKeyId" | "ResetEbsDefaultKmsKeyId":
                return _default_key(operation, ec2_backends[caller][region])
            case _:
                backend = ec2_backends[caller][region]
                _furnish(backend)
                return _in_use(backend, operation, given)

    def _regions(self, given: Parameters, caller: str) -> bytes:
        account = self.organization().latest.accounts.get(caller)
        named = {value for name, value in given.items() if name.startswith("RegionName.")}
        everywhere = given.get("AllRegions", "false").lower() == "true" or bool(named)
        items = []
        for region in sorted(BY_DEFAULT + OPT_IN):
            is_open = account is None or is_enabled(account, region)
            if (is_open or everywhere) and (not named or region in named):
                opted = "opted-in" if is_open else "not-opted-in"
                status = "opt-in-not-required" if region in BY_DEFAULT else opted
                items.append(
                    f"<item><regionName>{region}</regionName><regionEndpoint>ec2.{region}.amazonaws.com</regionEndpoint>"
                    f"<optInStatus>{status}</optInStatus></item>"
                )
        return _ec2_answer("DescribeRegions", f"<regionInfo>{''.join(items)}</regionInfo>")

    def _metadata_defaults(self, operation: str, given: Parameters, caller: str, region: str) -> bytes:
        defaults = self.organization().metadata_defaults.setdefault((caller, region), {})
        if operation.startswith("Get"):
            members = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in defaults.items())
            return _ec2_answer(operation, f"<accountLevel>{members}<managedBy>account</managedBy></accountLevel>")
        for name, member in _METADATA_MEMBERS.items():
            if given.get(name) in _NO_PREFERENCE:
                defaults.pop(member, None)
            elif name in given:
                defaults[member] = given[name]
        return _ec2_answer(operation, "<return>true</return>")


class Identity(_Inside):
    """IAM."""

    service = "iam"

    def answer(self, operation: str, given: Parameters, caller: str, region: str) -> bytes | Refused | None:
        del region
        alias = given.get("AccountAlias", "")
        if operation == "CreateAccountAlias":
            return self._create(alias, caller)
        if operation == "DeleteAccountAlias" and alias not in iam_backends[caller]["aws"].account_aliases:
            return "NoSuchEntity", f"The account alias {alias} cannot be found.", 404
        return None

    def _create(self, alias: str, caller: str) -> Refused | None:
        """Aliases that are gone are found out when somebody wants them."""
        holders = self.organization().alias_holders
        holder = holders.get(alias)
        if holder not in {None, caller} and alias in iam_backends[str(holder)]["aws"].account_aliases:
            return "EntityAlreadyExists", f"The account alias {alias} already exists.", 409
        holders[alias] = caller
        return None


def _default_key(operation: str, backend: Any) -> bytes:
    if operation.startswith("Reset"):
        backend.default_kms_key_id = ""
    return _ec2_answer(operation, f"<kmsKeyId>{escape(backend.default_kms_key_id or _AWS_KEY)}</kmsKeyId>")


def _furnish(backend: Any) -> None:
    if backend in _furnished:
        return
    _furnished.add(backend)
    for vpc in list(backend.vpcs.values()):
        if vpc.is_default:
            gateway = backend.create_internet_gateway()
            backend.attach_internet_gateway(gateway.id, vpc.id)


def _in_use(backend: Any, operation: str, given: Parameters) -> Refused | None:
    if operation == "DeleteVpc":
        vpc_id = given.get("VpcId", "")
        needed = any(each.vpc and each.vpc.id == vpc_id for each in backend.internet_gateways.values())
        text = f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
    elif operation == "DeleteSubnet":
        subnet_id = given.get("SubnetId", "")
        needed = any(each.subnet.id == subnet_id for each in backend.enis.values())
        text = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
    else:
        return None
    return ("DependencyViolation", text, 400) if needed else None


def _ec2_answer(operation: str, content: str) -> bytes:
    body = (
        f'<{operation}Response xmlns="{_EC2_NAMESPACE}"><requestId>sandbox</requestId>{content}</{operation}Response>'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode()
