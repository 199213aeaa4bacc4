"""Log archive and audit, as a landing zone has them: in the Security unit, with neither a product nor the baseline of others."""

from dataclasses import replace

import pytest

from pipeline.model.account import WantedState
from pipeline.model.change import CreateUnit
from pipeline.model.landing_zone import LandingZone
from pipeline.model.observed import ObservedState
from pipeline.model.request import AccountRequest
from tests.unit.planning.landing_zones import (
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    a_unit,
    a_zone,
    automatic,
    outside,
)

SHARED = "222200000001"
ZONES = [a_zone(), automatic(), automatic(enrolls_automatically=False)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "request_",
    [
        {"organizational_unit": "Workloads"},
        {"organizational_unit": "Sandbox", "managed": False},
        {"organizational_unit": "/", "managed": False},
        {"organizational_unit": "Security", "state": WantedState.CLOSED},
    ],
)
def test_a_shared_account_neither_moves_nor_closes_and_the_plan_says_so(
    zone: LandingZone, request_: dict[str, object]
) -> None:
    state = a_governed_state(outside("log", unit="Security", account_id=SHARED), zone=zone)
    plan = a_governed_plan(state, a_governed_request("log", **request_))
    assert plan.changes == ()
    assert [hold.guard for hold in plan.holds] == ["shared-account"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_shared_account_in_its_unit_needs_nothing(zone: LandingZone) -> None:
    state = a_governed_state(outside("log", unit="Security", account_id=SHARED), zone=zone)
    assert a_governed_plan(state, a_governed_request("log", organizational_unit="Security")).is_empty


def test_a_shared_account_whose_unit_was_deleted_is_told() -> None:
    """A reset of the landing zone brings it back; a move by us would not."""
    zone = a_zone(security_unit=None)
    state = a_governed_state(outside("log", unit="/", account_id=SHARED), zone=zone)
    plan = a_governed_plan(state, a_governed_request("log", organizational_unit="Security"))
    assert plan.changes == ()
    assert [hold.guard for hold in plan.holds] == ["shared-account"]


def deleted(zone: LandingZone) -> ObservedState:
    """Somebody has deleted the Security unit; its accounts are in the root."""
    state = a_governed_state(outside("log", unit="/", account_id=SHARED), outside("web", unit="/"), zone=zone)
    return replace(state, units=tuple(each for each in state.units if each.path != "Security"))


@pytest.mark.parametrize(
    ("zone", "unit", "request_"),
    [
        (a_zone(security_unit=None), "Security", None),
        (automatic(security_unit=None, is_drifted=True), "Security", None),
        (a_zone(security_unit=None, security_unit_name="Core"), "Core", None),
        (a_zone(security_unit=None), "Foundation", a_governed_request("log", organizational_unit="Foundation")),
    ],
)
def test_a_security_unit_that_was_deleted_is_made_by_a_reset_of_the_landing_zone_and_never_by_us(
    zone: LandingZone, unit: str, request_: AccountRequest | None
) -> None:
    units = (a_unit(unit, register=True), a_unit(f"{unit}/Tools"), a_unit("Data"))
    plan = a_governed_plan(deleted(zone), *([request_] if request_ else []), units=units)
    assert plan.changes == (CreateUnit(path="Data"),)
    holds = [hold for hold in plan.holds if isinstance(hold.change, CreateUnit)]
    assert [(hold.change.path, hold.guard) for hold in holds] == [  # type: ignore[union-attr] # filtered above
        (unit, "security-unit"),
        (f"{unit}/Tools", "security-unit"),
    ]
    assert "reset the landing zone" in holds[0].release


@pytest.mark.parametrize("request_", [{}, {"managed": False}])
def test_no_account_goes_where_the_security_unit_was(request_: dict[str, object]) -> None:
    request = a_governed_request("web", organizational_unit="Security", **request_)
    plan = a_governed_plan(deleted(a_zone(security_unit=None)), request, units=(a_unit("Security"),))
    assert plan.changes == ()
    assert [hold.guard for hold in plan.holds] == ["security-unit", "security-unit"]


def test_a_unit_of_the_usual_name_is_created_where_the_shared_accounts_are_together_in_another_one() -> None:
    state = a_governed_state(outside("log", unit="Core", account_id=SHARED), zone=a_zone(security_unit="Core"))
    state = replace(state, units=tuple(each for each in state.units if each.path != "Security"))
    assert a_governed_plan(state, units=(a_unit("Security"),)).changes == (CreateUnit(path="Security"),)
