"""Listeners to build on."""

from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Listener
from pipeline.reconcile.listening import Several, Silent
from tests.unit.reconcile.fakes import Notes, a_task


def _tell_everything(listener: Listener) -> None:
    task = a_task("a", "x")
    listener.planned([task])
    listener.started(task)
    listener.step(task, task.operations[0], "moved")
    listener.waiting(task, "in progress", 2)
    listener.retrying(task, "busy", 3)
    listener.finished(task, Outcome(digest="d", kind="move", subject="a", status=Status.APPLIED, message="moved"))


def test_several_listeners_hear_the_same() -> None:
    first, second = Notes(), Notes()

    _tell_everything(Several(first, Silent(), second))

    assert first.events == second.events
    assert [event[0] for event in first.events] == ["planned", "started", "step", "waiting", "retrying", "finished"]
