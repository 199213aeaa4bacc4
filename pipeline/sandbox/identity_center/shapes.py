"""What sso-admin and identitystore have in common: who may call, pages, and what is not there.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_Operations.html
https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_Operations.html
"""

from collections.abc import Sequence
from typing import TypeVar

from pipeline.sandbox.identity_center.center import IdentityCenter, PermissionSet
from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.paging import Sequenced, page_behind
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal
from pipeline.sandbox.validation import Problem

S = TypeVar("S", bound=Sequenced)

SERVICE = "sso.amazonaws.com"
PAGE = 100


def authorize(call: Call, operation: str) -> None:
    """The management account, and the delegated administrator of Identity Center.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
    """
    if call.caller != MANAGEMENT_ID and SERVICE not in call.organization.delegations.get(call.caller, {}):
        raise Refusal("AccessDeniedException", f"You are not authorized to perform {operation}.")


def invalid_input(problems: list[Problem]) -> Refusal:
    return wrong("; ".join(problem.message for problem in problems))


def wrong(text: str) -> Refusal:
    return Refusal("ValidationException", text)


def page(items: Sequence[S], parameters: Fields, listing: str) -> tuple[list[S], Fields]:
    """At most MaxResults of the items behind the NextToken, and NextToken if there are more."""
    try:
        some, following = page_behind(items, parameters.get("NextToken"), parameters.get("MaxResults") or PAGE, listing)
    except ValueError:
        raise wrong("The NextToken is not one that this listing gave.") from None
    return some, {"NextToken": following} if following else {}


def local(call: Call) -> IdentityCenter | None:
    """The instance, in its own Region."""
    center = call.organization.identity_center
    return center if center is not None and call.region == center.region else None


def instance(call: Call, parameters: Fields) -> IdentityCenter:
    center = local(call)
    if center is None or parameters["InstanceArn"] != center.instance_arn:
        raise Refusal("ResourceNotFoundException", f"Could not find the instance {parameters['InstanceArn']}.")
    return center


def permission_set(call: Call, parameters: Fields) -> tuple[IdentityCenter, PermissionSet]:
    center, arn = instance(call, parameters), parameters["PermissionSetArn"]
    known = center.permission_sets.get(arn)
    if known is None:
        raise Refusal("ResourceNotFoundException", f"Could not find PermissionSet with id {arn.rpartition('/')[2]}")
    return center, known


def store(call: Call, parameters: Fields) -> IdentityCenter:
    """The directory of the instance, by its id or ARN."""
    center = local(call)
    wanted = parameters["IdentityStoreId"]
    if center is None or wanted.rpartition("/")[2] != center.store_id:
        raise not_there("IDENTITY_STORE", wanted)
    return center


def not_there(kind: str, resource_id: str) -> Refusal:
    """The directory's way to say that there is no such USER, GROUP, GROUP_MEMBERSHIP or IDENTITY_STORE."""
    return Refusal("ResourceNotFoundException", f"{kind} not found.", ResourceType=kind, ResourceId=resource_id)
