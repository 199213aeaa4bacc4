"""A worker that another may have replaced does nothing more."""

from collections.abc import Callable
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from pipeline.model.operation import Done, Facts, Operation, Result
from pipeline.reconcile.course import Course
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.patience import StoppableClock
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.documents import course_to_json, task_to_json
from pipeline.reconcile.temporal.names import Timing
from pipeline.reconcile.temporal.stops import Lease
from pipeline.reconcile.temporal.turn import Hands, Turns
from tests.unit.reconcile.fakes import FakeClock, a_task

TIMING = Timing(heartbeat=30.0, pulse=0.01)


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans())))
def test_a_lease_that_was_ever_renewed_too_late_is_over_for_good(steps: list[tuple[float, bool]]) -> None:
    now, renewed, is_over = 0.0, 0.0, False
    times = [0.0]
    lease = Lease(10.0, lambda: times[-1])
    for seconds, renews in steps:
        now += seconds
        times.append(now)
        is_over = is_over or now - renewed > 10.0
        if renews:
            lease.renew()
            renewed = now
        assert lease.is_cancelled is is_over


def test_a_worker_that_was_frozen_writes_nothing_more_and_hands_its_turn_back() -> None:
    """It has looked, and is about to write: meanwhile the server has given the turn to another worker."""
    machine, written = FakeClock(), list[str]()

    def hands(_: str, stop: Stop, __: Callable[[Write], None]) -> Hands:
        clock = StoppableClock(FakeClock(), stop)

        def perform(operation: Operation, _: Facts) -> Result:
            if operation.kind == "frozen":
                machine.sleep(25)
            clock.sleep(1)
            written.append(operation.kind)
            return Done()

        return Hands(perform=perform, clock=FakeClock(), jitter=lambda: 0.5)

    turns = Turns(hands, "1.0", monotonic=machine.monotonic)
    task = a_task("a", "before", "frozen", "after")
    order = {"run": "r", "version": "1.0", "task": task_to_json(task), "course": course_to_json(Course(task=task))}
    result = ActivityEnvironment().run(turns.turn, order | {"reported": 0, "timing": asdict(TIMING)})

    assert written == ["before"]
    assert result["ending"] is None
    assert result["course"]["position"] == 1
