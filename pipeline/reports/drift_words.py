"""Words for drift, the same in every rendering."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pipeline.model.drift_report import DriftItem, DriftReport, Edit, ListEdit, Repair, Section
from pipeline.model.finding import has_errors
from pipeline.model.json import Json, canonical
from pipeline.reports.escaping import clip
from pipeline.reports.field_words import VALUE_LIMIT, label_of, text_of
from pipeline.reports.phrases import DOT, Command, Phrase, Sentence, Value, counted, joined

TITLES: Final[Mapping[Section, str]] = {
    Section.ACCOUNTS: "Accounts that differ from their requests",
    Section.UNITS: "Units",
    Section.LANDING_ZONE: "Landing zone",
    Section.CUSTOMIZATIONS: "Customizations",
    Section.HOLDS: "On hold",
    Section.ORPHANS: "Orphans: ours by tag, no request any more",
    Section.UNMANAGED: "Unmanaged accounts: no request",
    Section.CLOSED: "Suspended and closed accounts",
}

_LABELS: Final[Mapping[str, str]] = {
    "account": "account",
    "organizational_unit": "unit",
    "state": "state",
    "managed": "managed by Control Tower",
    "registration": "registration",
    "landing-zone": "landing zone",
    "request": "request",
    "account-state": "state",
    "unit": "unit",
}
_EDITS_SHOWN: Final = 6
_TEXT_LIMIT: Final = 500
_KEY_LIMIT: Final = 120


def verdict(report: DriftReport) -> str:
    """`3 differences in 2 accounts`, `no drift`."""
    drift = report.drift
    if not drift:
        return "no drift, but errors" if has_errors(report.findings) else "no drift"
    touched = len({item.account_id or item.subject for item in drift})
    return f"{counted(len(drift), 'difference')} in {counted(touched, 'place')}"


def heading(report: DriftReport) -> str:
    return f"vend drift: {verdict(report)} · digest {report.plan[:8]}"


def totals(report: DriftReport) -> Phrase:
    """How many accounts are managed, and when the organization was read."""
    return (f"{counted(report.managed, 'account')} managed; read at ", Value(_moment(report.read_at)))


def who(item: DriftItem) -> Phrase:
    """Whom the item is about."""
    parts: list[Phrase] = [(Value(clip(item.subject, VALUE_LIMIT)),)]
    if item.name and item.name != item.subject:
        parts.append(("(", Value(clip(item.name, VALUE_LIMIT)), ")"))
    if item.account_id is not None:
        parts.append((Value(item.account_id),))
    return joined(parts, (" ",))


def what(item: DriftItem) -> Phrase:
    """The attribute, what is wanted, and what was found."""
    if item.section in {Section.ORPHANS, Section.UNMANAGED}:
        return ("in ", Value(clip(text_of(item.found), VALUE_LIMIT)))
    if item.section is Section.CLOSED or item.section is Section.LANDING_ZONE or item.kind == "customize":
        label = (*_label(item), ": ") if item.path else ()
        return (*label, Sentence(clip(item.reason or text_of(item.found), _TEXT_LIMIT)))
    return (*_label(item), ": wanted ", *_value(item.wanted), ", found ", *_value(item.found))


def since(item: DriftItem) -> Phrase:
    """When it was first reported, who has made it, and from where, as far as that is known."""
    parts: list[Phrase] = [("since ", Value(_moment(item.since)))] if item.since else []
    if item.author is not None:
        by = item.author
        parts.append((Value(clip(by.event, VALUE_LIMIT)), " by ", Value(clip(by.who, 200), exact=True)))
        parts.append(("from ", Value(clip(by.from_where, VALUE_LIMIT)), " at ", Value(_moment(by.at))))
    elif item.author_words:
        parts.append(("who: ", Sentence(item.author_words)))
    return joined(parts, DOT)


def accept(item: DriftItem) -> Phrase:
    """What to write so that it is as asked for."""
    ways = item.ways_out
    if not ways.accept:
        return (Sentence(clip(ways.accept_words, _TEXT_LIMIT)),) if ways.accept_words else ()
    shown = joined((_edit(each) for each in ways.accept[:_EDITS_SHOWN]), (", ",))
    return (*shown, " in ", Value(clip(ways.file, 200), exact=True), " (", Command(command(item)), ")")


def repair(item: DriftItem) -> Phrase:
    """What the next apply does about it."""
    words = item.ways_out.repair_words
    waits = item.ways_out.repair is Repair.HOLD and item.reason
    why: Phrase = (Sentence(clip(item.reason, _TEXT_LIMIT)), "; ") if waits else ()
    return (*why, Sentence(clip(words, _TEXT_LIMIT))) if words else why


def command(item: DriftItem) -> str:
    """What accepts the item by itself."""
    return f"vend drift --accept {item.id} --open"


def steps(report: DriftReport) -> tuple[Phrase, ...]:
    """What happens next."""
    if not report.drift:
        return (("The organization is as asked for.",),) if not has_errors(report.findings) else ()
    return (
        (
            "To put right what is to be reviewed: ",
            Command("vend plan"),
            ", then ",
            Command("vend apply --reviewed plan.json"),
            ".",
        ),
        ("To accept all of one account: ", Command("vend drift --accept KEY --open"), "."),
    )


def _moment(text: str) -> str:
    """`2026-11-22T17:26Z`; what is no moment stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return clip(text, _KEY_LIMIT)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ") if moment.tzinfo else clip(text, _KEY_LIMIT)


def _label(item: DriftItem) -> Phrase:
    known = _LABELS.get(item.path[0]) if item.path else None
    return (known,) if known is not None and len(item.path) == 1 else label_of(item.path)


def _value(value: Json) -> Phrase:
    return ("nothing",) if value is None else (Value(clip(text_of(value), VALUE_LIMIT), exact=True),)


def _edit(edit: Edit) -> Phrase:
    if isinstance(edit.value, ListEdit):
        name = Value(".".join(edit.path))
        gone = [
            ("takes ", Value(clip(canonical(each), VALUE_LIMIT), exact=True), " out of ", name)
            for each in edit.value.removed
        ]
        new = [
            ("adds ", Value(clip(canonical(each), VALUE_LIMIT), exact=True), " to ", name) for each in edit.value.added
        ]
        return joined([*gone, *new], (", ",))
    if edit.value is None:
        return ("remove ", Value(clip(".".join(edit.path), VALUE_LIMIT), exact=True))
    return ("write ", Value(clip(as_yaml(edit.path, edit.value), 300), exact=True))


def as_yaml(path: Sequence[str], value: Json) -> str:
    """The value at its place, on one line: JSON is YAML."""
    first, *rest = path
    for step in reversed(rest):
        value = {step: value}
    return f"{first}: {canonical(value)}"
