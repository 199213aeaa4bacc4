"""Who has changed what, by the event history of CloudTrail: the last 90 days of the management account, Region by Region.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
Two requests a second, one attribute to look for, 50 events a page, newest first. An event shows up within about five minutes of
its call, and sometimes later. No trail has to be set up. What was done inside member accounts is not in it.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.model.drift_report import TrailEvent
from pipeline.provisioners.aws.connection import Connection, home_of_organizations
from pipeline.provisioners.aws.translation import code_of, translated

PAGES: Final = 5
"""Pages of one call's events in one Region that are read."""

LOOKUPS: Final = 40
"""Requests of one report at most: 20 seconds."""

_SPENT: Final = f"more than {LOOKUPS} lookups would be needed to see who; the rest is left out"

KEPT: Final = timedelta(days=90)

_IN_HOME: Final = frozenset({"CreateAccountAssignment", "DeleteAccountAssignment", "EnableControl", "DisableControl"})
"""Calls of services that live in the home Region, as Control Tower does; Organizations and Account Management live in one Region
of the partition.
"""

_REFUSED: Final = frozenset({"AccessDenied", "AccessDeniedException", "OperationNotPermittedException"})

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The events that were found, and what could not be looked up, in words."""

    events: tuple[TrailEvent, ...] = ()
    notes: tuple[str, ...] = ()
    looked: frozenset[str] = frozenset()
    """The calls that were looked up to the end."""


class Trail:
    """Looks events up; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._left = LOOKUPS

    def events(self, calls: Iterable[str], since: datetime | None = None) -> Found:
        """The successful calls of these names since then, or of the last 90 days.

        What may not be read, and what there is too much of, is said, and stops nothing. Raises `ServiceError` for what may go
        better later.
        """
        oldest = self._connection.clock.now().astimezone(UTC) - KEPT
        start = max(since, oldest) if since else oldest
        found: list[TrailEvent] = []
        notes: dict[str, None] = {}
        refusing: set[str] = set()
        looked: set[str] = set()
        for call in sorted(calls):
            region = self._region_of(call)
            if region in refusing:
                continue
            told = len(notes)
            with translated():
                try:
                    found += [read for event in self._lookup(call, region, start, notes) for read in _read(event)]
                    if len(notes) == told and _SPENT not in notes:
                        looked.add(call)
                except ClientError as error:
                    if code_of(error) not in _REFUSED:
                        raise
                    refusing.add(region)
                    notes[f"CloudTrail may not be read in {region}: allow cloudtrail:LookupEvents, to see who"] = None
        return Found(events=tuple(found), notes=tuple(notes), looked=frozenset(looked))

    def _region_of(self, call: str) -> str:
        home = self._connection.home_region
        return home if call in _IN_HOME else home_of_organizations(home)

    def _lookup(self, call: str, region: str, start: datetime, notes: dict[str, None]) -> Iterator[Mapping[str, Any]]:
        client = self._connection.client("cloudtrail", region=region)
        question: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": call}],
            "StartTime": start,
            "MaxResults": 50,
        }
        for _ in range(PAGES):
            if self._left <= 0:
                notes[_SPENT] = None
                return
            self._left -= 1
            answer = client.lookup_events(**question)
            yield from answer.get("Events", ())
            if not answer.get("NextToken"):
                return
            question["NextToken"] = answer["NextToken"]
        notes[f"there are more than {PAGES * 50} events {call} in {region}; older ones were not read"] = None


def _read(event: Mapping[str, Any]) -> Iterator[TrailEvent]:
    """The event as ours; nothing of a call that failed, or whose record nobody can read."""
    try:
        record = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        _logger.debug("event %s is not JSON", event.get("EventId"))
        return
    if not isinstance(record, dict) or record.get("errorCode"):
        return
    asked = record.get("requestParameters")
    asked = asked if isinstance(asked, dict) else {}
    at: datetime = event["EventTime"]
    yield TrailEvent(
        event_id=str(event.get("EventId", "")),
        name=str(event.get("EventName", "")),
        at=at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        who=_who(record.get("userIdentity"), str(event.get("Username", ""))),
        from_where=str(record.get("sourceIPAddress", "")),
        about=_about(asked),
        parts=frozenset(_parts(asked)),
    )


def _who(identity: Any, name: str) -> str:
    found = identity if isinstance(identity, dict) else {}
    return str(found.get("arn") or found.get("invokedBy") or found.get("principalId") or name or "unknown")


def _about(asked: Mapping[str, Any]) -> str:
    """The id of an account or a unit; Control Tower names a unit by its ARN, which ends in the id."""
    named = (asked.get(key) for key in ("accountId", "resourceId", "targetId", "targetIdentifier"))
    return next((each.rpartition("/")[2] for each in named if isinstance(each, str)), "")


def _parts(asked: Mapping[str, Any]) -> Iterator[str]:
    """The words of the attribute, in small letters: keys of tags, the type of a contact, a Region, a control."""
    for tag in _list(asked.get("tags")):
        if isinstance(tag, dict):
            yield str(tag.get("key", "")).lower()
    yield from (str(key).lower() for key in islice(_list(asked.get("tagKeys")), 100))
    for name in ("alternateContactType", "regionName", "controlIdentifier"):
        if isinstance(asked.get(name), str):
            yield asked[name].lower()


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
