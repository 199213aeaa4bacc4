"""The Resource Groups Tagging API over the accounts of the organization; everything else is asked of moto.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
The accounts answer to the management account in us-east-1 alone. Whether `organizations:account` may be filtered for is
documented in general terms only (supported services: "all resource types" that can be tagged).
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.organizations.shapes import arn
from pipeline.sandbox.organizations.tags import checked_tags, put_tags, tagged
from pipeline.sandbox.paging import read_token, write_token
from pipeline.sandbox.records import Account, Fields
from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.validation import Problem

Delegate = Callable[[Call, str, Fields], Fields]
"""Performs an operation of this API on the resources that moto keeps. Raises `Refusal`."""

_TYPES: Final = frozenset({"organizations", "organizations:account"})
_LISTING: Final = "resources"
_LIFE: Final = 15 * 60
"""Seconds that a PaginationToken is good for."""
_MOST: Final = 100
_ACCOUNT_ARN: Final = ":account/"


def definition(delegate: Delegate) -> Definition:
    """The service, with `delegate` for what is not an account."""
    return Definition(
        name="resourcegroupstaggingapi",
        operations={
            "GetResources": lambda call, parameters: _get_resources(call, parameters, delegate),
            "TagResources": lambda call, parameters: _change(call, "TagResources", parameters, delegate),
            "UntagResources": lambda call, parameters: _change(call, "UntagResources", parameters, delegate),
            "GetTagKeys": lambda call, parameters: delegate(call, "GetTagKeys", parameters),
            "GetTagValues": lambda call, parameters: delegate(call, "GetTagValues", parameters),
        },
        invalid=_invalid,
        throttled=lambda: Refusal("ThrottledException", "Rate exceeded"),
        authorize=lambda _call, _operation: None,
    )


def _invalid(problems: list[Problem]) -> Refusal:
    return _wrong("; ".join(problem.message for problem in problems))


def _wrong(text: str) -> Refusal:
    return Refusal("InvalidParameterException", text)


def _get_resources(call: Call, parameters: Fields, delegate: Delegate) -> Fields:
    _check(parameters)
    if parameters.get("ResourceARNList"):
        return _named(call, parameters, delegate)
    limit = parameters.get("ResourcesPerPage", _MOST)
    token = parameters.get("PaginationToken") or ""
    types = set(parameters.get("ResourceTypeFilters", ()))
    if token.startswith("moto:") or not _sees_accounts(call, parameters):
        return _others(call, parameters, token.removeprefix("moto:"), delegate)
    found = list(islice(_accounts(call, parameters, _start(call, token)), limit + 1))
    answer = {"ResourceTagMappingList": [_mapping(each) for each in found[:limit]], "PaginationToken": ""}
    if len(found) > limit:
        moment = int(call.organization.clock.monotonic())
        answer["PaginationToken"] = f"{moment}:{write_token(_LISTING, found[limit - 1].sequence)}"
    elif types and types <= _TYPES:
        return answer
    elif not found:
        return _others(call, parameters, "", delegate)
    else:
        answer["PaginationToken"] = "moto:"
    return answer


def _named(call: Call, parameters: Fields, delegate: Delegate) -> Fields:
    """What was asked for by ARN: at most a hundred resources, so one page."""
    ours = {each for each in parameters["ResourceARNList"] if _ACCOUNT_ARN in each}
    found: list[Fields] = []
    if ours and _sees_accounts(call, parameters):
        found += [_mapping(each) for each in call.reads.accounts if each.was_tagged and arn("account", each.id) in ours]
    if others := [each for each in parameters["ResourceARNList"] if each not in ours]:
        found += delegate(call, "GetResources", {"ResourceARNList": others})["ResourceTagMappingList"]
    return {"ResourceTagMappingList": found, "PaginationToken": ""}


def _check(parameters: Fields) -> None:
    filters = {"TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken"}
    if parameters.get("ResourceARNList") and (both := sorted(name for name in filters if parameters.get(name))):
        raise _wrong(f"ResourceARNList goes without {', '.join(both)}.")
    if not 1 <= parameters.get("ResourcesPerPage", _MOST) <= _MOST:
        raise _wrong(f"ResourcesPerPage is between 1 and {_MOST}.")


def _sees_accounts(call: Call, parameters: Fields) -> bool:
    types = set(parameters.get("ResourceTypeFilters", ()))
    asked = not types or bool(types & _TYPES)
    return call.caller == MANAGEMENT_ID and call.region == "us-east-1" and asked


def _start(call: Call, token: str) -> int:
    if not token:
        return 0
    moment, _, rest = token.partition(":")
    try:
        after, given_at = read_token(_LISTING, rest), float(moment)
    except (ValueError, TypeError, IndexError):
        raise _wrong("PaginationToken is not one that this service gave.") from None
    if call.organization.clock.monotonic() - given_at > _LIFE:
        raise Refusal("PaginationTokenExpiredException", "The PaginationToken has expired; start again.")
    return after


def _accounts(call: Call, parameters: Fields, start: int) -> Iterator[Account]:
    """Accounts that are tagged, or were; the others never appear."""
    found: Iterator[Account] = (each for each in call.reads.accounts.after(start) if each.was_tagged)
    for each in parameters.get("TagFilters", ()):
        found = filter(_passes(each.get("Key", ""), frozenset(each.get("Values", ()))), found)
    return found


def _passes(key: str, values: frozenset[str]) -> Callable[[Account], bool]:
    """One of several filters, joined by AND; its values are joined by OR. No values: the key alone counts."""
    if not values:
        return lambda account: key in account.tags
    return lambda account: account.tags.get(key) in values


def _mapping(account: Account) -> Fields:
    tags = [{"Key": key, "Value": value} for key, value in account.tags.items()]
    return {"ResourceARN": arn("account", account.id), "Tags": tags}


def _others(call: Call, parameters: Fields, token: str, delegate: Delegate) -> Fields:
    rest = {key: value for key, value in parameters.items() if key != "PaginationToken"}
    answer = delegate(call, "GetResources", rest | ({"PaginationToken": token} if token else {}))
    following = answer.get("PaginationToken")
    return answer | {"PaginationToken": f"moto:{following}" if following else ""}


def _change(call: Call, operation: str, parameters: Fields, delegate: Delegate) -> Fields:
    """Tag or untag: one failing resource is an entry of the answer, not an error of the call."""
    arns = parameters["ResourceARNList"]
    ours = [each for each in arns if _ACCOUNT_ARN in each and call.caller == MANAGEMENT_ID]
    failed: Fields = {}
    for each in ours:
        try:
            _change_account(call, each, parameters)
        except Refusal as refusal:
            failed[each] = {"StatusCode": 400, "ErrorCode": refusal.code, "ErrorMessage": refusal.message}
    if others := [each for each in arns if each not in ours]:
        answer = delegate(call, operation, parameters | {"ResourceARNList": others})
        failed |= answer.get("FailedResourcesMap") or {}
    return {"FailedResourcesMap": failed}


def _change_account(call: Call, account_arn: str, parameters: Fields) -> None:
    target = tagged(call.latest, account_arn.rpartition("/")[2])
    if "TagKeys" in parameters:
        tags = {key: value for key, value in target.tags.items() if key not in parameters["TagKeys"]}
    else:
        given = [{"Key": key, "Value": value} for key, value in parameters["Tags"].items()]
        tags = checked_tags(given, target.tags)
    put_tags(call, target, tags)
