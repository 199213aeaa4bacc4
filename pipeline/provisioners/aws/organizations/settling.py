"""Waiting until a write can be read: Organizations is eventually consistent.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_troubleshoot.html
"""

from collections.abc import Callable
from typing import Final, TypeVar

from pipeline.errors import TemporaryServiceError
from pipeline.model.clock import Clock

T = TypeVar("T")

FIRST_PAUSE: Final = 0.25
GROWTH: Final = 1.6
LONGEST_PAUSE: Final = 8.0
CAP: Final = 60.0
"""Seconds after which we stop looking; the next try, or the next run, looks again."""


class UnsettledError(TemporaryServiceError):
    """Looked for as long as we look, and not seen."""


def settle(clock: Clock, look: Callable[[], T | None], unsettled: str, *, cap: float = CAP) -> T:
    """Look until there is something to see, at growing intervals.

    Raises `UnsettledError` with the text `unsettled` after `cap` seconds.
    """
    deadline = clock.monotonic() + cap
    pause = FIRST_PAUSE
    while (seen := look()) is None:
        left = deadline - clock.monotonic()
        if left <= 0:
            raise UnsettledError(
                f"{unsettled} (looked for {cap:.0f} s)",
                delay=LONGEST_PAUSE,
                hint="run again: the next plan looks afresh",
            )
        clock.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE)
    return seen
