"""Real time: the only place that reads it."""

import time
from datetime import UTC, datetime, timedelta

from pipeline.model.clock import Clock


class SystemClock(Clock):
    """Time as it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class ScaledClock(Clock):
    """Time that runs `factor` times as fast as on `clock`, from the moment of construction: for the demo and for tests."""

    def __init__(self, factor: float, clock: Clock | None = None) -> None:
        if factor <= 0:
            raise ValueError(f"time cannot run {factor} times as fast; give a factor above 0")
        self._factor = factor
        self._clock = clock or SystemClock()
        self._origin = self._clock.now()
        self._start = self._clock.monotonic()

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self._clock.monotonic() - self._start) * self._factor

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(max(0.0, seconds) / self._factor)
