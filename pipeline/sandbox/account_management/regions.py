"""Opt-in Regions of an account.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
https://docs.aws.amazon.com/accounts/latest/reference/quotas.html (6 changes at once per account, 50 per organization)
"""

from dataclasses import replace
from typing import Final

from pipeline.sandbox.account_management.target import conflict, invalid, latest_target, visible_target
from pipeline.sandbox.organization import Call, Organization
from pipeline.sandbox.paging import read_token, write_token
from pipeline.sandbox.records import Account, Fields
from pipeline.sandbox.service import Refusal

BY_DEFAULT: Final = (
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)
OPT_IN: Final = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1"),
    *("me-central-1", "me-south-1", "mx-central-1"),
)
CHANGES_PER_ACCOUNT: Final = 6
CHANGES_PER_ORGANIZATION: Final = 50
_CHANGING: Final = frozenset({"ENABLING", "DISABLING"})
_PAGE: Final = 50


def _status(account: Account, region: str) -> str:
    if region in BY_DEFAULT:
        return "ENABLED_BY_DEFAULT"
    return account.regions.get(region, "DISABLED")


def is_enabled(account: Account, region: str) -> bool:
    """Whether the account may use the Region. The SDK also knows names that are no Region (`aws-global`): those it may."""
    return region not in OPT_IN or _status(account, region) == "ENABLED"


def list_regions(call: Call, parameters: Fields) -> Fields:
    account = visible_target(call, parameters)
    wanted = parameters.get("RegionOptStatusContains")
    listed = [{"RegionName": each, "RegionOptStatus": _status(account, each)} for each in sorted(BY_DEFAULT + OPT_IN)]
    listed = [each for each in listed if not wanted or each["RegionOptStatus"] in wanted]
    try:
        start = read_token("regions", parameters.get("NextToken"))
    except (ValueError, TypeError, IndexError):
        raise invalid("The NextToken is not one that this service gave.", "NextToken") from None
    end = start + parameters.get("MaxResults", _PAGE)
    rest = {"NextToken": write_token("regions", end)} if end < len(listed) else {}
    return {"Regions": listed[start:end], **rest}


def get_region_opt_status(call: Call, parameters: Fields) -> Fields:
    account, region = visible_target(call, parameters), parameters["RegionName"]
    if region not in BY_DEFAULT + OPT_IN:
        raise invalid(f'There is no Region "{region}".', "RegionName", reason="invalidRegionOptTarget")
    return {"RegionName": region, "RegionOptStatus": _status(account, region)}


def enable_region(call: Call, parameters: Fields) -> Fields:
    return _change(call, parameters, through="ENABLING", to="ENABLED")


def disable_region(call: Call, parameters: Fields) -> Fields:
    return _change(call, parameters, through="DISABLING", to="DISABLED")


def _change(call: Call, parameters: Fields, *, through: str, to: str) -> Fields:
    account, region, organization = latest_target(call, parameters), parameters["RegionName"], call.organization
    if region not in OPT_IN:
        text = f'"{region}" is not a Region that can be enabled and disabled.'
        raise invalid(text, "RegionName", reason="invalidRegionOptTarget")
    status = _status(account, region)
    if status in {through, to}:
        return {}
    if status in _CHANGING:
        raise conflict(f'The Region "{region}" is {status}.')
    _refuse_beyond_limits(organization, account)
    organization.put(replace(account, regions={**account.regions, region: through}))
    organization.later(
        organization.options.region_delay, lambda at: _complete(organization, account.id, region, to, at)
    )
    return {}


def _refuse_beyond_limits(organization: Organization, account: Account) -> None:
    changing = sum(_changes(each) for each in organization.latest.accounts)
    if _changes(account) >= CHANGES_PER_ACCOUNT or changing >= CHANGES_PER_ORGANIZATION:
        raise Refusal("TooManyRequestsException", "Too many Regions are being enabled or disabled.")


def _changes(account: Account) -> int:
    return sum(status in _CHANGING for status in account.regions.values())


def _complete(organization: Organization, account_id: str, region: str, status: str, at: float) -> None:
    account = organization.latest.accounts.get(account_id)
    if account is not None:
        organization.put(replace(account, regions={**account.regions, region: status}), at)
