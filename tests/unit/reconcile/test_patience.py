"""How long and how an engine waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import TemporaryServiceError
from pipeline.model.operation import Lane
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.patience import Patience, StoppableClock, rest
from tests.unit.reconcile.fakes import FakeClock


@given(failures=st.integers(1, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_backoff_is_never_above_its_ceiling_nor_below_the_shortest_wait(failures: int, jitter: float) -> None:
    assert 0.1 <= Patience(ceiling=60).backoff(failures, jitter) <= 60


def test_backoff_doubles_with_every_failure_until_its_ceiling() -> None:
    patience = Patience(base=1, ceiling=10)

    assert [patience.backoff(failures, 0.999) for failures in (1, 2, 3, 4, 5, 6)] == pytest.approx(
        [0.999, 1.998, 3.996, 7.992, 9.99, 9.99]
    )


def test_control_tower_is_given_longer_than_an_hour_and_everything_else_is_not() -> None:
    """An hour is when its own guide says to begin again: the operation itself has to see that first."""
    patience = Patience()
    long = {lane for lane in Lane if patience.waiting_on(lane) > 3600}
    assert long == {Lane.CONTROL_TOWER, Lane.LANDING_ZONE}


@given(seconds=st.floats(0, 1000), start=st.floats(0, 1e9))
def test_rest_lasts_as_long_as_asked_in_short_sleeps(seconds: float, start: float) -> None:
    clock = FakeClock()
    clock.sleep(start)

    assert rest(clock, Stop(), seconds)
    assert clock.monotonic() - start == pytest.approx(seconds, rel=1e-6, abs=1e-5)
    assert all(sleep <= 0.5 for sleep in clock.sleeps[1:])


def test_rest_ends_within_one_sleep_of_the_cancellation() -> None:
    stop = Stop()

    class Cancels(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.monotonic() >= 2:
                stop.cancel()

    clock = Cancels()

    assert not rest(clock, stop, 600)
    assert clock.monotonic() == 2


def test_draining_does_not_end_a_rest() -> None:
    clock, stop = FakeClock(), Stop()
    stop.drain()

    assert rest(clock, stop, 10)
    assert clock.monotonic() == 10


def test_a_stoppable_clock_is_the_clock_it_stands_for() -> None:
    clock = FakeClock()
    stoppable = StoppableClock(clock, Stop())

    stoppable.sleep(0.001)
    stoppable.sleep(10)

    assert (stoppable.monotonic(), stoppable.now()) == (clock.monotonic(), clock.now())
    assert clock.monotonic() == pytest.approx(10.001)


def test_a_sleep_of_a_stoppable_clock_ends_with_the_run() -> None:
    stop = Stop()
    stop.cancel()
    clock = FakeClock()

    with pytest.raises(TemporaryServiceError, match="interrupted"):
        StoppableClock(clock, stop).sleep(60)
    assert clock.sleeps == []
