"""A token bucket on our side, so that the one on AWS's side is never empty."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.provisioners.aws.limits import JITTER, RATES, Bucket, Limits, Rate, Tollgate
from tests.unit.provisioners.clocks import StillClock

OPERATIONS = sorted(RATES)


class ServersBucket:
    """As AWS documents it: refuses when there is no token."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._tokens = float(rate.burst)
        self._at = 0.0

    def admits(self, at: float) -> bool:
        self._tokens = min(self._rate.burst, self._tokens + (at - self._at) * self._rate.per_second)
        self._at = at
        if self._tokens < 1 - 1e-6:
            return False
        self._tokens -= 1
        return True


def taken(bucket: Bucket, clock: StillClock, pauses: list[float]) -> list[float]:
    """The moments at which a token was given to callers who come after these pauses."""
    moments = []
    for pause in pauses:
        clock.time += pause
        bucket.take()
        moments.append(clock.time)
    return moments


@pytest.mark.parametrize("operation", OPERATIONS)
@given(
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=40),
    delays=st.lists(st.floats(0, JITTER * 0.9), min_size=40, max_size=40),
)
def test_aws_never_has_to_refuse_even_if_requests_are_delayed_on_the_way(
    operation: tuple[str, str], pauses: list[float], delays: list[float]
) -> None:
    rate, clock = RATES[operation], StillClock()
    server = ServersBucket(rate)
    sent = taken(Bucket(rate, clock), clock, pauses)
    arrivals = sorted(moment + delay for moment, delay in zip(sent, delays, strict=False))
    assert all(server.admits(moment) for moment in arrivals)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_at_least_95_percent_of_the_documented_rate_is_used(operation: tuple[str, str]) -> None:
    """But where AWS allows no burst at all, and a request a moment too early would be refused."""
    rate, clock = RATES[operation], StillClock()
    calls = 200
    moments = taken(Bucket(rate, clock), clock, [0.0] * calls)
    documented = (calls - rate.burst) / rate.per_second
    least = 0.95 if rate.burst > 1 or rate.per_second < 0.1 else 0.75
    assert documented / (moments[-1] - moments[0]) >= least


def test_a_pause_fills_the_bucket_and_no_more_than_that() -> None:
    clock = StillClock()
    bucket = Bucket(Rate(2, 5), clock)
    taken(bucket, clock, [0.0] * 20)
    clock.time += 3600
    clock.sleeps.clear()
    taken(bucket, clock, [0.0] * 5)
    assert len(clock.sleeps) == 1, "four pass at once, the fifth token of AWS's burst is spared"


def test_a_refusal_by_aws_empties_the_bucket() -> None:
    clock = StillClock()
    bucket = Bucket(Rate(2, 10), clock)
    taken(bucket, clock, [0.0])
    bucket.empty()
    before = clock.time
    assert taken(bucket, clock, [0.0])[0] - before == pytest.approx(1 / 1.98)


class Turnstile:
    """A clock whose sleepers wait until somebody moves the time."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waiting = 0
        self.changed = threading.Condition()

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self.changed:
            until = self.time + seconds
            self.waiting += 1
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.time >= until - 1e-9)
            self.waiting -= 1

    def now(self) -> object:
        raise NotImplementedError


def test_callers_are_served_in_the_order_of_their_arrival_and_delayed_by_a_refusal() -> None:
    clock, served = Turnstile(), list[int]()
    bucket = Bucket(Rate(1, 2), clock)  # type: ignore[arg-type] # nobody asks it for the date
    bucket.take()
    threads = [
        threading.Thread(target=lambda number=number: (bucket.take(), served.append(number))) for number in range(4)
    ]
    for number, thread in enumerate(threads):
        thread.start()
        with clock.changed:
            assert clock.changed.wait_for(lambda number=number: clock.waiting == number + 1, timeout=5)
    clock.time = 0.5
    bucket.empty()
    for number in range(4):
        with clock.changed:
            clock.time = 0.5 + (number + 1) / 0.99
            clock.changed.notify_all()
        threads[number].join(timeout=5)
    assert served == [0, 1, 2, 3]


def test_an_operation_without_a_published_rate_passes_freely() -> None:
    clock = StillClock()
    limits = Limits(clock)
    for _ in range(1000):
        limits.pay("sts", "GetCallerIdentity")
    assert clock.sleeps == []


def test_the_gate_of_one_client_pays_into_the_bucket_of_all() -> None:
    clock = StillClock()
    limits = Limits(clock, {("organizations", "ListRoots"): Rate(1, 2)})
    first, second = (Tollgate("organizations", limits, frozenset({"Throttling"})) for _ in range(2))
    first.request_created(operation_name="ListRoots")
    second.request_created(operation_name="ListRoots")
    assert sum(clock.sleeps) == pytest.approx(1 / 0.99)
    clock.time += 3600
    event = "response-received.organizations.ListRoots"
    first.response_received(event_name=event, parsed_response={"Error": {"Code": "Throttling"}})
    clock.sleeps.clear()
    second.request_created(operation_name="ListRoots")
    assert clock.sleeps
