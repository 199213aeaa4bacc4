"""Progress on a terminal, drawn by rich: a bar per kind of change, and a line above them for each one that is finished."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.progress import Task as Bar
from rich.text import Text

from pipeline.cli.lines import duration, interruption, line_of
from pipeline.model.clock import Clock
from pipeline.model.operation import Operation
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Listener, Stop, Task
from pipeline.reports.escaping import clip, visible

_TITLES: Final = {
    "create-unit": "units",
    "create": "new accounts",
    "move": "moves",
    "update": "updates",
    "close": "closures",
}
_STYLES: Final = {
    Status.APPLIED: "green",
    Status.PENDING: "yellow",
    Status.FAILED: "red",
    Status.SKIPPED: "yellow",
}
_NOTE_WIDTHS: Final = (12, 60)
_WIDTH_BESIDE_NOTES: Final = 70


def console_on(stream: TextIO, *, color: bool) -> Console:
    return Console(file=stream, no_color=not color, highlight=False)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Where one kind of change stands. Steps are operations: they measure better than whole changes, which last minutes."""

    tasks: int = 0
    ended: int = 0
    steps: int = 0
    steps_done: int = 0
    begun: float | None = None
    latest: float = 0.0

    def plan(self, task: Task) -> None:
        self.tasks += 1
        self.steps += len(task.operations)

    def start(self, now: float) -> None:
        if self.begun is None:
            self.begun = now

    def step(self, now: float) -> None:
        self.steps_done += 1
        self.latest = now

    def end(self, steps_left: int) -> None:
        """A change is over; the steps that it did not get to will not happen."""
        self.ended += 1
        self.steps -= steps_left

    def seconds_left(self, now: float) -> float | None:
        """At the pace so far; None before anything was measured."""
        if self.begun is None or not self.steps_done:
            return None
        pace = (self.latest - self.begun) / self.steps_done
        return max(0.0, pace * (self.steps - self.steps_done) - (now - self.latest))


class Bars(Listener):
    """A context: the bars are there from the first change until it is left; before, the terminal belongs to questions."""

    def __init__(self, console: Console, clock: Clock, stop: Stop, *, refresh: bool = True) -> None:
        self._console = console
        self._clock = clock
        self._tallies: dict[str, Tally] = {}
        self._bars: dict[str, TaskID] = {}
        self._steps: Counter[str] = Counter()
        self._progress = _Display(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}/{task.total:.0f}", markup=False),
            _TimeLeft(self._tallies, clock),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            auto_refresh=refresh,
            stop=stop,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def planned(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._tallies.setdefault(task.kind, Tally()).plan(task)
        for kind, tally in self._tallies.items():
            if kind in self._bars:  # of a run that was found going on
                self._progress.update(self._bars[kind], total=tally.tasks)
                continue
            title = _TITLES.get(kind, kind)
            self._bars[kind] = self._progress.add_task(title, total=tally.tasks, note="", kind=kind)
        self._progress.start()

    def started(self, task: Task) -> None:
        self._tallies[task.kind].start(self._clock.monotonic())

    def step(self, task: Task, operation: Operation, message: str) -> None:
        self._steps[task.id] += 1
        self._tallies[task.kind].step(self._clock.monotonic())
        self._note(task, message or operation.kind)

    def waiting(self, task: Task, reason: str, delay: float) -> None:  # noqa: ARG002 - the bar says how long it takes
        self._note(task, reason)

    def retrying(self, task: Task, error: str, delay: float) -> None:
        self._note(task, f"again in {duration(delay)}: {error}")

    def finished(self, task: Task, outcome: Outcome) -> None:
        tally = self._tallies[task.kind]
        tally.end(len(task.operations) - self._steps.pop(task.id, 0))
        self._progress.update(self._bars[task.kind], completed=tally.ended, note="")
        self._console.print(Text(line_of(outcome), style=_STYLES[outcome.status]), soft_wrap=True)

    def _note(self, task: Task, text: str) -> None:
        least, most = _NOTE_WIDTHS
        room = min(most, max(least, self._console.width - _WIDTH_BESIDE_NOTES))
        note = clip(visible(f"{task.subject}: {text}"), room)
        self._progress.update(self._bars[task.kind], note=note)


class _Display(Progress):
    """The bars and, below them, what an interrupt has led to: nothing needs to print from a signal handler."""

    def __init__(self, *columns: ProgressColumn, console: Console, auto_refresh: bool, stop: Stop) -> None:
        self._stop = stop
        super().__init__(
            *columns,
            console=console,
            auto_refresh=auto_refresh,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,  # the bars are on another stream
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if state := interruption(self._stop):
            yield Text(state, style="bold yellow")


class _TimeLeft(ProgressColumn):
    """How long it will still take, from the steps measured in this run."""

    def __init__(self, tallies: dict[str, Tally], clock: Clock) -> None:
        super().__init__()
        self._tallies = tallies
        self._clock = clock

    def render(self, task: Bar) -> Text:
        left = self._tallies[task.fields["kind"]].seconds_left(self._clock.monotonic())
        return Text("" if left is None or task.finished else f"about {duration(left)} left")
