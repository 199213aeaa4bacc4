"""Faults on demand: what a network and a service do to a client once in a while."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from threading import Lock
from typing import Any, Final


class Kind(StrEnum):
    THROTTLE = "throttle"
    SERVER_ERROR = "server-error"
    ERROR = "error"
    """The error that the rule gives as `code`, `message`, `status` and `members`."""
    DELAY = "delay"
    """Nothing but the `seconds` of real time that every fault may take before it strikes."""
    CONNECTION_RESET = "connection-reset"
    CARRIED_OUT_THEN_ERROR = "carried-out-then-error"
    CARRIED_OUT_THEN_RESET = "carried-out-then-reset"
    CREATION_FAILURE = "creation-failure"
    """The next accepted CreateAccount ends FAILED, with `failure_reason`."""
    WORKFLOW_FAILURE = "workflow-failure"
    """The step `operation` of a workflow of Control Tower's fails, with `message`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Happens to the calls of `operation` of `service` (`*` is any): `times` calls, after the first `skip` ones."""

    kind: Kind
    service: str = "*"
    operation: str = "*"
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    code: str = ""
    message: str = "A fault that was asked for."
    status: int = 400
    members: Mapping[str, Any] | None = None
    failure_reason: str = ""

    def concerns(self, service: str, operation: str) -> bool:
        return self.service in {"*", service} and self.operation in {"*", operation}


_TYPES: Final[Mapping[str, Any]] = {"times": int, "skip": int, "status": int, "seconds": int | float, "members": dict}
"""What the fields of a rule have to be; the others are texts."""


class FaultRuleError(ValueError):
    """A rule that cannot be read; the text says why."""


def read_fault(value: object) -> Fault:
    """A rule from JSON. `failure_reason` alone makes it a `creation-failure`. Raises `FaultRuleError`."""
    if not isinstance(value, dict):
        raise FaultRuleError("A fault is a JSON object.")
    if unknown := sorted(set(value) - {each.name for each in fields(Fault)}):
        raise FaultRuleError(f"A fault has no {', '.join(unknown)}.")
    given = dict(value)
    if "failure_reason" in given:
        given.setdefault("kind", Kind.CREATION_FAILURE)
    try:
        kind = Kind(given.pop("kind"))
    except (KeyError, ValueError):
        raise FaultRuleError(f"The kind of a fault is one of {', '.join(Kind)}.") from None
    for name, each in given.items():
        if not isinstance(each, _TYPES.get(name, str)) or (isinstance(each, int) and each < 0):
            raise FaultRuleError(f'"{name}" of a fault cannot be {each!r}.')
    return Fault(kind=kind, **given)


class Faults:
    """The rules in force, in order; the first that concerns a call happens to it. Safe to share between threads."""

    def __init__(self) -> None:
        self._rules: list[tuple[Fault, int]] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._rules.append((fault, 0))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def pending(self) -> tuple[Fault, ...]:
        """The rules that have something left to do."""
        with self._lock:
            return tuple(fault for fault, _ in self._rules)

    def strike(self, service: str, operation: str) -> Fault | None:
        """What happens to this call. It counts for every rule that concerns it, up to the one that strikes."""
        with self._lock:
            for index, (fault, seen) in enumerate(self._rules):
                if not fault.concerns(service, operation):
                    continue
                self._rules[index] = (fault, seen + 1)
                if seen >= fault.skip:
                    if seen + 1 >= fault.skip + fault.times:
                        del self._rules[index]
                    return fault
        return None
