"""How long an engine keeps at one operation, and how it waits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.errors import TemporaryServiceError
from pipeline.model.clock import Clock
from pipeline.model.operation import Lane
from pipeline.reconcile.engine import Stop

_SLICE: Final = 0.5
"""Seconds of one sleep: nobody who stops a run waits longer for a wait to end, and 16 waiting threads cost nothing."""

SHORTEST: Final = 0.1
"""Seconds of the shortest wait, so that a delay of 0 does not become a busy loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When an operation is left to the next run. All seconds are those of the engine's clock.

    Temporary errors: at most `tries` in a row, and `seconds` from the first of them; between tries exponential backoff from
    `base` up to `ceiling` with full jitter, but never less than AWS asked for
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `waiting`: seconds from an operation's first
    try while AWS is still at it; an account is usually created within a few minutes. `tower`: the same on the lanes of Control
    Tower, which takes tens of minutes for an account; after an hour its own guide says to begin again
    (https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html).
    """

    tries: int = 10
    seconds: float = 600.0
    base: float = 1.0
    ceiling: float = 60.0
    waiting: float = 900.0
    tower: float = 4500.0

    def waiting_on(self, lane: Lane) -> float:
        """Seconds from the first try of an operation on the lane while AWS is still at it."""
        return self.tower if lane in {Lane.CONTROL_TOWER, Lane.LANDING_ZONE} else self.waiting

    def backoff(self, failures: int, jitter: float) -> float:
        """Seconds to wait after that many failures in a row; `jitter` is in [0, 1)."""
        return max(SHORTEST, jitter * min(self.ceiling, self.base * 2.0 ** min(failures - 1, 30)))


def rest(clock: Clock, stop: Stop, seconds: float) -> bool:
    """Wait by the clock; False as soon as the run is cancelled."""
    until = clock.monotonic() + seconds
    while not stop.is_cancelled and (left := until - clock.monotonic()) > 0:
        clock.sleep(min(left, _SLICE))
    return not stop.is_cancelled


class StoppableClock(Clock):
    """A clock for backends, whose sleeps end when the run is cancelled, with a `TemporaryServiceError`.

    A backend also waits inside an operation (for a request rate, for a write to be seen). The engine asks again after a
    temporary error, finds the run cancelled, and leaves the change to the next run, as after any other death.
    """

    def __init__(self, clock: Clock, stop: Stop) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        if not rest(self._clock, self._stop, seconds):
            raise TemporaryServiceError("interrupted")
