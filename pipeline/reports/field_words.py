"""Words for one changed attribute of an account."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipeline.model.change import FieldChange
from pipeline.model.json import Json, canonical
from pipeline.reports import landing_zone_words, settings_words, upkeep_words
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import Phrase, Value

VALUE_LIMIT: Final = 100
"""Characters of one value in a row; the detail view has all of them."""

OWNERSHIP: Final[Phrase] = ("ownership",)

_LABELS: Final[Mapping[str, Phrase]] = {
    "name": ("name",),
    "ownership": OWNERSHIP,
    "sso_user": ("first administrator",),
    "enrollment": ("enrolment",),
}

_UNSET: Final[Phrase] = ("(unset)",)

_BY_CONTROL_TOWER: Final[Mapping[tuple[str, ...], Callable[[FieldChange], Phrase]]] = {
    ("sso_user",): landing_zone_words.of_administrator,
    ("enrollment",): landing_zone_words.of_repair,
}


def words_of(field: FieldChange) -> Phrase:
    """What happens to the attribute, in one line."""
    if upkeep_words.is_kept(field.path):
        return upkeep_words.words_of(field)
    if field.path in _BY_CONTROL_TOWER:
        return _BY_CONTROL_TOWER[field.path](field)
    return settings_words.words_of(field) if settings_words.is_inside(field) else _words_outside(field)


def rows_of(field: FieldChange) -> list[tuple[Phrase, Json, Json]]:
    """Every value that changes, complete: label, before, after."""
    if settings_words.is_inside(field):
        return settings_words.rows_of(field)
    return [(label_of(field.path), field.before, field.after)]


def text_of(value: Json) -> str:
    """A value as people read it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else canonical(value)


def adopts(field: FieldChange) -> bool:
    """Whether the account was nobody's."""
    return field.path == ("ownership",) and field.before is None


def _words_outside(field: FieldChange) -> Phrase:
    match field.path:
        case ("ownership",):
            return _ownership(field)
        case ("tags", key):
            return _mapping_entry(("tag ", Value(clip(key, VALUE_LIMIT))), field)
        case ("contacts", _) if isinstance(field.before, Mapping) and isinstance(field.after, Mapping):
            return (*label_of(field.path), ": ", ", ".join(_differing(field.before, field.after)))
        case ("contacts", _):
            return ("sets " if field.before is None else "removes ", *label_of(field.path))
        case ("name",):
            return ("name ", *_value(field.before, exact=True), " → ", *_value(field.after, exact=True))
        case _:
            return (*label_of(field.path), " ", *_value(field.before), " → ", *_value(field.after))


def _mapping_entry(label: Phrase, field: FieldChange) -> Phrase:
    if field.before is None:
        return ("adds ", *label, " ", *_value(field.after))
    if field.after is None:
        return ("removes ", *label, ", was ", *_value(field.before))
    return (*label, " ", *_value(field.before), " → ", *_value(field.after))


def _ownership(field: FieldChange) -> Phrase:
    if field.before is None:
        return ("adopts an existing account",)
    if isinstance(field.before, Mapping) and "product" in field.before:
        return ("marks the account that product ", *_value(field.before["product"]), " has made")
    before, after = _owner(field.before, "request"), _owner(field.after, "request")
    if before != after:
        return ("request renamed: ", *_value(before), " → ", *_value(after))
    return (
        "repository ",
        *_value(_owner(field.before, "repository")),
        " → ",
        *_value(_owner(field.after, "repository")),
    )


def _owner(value: Json, part: str) -> Json:
    return value.get(part) if isinstance(value, Mapping) else value


def _differing(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    known = [name for name in ("name", "title", "email", "phone") if before.get(name) != after.get(name)]
    return ["e-mail" if name == "email" else name for name in known] or ["differs"]


def label_of(path: Sequence[str]) -> Phrase:
    """What the attribute is called."""
    if upkeep_words.is_kept(path):
        return upkeep_words.label_of(path)
    match tuple(path):
        case ("tags", key):
            return ("tag ", Value(key))
        case ("contacts", contact):
            return (Value(contact), " contact")
        case (name,) if name in _LABELS:
            return _LABELS[name]
        case _:
            return (Value(".".join(path)),)


def _value(value: Json, *, exact: bool = False) -> Phrase:
    return _UNSET if value is None else (Value(clip(text_of(value), VALUE_LIMIT), exact=exact),)


def parts_of_effect(field: FieldChange) -> tuple[str, ...]:
    """Equal for two changes that do the same to different accounts."""
    if adopts(field):
        return ("adoption", canonical(_owner(field.after, "repository")))
    before = settings_words.same_for_all(field)
    return (canonical(field.path), canonical(before), canonical(field.after))
