"""What earlier reports and CloudTrail add to a report: since when, by whom, and from where."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline.errors import DocumentError
from pipeline.model.drift_report import Author, DriftItem, DriftReport, History, Known, TrailEvent

FORMAT: Final = "account-vending/drift"
VERSION: Final = 1

_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "organizational_unit": ("MoveAccount",),
    "name": ("PutAccountName",),
    "email": ("AcceptPrimaryEmailUpdate",),
    "tags": ("TagResource", "UntagResource"),
    "ownership": ("TagResource", "UntagResource"),
    "contacts": ("PutAlternateContact", "DeleteAlternateContact"),
    "contact_information": ("PutContactInformation",),
    "regions": ("EnableRegion", "DisableRegion"),
    "access": ("CreateAccountAssignment", "DeleteAccountAssignment"),
    "state": ("CloseAccount",),
    "account-state": ("CloseAccount",),
    "request": ("UntagResource", "CreateAccount", "AcceptHandshake"),
    "controls": ("EnableControl", "DisableControl"),
    "enrollment": ("MoveAccount",),
}
"""By the first step of an attribute's path: the calls that can have made the difference, and that name whom they are about."""

_NAMED: Final = frozenset({"tags", "contacts", "regions", "controls"})
"""Attributes of which a call names the one that it changes."""

_INSIDE: Final = frozenset({"settings", "customizations"})
"""Made inside an account, whose event history nobody of the management account can look into."""

_NOT_INSIDE: Final = "not looked up, since it is done inside the account, whose event history is not read"
_NO_CALL: Final = "not looked up, since CloudTrail notes no call that names it"
_NOT_ASKED: Final = "not looked up; the notes say why"
_NOT_FOUND: Final = "CloudTrail knows no such call of the last 90 days"


Units = Mapping[str, str]
"""Ids of units, by path."""


def with_history(report: DriftReport, history: History) -> DriftReport:
    """The report with the first moment that each item was reported at: this one, for what is new."""
    return replace(report, items=tuple(_known(item, history, report.read_at) for item in report.items))


def _known(item: DriftItem, history: History, now: str) -> DriftItem:
    known = history.get(item.id)
    return replace(item, since=now) if known is None else replace(item, since=known.since, author=known.author)


def calls_of(report: DriftReport, units: Units) -> frozenset[str]:
    """The calls to look for: of items whose author nobody knows yet. `units`: their ids, by path."""
    return frozenset(call for item in report.items if item.author is None for call in _calls(item, units))


def with_authors(
    report: DriftReport, events: Iterable[TrailEvent], units: Units, *, looked: frozenset[str] = frozenset()
) -> DriftReport:
    """The report with who made each difference: the newest call that can have done it. What is known already stays.

    `looked`: the calls that were looked up to the end; of drift whose author is not among the events, it is said why.
    """
    newest_first = sorted(events, key=lambda each: (each.at, each.event_id), reverse=True)
    return replace(report, items=tuple(_with_author(item, newest_first, units, looked) for item in report.items))


def _with_author(item: DriftItem, events: Iterable[TrailEvent], units: Units, looked: frozenset[str]) -> DriftItem:
    if item.author is not None:
        return item
    found = next((event for event in events if _explains(event, item, units)), None)
    if found is None:
        return replace(item, author_words=_why_unknown(item, units, looked)) if item.section.is_drift else item
    author = Author(who=found.who, from_where=found.from_where, event=found.name, at=found.at, event_id=found.event_id)
    return replace(item, author=author)


def _explains(event: TrailEvent, item: DriftItem, units: Units) -> bool:
    if event.name not in _calls(item, units) or event.about != _about(item, units):
        return False
    return item.path[0] not in _NAMED or not event.parts or item.path[-1].lower() in event.parts


def _why_unknown(item: DriftItem, units: Units, looked: frozenset[str]) -> str:
    calls = _calls(item, units)
    if not calls:
        return _NOT_INSIDE if item.path and item.path[0] in _INSIDE else _NO_CALL
    return _NOT_FOUND if looked.issuperset(calls) else _NOT_ASKED


def _calls(item: DriftItem, units: Units) -> tuple[str, ...]:
    return _CALLS.get(item.path[0], ()) if item.path and _about(item, units) is not None else ()


def _about(item: DriftItem, units: Units) -> str | None:
    """The id of the account, or of the unit, that the item is about."""
    return item.account_id or (units.get(item.subject) if item.path[0] == "controls" else None)


def history_in(text: str, *, source: str) -> History:
    """What a report as JSON (schemas/drift.schema.json) says of its items. Raises `DocumentError`."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{source}: this is not JSON ({error})", hint="give a report of `vend drift`") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        message = f'{source}: this is not a file of the format "{FORMAT}", version {VERSION}'
        raise DocumentError(message, hint="give a report that `vend drift --format json` has written")
    try:
        return {str(each["id"]): _entry(each) for each in document["items"]}
    except (KeyError, TypeError) as error:
        raise DocumentError(f"{source}: the report is damaged", hint="leave --previous away once") from error


def _entry(item: Mapping[str, Any]) -> Known:
    author = item.get("author")
    if author is None:
        return Known(since=str(item["since"]))
    fields = ("who", "from_where", "event", "at", "event_id")
    return Known(since=str(item["since"]), author=Author(**{name: str(author[name]) for name in fields}))
