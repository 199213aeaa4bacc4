"""The sandbox's own time: as fast as one likes, and it can be set forward."""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock


class ScaledClock:
    """A `Clock` that runs `scale` times as fast as the machine's, plus what was added by `advance`.

    A scale of 0 stands still, and moves by `advance` alone: the choice of tests that say what time it is.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._started = datetime.now(UTC)
        self._origin = time.monotonic()
        self._added = 0.0
        self._lock = Lock()

    def monotonic(self) -> float:
        """Seconds of the sandbox since the clock was made."""
        with self._lock:
            return (time.monotonic() - self._origin) * self._scale + self._added

    def now(self) -> datetime:
        return self._started + timedelta(seconds=self.monotonic())

    def sleep(self, seconds: float) -> None:
        """Return when that many seconds of the sandbox have passed; at scale 0, set the clock forward instead."""
        if self._scale:
            time.sleep(seconds / self._scale)
        else:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        with self._lock:
            self._added += seconds
