"""Changes in, outcomes out: the parts together."""

import threading
from collections.abc import Mapping

from pipeline.model.account import AccountSpec
from pipeline.model.change import Change, CreateAccount, CreateUnit, MoveAccount
from pipeline.model.effect import digest_of
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Done, Facts, Lane, Operation, Result, Waiting
from pipeline.model.outcome import Outcome, Status
from pipeline.provisioners.protocol import Provisioner
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.inline import InlineEngine
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.reconcile import reconcile
from tests.unit.reconcile.fakes import FakeClock


class Cloud(Provisioner):
    """Units and accounts by name; an account can only go to a unit that is there. A creation is seen after two looks."""

    def __init__(self, units: set[str]) -> None:
        self._lock = threading.Lock()
        self._looks: dict[str, int] = {}
        self.units = units
        self.accounts: dict[str, str] = {}

    def observe(self) -> ObservedState:
        raise NotImplementedError

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        raise NotImplementedError

    def expand(self, change: Change) -> tuple[Operation, ...]:
        match change:
            case CreateUnit(path=path):
                return (Operation(kind="create-unit", lane=Lane.ORGANIZATIONS, arguments={"unit": path}),)
            case CreateAccount(key=key, spec=spec):
                return (
                    Operation(kind="create", lane=Lane.CREATION, arguments={"key": key}),
                    _place(key, spec.organizational_unit),
                )
            case MoveAccount(key=key, after=unit):
                return (_place(key, unit),)
            case _:
                raise NotImplementedError(change)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        key, unit = str(operation.arguments.get("key")), str(operation.arguments.get("unit"))
        with self._lock:
            match operation.kind:
                case "create-unit":
                    self.units.add(unit)
                case "create":
                    self._looks[key] = self._looks.get(key, 0) + 1
                    if self._looks[key] < 3:
                        return Waiting(reason="in progress", delay=5)
                    return Done(message="created", facts={"account_id": "333344445555"})
                case "place":
                    assert unit in self.units
                    assert key != "new" or facts["account_id"] == "333344445555"
                    self.accounts[key] = unit
                case _:
                    raise NotImplementedError(operation)
        return Done()


def _place(key: str, unit: str) -> Operation:
    return Operation(kind="place", lane=Lane.ORGANIZATIONS, arguments={"key": key, "unit": unit})


def test_changes_are_carried_out_in_an_order_that_works_and_answered_in_their_own() -> None:
    cloud = Cloud({"/"})
    spec = AccountSpec(name="new", email="new@example.com", organizational_unit="Workloads/Prod")
    changes: list[Change] = [
        CreateAccount(key="new", repository="example/accounts", spec=spec),
        MoveAccount(key="old", account_id="111122223333", name="old", before="/", after="Workloads"),
        CreateUnit(path="Workloads/Prod"),
        CreateUnit(path="Workloads"),
    ]

    outcomes = reconcile(changes, cloud, InlineEngine(FakeClock()), Silent(), Stop())

    assert cloud.accounts == {"new": "Workloads/Prod", "old": "Workloads"}
    assert [outcome.digest for outcome in outcomes] == [digest_of(change) for change in changes]
    assert outcomes[0] == Outcome(
        digest=digest_of(changes[0]),
        kind="create",
        subject="new",
        status=Status.APPLIED,
        message="created",
        account_id="333344445555",
        seconds=outcomes[0].seconds,
    )
