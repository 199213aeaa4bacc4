"""What crosses to other processes comes back as it was; where an agenda stood, it goes on."""

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.operation import Lane
from pipeline.model.outcome import Status
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.course import Ending
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.temporal.documents import Order, order_from_json, order_to_json
from pipeline.reconcile.temporal.ledger import Ledger
from pipeline.reconcile.temporal.names import Timing, account_workflow, change_workflow, run_of, run_workflow
from pipeline.reconcile.temporal.turn import numbers
from tests.unit.reconcile.fakes import a_creation, a_task

PLACES: Mapping[Lane, int] = dict.fromkeys(Lane, 2)
DONE = Ending(status=Status.APPLIED, message="done")
FAILED = Ending(status=Status.FAILED, message="no")


def test_an_order_comes_back_from_json_as_it_was() -> None:
    tasks = (a_creation("a"), a_task("b", "x", after=["a"], requires=["a"], wave=2), a_task("c", refusal="no \ud800"))
    order = Order(
        run="r", scope="s", version="1.2", tasks=tasks, places=PLACES, failure_budget=3, timing=Timing(pulse=1.5)
    )

    assert order_from_json(json.loads(json.dumps(order_to_json(order)))) == order


def test_intervals_of_a_later_release_are_left_out() -> None:
    order = Order(run="r", scope="s", version="1", tasks=(), places={}, failure_budget=None, timing=Timing())
    document = order_to_json(order)
    document["timing"]["siesta"] = 1.0

    assert order_from_json(document) == order


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("0.9.1") < numbers("0.10.0") < numbers("1.0")
    assert numbers("0.1.0.dev3") == numbers("0.1.0")


def test_a_unit_and_an_account_of_one_name_do_not_stand_in_each_others_way() -> None:
    assert change_workflow("s", "create-unit", "audit") != change_workflow("s", "create", "audit")
    assert change_workflow("s", "customize", "audit") == account_workflow("s", "audit")
    assert run_of(run_workflow("1/s", "20261122T130501Z-3f9a1c")) == "20261122T130501Z-3f9a1c"


@st.composite
def plans(draw: st.DrawFn) -> tuple[Task, ...]:
    tasks: list[Task] = []
    latest = 1
    for number in range(draw(st.integers(1, 7))):
        earlier = st.sets(st.sampled_from([task.id for task in tasks])) if tasks else st.just(set())
        lanes = draw(st.lists(st.sampled_from([Lane.CREATION, Lane.ORGANIZATIONS]), max_size=3))
        steps = [(f"{number}.{position}", lane) for position, lane in enumerate(lanes)]
        latest += draw(st.integers(0, 1))
        wave = latest if draw(st.booleans()) else None
        tasks.append(a_task(f"t{number}", *steps, after=sorted(draw(earlier)), wave=wave))
    return tuple(tasks)


class Walk:
    """Walks through an agenda as a run workflow does, one event at a time, and may be taken down and set up again."""

    def __init__(self, tasks: tuple[Task, ...], ends: Mapping[str, bool]) -> None:
        self.tasks, self.ends = tasks, ends
        self.history: list[str] = []
        self._set_up(None)

    def _set_up(self, document: dict[str, object] | None) -> None:
        self.ledger = Ledger(self.tasks, document)
        self.agenda = Agenda(self.tasks, PLACES, Stop(), 1, memory=self.ledger.memory())

    def continue_as_new(self) -> None:
        self._set_up(json.loads(json.dumps(self.ledger.as_document())))

    def advance(self) -> None:
        while (step := self.agenda.next()) is not None:
            course, ending = step
            if ending is not None:
                self.agenda.end(course, ending)
                self.ledger.ended(course.task.id, ending)
                self.history.append(f"{course.task.id} {ending.status} {ending.message}")
            elif course.lane is not None:
                course.begun = 1.0
                self.agenda.occupy(course.lane)
                self.ledger.works(course.task.id)
                self.history.append(f"{course.task.id} on {course.lane}")

    def turn_over(self) -> None:
        id_ = self.ledger.page(0)["working"][0]
        course = self.ledger.courses[id_]
        self.agenda.release(self.ledger.rests(id_))
        if not self.ends[id_]:
            ending = FAILED
        else:
            course.position += 1
            ending = DONE
        if ending is DONE and course.lane is not None:
            self.agenda.queue(course)
            return
        self.agenda.end(course, ending)
        self.ledger.ended(id_, ending)
        self.history.append(f"{id_} {ending.status}")


@given(tasks=plans(), data=st.data())
def test_a_run_that_goes_on_in_a_new_execution_decides_as_if_there_were_only_one(
    tasks: tuple[Task, ...], data: st.DataObject
) -> None:
    ends = {task.id: data.draw(st.booleans()) for task in tasks}
    whole, broken = Walk(tasks, ends), Walk(tasks, ends)
    while not whole.ledger.is_complete:
        whole.advance()
        broken.advance()
        if data.draw(st.booleans()):
            broken.continue_as_new()
            broken.advance()
        if whole.ledger.is_complete:
            break
        whole.turn_over()
        broken.turn_over()

    assert broken.history == whole.history
    assert broken.ledger.counts() == whole.ledger.counts()
