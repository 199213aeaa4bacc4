"""Looking things up in CloudTrail's event history.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from moto.sts.models import sts_backends

from pipeline.sandbox.event_history import EventHistory, Noted
from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.paging import read_token, write_token
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.validation import Problem

_MOST: Final = 50
_LISTING: Final = "events"


def _invalid(problems: list[Problem]) -> Refusal:
    return Refusal("InvalidParameterException", "; ".join(problem.message for problem in problems))


def _lookup(call: Call, parameters: Fields) -> Fields:
    history: EventHistory = call.organization.event_history
    wanted = parameters.get("LookupAttributes") or []
    if len(wanted) > 1:
        raise Refusal("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    limit = parameters.get("MaxResults") or _MOST
    if not 1 <= limit <= _MOST:
        raise Refusal("InvalidMaxResultsException", f"A limit of {limit} is not valid.")
    start, end = _moment(parameters.get("StartTime")), _moment(parameters.get("EndTime"))
    if start and end and start > end:
        raise Refusal("InvalidTimeRangeException", "The start time is after the end time.")
    before = _before(parameters.get("NextToken"))
    found = [
        each
        for each in history.newest_first()
        if each.account == call.caller
        and each.region == call.region
        and (before == 0 or each.sequence < before)
        and (start is None or each.at >= start)
        and (end is None or each.at <= end)
        and all(_has(each, attribute) for attribute in wanted)
    ]
    answer: Fields = {"Events": [_event(each) for each in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = write_token(_LISTING, found[limit - 1].sequence)
    return answer


def _before(text: str | None) -> int:
    try:
        return read_token(_LISTING, text)
    except (ValueError, TypeError, IndexError):
        raise Refusal("InvalidNextTokenException", "The token is not valid.") from None


def _moment(value: Any) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(float(value), UTC)


def _has(event: Noted, attribute: Fields) -> bool:
    known = {
        "EventName": event.operation,
        "EventSource": event.source,
        "EventId": event.event_id,
        "AccessKeyId": event.access_key,
        "Username": _caller(event)[1],
        "ReadOnly": "false",
    }
    return bool(known.get(attribute["AttributeKey"]) == attribute["AttributeValue"])


def _event(event: Noted) -> Fields:
    arn, name = _caller(event)
    at = event.at.astimezone(UTC)
    record = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole" if ":assumed-role/" in arn else "IAMUser",
            "arn": arn,
            "accountId": event.account,
            "accessKeyId": event.access_key,
        },
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.source,
        "eventName": event.operation,
        "awsRegion": event.region,
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": _lower(event.parameters),
        "eventID": event.event_id,
        "readOnly": False,
        "managementEvent": True,
        "recipientAccountId": event.account,
        "eventCategory": "Management",
    }
    return {
        "EventId": event.event_id,
        "EventName": event.operation,
        "ReadOnly": "false",
        "AccessKeyId": event.access_key,
        "EventTime": at.timestamp(),
        "EventSource": event.source,
        "Username": name,
        "Resources": [],
        "CloudTrailEvent": json.dumps(record, default=str),
    }


def _caller(event: Noted) -> tuple[str, str]:
    """ARN and name of who called: a session's role and name, or the user of the test credentials."""
    session = sts_backends[event.account]["aws"].get_assumed_role_from_access_key(event.access_key)
    if session is not None:
        return str(session.arn), str(session.session_name)
    name = "administrator" if event.account == MANAGEMENT_ID else "root"
    return f"arn:aws:iam::{event.account}:user/{name}", name


def _lower(value: Any) -> Any:
    """Members as CloudTrail writes them, with a small first letter."""
    if isinstance(value, dict):
        return {f"{key[:1].lower()}{key[1:]}": _lower(each) for key, each in value.items()}
    return [_lower(each) for each in value] if isinstance(value, list | tuple) else value


EVENT_HISTORY: Final = Definition(
    name="cloudtrail",
    operations={"LookupEvents": _lookup},
    invalid=_invalid,
    throttled=lambda: Refusal("ThrottlingException", "Rate exceeded"),
    authorize=lambda _call, _operation: None,
)
