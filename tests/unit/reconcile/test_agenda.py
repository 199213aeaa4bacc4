"""Who goes next: decided without threads."""

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
