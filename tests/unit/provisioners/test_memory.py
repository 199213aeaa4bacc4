"""What the backend in memory gives to tests beyond the contract."""

import pytest

from pipeline.errors import TemporaryServiceError
from pipeline.model.account import ROOT
from pipeline.model.change import CreateAccount, CreateUnit, RegisterUnit, UnitAction
from pipeline.model.landing_zone import Standing
from pipeline.model.operation import Done, Vanished, Waiting
from pipeline.provisioners.memory import MemoryOrganization, MemoryProvisioner
from tests.builders import a_spec, a_state, an_account
from tests.unit.planning.landing_zones import a_governed_state, registered


def test_it_begins_with_what_was_observed() -> None:
    state = a_state(an_account("payments"), an_account("search"))
    observed = MemoryProvisioner(MemoryOrganization.of(state), repository="example").observe()
    assert {each.account_id for each in observed.accounts} == {each.account_id for each in state.accounts}
    assert observed.unit_paths() == state.unit_paths()


def test_failures_come_in_the_order_of_the_script_before_anything_is_done() -> None:
    organization = MemoryOrganization()
    failures = {"create-unit": [TemporaryServiceError("first"), TemporaryServiceError("second")]}
    provisioner = MemoryProvisioner(organization, repository="example", failures=failures)
    (operation,) = provisioner.expand(CreateUnit(path="Workloads"))
    for text in ("first", "second"):
        with pytest.raises(TemporaryServiceError, match=text):
            provisioner.perform(operation, {})
        assert "Workloads" not in organization.units
    assert isinstance(provisioner.perform(operation, {}), Done)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_creation_takes_as_many_looks_as_it_is_told(steps: int) -> None:
    change = CreateAccount(key="billing", repository="example", spec=a_spec("billing", organizational_unit=ROOT))
    provisioner = MemoryProvisioner(MemoryOrganization(creation_steps=steps), repository="example")
    request, wait = provisioner.expand(change)
    facts = provisioner.perform(request, {}).facts  # type: ignore[union-attr] # done
    results = [provisioner.perform(wait, facts) for _ in range(steps + 1)]
    assert [type(result) for result in results] == [*[Waiting] * steps, Done]


@pytest.mark.parametrize(
    ("standing", "operation", "result", "resets"),
    [
        (Standing.FAILED, "", Done, 1),
        (Standing.SUCCEEDED, "", Done, 0),
        (Standing.SUCCEEDED, "op-1", Done, 1),
        (Standing.SUCCEEDED, "op-0", Done, 0),
        (Standing.FAILED, "op-0", Vanished, 0),
    ],
)
def test_a_unit_is_reset_where_that_is_needed_or_nobody_has_worked_on_it_since_the_plan(
    standing: Standing, operation: str, result: type, resets: int
) -> None:
    known = registered(standing=standing, operation="op-1")
    organization = MemoryOrganization.of(a_governed_state(units={"Workloads": known}))
    writes: list[str] = []
    provisioner = MemoryProvisioner(organization, repository="example", on_effect=writes.append)
    reset = RegisterUnit(
        path="Workloads",
        action=UnitAction.RESET,
        before=known.version,
        after=known.version,
        last_operation=operation,
    )
    first = provisioner.expand(reset)[0]
    assert isinstance(provisioner.perform(first, {}), result)
    assert len(writes) == resets
