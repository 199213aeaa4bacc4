"""How the inside of an account differs from its request: opt-in Regions, and settings, Region by Region.

A default VPC that something uses is never deleted: what uses it has to go first, and a person decides that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline.model.account import Unobserved
from pipeline.model.account_settings import (
    ENABLED,
    NOT_ENABLED,
    NOT_READABLE,
    Setting,
    before_change,
    is_as_wanted,
    used_by,
    wanted_in,
    wanted_regions,
    wanted_settings,
)
from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.json import Json
from pipeline.model.observed import ObservedAccount
from pipeline.model.plan import Hold
from pipeline.model.request import AccountRequest, Path

IN_USE_GUARD: Final = "default-vpc-in-use"

Unread = tuple[Path, str]
"""The path of an attribute, and what of it was not observed."""


def changes_inside(request: AccountRequest, account: ObservedAccount) -> Iterator[FieldChange]:
    """Regions to enable, then settings to change; what was not observed is `unread_inside`'s to tell.

    A Region that is to be enabled takes part in the regional settings at once, with `NOT_ENABLED` before: so one review
    covers both, and one run.
    """
    new = _missing_regions(request, account)
    for region in new:
        yield FieldChange(path=("regions", region), before=None, after=ENABLED)
    for setting, wanted, observed in _observed(request, account):
        if not setting.is_regional:
            if not is_as_wanted(setting, wanted, observed):
                yield FieldChange(path=("settings", setting.value), before=observed, after=wanted)
        elif differing := {**_differing(setting, wanted, observed), **_to_come(setting, wanted, new)}:
            yield FieldChange(path=("settings", setting.value), before=dict(sorted(differing.items())), after=wanted)


def vpcs_in_use(request: AccountRequest, account: ObservedAccount) -> Iterator[Hold]:
    """One hold for each Region whose default VPC would be deleted, were it not used."""
    for setting, wanted, observed in _observed(request, account):
        if setting is not Setting.DEFAULT_VPCS or not isinstance(observed, Mapping):
            continue
        for region, vpc in sorted(observed.items()):
            if users := used_by(vpc):
                field = FieldChange(
                    path=("settings", setting.value), before={region: before_change(setting, vpc)}, after=wanted
                )
                yield Hold(
                    change=UpdateAccount(
                        key=request.key, account_id=account.account_id, name=account.spec.name, fields=(field,)
                    ),
                    guard=IN_USE_GUARD,
                    reason=f'default VPC "{before_change(setting, vpc)}" in {region} is in use by {", ".join(users)}',
                    release=(
                        f"remove what uses it, and plan again; or write `settings: {{default_vpcs: keep}}` in"
                        f" {request.origin().file}"
                    ),
                )


def unread_inside(request: AccountRequest, account: ObservedAccount) -> Iterator[Unread]:
    """What the request asks for inside the account and nobody has read."""
    if wanted_regions(request.spec) and isinstance(account.spec.regions, Unobserved):
        yield ("regions",), "opt-in Regions"
    wanted = wanted_settings(request.spec)
    if wanted and isinstance(account.spec.settings, Unobserved):
        yield ("settings",), "settings"
        return
    observed = account.spec.settings if isinstance(account.spec.settings, Mapping) else {}
    for setting in wanted:
        path = ("settings", setting.value)
        if setting.value not in observed:
            yield path, f'setting "{setting.value}"'
        elif refusing := [
            *_refusing(setting, observed[setting.value]),
            *_closed(setting, wanted[setting], observed[setting.value], account, request),
        ]:
            yield path, f'setting "{setting.value}" in {", ".join(refusing)}'


def _missing_regions(request: AccountRequest, account: ObservedAccount) -> list[str]:
    enabled = account.spec.regions
    return (
        []
        if isinstance(enabled, Unobserved)
        else [each for each in wanted_regions(request.spec) if each not in enabled]
    )


def _observed(request: AccountRequest, account: ObservedAccount) -> Iterator[tuple[Setting, Json, Json]]:
    """Setting, wanted value, observed value, for those that were observed."""
    observed = account.spec.settings
    if not isinstance(observed, Unobserved):
        for setting, wanted in wanted_settings(request.spec).items():
            if setting.value in observed:
                yield setting, wanted, observed[setting.value]


def _differing(setting: Setting, wanted: Json, observed: Json) -> dict[str, Json]:
    """The value of each Region that has another one, without those that wait for a person."""
    regions = observed if isinstance(observed, Mapping) else {}
    return {
        region: before_change(setting, value)
        for region, value in regions.items()
        if value != NOT_READABLE and not is_as_wanted(setting, wanted, value, region) and not used_by(value)
    }


def _to_come(setting: Setting, wanted: Json, new: Iterable[str]) -> dict[str, Json]:
    """Regions that the same plan enables, where something is asked for."""
    return {region: NOT_ENABLED for region in new if wanted_in(setting, wanted, region) is not None}


def _closed(
    setting: Setting, wanted: Json, observed: Json, account: ObservedAccount, request: AccountRequest
) -> list[str]:
    """Regions that the request names for a setting and the account does not have, and will not have by this plan."""
    if not setting.is_regional or not isinstance(wanted, Mapping) or not isinstance(observed, Mapping):
        return []
    named = {region for region in wanted if wanted_in(setting, wanted, region) is not None}
    return sorted(named - {*observed, *_missing_regions(request, account)})


def _refusing(setting: Setting, observed: Json) -> list[str]:
    if not setting.is_regional or not isinstance(observed, Mapping):
        return []
    return sorted(region for region, value in observed.items() if value == NOT_READABLE)
