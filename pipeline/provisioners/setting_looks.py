"""What must be true before a setting is changed, Region by Region; the same rules and words for every backend."""

from collections.abc import Iterable, Mapping

from pipeline.model.account_settings import NOT_ENABLED, Setting, before_change, is_as_wanted, used_by, wanted_in
from pipeline.model.json import Json
from pipeline.model.operation import Vanished
from pipeline.provisioners.preconditions import Look, quoted
from pipeline.provisioners.steps import SetSetting


def look_at(step: SetSetting, account_id: str, region: str | None, value: Json) -> Look | Vanished:
    """What is to be done about one value, of the account (`region` None) or of one Region.

    Done if it is as wanted; to do if it is as it was planned on, or belongs to an account or a Region that this change has
    made; vanished if it is anything else, or a default VPC that something uses.
    """
    if is_as_wanted(step.of, step.after, value, region):
        return Look.DONE
    current = before_change(step.of, value)
    where = f'account "{account_id}"' + (f" in {region}" if region else "")
    if users := used_by(value):
        return Vanished(reason=f'{where}: default VPC "{current}" is in use by {", ".join(users)}')
    before = _before(step, region)
    if is_new(step, region) or current == before:
        return Look.ACT
    what = "its default VPC" if step.of is Setting.DEFAULT_VPCS else f'its setting "{step.setting}"'
    return Vanished(reason=f"{where}: {what} is {quoted(current)}, and was {quoted(before)} in the plan")


def several(looks: Iterable[Look | Vanished]) -> Look | Vanished:
    """The looks at several Regions as one: a vanished one stops them all."""
    seen = tuple(looks)
    vanished = next((look for look in seen if isinstance(look, Vanished)), None)
    return vanished or (Look.ACT if Look.ACT in seen else Look.DONE)


def regions_of(step: SetSetting) -> tuple[str, ...] | None:
    """The Regions that the step is about, sorted; None for every enabled one."""
    return tuple(sorted(step.before)) if isinstance(step.before, Mapping) else None


def asked_in(step: SetSetting, regions: Iterable[str]) -> tuple[str, ...]:
    """Those of the Regions where the step asks for something."""
    return tuple(region for region in regions if wanted_in(step.of, step.after, region) is not None)


def is_new(step: SetSetting, region: str | None) -> bool:
    """Whether this change has made what the value belongs to: the account, or the Region in it."""
    return step.account_id is None or (region is not None and _before(step, region) == NOT_ENABLED)


def _before(step: SetSetting, region: str | None) -> Json:
    return step.before.get(region) if region is not None and isinstance(step.before, Mapping) else step.before
