"""Time as a collaborator: whoever needs it takes a `Clock`, so tests decide how fast it runs."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, in UTC and aware of it."""
        ...

    def monotonic(self) -> float:
        """Seconds from some fixed point; never goes backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...
