"""The instance and its permission sets.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html and its neighbours
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.sandbox.identity_center.center import IdentityCenter, PermissionSet
from pipeline.sandbox.identity_center.shapes import instance, local, page, permission_set, wrong
from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal

_MOST_POLICIES: Final = 20
"""https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"""


@dataclass(frozen=True, slots=True)
class _Numbered:
    sequence: int
    value: str


def _instance_fields(center: IdentityCenter) -> Fields:
    return {
        "InstanceArn": center.instance_arn,
        "IdentityStoreId": center.store_id,
        "OwnerAccountId": MANAGEMENT_ID,
        "CreatedDate": center.created,
        "Status": "ACTIVE",
    }


def list_instances(call: Call, parameters: Fields) -> Fields:  # noqa: ARG001 - a handler
    center = local(call)
    return {"Instances": [] if center is None else [_instance_fields(center)]}


def describe_instance(call: Call, parameters: Fields) -> Fields:
    return _instance_fields(instance(call, parameters))


def _fields(known: PermissionSet) -> Fields:
    fields = {
        "Name": known.name,
        "PermissionSetArn": known.arn,
        "Description": known.description,
        "CreatedDate": known.created,
        "SessionDuration": known.session,
        "RelayState": known.relay_state,
    }
    return {name: value for name, value in fields.items() if value}


def list_permission_sets(call: Call, parameters: Fields) -> Fields:
    known = list(instance(call, parameters).permission_sets.values())
    some, rest = page(known, parameters, "permission-sets")
    return {"PermissionSets": [each.arn for each in some], **rest}


def describe_permission_set(call: Call, parameters: Fields) -> Fields:
    return {"PermissionSet": _fields(permission_set(call, parameters)[1])}


def create_permission_set(call: Call, parameters: Fields) -> Fields:
    center, name = instance(call, parameters), parameters["Name"]
    if center.permission_set_named(name) is not None:
        raise Refusal("ConflictException", f"PermissionSet with name {name} already exists.")
    known = center.add_permission_set(
        name,
        description=parameters.get("Description") or "",
        session=parameters.get("SessionDuration") or "PT1H",
        relay_state=parameters.get("RelayState") or "",
        tags={each["Key"]: each["Value"] for each in parameters.get("Tags") or ()},
    )
    return {"PermissionSet": _fields(known)}


def update_permission_set(call: Call, parameters: Fields) -> Fields:
    """What is not given stays."""
    center, known = permission_set(call, parameters)
    _put(
        center,
        replace(
            known,
            description=parameters.get("Description") or known.description,
            session=parameters.get("SessionDuration") or known.session,
            relay_state=parameters.get("RelayState") or known.relay_state,
        ),
    )
    return {}


def delete_permission_set(call: Call, parameters: Fields) -> Fields:
    center, known = permission_set(call, parameters)
    if any(each.permission_set_arn == known.arn for each in center.assignments):
        raise Refusal("ConflictException", f"PermissionSet {known.name} is assigned; remove its assignments first.")
    del center.permission_sets[known.arn]
    return {}


def attach_managed_policy(call: Call, parameters: Fields) -> Fields:
    center, known = permission_set(call, parameters)
    arn = parameters["ManagedPolicyArn"]
    if arn in known.managed_policies:
        raise Refusal("ConflictException", f"{arn} is attached already.")
    if len(known.managed_policies) >= _MOST_POLICIES:
        raise Refusal("ServiceQuotaExceededException", f"A permission set has {_MOST_POLICIES} policies at most.")
    policies = {**known.managed_policies, arn: arn.rpartition("/")[2]}
    _put(center, replace(known, managed_policies=policies))
    return {}


def detach_managed_policy(call: Call, parameters: Fields) -> Fields:
    center, known = permission_set(call, parameters)
    arn = parameters["ManagedPolicyArn"]
    if arn not in known.managed_policies:
        raise Refusal("ResourceNotFoundException", f"{arn} is not attached.")
    policies = {each: name for each, name in known.managed_policies.items() if each != arn}
    _put(center, replace(known, managed_policies=policies))
    return {}


def list_managed_policies(call: Call, parameters: Fields) -> Fields:
    _, known = permission_set(call, parameters)
    some, rest = _page(list(known.managed_policies), parameters, "policies")
    return {"AttachedManagedPolicies": [{"Arn": each, "Name": known.managed_policies[each]} for each in some], **rest}


def put_inline_policy(call: Call, parameters: Fields) -> Fields:
    center, known = permission_set(call, parameters)
    _put(center, replace(known, inline_policy=parameters["InlinePolicy"]))
    return {}


def get_inline_policy(call: Call, parameters: Fields) -> Fields:
    return {"InlinePolicy": permission_set(call, parameters)[1].inline_policy}


def delete_inline_policy(call: Call, parameters: Fields) -> Fields:
    center, known = permission_set(call, parameters)
    if not known.inline_policy:
        raise Refusal("ResourceNotFoundException", f"PermissionSet {known.name} has no inline policy.")
    _put(center, replace(known, inline_policy=""))
    return {}


def list_tags(call: Call, parameters: Fields) -> Fields:
    """Of permission sets and the instance, which has none."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tagged(call, parameters)[1].items()]}


def tag_resource(call: Call, parameters: Fields) -> Fields:
    known, tags = _tagged(call, parameters)
    return _put_tags(call, known, {**tags, **{each["Key"]: each["Value"] for each in parameters["Tags"]}})


def untag_resource(call: Call, parameters: Fields) -> Fields:
    known, tags = _tagged(call, parameters)
    return _put_tags(call, known, {key: value for key, value in tags.items() if key not in parameters["TagKeys"]})


def _tagged(call: Call, parameters: Fields) -> tuple[PermissionSet | None, dict[str, str]]:
    center, arn = local(call), parameters["ResourceArn"]
    if center is not None and arn == center.instance_arn:
        return None, {}
    known = None if center is None else center.permission_sets.get(arn)
    if known is None:
        raise Refusal("ResourceNotFoundException", f"Could not find {arn}.")
    return known, dict(known.tags)


def _put_tags(call: Call, known: PermissionSet | None, tags: dict[str, str]) -> Fields:
    center = local(call)
    if known is None or center is None:
        raise wrong("The sandbox keeps tags of permission sets only.")
    _put(center, replace(known, tags=tags))
    return {}


def list_provisioned_to_account(call: Call, parameters: Fields) -> Fields:
    center = instance(call, parameters)
    account_id = parameters["AccountId"]
    arns = dict.fromkeys(each.permission_set_arn for each in center.assignments if each.account_id == account_id)
    some, rest = _page(list(arns), parameters, "provisioned-sets")
    return {"PermissionSets": some, **rest}


def list_accounts_of(call: Call, parameters: Fields) -> Fields:
    """ListAccountsForProvisionedPermissionSet."""
    center, known = permission_set(call, parameters)
    ids = dict.fromkeys(each.account_id for each in center.assignments if each.permission_set_arn == known.arn)
    some, rest = _page(list(ids), parameters, "provisioned-accounts")
    return {"AccountIds": some, **rest}


def _put(center: IdentityCenter, known: PermissionSet) -> None:
    center.permission_sets[known.arn] = known


def _page(values: Sequence[str], parameters: Fields, listing: str) -> tuple[list[str], Fields]:
    some, rest = page([_Numbered(index, each) for index, each in enumerate(values, 1)], parameters, listing)
    return [each.value for each in some], rest
