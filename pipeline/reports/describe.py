"""Words for changes, the same in every rendering."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from pipeline.model.access import ASSIGNED, wanted_access
from pipeline.model.account import ROOT, AccountSpec
from pipeline.model.account_settings import ENABLED, wanted_regions, wanted_settings
from pipeline.model.change import (
    Change,
    ChangeControl,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    MoveAccount,
    RegisterUnit,
    UnmanageAccount,
    UpdateAccount,
    contact_json,
    kind_of,
)
from pipeline.model.effect import digest_of
from pipeline.model.json import Json, canonical
from pipeline.reports import landing_zone_words, settings_words
from pipeline.reports.escaping import clip
from pipeline.reports.field_words import (
    VALUE_LIMIT,
    adopts,
    label_of,
    parts_of_effect,
    rows_of,
    words_of,
)
from pipeline.reports.landing_zone_words import Governance
from pipeline.reports.phrases import DOT, Phrase, Sentence, Value, counted, joined, plain

_Plain = CreateUnit | CreateAccount | MoveAccount | UpdateAccount | CloseAccount | CustomizeAccount
"""Changes that need no Control Tower."""

FIELDS_SHOWN: Final = 8
"""Attributes of one update that a row names; the rest is counted."""

REASONS_LIMIT: Final = 400
"""Characters of the reasons of one customization in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute in full: JSON before and after, None for unset."""

    label: Phrase
    before: Json
    after: Json


def sign(change: Change) -> str:
    """One character: `+` new, `~` changed in place, `→` moved, `-` closed, `⚙` customized; `◆` governed, `◇` not any more."""
    return landing_zone_words.sign(change) if isinstance(change, Governance) else _sign(change)


def _sign(change: _Plain) -> str:
    match change:
        case CreateUnit() | CreateAccount():
            return "+"
        case MoveAccount():
            return "→"
        case UpdateAccount():
            return "~"
        case CloseAccount():
            return "-"
        case CustomizeAccount():
            return "⚙"
        case _:
            assert_never(change)


def kind(change: Change) -> str:
    """The word for people: as in plans and settings, and `adopt` for an update that begins the ownership."""
    if isinstance(change, UpdateAccount) and any(adopts(each) for each in change.fields):
        return "adopt"
    if isinstance(change, Governance):
        return landing_zone_words.kind(change)
    return kind_of(change).replace("-", " ")


def who(change: Change) -> Phrase:
    """Whom the change is about: the request's key, the name where it is another one, the account id."""
    match change:
        case CreateUnit(path=path) | RegisterUnit(path=path) | ChangeControl(path=path):
            return (Value(clip(path, VALUE_LIMIT)),)
        case CreateAccount(key=key, spec=spec):
            return _named(key, spec.name)
        case MoveAccount() | UpdateAccount() | CloseAccount() | EnrollAccount() | UnmanageAccount():
            return (*_named(change.key, change.name), " ", Value(change.account_id))
        case CustomizeAccount(key=key, name=name, account_id=account_id):
            return (*_named(key, name), *((" ", Value(account_id)) if account_id is not None else ()))
        case _:
            assert_never(change)


def phrase(change: Change) -> Phrase:
    """What the change does, in one line; long values are cut, and more than a few attributes are counted."""
    return landing_zone_words.phrase(change) if isinstance(change, Governance) else _phrase(change)


def _phrase(change: _Plain) -> Phrase:
    match change:
        case CreateUnit():
            return ("new organizational unit",)
        case CreateAccount(spec=spec):
            return (*_creation(spec), *_way_of(change))
        case MoveAccount(before=before, after=after):
            return (*unit(before), " → ", *unit(after))
        case UpdateAccount(fields=fields):
            shown = [words_of(each) for each in fields[:FIELDS_SHOWN]]
            rest: list[Phrase] = [(f"{len(fields) - FIELDS_SHOWN} more",)] if len(fields) > FIELDS_SHOWN else []
            return joined(shown + rest, DOT)
        case CloseAccount(name=name, unmanages=unmanages):
            first = "leaves Control Tower, then " if unmanages else ""
            return (
                f"{first}closes ",
                Value(clip(name, VALUE_LIMIT), exact=True),
                ", which AWS can reinstate for 90 days",
            )
        case CustomizeAccount():
            return _customization(change)
        case _:
            assert_never(change)


def what(change: Change) -> str:
    """`phrase` for a terminal or a log."""
    return plain(phrase(change))


def same_effect(change: Change) -> tuple[str, ...]:
    """Equal for two changes that do the same to different accounts.

    The key of an adoption is each account's own; closures and creations are never the same.
    """
    return (kind_of(change), digest_of(change)) if isinstance(change, Governance) else _same_effect(change)


