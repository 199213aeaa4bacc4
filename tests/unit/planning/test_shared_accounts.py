"""Log archive and audit, as a landing zone has them: in the Security unit, with neither a product nor the baseline of others."""

import pytest

from pipeline.model.account import WantedState
from pipeline.model.landing_zone import LandingZone
from tests.unit.planning.landing_zones import (
    a_governed_plan,
    a_governed_request,
    a_governed_state,
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
