"""Words for changes, the same in every rendering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from pipeline.model.account import ROOT, AccountSpec
from pipeline.model.change import (
    Change,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    FieldChange,
    MoveAccount,
    UpdateAccount,
    contact_json,
    kind_of,
)
from pipeline.model.json import Json, canonical
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import DOT, Phrase, Value, counted, joined, plain

VALUE_LIMIT: Final = 100
"""Characters of one value in a row; `differences` has all of them."""

FIELDS_SHOWN: Final = 8
"""Attributes of one update that a row names; the rest is counted."""

OWNERSHIP: Final[Phrase] = ("ownership",)

_UNSET: Final[Phrase] = ("(unset)",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute in full: JSON before and after, None for unset."""

    label: Phrase
    before: Json
    after: Json


def sign(change: Change) -> str:
    """One character: `+` new, `~` changed in place, `→` moved, `-` closed."""
    match change:
        case CreateUnit() | CreateAccount():
            return "+"
        case MoveAccount():
            return "→"
        case UpdateAccount():
            return "~"
        case CloseAccount():
            return "-"
        case _:
            assert_never(change)


def kind(change: Change) -> str:
    """The word for people: as in plans and settings, and `adopt` for an update that begins the ownership."""
    if isinstance(change, UpdateAccount) and any(_adopts(each) for each in change.fields):
        return "adopt"
    return kind_of(change).replace("-", " ")


def who(change: Change) -> Phrase:
    """Whom the change is about: the request's key, the name where it is another one, the account id."""
    match change:
        case CreateUnit(path=path):
            return (Value(clip(path, VALUE_LIMIT)),)
        case CreateAccount(key=key, spec=spec):
            return _named(key, spec.name)
        case MoveAccount() | UpdateAccount() | CloseAccount():
            return (*_named(change.key, change.name), " ", Value(change.account_id))
        case _:
            assert_never(change)


def phrase(change: Change) -> Phrase:
    """What the change does, in one line; long values are cut, and more than a few attributes are counted."""
    match change:
        case CreateUnit():
            return ("new organizational unit",)
        case CreateAccount(spec=spec):
            return _creation(spec)
        case MoveAccount(before=before, after=after):
            return (*unit(before), " → ", *unit(after))
        case UpdateAccount(fields=fields):
            shown = [_field(each) for each in fields[:FIELDS_SHOWN]]
            rest: list[Phrase] = [(f"{len(fields) - FIELDS_SHOWN} more",)] if len(fields) > FIELDS_SHOWN else []
            return joined(shown + rest, DOT)
        case CloseAccount(name=name):
            return ("closes ", Value(clip(name, VALUE_LIMIT), exact=True), ", which AWS can reinstate for 90 days")
        case _:
            assert_never(change)


def what(change: Change) -> str:
    """`phrase` for a terminal or a log."""
    return plain(phrase(change))


def same_effect(change: Change) -> tuple[str, ...]:
    """Equal for two changes that do the same to different accounts.

    The key of an adoption is each account's own; closures and creations are never the same.
    """
    match change:
        case CreateUnit(path=path):
            return ("unit", path)
        case CreateAccount(key=key):
            return ("create", key)
        case MoveAccount(before=before, after=after):
            return ("move", before, after)
        case UpdateAccount(fields=fields):
            return ("update", *(part for each in fields for part in _effect(each)))
        case CloseAccount(account_id=account_id):
            return ("close", account_id)
        case _:
            assert_never(change)


def differences(change: Change) -> tuple[Difference, ...]:
    """Every attribute that the change sets, complete."""
    match change:
        case CreateUnit(path=path):
            return (Difference(label=("organizational unit",), before=None, after=path),)
        case CreateAccount(spec=spec, repository=repository):
            return _creation_differences(spec, repository)
        case MoveAccount(before=before, after=after):
            return (Difference(label=("unit",), before=before, after=after),)
        case UpdateAccount(fields=fields):
            return tuple(Difference(label=_label(each.path), before=each.before, after=each.after) for each in fields)
        case CloseAccount():
            return (Difference(label=("state",), before="open", after="closed"),)
        case _:
            assert_never(change)


