"""How turns are ended early: each by itself, though one provisioner serves many at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.reconcile.engine import Stop


class ThreadStop(Stop):
    """Of the turn that the calling thread takes: one provisioner serves many turns at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._stops: dict[int, Stop] = {}

    @property
    def is_draining(self) -> bool:
        return self.is_cancelled

    @property
    def is_cancelled(self) -> bool:
        stop = self._stops.get(threading.get_ident())
        return stop is not None and stop.is_cancelled

    @contextmanager
    def of(self, stop: Stop) -> Iterator[None]:
        self._stops[threading.get_ident()] = stop
        try:
            yield
        finally:
            del self._stops[threading.get_ident()]


class Lease(Stop):
    """Is cancelled, once and for all, when it was not renewed for so many seconds of the machine's time."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._seconds = seconds
        self._monotonic = monotonic
        self._renewed = monotonic()
        self._is_over = False

    @property
    def is_over(self) -> bool:
        self._is_over = self._is_over or self._monotonic() - self._renewed > self._seconds
        return self._is_over

    @property
    def is_cancelled(self) -> bool:
        return self.is_over or super().is_cancelled

    def renew(self) -> None:
        """Unless it is too late."""
        if not self.is_over:
            self._renewed = self._monotonic()


class Softly(Stop):
    """Is cancelled at the latest when `hard` is."""

    def __init__(self, hard: Stop) -> None:
        super().__init__()
        self._hard = hard

    @property
    def is_cancelled(self) -> bool:
        return self._hard.is_cancelled or super().is_cancelled
