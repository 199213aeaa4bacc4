"""CloudTrail's event history as the sandbox keeps it: every call that changed something, with its caller.

Only the services that the sandbox itself imitates are in it; what moto keeps (inside accounts) is not. Events are there at once,
which AWS's are not.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pipeline.sandbox.identifiers import token
from pipeline.sandbox.records import Fields

if TYPE_CHECKING:
    from pipeline.sandbox.organization import Call

_KEPT: Final = 50_000
_READS: Final = ("Describe", "Get", "List", "Lookup", "Search", "Scan")
_HOME: Final = "us-east-1"
_GLOBAL: Final = frozenset({"organizations", "account"})
"""Services whose events are all in one Region."""
_SOURCES: Final = {"sso-admin": "sso", "resourcegroupstaggingapi": "tagging"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One call that went well."""

    sequence: int
    at: datetime
    service: str
    operation: str
    region: str
    account: str
    access_key: str
    parameters: Fields

    @property
    def event_id(self) -> str:
        number = token("event", self.sequence, 32)
        return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))

    @property
    def source(self) -> str:
        return f"{_SOURCES.get(self.service, self.service)}.amazonaws.com"


class EventHistory:
    """The calls so far, oldest first."""

    def __init__(self) -> None:
        self._noted: deque[Noted] = deque(maxlen=_KEPT)
        self._number = 0

    def note(self, call: "Call", service: str, operation: str, parameters: Fields) -> None:
        """Keep a call, unless it only reads."""
        if operation.startswith(_READS):
            return
        self._number += 1
        self._noted.append(
            Noted(
                sequence=self._number,
                at=call.organization.clock.now(),
                service=service,
                operation=operation,
                region=_HOME if service in _GLOBAL else call.region,
                account=call.caller,
                access_key=call.access_key,
                parameters=parameters,
            )
        )

    def newest_first(self) -> Iterator[Noted]:
        return reversed(self._noted)
