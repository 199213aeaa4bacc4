"""Words for what changes inside an account: opt-in Regions and settings."""

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.model.account_settings import NOT_ENABLED, Setting, wanted_in
from pipeline.model.change import FieldChange
from pipeline.model.json import Json, canonical
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import Phrase, Value, counted, joined

REGIONS_SHOWN: Final = 3
"""Regions that a row names; more are counted."""

FIELDS_SHOWN: Final = 5
"""Custom fields that a row names of those that come, change or go."""

_LIMIT: Final = 100
_LABELS: Final[Mapping[str, str]] = {
    Setting.ALIAS: "alias",
    Setting.PASSWORD_POLICY: "password policy",
    Setting.S3_BLOCK_PUBLIC_ACCESS: "S3 block public access",
    Setting.EBS_ENCRYPTION_BY_DEFAULT: "EBS encryption by default",
    Setting.EBS_ENCRYPTION_KEY: "EBS encryption key",
    Setting.IMDSV2: "IMDSv2",
    Setting.DEFAULT_VPCS: "default VPC",
    Setting.CUSTOM_FIELDS: "custom fields in SSM",
}


def label(setting: str) -> Phrase:
    """What a setting is called."""
    return (_LABELS[setting],) if setting in _LABELS else ("setting ", Value(setting))


def region_label(region: str) -> Phrase:
    return ("Region ", Value(region))


def is_inside(field: FieldChange) -> bool:
    """Whether the attribute lies inside the account."""
    return field.path[0] in {"regions", "settings"}


def words_of(field: FieldChange) -> Phrase:
    """What happens, in one line: `IMDSv2 required in 17 Regions`."""
    setting = field.path[1]
    if field.path[0] == "regions":
        return ("enables the Region ", Value(clip(setting, _LIMIT)))
    if setting == Setting.DEFAULT_VPCS:
        return ("deletes the default VPC", *_where(field.before))
    if setting == Setting.CUSTOM_FIELDS:
        return (*label(setting), ": ", *_fields_changed(field.before, field.after))
    if setting == Setting.PASSWORD_POLICY:
        return (*label(setting), ": ", *_differing(field.before, field.after))
    if setting in _LABELS and Setting(setting).is_regional:
        return (*label(setting), " ", *_everywhere(field), *_where(field.before))
    return (*label(setting), " ", *value(field.before), " → ", *value(field.after))


def rows_of(field: FieldChange) -> list[tuple[Phrase, Json, Json]]:
    """Every value that changes: label, before, after; of a regional setting one for each Region."""
    setting = field.path[1]
    if field.path[0] == "regions":
        return [(region_label(setting), field.before, field.after)]
    if setting not in _LABELS or not Setting(setting).is_regional or not isinstance(field.before, Mapping):
        return [(label(setting), field.before, field.after)]
    return [
        ((*label(setting), " in ", Value(region)), before, wanted_in(Setting(setting), field.after, region))
        for region, before in sorted(field.before.items())
    ]


def same_for_all(field: FieldChange) -> Json:
    """The value before, without what is each account's own: the ids of its VPCs, and its keys."""
    own = (("settings", Setting.DEFAULT_VPCS), ("settings", Setting.EBS_ENCRYPTION_KEY))
    if field.path in own and isinstance(field.before, Mapping):
        return [*sorted(field.before)]
    return field.before


def value(given: Json) -> Phrase:
    """A value in words: a switch is on or off."""
    match given:
        case None:
            return ("(unset)",)
        case bool():
            return ("on" if given else "off",)
        case str():
            return (Value(clip(given, _LIMIT)),)
        case _:
            return (Value(clip(canonical(given), _LIMIT)),)


def _everywhere(field: FieldChange) -> Phrase:
    """The value of all Regions; where they differ, each once."""
    if field.path[1] != Setting.EBS_ENCRYPTION_KEY or not isinstance(field.after, Mapping):
        return value(field.after)
    regions = field.before if isinstance(field.before, Mapping) else field.after
    wanted = sorted({str(field.after[region]) for region in regions if region in field.after})
    return joined([value(each) for each in wanted], (", ",))


def _where(before: Json) -> Phrase:
    regions = sorted(before) if isinstance(before, Mapping) else []
    new = [region for region in regions if isinstance(before, Mapping) and before[region] == NOT_ENABLED]
    if not regions:
        return (" in every enabled Region",)
    if len(regions) <= REGIONS_SHOWN:
        return (" in ", *joined([(Value(region),) for region in regions], (", ",)))
    return (f" in {counted(len(regions), 'Region')}", *(_newly(new) if new else ()))


def _newly(regions: Sequence[str]) -> Phrase:
    return (f", {len(regions)} of them new",)


def _differing(before: Json, after: Json) -> Phrase:
    """Field by field; a policy that is not there yet is counted as AWS's defaults would be: not at all."""
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    changed = [name for name in new if old.get(name) != new[name]]
    if not old:
        return ("(unset) → ", *joined([_entry(name, new[name]) for name in changed if new[name]], (", ",)))
    return joined([(f"{_plain(name)} ", *value(old.get(name)), " → ", *value(new[name])) for name in changed], (", ",))


def _fields_changed(before: Json, after: Json) -> Phrase:
    """Which custom fields come, change and go, by name."""
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    kinds = (
        ("adds", [name for name in new if name not in old]),
        ("changes", [name for name in new if name in old and old[name] != new[name]]),
        ("removes", [name for name in old if name not in new]),
    )
    return joined([(f"{verb} ", *_names(names)) for verb, names in kinds if names], (", ",))


def _names(names: Sequence[str]) -> Phrase:
    shown = joined([(Value(clip(name, _LIMIT)),) for name in sorted(names)[:FIELDS_SHOWN]], (", ",))
    return shown if len(names) <= FIELDS_SHOWN else (*shown, f" and {len(names) - FIELDS_SHOWN} more")


def _entry(name: str, given: Json) -> Phrase:
    return (f"{_plain(name)} ", *value(given))


def _plain(name: str) -> str:
    return name.replace("_", " ")
