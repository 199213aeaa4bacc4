"""Reading settings of many accounts at once: accounts and Regions concurrently, each fact once.

An account costs one AssumeRole; one DescribeRegions if a regional setting is wanted; one call for each setting and Region, and
one more for each default VPC that there is, and for each default EBS key that is not EC2's own.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, TypeVar

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from pipeline.model.account import UNOBSERVED, Unobserved
from pipeline.model.account_settings import NOT_READABLE, Setting
from pipeline.model.json import Json
from pipeline.provisioners.aws.account_settings.regional import REGIONAL
from pipeline.provisioners.aws.account_settings.whole_account import WHOLE_ACCOUNT
from pipeline.provisioners.aws.members import Member, Members
from pipeline.provisioners.aws.translation import code_of, translate, translated

THREADS: Final = 32
"""Reads at the same time. Every account and Region has rates of its own, which one reader never reaches."""

CLOSED_DOORS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "OptInRequired",
        "PendingVerification",
        "RegionDisabledException",
        "UnauthorizedOperation",
    }
)
"""The role cannot be assumed, or a policy denies the read, or the Region is not open to the account."""

Settings = dict[str, Json]

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class _Reading(NamedTuple):
    """One value to read: of the whole account (`region` None), or of one Region."""

    account_id: str
    setting: Setting
    region: str | None


def read_settings(members: Members, wanted: Mapping[str, Iterable[Setting]]) -> dict[str, Settings | Unobserved]:
    """The wanted settings of each account id, in the form of `AccountSpec.settings`.

    `UNOBSERVED` for an account that lets nobody in; a setting that may not be read is left out, and `NOT_READABLE` in a
    Region. Raises `ServiceError` for anything else.
    """
    if not wanted:
        return {}
    with translated(), ThreadPoolExecutor(THREADS, "settings") as pool:
        entered = dict(zip(wanted, pool.map(lambda item: _enter(members, *item), wanted.items()), strict=True))
        readings = [
            reading
            for account_id, regions in entered.items()
            if regions is not None
            for reading in _readings(account_id, wanted[account_id], regions)
        ]
        values = dict(zip(readings, pool.map(lambda reading: _read(members, reading), readings), strict=True))
    return {
        account_id: UNOBSERVED if regions is None else _collected(account_id, wanted[account_id], regions, values)
        for account_id, regions in entered.items()
    }


def enabled_regions(member: Member) -> tuple[str, ...]:
    """Every Region that is open to the account, sorted.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    answer = member.compute.describe_regions(AllRegions=False)
    return tuple(sorted(str(each["RegionName"]) for each in answer["Regions"]))


def read_value(member: Member, setting: Setting, region: str | None) -> Json:
    """One value, of the account or of one Region. Raises what the SDK raises."""
    if region is None:
        return WHOLE_ACCOUNT[setting].read(member)
    return REGIONAL[setting].read(member, region)


def _enter(members: Members, account_id: str, settings: Iterable[Setting]) -> tuple[str, ...] | None:
    """The Regions to read in; None if the account lets nobody in."""
    with members.inside(account_id) as member:
        return _unless_closed(
            account_id,
            lambda: enabled_regions(member) if any(each.is_regional for each in settings) else _knock(member),
        )


def _knock(member: Member) -> tuple[str, ...]:
    """No Region is needed: getting the session is enough to know that the door is open."""
    member.open()
    return ()


def _readings(account_id: str, settings: Iterable[Setting], regions: Iterable[str]) -> list[_Reading]:
    return [
        _Reading(account_id, setting, region)
        for setting in sorted(settings)
        for region in (tuple(regions) if setting.is_regional else (None,))
    ]


def _read(members: Members, reading: _Reading) -> tuple[Json] | None:
    """The value, or None where nobody may read it."""
    with members.inside(reading.account_id) as member:
        return _unless_closed(
            reading.account_id, lambda: (read_value(member, reading.setting, reading.region),), reading
        )


def _unless_closed(account_id: str, read: Callable[[], T], reading: _Reading | None = None) -> T | None:
    region = None if reading is None else reading.region
    try:
        return read()
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        if region is None:
            raise
        cause = translate(error)
    except ClientError as error:
        if code_of(error) not in CLOSED_DOORS:
            raise
        cause = translate(error)
    what = "settings" if reading is None else f'setting "{reading.setting}"' + (f" in {region}" if region else "")
    _logger.warning('account "%s": %s not observed: %s', account_id, what, cause)
    return None


def _collected(
    account_id: str,
    settings: Iterable[Setting],
    regions: Iterable[str],
    values: Mapping[_Reading, tuple[Json] | None],
) -> Settings:
    found: Settings = {}
    for setting in sorted(settings):
        if setting.is_regional:
            in_regions = {region: values[_Reading(account_id, setting, region)] for region in regions}
            found[setting.value] = {
                region: NOT_READABLE if value is None else value[0] for region, value in in_regions.items()
            }
        elif (value := values[_Reading(account_id, setting, None)]) is not None:
            found[setting.value] = value[0]
    return found
