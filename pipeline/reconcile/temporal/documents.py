"""Tasks, courses and endings as JSON: what crosses to other processes, and outlives releases.

A field is never renamed and never changes its meaning within one version of the interpreter; new ones have a default.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.model.operation import Lane, Operation
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.course import Course, Ending
from pipeline.reconcile.engine import Task
from pipeline.reconcile.temporal.names import Timing

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run is to do. `version`: of the program that ordered it; an older worker leaves its operations to others.

    `places`: how many tasks may be on a lane at a time, in all of the run.
    """

    run: str
    scope: str
    version: str
    tasks: tuple[Task, ...]
    places: Mapping[Lane, int]
    failure_budget: int | None
    timing: Timing


def order_to_json(order: Order) -> Document:
    return {
        "run": order.run,
        "scope": order.scope,
        "version": order.version,
        "tasks": [task_to_json(task) for task in order.tasks],
        "places": {lane.value: number for lane, number in order.places.items()},
        "failure_budget": order.failure_budget,
        "timing": asdict(order.timing),
    }


def order_from_json(value: Document) -> Order:
    return Order(
        run=value["run"],
        scope=value["scope"],
        version=value["version"],
        tasks=tuple(task_from_json(each) for each in value["tasks"]),
        places={Lane(lane): number for lane, number in value["places"].items()},
        failure_budget=value["failure_budget"],
        timing=timing_from_json(value["timing"]),
    )


def timing_from_json(value: Document) -> Timing:
    """Intervals that this release does not know are left out."""
    return Timing(**{name: each for name, each in value.items() if name in Timing.__dataclass_fields__})


def task_to_json(task: Task) -> Document:
    return {
        "id": task.id,
        "digest": task.change_digest,
        "kind": task.kind,
        "subject": task.subject,
        "account_id": task.account_id,
        "operations": [[each.kind, each.lane.value, dict(each.arguments)] for each in task.operations],
        "after": sorted(task.after),
        "requires": sorted(task.requires),
        "wave": task.wave,
        "refusal": task.refusal,
    }


def task_from_json(value: Document) -> Task:
    return Task(
        id=value["id"],
        change_digest=value["digest"],
        kind=value["kind"],
        subject=value["subject"],
        account_id=value["account_id"],
        operations=tuple(
            Operation(kind=kind, lane=Lane(lane), arguments=arguments) for kind, lane, arguments in value["operations"]
        ),
        after=frozenset(value["after"]),
        requires=frozenset(value["requires"]),
        wave=value["wave"],
        refusal=value["refusal"],
    )


def course_to_json(course: Course) -> Document:
    return {
        "position": course.position,
        "begun": course.begun,
        "facts": dict(course.facts),
        "messages": list(course.messages),
    }


def course_from_json(task: Task, value: Document) -> Course:
    return Course(
        task=task,
        position=value["position"],
        begun=value["begun"],
        facts=dict(value["facts"]),
        messages=list(value["messages"]),
    )


def ending_to_json(ending: Ending) -> Document:
    return {
        "status": ending.status.value,
        "message": ending.message,
        "hint": ending.hint,
        "stops_lane": ending.stops_lane,
    }


def ending_from_json(value: Document) -> Ending:
    return Ending(
        status=Status(value["status"]), message=value["message"], hint=value["hint"], stops_lane=value["stops_lane"]
    )


def outcome_of(task: Task, ending: Ending, *, account_id: str | None, seconds: float) -> Outcome:
    return Outcome(
        digest=task.change_digest,
        kind=task.kind,
        subject=task.subject,
        status=ending.status,
        message=ending.message,
        hint=ending.hint,
        account_id=account_id or task.account_id,
        seconds=round(seconds, 3),
    )
