"""Laws of every engine, over random tasks with random answers and an interrupt at a random moment."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.operation import Done, Facts, Lane, Operation, Result, Vanished, Waiting
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Engine, Stop, Task
from pipeline.reconcile.inline import InlineEngine
from pipeline.reconcile.patience import Patience
from tests.temporal_bench import Bench, Crew
from tests.unit.reconcile.fakes import Answer, FakeClock, Notes, a_task

PLACES = dict.fromkeys(Lane, 2) | {Lane.CLOSING: 1}
ENDLESS = Patience(tries=1000, seconds=1e12, waiting=1e12)

Make = Callable[[], Engine]


@pytest.fixture
def inline() -> tuple[Make, float]:
    return lambda: InlineEngine(FakeClock(), PLACES, ENDLESS, jitter=lambda: 0.5), 1.0


@pytest.fixture
def temporal(crew: Crew) -> tuple[Make, float]:
    """A run takes a second and not a millisecond, so there are fewer examples."""
    return lambda: Bench(crew, FakeClock(), PLACES, ENDLESS), 0.07


def law(examples: int, **strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test of every engine; `examples` are those of the quick one."""

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        def test(engine: str, request: pytest.FixtureRequest) -> None:
            make, share = request.getfixturevalue(engine)

            def drawn(**values: Any) -> None:
                check(make, **values)

            settings(max_examples=round(examples * share), deadline=None)(given(**strategies)(drawn))()

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return pytest.mark.parametrize("engine", ["inline", "temporal"])(test)

    return decorate


ON_THE_WAY: st.SearchStrategy[Answer] = st.sampled_from(
    [Waiting(reason="r", delay=3), TemporaryServiceError("busy", delay=2)]
)
ENDS: Mapping[str, tuple[Answer, Status]] = {
    "done": (Done(), Status.APPLIED),
    "no": (PermanentServiceError("no"), Status.FAILED),
    "stop": (PermanentServiceError("stop", stops_lane=True), Status.FAILED),
    "gone": (Vanished(reason="gone"), Status.SKIPPED),
    "boom": (RuntimeError("boom"), Status.FAILED),
}


@dataclass(frozen=True)
class Case:
    """Tasks, per operation the answers and how it ends, and how many tasks of waves may fail."""

    tasks: tuple[Task, ...]
    answers: Mapping[str, tuple[Answer, ...]]
    ends: Mapping[str, str]
    budget: int | None = None


@st.composite
def cases(draw: st.DrawFn, ends: Sequence[str] = tuple(ENDS), *, waves: bool = True) -> Case:
    tasks: list[Task] = []
    answers: dict[str, tuple[Answer, ...]] = {}
    drawn: dict[str, str] = {}
    in_waves = draw(st.booleans()) if waves else False
    latest = 1
    for number in range(draw(st.integers(0, 8))):
        earlier = st.sets(st.sampled_from([task.id for task in tasks])) if tasks else st.just(set())
        steps = draw(st.lists(st.sampled_from(list(Lane)), max_size=4))
        name = f"t{number}"
        task = a_task(
            name,
            *((f"{name}.{position}", lane) for position, lane in enumerate(steps)),
            after=sorted(draw(earlier)),
            requires=sorted(draw(earlier)),
            # A task may stand in the wave of what it waits for, or in a later one, or take no part.
            wave=(latest := latest + draw(st.integers(0, 1))) if in_waves and draw(st.booleans()) else None,
        )
        for operation in task.operations:
            drawn[operation.kind] = draw(st.sampled_from([*ends, "done", "done", "done"]))
            answers[operation.kind] = (*draw(st.lists(ON_THE_WAY, max_size=2)), ENDS[drawn[operation.kind]][0])
        tasks.append(task)
    budget = draw(st.none() | st.integers(0, 2)) if in_waves else None
    return Case(tuple(draw(st.permutations(tasks))), answers, drawn, budget)


