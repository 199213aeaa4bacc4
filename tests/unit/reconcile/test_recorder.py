"""The record on disk, while a run goes on and after it died."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.errors import DocumentError
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.record import ApiWrite, RunState, record_to_json
from pipeline.reconcile.recorder import Recorder, read_record
from pipeline.reconcile.subject import acting_for
from tests.unit.reconcile.fakes import FakeClock, a_task, logged
from tests.unit.reconcile.test_record import MOMENT, VALIDATOR, a_full_record, a_record

OUTCOME = Outcome(digest="0f", kind="move", subject="a", status=Status.APPLIED, message="moved", seconds=1.5)


@dataclass(frozen=True)
class BackendWrite:
    """What a backend tells."""

    at: str = MOMENT
    service: str = "organizations"
    operation: str = "MoveAccount"
    request_id: str | None = "r-1"
    error: str | None = None
    subject: str | None = "111122223333"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "20261122T130501Z-3f9a1c.json"


Begin = Callable[[], Recorder]


@pytest.fixture
def begin(path: Path) -> Iterator[Begin]:
    """Begins a record; what a test leaves open counts as killed."""
    recorders: list[Recorder] = []

    def begin() -> Recorder:
        recorders.append(Recorder(path, a_record(), FakeClock()))
        return recorders[-1]

    yield begin
    for recorder in recorders:
        recorder._journal.close()


def test_the_record_is_there_as_soon_as_the_run_begins(path: Path, begin: Begin) -> None:
    begin()

    assert path.read_text() == record_to_json(a_record())


def test_a_complete_record_is_written_at_the_end_and_fits_the_schema(path: Path, begin: Begin) -> None:
    recorder = begin()
    with acting_for("payments-prod"):
        recorder.wrote(BackendWrite())
    recorder.wrote(BackendWrite(error="TooManyRequestsException", request_id=None, subject=None))
    recorder.finished(a_task("a"), OUTCOME)

    record = recorder.close(exit_code=6)

    assert record == replace(
        a_record(),
        finished=MOMENT,
        state=RunState.FINISHED,
        writes=(
            ApiWrite(
                at=MOMENT,
                service="organizations",
                operation="MoveAccount",
                request_id="r-1",
                subject="payments-prod",
                target="111122223333",
            ),
            ApiWrite(at=MOMENT, service="organizations", operation="MoveAccount", error="TooManyRequestsException"),
        ),
        outcomes=(OUTCOME,),
        exit_code=6,
    )
    assert read_record(path) == record
    VALIDATOR.validate(json.loads(path.read_text()))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_run_that_a_person_ended_says_so(begin: Begin) -> None:
    assert begin().close(exit_code=6, interrupted=True).state is RunState.INTERRUPTED


def test_what_a_killed_run_had_noted_is_read_back_without_the_line_it_was_writing(path: Path, begin: Begin) -> None:
    recorder = begin()
    recorder.wrote(BackendWrite(operation="CreateAccount"))
    recorder.finished(a_task("a"), OUTCOME)
    journal = next(file for file in path.parent.iterdir() if file != path)
    with journal.open("ab") as file:
        file.write(b'{"write": {"at": "2026')

    record = read_record(path)

    assert record.state is RunState.RUNNING
    assert [write.operation for write in record.writes] == ["CreateAccount"]
    assert record.outcomes == (OUTCOME,)


def test_each_write_costs_one_line_however_many_came_before(path: Path, begin: Begin) -> None:
    recorder = begin()
    sizes = []
    for _ in range(300):
        recorder.wrote(BackendWrite())
        sizes.append(sum(file.stat().st_size for file in path.parent.iterdir()))

    assert len({after - before for before, after in pairwise(sizes)}) == 1


def test_writes_of_many_threads_are_all_noted(path: Path, begin: Begin) -> None:
    recorder = begin()

    def work(name: str) -> None:
        with acting_for(name):
            for _ in range(50):
                recorder.wrote(BackendWrite())

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    read = read_record(path)
    assert sorted(str(write.subject) for write in read.writes) == sorted(["t0", "t1", "t2", "t3"] * 50)
    assert recorder.close(exit_code=0).writes == read.writes


def test_a_disk_that_refuses_is_logged_and_nothing_is_lost_in_the_end(path: Path, begin: Begin) -> None:
    recorder = begin()
    recorder._journal.close()

    with logged() as records:
        recorder.wrote(BackendWrite())

    assert [record.levelno for record in records] == [logging.ERROR]
    assert len(recorder.close(exit_code=0).writes) == 1
    assert len(read_record(path).writes) == 1


def test_a_record_that_cannot_be_begun_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where a folder should be")

    with pytest.raises(OSError, match="runs"):
        Recorder(tmp_path / "runs" / "r.json", a_record(), FakeClock())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "\udcff",
        '{"format": "vend-run/9"}',
        '{"format": "vend-run/1"}',
        record_to_json(a_full_record()).replace('"applied"', '"perhaps"'),
        record_to_json(a_full_record()).replace('"at"', '"when"'),
    ],
)
def test_what_is_not_a_record_is_refused_with_its_path(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(DocumentError, match=r"3f9a1c\.json: is "):
        read_record(path)


def test_a_record_that_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(DocumentError, match="No such file"):
        read_record(path)
