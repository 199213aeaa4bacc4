"""Tags of accounts, organizational units and the root.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html (at most 50; `aws:` is AWS's)
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pipeline.sandbox.organization import Call
from pipeline.sandbox.organizations.shapes import not_found
from pipeline.sandbox.records import Account, Fields, Unit
from pipeline.sandbox.service import Refusal
from pipeline.sandbox.store import Tables

MOST_TAGS: Final = 50


def list_tags_for_resource(call: Call, parameters: Fields) -> Fields:
    target = tagged(call.reads, parameters["ResourceId"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in target.tags.items()]}


def tag_resource(call: Call, parameters: Fields) -> Fields:
    target = tagged(call.latest, parameters["ResourceId"])
    put_tags(call, target, checked_tags(parameters["Tags"], target.tags))
    return {}


def untag_resource(call: Call, parameters: Fields) -> Fields:
    target = tagged(call.latest, parameters["ResourceId"])
    keys = parameters["TagKeys"]
    _refuse_system_tags(keys)
    put_tags(call, target, {key: value for key, value in target.tags.items() if key not in keys})
    return {}


def tagged(tables: Tables, resource_id: str) -> Account | Unit:
    """What the id names. Raises TargetNotFoundException."""
    target = tables.accounts.get(resource_id) or tables.units.get(resource_id)
    if target is None:
        raise not_found("TargetNotFoundException", "a root, organizational unit or account", resource_id)
    return target


def put_tags(call: Call, target: Account | Unit, tags: Mapping[str, str]) -> None:
    if isinstance(target, Account):
        call.organization.put(replace(target, tags=tags, was_tagged=True))
    else:
        call.organization.put(replace(target, tags=tags))


def checked_tags(given: list[dict[str, str]], present: Mapping[str, str]) -> dict[str, str]:
    """`present`, with the given tags added; raises for a tag that AWS refuses."""
    keys = [each["Key"] for each in given]
    _refuse_system_tags(keys)
    if len(set(keys)) != len(keys):
        raise Refusal("InvalidInputException", "Tag keys must be unique.", Reason="DUPLICATE_TAG_KEY")
    tags = dict(present) | {each["Key"]: each["Value"] for each in given}
    if len(tags) > MOST_TAGS:
        text = f"A resource has {MOST_TAGS} tags at most."
        raise Refusal("ConstraintViolationException", text, Reason="MAX_TAG_LIMIT_EXCEEDED")
    return tags


def _refuse_system_tags(keys: Iterable[str]) -> None:
    if any(key.lower().startswith("aws:") for key in keys):
        text = 'Tag keys that begin with "aws:" are reserved for AWS.'
        raise Refusal("InvalidInputException", text, Reason="INVALID_SYSTEM_TAGS_PARAMETER")