class Watching:
    """Performs a case and notes every law that is broken while it runs."""

    def __init__(self, case: Case, stop: Stop, interrupts: Sequence[int]) -> None:
        self._case = case
        self._stop = stop
        self._interrupts = interrupts
        self._tasks = {task.id: task for task in case.tasks}
        self._lock = threading.Lock()
        self._calls = 0
        self._tries: Counter[str] = Counter()
        self._inside: dict[Lane, set[str]] = {lane: set() for lane in Lane}
        self._ended: set[str] = set()
        self.broken: list[str] = []
        self.performed: list[str] = []
        self.notes = Notes(on={"finished": self._ended.add})

    def __call__(self, operation: Operation, _: Facts) -> Result:
        name = str(operation.arguments["task"])
        with self._lock:
            self._calls += 1
            if self._calls in self._interrupts:
                self._stop.interrupt()
            self._check(operation, name)
            self.performed.append(operation.kind)
            answers = self._case.answers[operation.kind]
            answer = answers[self._tries[operation.kind]]
            self._tries[operation.kind] += 1
            if self._tries[operation.kind] == len(answers) and self._leaves(operation, name):
                self._inside[operation.lane].discard(name)
        if isinstance(answer, BaseException):
            raise answer
        assert not callable(answer)
        return answer

    def _check(self, operation: Operation, name: str) -> None:
        task = self._tasks[name]
        self._inside[operation.lane].add(name)
        if len(self._inside[operation.lane]) > PLACES[operation.lane]:
            self.broken.append(f"{operation.lane} holds {self._inside[operation.lane]}")
        if waits_for := (task.after | task.requires | self._before(task)) - self._ended:
            self.broken.append(f"{name} runs before {waits_for}")
        if name in self._ended:
            self.broken.append(f"{name} runs after its end")
        if self._tries[operation.kind] >= len(self._case.answers[operation.kind]):
            self.broken.append(f"{operation.kind} is performed again after its end")

    def _before(self, task: Task) -> set[str]:
        """The tasks of the waves before that of the task."""
        return {
            each.id
            for each in self._tasks.values()
            if each.wave is not None and task.wave is not None and each.wave < task.wave
        }

    def _leaves(self, operation: Operation, name: str) -> bool:
        operations = self._tasks[name].operations
        after = operations[operations.index(operation) + 1 :]
        return self._case.ends[operation.kind] != "done" or not after or after[0].lane is not operation.lane


def _expected(case: Case) -> dict[str, Status]:
    """What an engine with one thread and no limits would answer."""
    expected: dict[str, Status] = {}
    for task in sorted(case.tasks, key=lambda task: task.id):
        if any(expected[needed] is not Status.APPLIED for needed in task.requires):
            expected[task.id] = Status.SKIPPED
            continue
        ends = [ENDS[case.ends[operation.kind]][1] for operation in task.operations]
        expected[task.id] = next((status for status in ends if status is not Status.APPLIED), Status.APPLIED)
    return expected


@law(100, case=cases(), interrupts=st.lists(st.integers(1, 30), max_size=2))
def test_every_task_has_one_outcome_and_no_law_is_broken_on_the_way(
    make: Make, case: Case, interrupts: list[int]
) -> None:
    stop = Stop()
    watching = Watching(case, stop, interrupts)

    outcomes = make().run(case.tasks, watching, watching.notes, stop, failure_budget=case.budget)

    assert watching.broken == []
    assert [outcome.subject for outcome in outcomes] == [task.subject for task in case.tasks]
    assert Counter(watching.notes.of("finished")) == Counter((each.subject, each.status) for each in outcomes)
    performed = {kind.split(".")[0] for kind in watching.performed}
    assert all(each.subject in performed for each in outcomes if each.status is Status.FAILED)
    assert all(each.subject not in performed for each in outcomes if each.message.startswith("not started"))


@law(60, case=cases(ends=["done", "no", "gone", "boom"], waves=False))
def test_without_interrupts_and_stopped_lanes_the_outcomes_are_those_of_a_single_thread(make: Make, case: Case) -> None:
    stop = Stop()
    watching = Watching(case, stop, ())

    outcomes = make().run(case.tasks, watching, watching.notes, stop)

    assert {outcome.subject: outcome.status for outcome in outcomes} == _expected(case)
    assert all(outcome.message for outcome in outcomes)


@law(100, case=cases(ends=["done", "no", "gone", "boom"]))
def test_nothing_of_a_wave_begins_beyond_the_failure_budget_or_a_first_wave_that_did_not_succeed(
    make: Make, case: Case
) -> None:
    stop = Stop()
    watching = Watching(case, stop, ())
    failed: list[str] = []
    broken: list[str] = []
    tasks = {task.id: task for task in case.tasks}
    first = min((task.wave for task in case.tasks if task.wave is not None), default=0)
    unproved: list[str] = []

    def begun(name: str) -> None:
        wave = tasks[name].wave
        if wave is not None and case.budget is not None and len(failed) > case.budget:
            broken.append(f"{name} begins after {failed}")
        if wave is not None and wave > first and unproved:
            broken.append(f"{name} begins after {unproved}")

    class Counting(Notes):
        def finished(self, task: Task, outcome: Outcome) -> None:
            if task.wave is not None and outcome.status is Status.FAILED:
                failed.append(task.id)
            if task.wave == first and outcome.status is not Status.APPLIED:
                unproved.append(task.id)
            watching.notes.finished(task, outcome)

    outcomes = make().run(case.tasks, watching, Counting(on={"started": begun}), stop, failure_budget=case.budget)

    assert broken == []
    apart = {task.id for task in case.tasks if task.wave is None and not task.requires}
    expected = _expected(case)
    assert all(outcome.status is expected[outcome.subject] for outcome in outcomes if outcome.subject in apart)
