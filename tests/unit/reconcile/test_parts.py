"""A plan in parts is the same plan: nothing is lost, nothing comes too early, and what one part did the next one knows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.model.operation import Lane, Operation
from pipeline.model.outcome import Status
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.course import Ending
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.temporal.documents import ending_to_json
from pipeline.reconcile.temporal.ledger import Ledger
from pipeline.reconcile.temporal.parts import Past, Size, carried, memory_of, parts_of, without_work
from tests.unit.reconcile.fakes import a_task

ENDINGS = {status: Ending(status=status, message=f"it is {status.value}") for status in Status}


@st.composite
def plans(draw: st.DrawFn) -> tuple[Task, ...]:
    """Tasks of a few subjects, some in waves, that wait for others before them in the plan."""
    tasks: list[Task] = []
    for number in range(draw(st.integers(1, 14))):
        ids = [each.id for each in tasks]
        needed = draw(st.frozensets(st.sampled_from(ids), max_size=3)) if ids else frozenset()
        task = a_task(f"t-{number}", "x", requires=sorted(needed))
        tasks.append(replace(task, subject=f"s-{draw(st.integers(0, 4))}"))
    return tuple(tasks)


def carry_out(
    parts: Sequence[Sequence[Task]], fates: Mapping[str, Ending], budget: int | None = None
) -> dict[str, Ending]:
    """Part by part, as the runs of the server do: each with nothing but its own order and what it was told."""
    past: dict[str, Past] = {}
    for part in parts:
        known = carried(part, past, budget)
        tasks = (*map(without_work, known), *part)
        ledger = Ledger(tasks, memory_of(known))
        agenda = Agenda(tasks, PLACES, Stop(), budget, memory=ledger.memory())
        while (step := agenda.next()) is not None:
            course, ending = step
            agenda.end(course, ending or fates[course.task.id])
            ledger.ended(course.task.id, ending or fates[course.task.id])
        assert ledger.is_complete
        rows = {row["ended"]: row for row in ledger.page(0)["rows"]}
        past |= {task.id: Past(task=task, row=rows[task.id]) for task in part}
    return {id_: each.ending for id_, each in past.items()}


@given(plans(), st.integers(1, 5))
def test_each_task_is_in_one_part_and_waits_for_nothing_behind_it(plan: tuple[Task, ...], most: int) -> None:
    parts = parts_of(plan, Size(tasks=most))

    assert sorted(task.id for part in parts for task in part) == sorted(task.id for task in plan)
    assert all(len(part) <= most for part in parts)
    there: set[str] = set()
    for part in parts:
        there |= {task.id for task in part}
        assert all(task.after | task.requires <= there for task in part)


def test_a_plan_that_is_not_too_large_is_one_part_as_it_is() -> None:
    tasks = (in_wave("b", 2), a_task("a", requires=["c"]), in_wave("c", 1))

    assert parts_of(tasks) == [tasks]


@given(plans(), st.integers(1, 5), st.data())
def test_in_parts_every_task_ends_as_it_would_in_one_piece(
    plan: tuple[Task, ...], most: int, data: st.DataObject
) -> None:
    fates = {task.id: ENDINGS[data.draw(st.sampled_from(Status))] for task in plan}

    def statuses(parts: Sequence[Sequence[Task]]) -> dict[str, Status]:
        return {id_: ending.status for id_, ending in carry_out(parts, fates).items()}

    assert statuses(parts_of(plan, Size(tasks=most))) == statuses([plan])


def in_wave(name: str, wave: int) -> Task:
    return replace(a_task(name, ("customize", Lane.TERRAFORM)), wave=wave)


def test_a_later_part_knows_that_the_first_wave_did_not_succeed() -> None:
    tasks = [in_wave("canary", 1), in_wave("canary-2", 1), in_wave("many", 2), in_wave("more", 3)]
    fates = dict.fromkeys(("canary-2", "many", "more"), ENDINGS[Status.APPLIED]) | {"canary": ENDINGS[Status.PENDING]}

    ended = carry_out([[each] for each in tasks], fates)

    assert [ended[task.id].status for task in tasks[1:]] == [Status.APPLIED, Status.SKIPPED, Status.SKIPPED]
    assert 'the first wave did not succeed: move "canary" is pending' in ended["more"].message


def test_a_failure_of_the_second_wave_is_not_taken_for_one_of_the_first() -> None:
    tasks = [in_wave("canary", 1), in_wave("many-1", 2), in_wave("many-2", 2), in_wave("more", 3)]
    fates = {task.id: ENDINGS[Status.APPLIED] for task in tasks} | {"many-1": ENDINGS[Status.FAILED]}

    assert carry_out([[each] for each in tasks], fates)["more"].status is Status.APPLIED


def test_failures_of_all_parts_are_counted_against_one_budget() -> None:
    tasks = [in_wave("canary", 1), *(in_wave(f"many-{number}", 2) for number in range(4))]
    fates = {task.id: ENDINGS[Status.FAILED] for task in tasks} | {"canary": ENDINGS[Status.APPLIED]}

    ended = carry_out([[each] for each in tasks], fates, budget=1)

    assert [ended[f"many-{number}"].status for number in range(4)] == [*[Status.FAILED] * 2, *[Status.SKIPPED] * 2]


@pytest.mark.parametrize(("budget", "number"), [(None, 1), (1, 3)])
def test_a_part_is_not_the_larger_for_failures_that_no_longer_matter(budget: int | None, number: int) -> None:
    """One task of the first wave is always carried."""
    first = in_wave("canary", 1)
    tasks = [first, *(in_wave(f"many-{each}", 2) for each in range(50))]
    rows = {task.id: {"ended": task.id, "ending": ending_to_json(ENDINGS[Status.FAILED])} for task in tasks}
    rows["canary"]["ending"] = ending_to_json(ENDINGS[Status.APPLIED])
    past = {task.id: Past(task=task, row=rows[task.id]) for task in tasks}

    assert len(carried([in_wave("more", 2)], past, budget)) == number


def test_a_lane_that_was_closed_stays_closed() -> None:
    tasks = [a_task("first", ("close", Lane.CLOSING)), a_task("second", ("close", Lane.CLOSING))]
    fates = {"first": Ending(status=Status.FAILED, message="the quota is used up", stops_lane=True)}

    assert "the quota is used up" in carry_out([[each] for each in tasks], fates)["second"].message


def test_the_id_of_an_account_is_handed_to_what_needs_it_in_a_later_part() -> None:
    creation = replace(a_task("creation", "x"), subject="orders")
    customization = replace(a_task("customization", "x", requires=["creation"]), subject="orders")
    row = {"ended": "creation", "ending": ending_to_json(ENDINGS[Status.APPLIED]), "account_id": "111122223333"}
    known = carried(
        [customization], {"creation": Past(task=creation, row={**row, "seconds": 1.0, "child": None})}, None
    )
    tasks = (*map(without_work, known), customization)

    step = Agenda(tasks, PLACES, Stop(), memory=Ledger(tasks, memory_of(known)).memory()).next()

    assert step is not None
    assert step[0].facts == {"account_id": "111122223333"}


def test_parts_are_bounded_by_their_size_as_well_and_one_task_that_is_too_large_is_named() -> None:
    def large(name: str, size: int) -> Task:
        text = "".join(sha256(f"{name} {number}".encode()).hexdigest() for number in range(size // 64))
        return replace(a_task(name), operations=(Operation(kind="x", lane=Lane.MEMBER, arguments={"text": text}),))

    tasks = [large(f"t-{number}", 600) for number in range(4)]

    assert [len(part) for part in parts_of(tasks, Size(text=2000))] == [2, 2]
    assert [len(part) for part in parts_of(tasks, Size(compressed=600))] == [1, 1, 1, 1]
    with pytest.raises(UsageError, match=r'move "huge": this change alone is 5,\d+ bytes'):
        parts_of([large("huge", 5000)], Size(text=1800))
