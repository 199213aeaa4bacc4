"""Who goes next: decided without threads."""

import pytest

from pipeline.model.operation import Lane
from pipeline.model.outcome import Status
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.course import Course, Ending
from pipeline.reconcile.engine import Stop, Task
from tests.unit.reconcile.fakes import a_creation, a_task

PLACES = {Lane.ORGANIZATIONS: 1, Lane.CREATION: 1, Lane.CLOSING: 1}


def _agenda(*tasks: Task, stop: Stop | None = None) -> Agenda:
    return Agenda(tasks, PLACES, stop or Stop())


def _next(agenda: Agenda) -> Course:
    step = agenda.next()
    assert step is not None
    course, ending = step
    assert ending is None
    return course


def test_tasks_go_in_the_order_of_the_plan() -> None:
    agenda = _agenda(a_task("b", "x"), a_task("a", "x"), a_task("c", "x"))

    assert [_next(agenda).task.id for _ in range(3)] == ["b", "a", "c"]
    assert agenda.next() is None


def test_nothing_goes_on_a_lane_without_a_free_place_until_one_is_released() -> None:
    agenda = _agenda(a_task("a", "x"), a_task("b", "x"), a_task("c", ("y", Lane.CLOSING)))
    _next(agenda)
    agenda.occupy(Lane.ORGANIZATIONS)

    assert _next(agenda).task.id == "c"
    assert agenda.next() is None
    agenda.release(Lane.ORGANIZATIONS)
    assert _next(agenda).task.id == "b"


def test_what_has_begun_goes_before_what_is_new() -> None:
    agenda = _agenda(a_task("a", "x"), a_creation("z"))
    agenda.occupy(Lane.ORGANIZATIONS)
    created = _next(agenda)
    created.begun, created.position = 0.0, 2
    agenda.queue(created)
    agenda.release(Lane.ORGANIZATIONS)

    assert [_next(agenda).task.id, _next(agenda).task.id] == ["z", "a"]


def test_the_end_of_a_task_lets_go_what_waited_for_it() -> None:
    agenda = _agenda(a_task("b", "x", after=["a"]), a_task("a", "x"))
    first = _next(agenda)

    assert first.task.id == "a"
    assert agenda.next() is None
    agenda.end(first, Ending(status=Status.FAILED, message="no"))
    assert _next(agenda).task.id == "b"


def test_the_reason_to_skip_is_what_it_needs_rather_than_the_interrupt() -> None:
    stop = Stop()
    agenda = _agenda(a_task("a", "x"), a_task("b", "x", requires=["a"]), stop=stop)
    agenda.end(_next(agenda), Ending(status=Status.PENDING, message="slow"))
    stop.drain()

    step = agenda.next()

    assert step is not None
    assert step[1] is not None
    assert step[1].message == 'not started: it needs move "a", which is pending'


def test_the_first_reason_why_a_lane_is_stopped_is_the_one_that_is_told() -> None:
    agenda = _agenda(*(a_task(name, "x") for name in "abc"))
    for course, message in [(_next(agenda), "first"), (_next(agenda), "second")]:
        agenda.end(course, Ending(status=Status.FAILED, message=message, stops_lane=True))

    step = agenda.next()

    assert step is not None
    assert step[1] == Ending(status=Status.SKIPPED, message="not started: first")


def _walk(agenda: Agenda, *fail: str) -> tuple[list[str], dict[str, Ending]]:
    """Which tasks begin, in their order, and how those end that do not, if those named here fail."""
    begun: list[str] = []
    ended: dict[str, Ending] = {}
    while (step := agenda.next()) is not None:
        course, ending = step
        if ending is None:
            begun.append(course.task.id)
            status = Status.FAILED if course.task.id in fail else Status.APPLIED
            agenda.end(course, Ending(status=status, message="done"))
        else:
            ended[course.task.id] = ending
            agenda.end(course, ending)
    return begun, ended


def test_a_wave_begins_when_the_one_before_it_has_ended() -> None:
    agenda = _agenda(a_task("c", "x", wave=2), a_task("a", "x", wave=1), a_task("b", "x", wave=1))
    first, second = _next(agenda), _next(agenda)

    assert agenda.next() is None
    agenda.end(first, Ending(status=Status.APPLIED, message="done"))
    assert agenda.next() is None
    agenda.end(second, Ending(status=Status.APPLIED, message="done"))
    assert _next(agenda).task.id == "c"


def test_waves_without_a_task_and_tasks_without_a_wave_hold_up_nobody() -> None:
    agenda = _agenda(a_task("a", "x", wave=7), a_task("b", "x", wave=3), a_task("c", "x"))

    assert _walk(agenda) == (["b", "a", "c"], {})


def test_beyond_the_failure_budget_nothing_of_a_wave_begins_and_all_say_the_same() -> None:
    tasks = [a_task(name, "x", wave=1) for name in "abcde"]
    agenda = Agenda([*tasks, a_task("apart", "x")], PLACES, Stop(), 1)

    begun, ended = _walk(agenda, "a", "c", "apart")

    assert begun == ["a", "b", "c", "apart"]
    assert set(ended) == {"d", "e"}
    assert len(set(ended.values())) == 1
    assert (ended["d"].status, ended["d"].message, ended["d"].hint) == (
        Status.SKIPPED,
        "not started: 2 customizations failed, the budget is 1",
        "repair what failed, then run the same command again: it continues with what is left",
    )


def test_a_first_wave_that_does_not_succeed_stops_the_others_whatever_the_budget() -> None:
    tasks = [a_task("a", "x", wave=1), a_task("b", "x", wave=1), a_task("c", "x", wave=2), a_task("d", "x", wave=3)]

    begun, ended = _walk(_agenda(*tasks), "a")

    assert begun == ["a", "b"]
    assert {each.message for each in ended.values()} == {
        'not started: the first wave did not succeed: move "a" is failed'
    }


def test_a_later_wave_is_under_the_budget_alone() -> None:
    tasks = [a_task(name, "x", wave=number) for number, name in enumerate("abc", 1)]

    assert _walk(_agenda(*tasks), "b") == (["a", "b", "c"], {})


def test_a_task_that_waits_for_a_later_wave_is_a_circle() -> None:
    with pytest.raises(ValueError, match="the end of wave 1"):
        _agenda(a_task("a", "x", wave=1, after=["b"]), a_task("b", "x", wave=2))


def test_large_waves_cost_an_edge_for_each_task_and_not_for_each_pair() -> None:
    tasks = [a_task(f"{number:05}", "x", wave=1 + number // 5_000) for number in range(10_000)]

    begun, ended = _walk(_agenda(*tasks))

    assert (len(begun), ended) == (10_000, {})


@pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED])
def test_only_failures_count_against_the_budget(status: Status) -> None:
    agenda = Agenda([a_task("a", "x", wave=1), a_task("b", "x", wave=1)], PLACES, Stop(), 0)

    agenda.end(_next(agenda), Ending(status=status, message="later"))

    assert _next(agenda).task.id == "b"


@pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED])
def test_a_first_wave_that_is_not_wholly_applied_has_proved_nothing(status: Status) -> None:
    agenda = _agenda(a_task("a", "x", wave=1), a_task("b", "x", wave=2))

    agenda.end(_next(agenda), Ending(status=status, message="later"))

    assert set(_walk(agenda)[1]) == {"b"}
