"""A run whose record cannot be completed tells what it has done all the same."""

import shutil
from pathlib import Path

import pytest

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode
from pipeline.model.outcome import Outcome
from pipeline.reconcile.engine import Task
from pipeline.reconcile.listening import Silent


class Vandal(Silent):
    """Takes the folder of the record away while the run goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def finished(self, task: Task, outcome: Outcome) -> None:
        del task, outcome
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.mark.usefixtures("aws")
def test_a_record_that_cannot_be_completed_hides_no_outcome(sample: Path, caplog: pytest.LogCaptureFixture) -> None:
    record = sample / "records" / "run.json"
    wish = Applying(approve=lambda plan: plan, listener=Vandal(record.parent), record=record)
    applied = apply(Workspace(sample), Parts(clock=ScaledClock(200)), wish)
    assert (applied.exit_code, len(applied.outcomes)) == (ExitCode.OK, 9)
    assert f"{record}: cannot be completed" in caplog.text
