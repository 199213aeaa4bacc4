"""What is inside an account in memory: opt-in Regions and settings, in the form of an observation."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from pipeline.model.account_settings import Setting, wanted_in
from pipeline.model.json import Json
from pipeline.model.operation import Vanished
from pipeline.provisioners.memory.organization import MemoryAccount
from pipeline.provisioners.preconditions import Look
from pipeline.provisioners.setting_looks import asked_in, look_at, regions_of, several
from pipeline.provisioners.steps import EnableRegions, InsideStep, SetSetting


def settings_named(account: MemoryAccount, settings: Iterable[Setting]) -> dict[str, Json]:
    return {each.value: account.settings[each] for each in sorted(settings)}


def look_inside(step: InsideStep, account: MemoryAccount) -> Look | Vanished:
    match step:
        case EnableRegions(regions=regions):
            return Look.DONE if set(regions) <= set(account.regions) else Look.ACT
        case SetSetting():
            return _look_at_setting(step, account)
        case _:
            assert_never(step)


def change_inside(step: InsideStep, account: MemoryAccount) -> None:
    match step:
        case EnableRegions(regions=regions):
            for region in regions:
                account.enable(region)
        case SetSetting():
            account.settings[step.setting] = _changed(step, account.settings[step.setting])
        case _:
            assert_never(step)


def _look_at_setting(step: SetSetting, account: MemoryAccount) -> Look | Vanished:
    value = account.settings[step.setting]
    if not step.of.is_regional or not isinstance(value, Mapping):
        return look_at(step, account.account_id, None, value)
    regions = regions_of(step) or asked_in(step, sorted(value))
    if missing := [each for each in regions if each not in value]:
        return Vanished(reason=f'account "{account.account_id}": the Region {missing[0]} is not enabled')
    return several(look_at(step, account.account_id, region, value[region]) for region in regions)


def _changed(step: SetSetting, value: Json) -> Json:
    if not step.of.is_regional or not isinstance(value, Mapping):
        return step.after
    return {**value, **{region: _after(step, region) for region in regions_of(step) or asked_in(step, value)}}


def _after(step: SetSetting, region: str) -> Json:
    """The value of one Region, as it would be observed."""
    if step.of is Setting.DEFAULT_VPCS:
        return None
    wanted = wanted_in(step.of, step.after, region)
    return {"key": wanted, "aliases": [wanted]} if step.of is Setting.EBS_ENCRYPTION_KEY else wanted