def unit(path: str) -> Phrase:
    return ("the root",) if path == ROOT else (Value(clip(path, VALUE_LIMIT)),)


def text_of(value: Json) -> str:
    """A value as people read it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else canonical(value)


def _named(key: str, name: str) -> Phrase:
    shown = Value(clip(key, VALUE_LIMIT))
    return (shown,) if key == name else (shown, " (", Value(clip(name, VALUE_LIMIT)), ")")


def _creation(spec: AccountSpec) -> Phrase:
    tags = spec.tags if isinstance(spec.tags, Mapping) else {}
    contacts = [each for each in spec.contacts.values() if each] if isinstance(spec.contacts, Mapping) else []
    counts = [counted(number, noun) for number, noun in ((len(tags), "tag"), (len(contacts), "contact")) if number]
    parts: list[Phrase] = [unit(spec.organizational_unit), (Value(clip(spec.email, VALUE_LIMIT)),)]
    if counts:
        parts.append((", ".join(counts),))
    return joined(parts, DOT)


def _adopts(field: FieldChange) -> bool:
    return field.path == ("ownership",) and field.before is None


def _field(field: FieldChange) -> Phrase:
    match field.path:
        case ("ownership",):
            return _ownership(field)
        case ("tags", key):
            return _mapping_entry(("tag ", Value(clip(key, VALUE_LIMIT))), field)
        case ("contacts", _) if isinstance(field.before, Mapping) and isinstance(field.after, Mapping):
            return (*_label(field.path), ": ", ", ".join(_differing(field.before, field.after)))
        case ("contacts", _):
            return ("sets " if field.before is None else "removes ", *_label(field.path))
        case ("name",):
            return ("name ", *_value(field.before, exact=True), " → ", *_value(field.after, exact=True))
        case _:
            return (*_label(field.path), " ", *_value(field.before), " → ", *_value(field.after))


def _mapping_entry(label: Phrase, field: FieldChange) -> Phrase:
    if field.before is None:
        return ("adds ", *label, " ", *_value(field.after))
    if field.after is None:
        return ("removes ", *label, ", was ", *_value(field.before))
    return (*label, " ", *_value(field.before), " → ", *_value(field.after))


def _ownership(field: FieldChange) -> Phrase:
    if field.before is None:
        return ("adopts an existing account",)
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


def _label(path: Sequence[str]) -> Phrase:
    match tuple(path):
        case ("tags", key):
            return ("tag ", Value(key))
        case ("contacts", contact):
            return (Value(contact), " contact")
        case ("email",):
            return ("e-mail",)
        case ("name",):
            return ("name",)
        case ("ownership",):
            return OWNERSHIP
        case _:
            return (Value(".".join(path)),)


def _value(value: Json, *, exact: bool = False) -> Phrase:
    return _UNSET if value is None else (Value(clip(text_of(value), VALUE_LIMIT), exact=exact),)


def _effect(field: FieldChange) -> tuple[str, ...]:
    if _adopts(field):
        return ("adoption", canonical(_owner(field.after, "repository")))
    return (canonical(field.path), canonical(field.before), canonical(field.after))


def _creation_differences(spec: AccountSpec, repository: str) -> tuple[Difference, ...]:
    rows: list[tuple[Phrase, Json]] = [
        (("name",), spec.name),
        (("e-mail",), spec.email),
        (("unit",), spec.organizational_unit),
        (("repository",), repository),
    ]
    if isinstance(spec.tags, Mapping):
        rows += [(_label(("tags", key)), spec.tags[key]) for key in sorted(spec.tags)]
    if isinstance(spec.contacts, Mapping):
        rows += [
            (_label(("contacts", each.value)), contact_json(contact))
            for each, contact in sorted(spec.contacts.items())
            if contact is not None
        ]
    return tuple(Difference(label=label, before=None, after=after) for label, after in rows)
