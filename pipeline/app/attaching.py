"""Runs that go on without the process that began them: they are followed to their end, and recorded as if they had."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import __version__
from pipeline.app.narration import Narration
from pipeline.app.parts import Parts
from pipeline.app.recording import Notes, begin, end
from pipeline.app.workspace import Workspace
from pipeline.errors import DocumentError, ExitCode
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Engine, Listener, Stop, Task
from pipeline.reconcile.listening import Several, Silent
from pipeline.reconcile.record import RunRecord, RunState
from pipeline.reconcile.recorder import read_record
from pipeline.settings import load_settings

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What became of the run, and where it is recorded."""

    outcomes: tuple[Outcome, ...]
    record: Path

    @property
    def exit_code(self) -> ExitCode:
        """Done, or incomplete; whether the organization is as asked for, the next plan says."""
        unfinished = any(each.status in {Status.FAILED, Status.PENDING, Status.SKIPPED} for each in self.outcomes)
        return ExitCode.INCOMPLETE if unfinished else ExitCode.OK


def attach(workspace: Workspace, parts: Parts, run: str, listener: Listener, stop: Stop) -> Attached:
    """Follow one run to its end. Raises `VendError` if there is none, or its server cannot be reached."""
    notes = Notes()
    engine = parts.engine(load_settings(workspace.root), run, notes.wrote)
    return Attaching(workspace=workspace, parts=parts, listener=listener, stop=stop).follow(engine, notes, run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attaching:
    """Where runs that are followed are recorded, who hears of them, and who may stop them."""

    workspace: Workspace
    parts: Parts
    listener: Listener
    stop: Stop

    def catch_up(self, engine: Engine, notes: Notes, found: Callable[[str], None]) -> None:
        """Follow all that goes on to its end: only then is it clear what is left to plan. `found` hears of each run before."""
        for run in engine.unfinished():
            found(run)
            self.follow(engine, notes, run)

    def follow(self, engine: Engine, notes: Notes, run: str) -> Attached:
        """One run to its end; `notes` are those that the engine leads the writes to."""
        path = self.workspace.record_file(run)
        beginning = _Beginning(path, _record(path, run, self.parts), self.parts, notes)
        outcomes = engine.attach(run, Several(beginning, Narration(), self.listener), self.stop)
        attached = Attached(outcomes=outcomes, record=path)
        if notes.recorder is not None:
            end(notes.recorder, path, attached.exit_code, interrupted=self.stop.is_draining)
            notes.recorder = None
        return attached


class _Beginning(Silent):
    """Begins the record as soon as there is a run to record."""

    def __init__(self, path: Path, record: RunRecord, parts: Parts, notes: Notes) -> None:
        self._path = path
        self._record = record
        self._parts = parts
        self._notes = notes

    def planned(self, tasks: Sequence[Task]) -> None:  # noqa: ARG002 - that there are any is all that matters
        self._notes.recorder = begin(self._path, self._record, self._parts)

    def finished(self, task: Task, outcome: Outcome) -> None:
        if self._notes.recorder is not None:
            self._notes.recorder.finished(task, outcome)


def _record(path: Path, run: str, parts: Parts) -> RunRecord:
    """What the process that began the run has left here, without what is heard once more; or a new one."""
    if path.exists():
        try:
            return replace(read_record(path), writes=(), outcomes=(), state=RunState.RUNNING)
        except DocumentError as error:
            _logger.info("%s; the record begins anew", error)
    return RunRecord(
        run_id=run, version=__version__, verb="apply", started=parts.clock.now().isoformat(timespec="seconds")
    )
