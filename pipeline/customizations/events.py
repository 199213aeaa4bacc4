"""What Terraform says with `-json`, as values.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.customization import Difference, ResourceChange

_SILENT: Final = frozenset({"noop", "read", ""})
"""Actions that change nothing."""
_TAIL: Final = 20
_LOCKED: Final = "acquiring the state lock"
_LOCK_FIELD: Final = re.compile(r"^\s+(ID|Who|Operation|Created):[ \t]+(\S.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem in Terraform's words. `place` reads `main.tf:2 aws_ssm_parameter.p`, as far as it is known."""

    severity: str
    summary: str
    detail: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLock:
    """Who holds the lock of a state, since when, as Terraform prints it."""

    id: str
    who: str
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Everything that one command said. `tail`: its last lines that are not events, as from a crash."""

    changes: tuple[ResourceChange, ...] = ()
    drift: tuple[ResourceChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    tail: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.diagnostics if each.severity == "error")

    def difference(self, *, applicable: bool) -> Difference:
        return Difference(changes=self.changes, drift=self.drift, applicable=applicable)


def understand(lines: Iterable[str]) -> Spoken:
    """The events among `lines`. Never raises: what is no event is kept as text."""
    changes: set[ResourceChange] = set()
    drift: set[ResourceChange] = set()
    diagnostics: list[Diagnostic] = []
    tail: list[str] = []
    for line in lines:
        event = _event(line)
        if event is None:
            tail = [*tail[1 - _TAIL :], line.rstrip()] if line.strip() else tail
            continue
        changes.update(_changes(event))
        drift.update(_rows(event, "resource_drift"))
        diagnostics += _diagnostics(event)
    return Spoken(
        changes=tuple(sorted(changes)),
        drift=tuple(sorted(drift)),
        diagnostics=tuple(diagnostics),
        tail=tuple(tail),
    )


def held_lock(diagnostics: Iterable[Diagnostic]) -> HeldLock | None:
    """The lock that the command did not get, if that is why it failed; a lock that cannot be written is nobody's."""
    for each in diagnostics:
        found = dict(_LOCK_FIELD.findall(each.detail)) if _LOCKED in each.summary else {}
        if "ID" in found:
            return HeldLock(id=found["ID"], who=found.get("Who", ""), created=found.get("Created", ""))
    return None


def _event(line: str) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and "type" in event else None


def _changes(event: Mapping[str, Any]) -> Iterator[ResourceChange]:
    yield from _rows(event, "planned_change")
    # `apply` sends "outputs" too: with values, and without actions
    if event["type"] == "outputs":
        for name, output in _mapping(event.get("outputs")).items():
            action = str(_mapping(output).get("action", ""))
            if action not in _SILENT:
                yield ResourceChange(address=f"output.{name}", action=action)


def _rows(event: Mapping[str, Any], kind: str) -> Iterator[ResourceChange]:
    if event["type"] != kind:
        return
    change = _mapping(event.get("change"))
    action, address = str(change.get("action", "")), str(_mapping(change.get("resource")).get("addr", ""))
    if address and action not in _SILENT:
        yield ResourceChange(address=address, action=action, reason=str(change.get("reason", "")))


def _diagnostics(event: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if event["type"] != "diagnostic":
        return
    told = _mapping(event.get("diagnostic"))
    where = _mapping(told.get("range"))
    line = _mapping(where.get("start")).get("line", "")
    place = f"{where['filename']}:{line}" if "filename" in where else ""
    yield Diagnostic(
        severity=str(told.get("severity", "error")),
        summary=str(told.get("summary", "")),
        detail=str(told.get("detail", "")),
        place=f"{place} {told.get('address', '')}".strip(),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
