"""What `--verbose` and `--log-format json` tell of a run."""

import logging

import pytest

from pipeline.app.narration import Narration
from pipeline.model.outcome import Outcome, Status
from tests.unit.reconcile.fakes import a_task


def an_outcome(status: Status) -> Outcome:
    return Outcome(digest="d", kind="move", subject="a", account_id="111122223333", status=status, message="it is so")


def test_every_event_of_a_change_is_a_line_that_names_it(caplog: pytest.LogCaptureFixture) -> None:
    task, narration = a_task("a", "x"), Narration()
    with caplog.at_level(logging.DEBUG, logger="pipeline"):
        narration.planned([task])
        narration.started(task)
        narration.step(task, task.operations[0], "moved")
        narration.waiting(task, "in progress", 2)
        narration.retrying(task, "busy", 3)
        narration.finished(task, an_outcome(Status.APPLIED))

    assert [record.levelname for record in caplog.records] == ["INFO", "DEBUG", "DEBUG", "DEBUG", "INFO", "INFO"]
    assert all("move a: " in record.getMessage() for record in caplog.records[1:])


@pytest.mark.parametrize("status", Status)
def test_how_a_change_ended_has_members_for_machines_and_is_never_shown_unasked(
    status: Status, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="pipeline"):
        Narration().finished(a_task("a"), an_outcome(status))

    (record,) = caplog.records
    assert record.levelno < logging.WARNING
    told = {name: getattr(record, name) for name in ("change", "subject", "account_id", "status")}
    assert told == {"change": "move", "subject": "a", "account_id": "111122223333", "status": status.value}


def test_a_log_line_is_one_line_whatever_a_service_says(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="pipeline"):
        Narration().retrying(a_task("a"), "one\ntwo \x1b[31mred", 1)

    assert "\n" not in caplog.text.rstrip("\n")
    assert "\x1b" not in caplog.text
