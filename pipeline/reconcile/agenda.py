"""Who goes next, and who does not go at all: the decisions of a run, without threads."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from pipeline.model.operation import Lane
from pipeline.model.outcome import Status
from pipeline.reconcile.course import CONTINUES, Course, Ending
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.waves import Waves


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Where a run stood that goes on, by the ids of its tasks: courses that have begun, endings in their order.

    `working`: tasks that hold a place of their lane.
    """

    courses: Mapping[str, Course] = field(default_factory=dict)
    ended: Mapping[str, Ending] = field(default_factory=dict)
    working: frozenset[str] = frozenset()


class Agenda:
    """The tasks of one run with their order, the places of the lanes, and how tasks ended. For one thread only."""

    def __init__(
        self,
        tasks: Sequence[Task],
        places: Mapping[Lane, int],
        stop: Stop,
        failure_budget: int | None = None,
        *,
        memory: Memory | None = None,
    ) -> None:
        """Raises `ValueError` for two tasks of one id, an unknown dependency or a circle."""
        past = memory or Memory()
        self._order = _order_of(tasks)
        self._waves = Waves(tasks, failure_budget)
        self._courses = {task.id: past.courses.get(task.id) or Course(task=task) for task in tasks}
        self._ranks = {task.id: rank for rank, task in enumerate(tasks)}
        self._stop = stop
        # Tasks that need no lane (nothing to do, or refused) queue at None, where there is always a place.
        self._free = {lane: 1 if lane is None else places[lane] for lane in (None, *places)}
        self._queues: dict[Lane | None, list[tuple[bool, int, Course]]] = {lane: [] for lane in self._free}
        self._stopped: dict[Lane, Ending] = {}
        self._ended: dict[str, Ending] = {}
        for id_, ending in past.ended.items():
            self._note(self._courses[id_], ending)
        self._line_up(past.working)

    def next(self) -> tuple[Course, Ending | None] | None:
        """The next course that can go on, or else how it ends without going on; None when none can at present."""
        for lane, queue in self._queues.items():
            if queue and self._free[lane]:
                course = heapq.heappop(queue)[-1]
                ending = self._obstacle(course)
                return course, course.applied() if ending is None and course.lane is None else ending
        return None

    def occupy(self, lane: Lane) -> None:
        self._free[lane] -= 1

    def release(self, lane: Lane) -> None:
        self._free[lane] += 1

    def queue(self, course: Course) -> None:
        """Wait for a place: what has begun before what is new, so that nothing half-done waits long; then as planned."""
        heapq.heappush(self._queues[course.lane], (course.begun is None, self._ranks[course.task.id], course))

    def end(self, course: Course, ending: Ending) -> None:
        """The task is over: what waited for it lines up."""
        self._note(course, ending)
        self._order.done(course.task.id)
        self._line_up()

    def _note(self, course: Course, ending: Ending) -> None:
        if ending.stops_lane and course.lane is not None:
            self._stopped.setdefault(course.lane, ending)
        self._ended[course.task.id] = ending
        self._waves.note(course.task, ending)

    def _line_up(self, working: frozenset[str] = frozenset()) -> None:
        while ready := self._order.get_ready():
            for node in ready:
                if isinstance(node, int) or node in self._ended:
                    self._order.done(node)
                    continue
                course = self._courses[node]
                if node in working and course.lane is not None:
                    self.occupy(course.lane)
                    continue
                if course.begun is None:
                    course.facts.update(self._handed_down(course.task))
                self.queue(course)

    def _handed_down(self, task: Task) -> Iterator[tuple[str, str]]:
        """The account's id, where a task of the same subject that this one requires has found it out."""
        for required in sorted(task.requires):
            before = self._courses[required]
            if before.task.subject == task.subject and "account_id" in before.facts:
                yield "account_id", before.facts["account_id"]

    def _obstacle(self, course: Course) -> Ending | None:
        return self._at_the_start(course) if course.begun is None else self._on_the_way(course)

    def _at_the_start(self, course: Course) -> Ending | None:
        """Why a task is not begun."""
        task = course.task
        if task.refusal:
            return Ending(status=Status.FAILED, message=task.refusal)
        if (missing := self._missing(task)) is not None:
            return missing
        if self._stop.is_draining:
            return Ending(
                status=Status.SKIPPED, message="not started: interrupted; the next run does it", hint=CONTINUES
            )
        if (unwanted := self._waves.obstacle(task)) is not None:
            return unwanted
        for operation in task.operations:
            if (stopped := self._stopped.get(operation.lane)) is not None:
                return Ending(status=Status.SKIPPED, message=f"not started: {stopped.message}", hint=stopped.hint)
        return None

    def _on_the_way(self, course: Course) -> Ending | None:
        """Why a task that has begun does not go on; a cancelled run needs no word here, the worker looks before each step."""
        if course.lane is not None and (stopped := self._stopped.get(course.lane)) is not None:
            return Ending(status=Status.PENDING, message=f"not finished: {stopped.message}", hint=stopped.hint)
        return None

    def _missing(self, task: Task) -> Ending | None:
        """The first requirement, in the order of the plan, that was not applied."""
        for needed in sorted(task.requires, key=self._ranks.__getitem__):
            if (ending := self._ended[needed]).status is not Status.APPLIED:
                other = self._courses[needed].task
                message = f'not started: it needs {other.kind} "{other.subject}", which is {ending.status.value}'
                hint = f'see "{other.subject}" first, then run the same command again'
                return Ending(status=Status.SKIPPED, message=message, hint=hint)
        return None


_Node = str | int
"""A task by its id, or the end of a wave by its number: with these, waves of N and M tasks take N + M edges and not N * M."""


def _order_of(tasks: Sequence[Task]) -> TopologicalSorter[_Node]:
    known = {task.id for task in tasks}
    if len(known) < len(tasks):
        raise ValueError("two tasks have the same id")
    if unknown := {needed for task in tasks for needed in task.after | task.requires} - known:
        raise ValueError(f"tasks wait for what is not there: {', '.join(sorted(unknown))}")
    waves = sorted({task.wave for task in tasks if task.wave is not None})
    before = {later: earlier for earlier, later in pairwise(waves)}
    order: TopologicalSorter[_Node] = TopologicalSorter()
    for task in tasks:
        order.add(task.id, *sorted(task.after | task.requires))
        if task.wave is not None:
            order.add(task.wave, task.id)
        if task.wave in before:
            order.add(task.id, before[task.wave])
    try:
        order.prepare()
    except CycleError as error:
        circle = (f"the end of wave {each}" if isinstance(each, int) else str(each) for each in error.args[1])
        raise ValueError(f"tasks wait for each other: {', '.join(circle)}") from error
    return order
