"""Enrolments that reset the unit: what stands in the way of any reset of a unit stands in their way, too."""

import pytest

from pipeline.model.account import AccountState
from pipeline.model.change import EnrollAccount
from pipeline.model.observed import ObservedAccount
from tests.unit.planning.landing_zones import (
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    automatic,
    governed,
    outside,
)

BY_RESET = automatic(enrolls_automatically=False)


def suspended(unit: str = "Workloads") -> ObservedAccount:
    return governed("old", unit=unit, product=None, state=AccountState.SUSPENDED)


@pytest.mark.parametrize(
    "there", [[], [outside("payments", unit="Sandbox")], [governed("payments", unit="Workloads/Prod")]]
)
def test_a_suspended_account_in_the_unit_holds_a_creation_an_enrolment_and_a_move(there: list[ObservedAccount]) -> None:
    """AWS would refuse the reset, and by then the account were in the unit, and not enrolled."""
    plan = a_governed_plan(a_governed_state(suspended(), *there, zone=BY_RESET), a_governed_request())
    assert plan.changes == ()
    (hold,) = plan.holds
    assert hold.guard == "suspended-account"
    assert f'"{suspended().account_id}"' in hold.reason


def test_a_suspended_account_elsewhere_or_where_nothing_is_reset_holds_nothing() -> None:
    for state in (
        a_governed_state(suspended("Workloads/Prod"), zone=BY_RESET),
        a_governed_state(suspended(), zone=automatic()),
        a_governed_state(suspended()),
    ):
        assert len(a_governed_plan(state, a_governed_request()).changes) == 1


def test_a_unit_of_more_accounts_than_control_tower_takes_is_not_reset_for_an_enrolment() -> None:
    many = [outside(f"k{number}", account_id=f"{number:012d}") for number in range(1, 1_002)]
    state = a_governed_state(*many, outside("payments", unit="Sandbox"), zone=BY_RESET)
    plan = a_governed_plan(state, a_governed_request())
    assert [hold.guard for hold in plan.holds if isinstance(hold.change, EnrollAccount)] == ["too-many-accounts"]
