"""Lifecycle events of Control Tower: what it says when somebody has made, changed or governed an account.

https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html
An event comes in the envelope of EventBridge, or as the record of CloudTrail that lies in it. Whoever may put events on a bus
may write anything into one: names are hostile, and ids are checked.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.finding import Finding, Location

LARGEST: Final = 1_000_000
"""Bytes; EventBridge takes 256 KB."""

_SOURCES: Final = frozenset({"aws.controltower", "controltower.amazonaws.com"})
_ACCOUNT_EVENTS: Final[Mapping[str, str]] = {
    "CreateManagedAccount": "createManagedAccountStatus",
    "UpdateManagedAccount": "updateManagedAccountStatus",
}
_BASELINE_EVENTS: Final[Mapping[str, str]] = {
    "EnableBaseline": "enableBaselineStatus",
    "ResetEnabledBaseline": "resetEnabledBaselineStatus",
    "UpdateEnabledBaseline": "updateEnabledBaselineStatus",
    "DisableBaseline": "disableBaselineStatus",
}
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
_UNIT_ID: Final = re.compile(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")
_TARGET: Final = re.compile(r"arn:[a-z0-9-]+:organizations::[0-9]{12}:(account|ou)/o-[a-z0-9]{10,32}/([0-9a-z-]+)")
_UNDERSTOOD: Final = ", ".join((*_ACCOUNT_EVENTS, *_BASELINE_EVENTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleEvent:
    """What has happened to which account, or unit. Ids are as AWS writes them; names are as the event writes them.

    A baseline event names an account or a unit, and nothing more of it. `has_succeeded` is None while it is going on.
    """

    name: str
    has_succeeded: bool | None
    account_id: str | None = None
    account_name: str | None = None
    unit_id: str | None = None
    unit_name: str | None = None
    message: str = ""


class _MisfitError(Exception):
    """What is wrong, and at which attribute."""

    def __init__(self, rule: str, message: str, hint: str, attribute: str = "") -> None:
        super().__init__(message)
        self.rule, self.message, self.hint, self.attribute = rule, message, hint, attribute


def read_event(data: bytes, source: str) -> LifecycleEvent | Finding:
    """The event in a file, or what is wrong with it; never raises, whatever the bytes are. `source` names it in findings."""
    try:
        return _event(_document(data))
    except _MisfitError as misfit:
        return Finding(
            location=Location(source),
            rule=misfit.rule,
            message=misfit.message,
            hint=misfit.hint,
            attribute=misfit.attribute,
        )


def _document(data: bytes) -> Mapping[str, Any]:
    hint = "give one event as EventBridge delivers it"
    if len(data) > LARGEST:
        raise _MisfitError("event-size", f"the event is larger than {LARGEST:,} bytes", hint)
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _MisfitError("event-json", "this is no JSON in UTF-8", hint) from None
    if not isinstance(document, dict):
        raise _MisfitError("event-json", "this is JSON, and no event", hint)
    return document


def _event(document: Mapping[str, Any]) -> LifecycleEvent:
    enveloped = document.get("detail")
    record = enveloped if isinstance(enveloped, dict) else document
    told = {str(each["source"]) for each in (document,) if "source" in each}
    told |= {str(record["eventSource"])} if "eventSource" in record else set()
    if not told or not told <= _SOURCES:
        raise _MisfitError(
            "event-source", "the event does not come from Control Tower", "match source aws.controltower in the rule"
        )
    name = str(record.get("eventName", document.get("detail-type")))
    if name in _ACCOUNT_EVENTS:
        return _of_account(name, _part(_part(record, "serviceEventDetails"), _ACCOUNT_EVENTS[name]))
    if name in _BASELINE_EVENTS:
        return _of_baseline(name, _part(_part(record, "serviceEventDetails"), _BASELINE_EVENTS[name]))
    raise _MisfitError(
        "event-unknown", f'"{name[:100]}" is not about an account', f"match only {_UNDERSTOOD}", "eventName"
    )


def _of_account(name: str, status: Mapping[str, Any]) -> LifecycleEvent:
    account, unit = _part(status, "account"), status.get("organizationalUnit")
    unit = unit if isinstance(unit, dict) else {}
    account_id = account.get("accountId")
    # An account that could not be made has no id.
    is_made = isinstance(account_id, str) and _ACCOUNT_ID.fullmatch(account_id)
    succeeded = _outcome(status.get("state"))
    if not is_made and succeeded:
        raise _MisfitError("event-account", "the event names no account", "give the whole event", "accountId")
    return LifecycleEvent(
        name=name,
        has_succeeded=succeeded,
        account_id=account_id if is_made else None,
        account_name=_text(account.get("accountName")),
        unit_id=_unit_id(unit.get("organizationalUnitId")),
        unit_name=_text(unit.get("organizationalUnitName")),
        message=_text(status.get("message")) or "",
    )


def _of_baseline(name: str, status: Mapping[str, Any]) -> LifecycleEvent:
    details = _part(status, "enabledBaselineDetails")
    target = _TARGET.fullmatch(str(details.get("targetIdentifier")))
    kind, target_id = (target[1], target[2]) if target else ("", "")
    if not (_ACCOUNT_ID if kind == "account" else _UNIT_ID).fullmatch(target_id):
        raise _MisfitError(
            "event-target", "the event names neither an account nor a unit", "give the whole event", "targetIdentifier"
        )
    summary = details.get("statusSummary")
    state = summary.get("status") if isinstance(summary, dict) else None
    return LifecycleEvent(
        name=name,
        has_succeeded=_outcome(state),
        account_id=target_id if kind == "account" else None,
        unit_id=target_id if kind == "ou" else None,
    )


def _part(within: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = within.get(name)
    if not isinstance(part, dict):
        raise _MisfitError("event-shape", f'the event lacks "{name}"', "give the whole event", name)
    return part


def _outcome(state: object) -> bool | None:
    return {"SUCCEEDED": True, "FAILED": False}.get(state) if isinstance(state, str) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _unit_id(value: object) -> str | None:
    return value if isinstance(value, str) and _UNIT_ID.fullmatch(value) else None
