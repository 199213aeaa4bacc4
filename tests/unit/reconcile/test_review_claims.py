"""What an adoption permits waits for it: an account that could not be marked is neither moved nor closed."""

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT
from pipeline.model.change import Change, CloseAccount, FieldChange, MoveAccount, UpdateAccount
from pipeline.model.json import Json
from pipeline.model.operation import Lane, Operation
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.inline import InlineEngine
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.tasks import tasks_of
from tests.unit.reconcile.fakes import FakeClock, Script

ID = "222233334444"
MOVE = MoveAccount(key="web", account_id=ID, name="web", before=ROOT, after="Workloads")
CLOSE = CloseAccount(key="web", account_id=ID, name="web")


def update(path: tuple[str, ...], before: Json = None) -> UpdateAccount:
    change = FieldChange(path=path, before=before, after={"request": "web", "repository": "example"})
    return UpdateAccount(key="web", account_id=ID, name="web", fields=(change,))


def expand(change: Change) -> tuple[Operation, ...]:
    kind = type(change).__name__
    return (Operation(kind=kind, lane=Lane.ORGANIZATIONS, arguments={"task": "web"}),)


def statuses(*changes: Change) -> list[Status]:
    """With an update that AWS refuses."""
    perform = Script({("web", "UpdateAccount"): [PermanentServiceError("denied")]})
    outcomes = InlineEngine(FakeClock()).run(tasks_of(changes, expand), perform, Silent(), Stop())
    return [outcome.status for outcome in outcomes]


@pytest.mark.parametrize(
    "following", [MOVE, CLOSE, update(("settings", "alias"))], ids=["move", "close", "second update"]
)
@pytest.mark.parametrize("before", [None, {"request": "old", "repository": "example"}], ids=["adoption", "re-key"])
def test_nothing_happens_to_an_account_that_could_not_be_marked(following: Change, before: Json) -> None:
    assert statuses(update(("ownership",), before), following) == [Status.FAILED, Status.SKIPPED]


@pytest.mark.parametrize("following", [MOVE, CLOSE], ids=["move", "close"])
def test_a_failed_update_of_other_attributes_stops_nothing(following: Change) -> None:
    assert statuses(update(("tags", "a")), following) == [Status.FAILED, Status.APPLIED]