def _same_effect(change: _Plain) -> tuple[str, ...]:
    match change:
        case CreateUnit(path=path):
            return ("unit", path)
        case CreateAccount(key=key):
            return ("create", key)
        case MoveAccount(before=before, after=after):
            return ("move", before, after)
        case UpdateAccount(fields=fields):
            return ("update", *(part for each in fields for part in parts_of_effect(each)))
        case CloseAccount(account_id=account_id):
            return ("close", account_id)
        case CustomizeAccount(customization=name, reasons=reasons, resources=resources):
            rows = (
                () if resources is None else (canonical([[each.address, each.action] for each in sorted(resources)]),)
            )
            return ("customize", name, canonical(reasons), *rows)
        case _:
            assert_never(change)


def differences(change: Change) -> tuple[Difference, ...]:
    """Every attribute that the change sets, complete."""
    return (
        tuple(
            Difference(label=label, before=before, after=after)
            for label, before, after in landing_zone_words.rows(change)
        )
        if isinstance(change, Governance)
        else _differences(change)
    )


def _differences(change: _Plain) -> tuple[Difference, ...]:
    match change:
        case CreateUnit(path=path):
            return (Difference(label=("organizational unit",), before=None, after=path),)
        case CreateAccount(spec=spec, repository=repository, product=product):
            factory = () if product is None else (Difference(label=("product",), before=None, after=product),)
            return (*_creation_differences(spec, repository), *factory)
        case MoveAccount(before=before, after=after):
            return (Difference(label=("unit",), before=before, after=after),)
        case UpdateAccount(fields=fields):
            return tuple(
                Difference(label=label, before=before, after=after)
                for each in fields
                for label, before, after in rows_of(each)
            )
        case CloseAccount():
            return (Difference(label=("state",), before="open", after="closed"),)
        case CustomizeAccount(resources=resources):
            return tuple(
                Difference(label=(Value(each.address),), before=None, after=each.action) for each in resources or ()
            )
        case _:
            assert_never(change)


_ACTIONS: Final = (("create", "to add"), ("update", "to change"), ("replace", "to replace"), ("delete", "to destroy"))


def _customization(change: CustomizeAccount) -> Phrase:
    """`network: 9 to add · inputs changed` or, where Terraform was not asked, `network · inputs changed`."""
    label = (Value(clip(change.customization, VALUE_LIMIT)),)
    # Names of files stand among the reasons.
    why: Phrase = (*DOT, Sentence(clip(", ".join(change.reasons), REASONS_LIMIT))) if change.reasons else ()
    if change.resources is None:
        return (*label, *why)
    actions = Counter(each.action for each in change.resources)
    counts = [f"{actions[action]:,} {words}" for action, words in _ACTIONS if actions[action]]
    return (*label, ": ", ", ".join(counts) or "nothing to change", *why)


def unit(path: str) -> Phrase:
    return ("the root",) if path == ROOT else (Value(clip(path, VALUE_LIMIT)),)


def _named(key: str, name: str) -> Phrase:
    shown = Value(clip(key, VALUE_LIMIT))
    return (shown,) if key == name else (shown, " (", Value(clip(name, VALUE_LIMIT)), ")")


def _way_of(change: CreateAccount) -> Phrase:
    if change.product is not None:
        return (" · by Account Factory",)
    return (" · enrolled by its unit",) if change.enrolls else ()


def _creation(spec: AccountSpec) -> Phrase:
    tags = spec.tags if isinstance(spec.tags, Mapping) else {}
    contacts = [each for each in spec.contacts.values() if each] if isinstance(spec.contacts, Mapping) else []
    numbers = (
        (len(tags), "tag"),
        (len(contacts), "contact"),
        (len(wanted_regions(spec)), "opt-in Region"),
        (len(wanted_settings(spec)), "setting"),
        (len(wanted_access(spec)), "assignment"),
    )
    counts = [counted(number, noun) for number, noun in numbers if number]
    parts: list[Phrase] = [unit(spec.organizational_unit), (Value(clip(spec.email, VALUE_LIMIT)),)]
    if counts:
        parts.append((", ".join(counts),))
    return joined(parts, DOT)


def _creation_differences(spec: AccountSpec, repository: str) -> tuple[Difference, ...]:
    rows: list[tuple[Phrase, Json]] = [
        (("name",), spec.name),
        (("e-mail",), spec.email),
        (("unit",), spec.organizational_unit),
        (("repository",), repository),
    ]
    if isinstance(spec.tags, Mapping):
        rows += [(label_of(("tags", key)), spec.tags[key]) for key in sorted(spec.tags)]
    if isinstance(spec.contacts, Mapping):
        rows += [
            (label_of(("contacts", each.value)), contact_json(contact))
            for each, contact in sorted(spec.contacts.items())
            if contact is not None
        ]
    if isinstance(spec.contact_information, Mapping):
        rows.append((label_of(("contact_information",)), dict(spec.contact_information)))
    rows += [(settings_words.region_label(region), ENABLED) for region in wanted_regions(spec)]
    rows += [(settings_words.label(setting), after) for setting, after in wanted_settings(spec).items()]
    rows += [(label_of(assignment.path), ASSIGNED) for assignment in wanted_access(spec)]
    return tuple(Difference(label=label, before=None, after=after) for label, after in rows)
