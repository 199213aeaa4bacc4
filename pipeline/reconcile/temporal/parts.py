"""A plan that is too large for one order goes in parts, one after the other, and each knows what the ones before have done.

An order travels in one piece of at most 2 MB, is kept in every history of its run, and is read anew with each of them, within
the 2 s that a decision may take. So the size of a part is bounded, and that of a plan is not.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from pipeline.errors import UsageError
from pipeline.model.outcome import Status
from pipeline.reconcile.course import Ending
from pipeline.reconcile.engine import Task
from pipeline.reconcile.temporal.documents import Document, ending_from_json, task_to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The most that one part may be: tasks, bytes of JSON, and bytes of it compressed, which is how it travels."""

    tasks: int = 2500
    text: int = 8_000_000
    compressed: int = 900_000


LARGEST: Final = Size()


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How a task of an earlier part has ended: the row that its run has told of it."""

    task: Task
    row: Document

    @property
    def ending(self) -> Ending:
        return ending_from_json(self.row["ending"])


def parts_of(tasks: Sequence[Task], largest: Size = LARGEST) -> list[tuple[Task, ...]]:
    """`tasks` in parts that are not too large; what a task waits for is in its own part or in one before it.

    Each part is in the order of the plan. The tasks of one subject stay together where that can be, by wave, so that an account
    is not half done for the time of a whole part. Raises `UsageError` for one task that is too large alone.
    """
    sizes = {task.id: _checked(task, largest) for task in tasks}
    ranks = {task.id: rank for rank, task in enumerate(tasks)}
    parts: list[tuple[Task, ...]] = []
    for some in _cut(_in_order(tasks), sizes, largest):
        parts += _halved(tuple(some), largest)
    return [tuple(sorted(part, key=lambda task: ranks[task.id])) for part in parts]


def carried(part: Sequence[Task], past: Mapping[str, Past], failure_budget: int | None) -> tuple[Past, ...]:
    """What a part has to know of those before it, in the order in which it happened.

    What it waits for; what has closed a lane; and how the roll-out stands: one task of its first wave, the first of these
    that was not applied, and as many of any wave that have failed as use up the budget.
    """
    ids = {task.id for task in part}
    needed = {id_ for task in part for id_ in task.after | task.requires} - ids
    first = min((each.task.wave for each in past.values() if each.task.wave is not None), default=None)
    proving = [each for each in past.values() if each.task.wave is not None and each.task.wave == first]
    unproved = [each for each in proving if each.ending.status is not Status.APPLIED]
    closing = [each for each in past.values() if each.ending.stops_lane]
    failed = (
        [] if failure_budget is None else [each for each in past.values() if _has_failed(each)][: failure_budget + 1]
    )
    kept = needed | {each.task.id for each in chain(proving[:1], unproved[:1], closing, failed)}
    return tuple(each for id_, each in past.items() if id_ in kept)


def memory_of(known: Sequence[Past]) -> Document:
    """The ledger of a run that begins with the tasks that are given as ended."""
    return {
        "courses": {each.task.id: _course(each) for each in known},
        "ended": [[each.task.id, each.row["ending"]] for each in known],
        "seconds": {each.task.id: each.row["seconds"] for each in known},
        # Who attaches to this run is not to be told of the writes of another one.
        "rows": [{**each.row, "child": None} for each in known],
    }


def without_work(known: Past) -> Task:
    """A task that has ended, without what nobody needs any more of it."""
    operations = tuple(replace(each, arguments={}) for each in known.task.operations)
    return replace(known.task, after=frozenset(), requires=frozenset(), operations=operations)


def _course(past: Past) -> Document:
    account_id = past.row["account_id"]
    facts = {} if account_id is None else {"account_id": account_id}
    return {"position": past.row.get("position", 0), "begun": 0.0, "facts": facts, "messages": []}


def _has_failed(past: Past) -> bool:
    return past.task.wave is not None and past.ending.status is Status.FAILED


def _in_order(tasks: Sequence[Task]) -> Iterator[Task]:
    """Subject by subject, those of early waves first; before each task what it waits for."""
    known = {task.id: task for task in tasks}
    waves: dict[str, int] = {}
    for task in tasks:
        waves[task.subject] = max(waves.get(task.subject, 0), task.wave or 0)
    subjects = {subject: place for place, subject in enumerate(sorted(waves, key=lambda each: waves[each]))}
    done: set[str] = set()
    for task in sorted(tasks, key=lambda each: subjects[each.subject]):
        waiting = [task]
        while waiting:
            missing = [known[id_] for id_ in sorted(waiting[-1].after | waiting[-1].requires) if id_ not in done]
            if missing:
                waiting += missing
            elif (next_ := waiting.pop()).id not in done:
                done.add(next_.id)
                yield next_


def _cut(tasks: Iterable[Task], sizes: Mapping[str, int], largest: Size) -> Iterator[list[Task]]:
    part: list[Task] = []
    text = 0
    for task in tasks:
        if part and (len(part) == largest.tasks or text + sizes[task.id] > largest.text):
            yield part
            part, text = [], 0
        part.append(task)
        text += sizes[task.id]
    if part:
        yield part


def _halved(part: tuple[Task, ...], largest: Size) -> list[tuple[Task, ...]]:
    if len(part) == 1 or _compressed(b",".join(map(_text, part))) <= largest.compressed:
        return [part]
    middle = len(part) // 2
    return [*_halved(part[:middle], largest), *_halved(part[middle:], largest)]


def _checked(task: Task, largest: Size) -> int:
    """The size of its text."""
    text = _text(task)
    if len(text) > largest.text or (len(text) > largest.compressed and _compressed(text) > largest.compressed):
        raise UsageError(
            f'{task.kind} "{task.subject}": this change alone is {len(text):,} bytes, and the Temporal server takes 2 MB; '
            "nothing was submitted",
            hint="carry it out with engine: {kind: inline}, or divide it",
        )
    return len(text)


def _text(task: Task) -> bytes:
    return json.dumps(task_to_json(task)).encode()


def _compressed(text: bytes) -> int:
    return len(zlib.compress(text, level=6))
