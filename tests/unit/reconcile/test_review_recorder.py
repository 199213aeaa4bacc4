"""Deaths at the end of a run: between the complete record and the removal of its journal."""

from pathlib import Path

from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.engine import Task
from pipeline.reconcile.record import RunRecord
from pipeline.reconcile.recorder import Recorder, read_record
from tests.unit.reconcile.fakes import FakeClock

OUTCOME = Outcome(digest="d", kind="move", subject="web", status=Status.APPLIED, message="moved")


def test_a_journal_that_outlived_its_record_is_not_read_twice(tmp_path: Path) -> None:
    path, journal = tmp_path / "run.json", tmp_path / "run.json.journal"
    record = RunRecord(run_id="r", version="1", verb="apply", started="2026-11-22T13:05:01+00:00")
    recorder = Recorder(path, record, FakeClock())
    recorder.finished(Task(id="t", change_digest="d", kind="move", subject="web"), OUTCOME)
    left_behind = journal.read_bytes()
    assert read_record(path).outcomes == (OUTCOME,)
    complete = recorder.close(exit_code=0)
    journal.write_bytes(left_behind)
    assert read_record(path) == complete
