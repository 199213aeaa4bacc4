"""What a person, or a log, sees of a run."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pipeline.cli.bars import Bars, Tally
from pipeline.cli.lines import Lines, duration, interruption, line_of
from pipeline.cli.progress import progress_on
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Stop
from tests.unit.reconcile.fakes import FakeClock, a_task

HOSTILE = "[bold]x[/bold] \x1b[31mred\x1b[0m [/] {task.id}\nnext"


def an_outcome(subject: str = "a", **fields: object) -> Outcome:
    known: dict[str, object] = {"status": Status.APPLIED, "message": "moved", "seconds": 214.4}
    return Outcome(digest="d", kind="move", subject=subject, **(known | fields))  # type: ignore[arg-type]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_finished_change_is_one_line_with_who_how_long_and_what() -> None:
    assert line_of(an_outcome(account_id="111122223333")) == "move a 111122223333: applied in 3 min 34 s: moved"


def test_what_is_not_applied_says_what_to_do() -> None:
    outcome = an_outcome(status=Status.FAILED, message="access denied", hint="ask the owner")

    assert line_of(outcome) == "move a: failed: access denied; ask the owner"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7500, "2 h 5 min")],
)
def test_durations_are_rounded_to_what_people_care_about(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_log_gets_one_numbered_line_per_finished_change_and_nothing_else() -> None:
    stream = io.StringIO()
    lines = Lines(stream, Stop())
    tasks = [a_task("a", "x"), a_task("b", "x")]

    lines.planned(tasks)
    lines.started(tasks[0])
    lines.step(tasks[0], tasks[0].operations[0], "moved")
    lines.waiting(tasks[0], "in progress", 2)
    lines.finished(tasks[0], an_outcome("a", seconds=1))
    lines.finished(tasks[1], an_outcome("b", seconds=1, message=HOSTILE))

    first, second = stream.getvalue().splitlines()
    assert first == "[1/2] move a: applied in 1 s: moved"
    assert second.startswith("[2/2] move b: applied in 1 s: [bold]x[/bold] ")
    assert "\x1b" not in second


def test_a_log_says_once_that_the_run_was_interrupted() -> None:
    stream, stop = io.StringIO(), Stop()
    lines = Lines(stream, stop)

    stop.interrupt()
    lines.finished(a_task("a"), an_outcome())
    lines.finished(a_task("b"), an_outcome())
    stop.interrupt()
    lines.finished(a_task("c"), an_outcome())

    texts = stream.getvalue().splitlines()
    assert [text.split(":")[0] for text in texts if "interrupted" in text] == ["interrupted", "interrupted twice"]
    assert interruption(Stop()) == ""


def test_a_stream_that_is_no_terminal_gets_lines() -> None:
    with progress_on(io.StringIO(), FakeClock(), Stop(), color=False) as listener:
        assert isinstance(listener, Lines)


def test_where_log_lines_are_shown_nothing_else_is() -> None:
    stream = Terminal()
    with progress_on(stream, FakeClock(), Stop(), color=False, logged=True) as listener:
        listener.planned([a_task("a")])
        listener.finished(a_task("a"), an_outcome())

    assert stream.getvalue() == ""


@pytest.mark.parametrize(("term", "kind"), [("xterm", Bars), ("dumb", Lines)])
def test_a_terminal_gets_bars_unless_it_is_dumb(monkeypatch: pytest.MonkeyPatch, term: str, kind: type) -> None:
    monkeypatch.setenv("TERM", term)

    with progress_on(Terminal(), FakeClock(), Stop(), color=False) as listener:
        assert isinstance(listener, kind)


def _bars(clock: FakeClock, stop: Stop | None = None, width: int = 160) -> tuple[Bars, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, no_color=True, highlight=False)
    return Bars(console, clock, stop or Stop(), refresh=False), stream


def _draw(bars: Bars, stream: io.StringIO) -> str:
    stream.truncate(0)
    bars._progress.refresh()
    return stream.getvalue()


def test_a_terminal_shows_a_bar_per_kind_what_is_going_on_and_how_long_it_will_take() -> None:
    clock = FakeClock()
    bars, stream = _bars(clock)
    first = a_task("a", "x", "y")
    with bars:
        bars.planned([first, a_task("b", "x", "y")])
        bars.started(first)
        assert "left" not in _draw(bars, stream)
        clock.sleep(10)
        bars.step(first, first.operations[0], "tagged")
        drawn = _draw(bars, stream)
        assert "moves" in drawn
        assert "0/2" in drawn
        assert "a: tagged" in drawn
        assert "about 30 s left" in drawn
        bars.retrying(first, "busy", 3)
        assert "a: again in 3 s: busy" in _draw(bars, stream)
        bars.finished(first, an_outcome("a"))
        assert "move a: applied in 3 min 34 s: moved" in stream.getvalue()
        assert "1/2" in _draw(bars, stream)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_terminal_keeps_the_bar_and_shortens_what_is_said_beside_it(width: int) -> None:
    clock = FakeClock()
    bars, stream = _bars(clock, width=width)
    first, second = a_task("a", "x"), a_task("payments-prod", "x", "y")
    with bars:
        bars.planned([first, second])
        bars.started(first)
        clock.sleep(500)
        bars.step(first, first.operations[0], "moved")
        bars.finished(first, an_outcome())
        bars.step(second, second.operations[0], "AWS is creating the account, which takes its time")
        drawn = _draw(bars, stream)

    assert drawn.count("\u2501") >= 3  # half of what is left of the bar
    assert "payments" in drawn


def test_no_text_of_a_change_can_write_to_the_terminal_or_break_the_bars() -> None:
    bars, stream = _bars(FakeClock())
    task = replace(a_task("a", "x"), subject=HOSTILE)
    with bars:
        bars.planned([task])
        bars.started(task)
        bars.waiting(task, HOSTILE, 2)
        drawn = _draw(bars, stream)
        bars.finished(task, an_outcome(HOSTILE, message=HOSTILE))

    assert "[bold]x[/bold]" in drawn
    assert "\x1b[31m" not in stream.getvalue()
    assert "[bold]x[/bold]" in stream.getvalue()


def test_an_interrupt_is_shown_below_the_bars() -> None:
    stop = Stop()
    bars, stream = _bars(FakeClock(), stop)
    with bars:
        bars.planned([a_task("a", "x")])
        stop.interrupt()
        assert "interrupt again to stop now" in _draw(bars, stream)
        stop.interrupt()
        assert "stopping now" in _draw(bars, stream)


def test_the_estimate_counts_down_between_steps_and_drops_the_steps_that_will_not_happen() -> None:
    tally = Tally()
    for name in "abc":
        tally.plan(a_task(name, "x", "y"))
    tally.start(0)
    assert tally.seconds_left(5) is None

    tally.step(10)
    assert tally.seconds_left(10) == 50
    assert tally.seconds_left(14) == 46
    assert tally.seconds_left(1000) == 0
    tally.end(steps_left=1)
    assert tally.seconds_left(10) == 40
