"""Real time, and time that runs faster."""

from datetime import UTC, timedelta

import pytest

from pipeline.app.clock import ScaledClock, SystemClock
from tests.unit.reconcile.fakes import FakeClock


def test_the_system_clock_says_the_time_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_sleep_of_the_system_clock_lasts_at_least_as_long_as_asked() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    clock.sleep(0.002)

    assert clock.monotonic() - before >= 0.002


def test_a_negative_sleep_is_none() -> None:
    SystemClock().sleep(-1)
    slow = FakeClock()
    ScaledClock(10, slow).sleep(-1)

    assert slow.sleeps == [0]


def test_a_scaled_clock_keeps_date_and_seconds_together_and_starts_at_the_present() -> None:
    slow = FakeClock()
    slow.sleep(5)
    fast = ScaledClock(1000, slow)
    start, before = fast.now(), fast.monotonic()
    slow.sleep(2)

    assert start == slow.now() - timedelta(seconds=2)
    assert fast.monotonic() - before == 2000
    assert fast.now() - start == timedelta(seconds=2000)


def test_a_sleep_of_a_scaled_clock_lasts_as_long_as_asked_on_that_clock() -> None:
    slow = FakeClock()
    fast = ScaledClock(1000, slow)

    fast.sleep(3600)

    assert fast.monotonic() == pytest.approx(3600)
    assert slow.sleeps == [3.6]


@pytest.mark.parametrize("factor", [0, -1])
def test_time_does_not_stand_still_or_run_backwards(factor: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        ScaledClock(factor)
