"""What a run remembers: where each task stands, in which workflow, and the rows that followers read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.model.operation import Lane
from pipeline.reconcile.agenda import Memory
from pipeline.reconcile.course import Course, Ending
from pipeline.reconcile.engine import Task
from pipeline.reconcile.temporal.documents import (
    Document,
    course_from_json,
    course_to_json,
    ending_from_json,
    ending_to_json,
)

_PAGE: Final = 500
"""Rows in one answer: far below the server's limit of 2 MB."""

_KEPT: Final = 1000
"""Rows that a run takes along into its next execution; a follower that is further behind learns of endings only."""


class Ledger:
    """For one run. Plain bookkeeping, the same at every replay."""

    def __init__(self, tasks: Sequence[Task], document: Document | None = None) -> None:
        past = document or {}
        self._tasks = {task.id: task for task in tasks}
        self.courses: dict[str, Course] = {
            id_: course_from_json(self._tasks[id_], each) for id_, each in past.get("courses", {}).items()
        }
        for task in tasks:
            self.courses.setdefault(task.id, Course(task=task))
        self._children: dict[str, list[str]] = dict(past.get("children", {}))
        self._working: dict[str, Lane] = {id_: Lane(lane) for id_, lane in past.get("working", {}).items()}
        self._seconds: dict[str, float] = dict(past.get("seconds", {}))
        self._ended: dict[str, Ending] = {id_: ending_from_json(each) for id_, each in past.get("ended", [])}
        self._base: int = past.get("base", 0)
        self._rows: list[Document] = list(past.get("rows", []))

    def memory(self) -> Memory:
        """For the agenda. The courses are shared with it: it is the agenda that moves them on."""
        return Memory(courses=self.courses, ended=self._ended, working=frozenset(self._working))

    @property
    def is_complete(self) -> bool:
        return len(self._ended) == len(self._tasks)

    def counts(self) -> Document:
        return dict(Counter(ending.status.value for ending in self._ended.values()))

    def works(self, id_: str) -> None:
        """The task holds a place of the lane that it needs next."""
        lane = self.courses[id_].lane
        if lane is not None:
            self._working[id_] = lane

    def rests(self, id_: str) -> Lane:
        """The lane whose place the task gives back."""
        return self._working.pop(id_)

    def is_working(self, id_: str) -> bool:
        return id_ in self._working

    def has_ended(self, id_: str) -> bool:
        return id_ in self._ended

    def begun(self, id_: str, child: list[str]) -> None:
        """The task is at work in a workflow, of which the id and the execution are given; told once."""
        if id_ not in self._children:
            self._children[id_] = child
            self._rows.append({"begun": id_, "child": child})

    def took(self, id_: str, seconds: float) -> None:
        self._seconds[id_] = seconds

    def seconds(self, id_: str) -> float:
        return self._seconds.get(id_, 0.0)

    def ended(self, id_: str, ending: Ending) -> None:
        self._ended[id_] = ending
        self._rows.append(self._ending_row(id_))

    def has_child(self, id_: str) -> bool:
        return id_ in self._children

    def child(self, id_: str) -> tuple[str, str]:
        """The workflow of a task, and its execution."""
        workflow_id, execution = self._children[id_]
        return workflow_id, execution

    def children(self) -> Iterator[tuple[str, str]]:
        """Of the tasks that are at work."""
        return (self.child(id_) for id_ in list(self._working) if id_ in self._children)

    def without_workflow(self) -> list[Course]:
        """Tasks that hold a place and whose workflow could not be started yet."""
        return [self.courses[id_] for id_ in self._working if id_ not in self._children]

    def with_workflow(self) -> list[Course]:
        return [self.courses[id_] for id_ in self._working if id_ in self._children]

    def page(self, since: int) -> Document:
        """Rows from number `since` on, and the number after the last of them."""
        if since < self._base:
            rows = [self._ending_row(id_) for id_ in self._ended]
            known = {row.get("ended") for row in rows}
            begun = [row for row in self._rows if row.get("begun") not in {None, *known}]
            return {"rows": [*rows, *begun], "next": self._base + len(self._rows), **self._now(whole=True)}
        rows = self._rows[since - self._base :][:_PAGE]
        upto = since + len(rows)
        return {"rows": rows, "next": upto, **self._now(whole=upto == self._base + len(self._rows))}

    def whereabouts(self, subject: str) -> list[Document]:
        return [self._where(task) for task in self._tasks.values() if task.subject == subject]

    def as_document(self) -> Document:
        kept = self._rows[-_KEPT:]
        return {
            "courses": {
                id_: course_to_json(course) for id_, course in self.courses.items() if course.begun is not None
            },
            "children": self._children,
            "working": {id_: lane.value for id_, lane in self._working.items()},
            "seconds": self._seconds,
            "ended": [[id_, ending_to_json(ending)] for id_, ending in self._ended.items()],
            "base": self._base + len(self._rows) - len(kept),
            "rows": kept,
        }

    def _now(self, *, whole: bool) -> Document:
        return {"working": list(self._working), "over": whole and self.is_complete}

    def _ending_row(self, id_: str) -> Document:
        course = self.courses[id_]
        ending = ending_to_json(self._ended[id_])
        row = {"ended": id_, "ending": ending, "account_id": course.facts.get("account_id")}
        return {**row, "position": course.position, "seconds": self.seconds(id_), "child": self._children.get(id_)}

    def _where(self, task: Task) -> Document:
        course, ending = self.courses[task.id], self._ended.get(task.id)
        before = [each.id for each in self._tasks.values() if each.id in task.after | task.requires]
        return {
            "task": task.id,
            "kind": task.kind,
            "begun": course.begun,
            "position": course.position,
            "operations": [[each.kind, each.lane.value] for each in task.operations],
            "ending": None if ending is None else ending_to_json(ending),
            "works": task.id in self._working,
            "child": self._children.get(task.id),
            "waits_for": [id_ for id_ in before if id_ not in self._ended],
            "queue": self._ahead(task),
            "alike": self._mean(task.kind),
        }

    def _ahead(self, task: Task) -> int:
        """How many tasks stand before it in the plan and have not begun."""
        ids = list(self._tasks)
        return sum(self.courses[id_].begun is None and id_ not in self._ended for id_ in ids[: ids.index(task.id)])

    def _mean(self, kind: str) -> float | None:
        """Seconds that changes of a kind have taken in this run; None if none has ended."""
        taken = [
            seconds for id_, seconds in self._seconds.items() if id_ in self._ended and self._tasks[id_].kind == kind
        ]
        return sum(taken) / len(taken) if taken else None
