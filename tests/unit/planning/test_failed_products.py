"""What a plan says of an account whose product has failed, or is in the making."""

import pytest

from pipeline.model.change import EnrollAccount
from pipeline.model.landing_zone import Standing
from pipeline.planning.review import review
from tests.unit.planning.landing_zones import (
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    a_product,
    enrolled_in,
    governed,
    outside,
)


def test_a_plan_does_not_promise_a_repair_that_it_holds() -> None:
    failed = a_product("payments", governed("payments").account_id, status="TAINTED", has_succeeded=False)
    account = governed("payments", product=failed, enrollment=enrolled_in("Workloads", standing=Standing.FAILED))
    plan = a_governed_plan(a_governed_state(account), a_governed_request())
    assert plan.changes == ()
    assert {hold.guard for hold in plan.holds} == {"product-failed"}
    (warning,) = [each for each in plan.findings if each.rule == "enrollment-drift"]
    assert "this plan repairs it" not in warning.hint
    assert "terminate it in Service Catalog" in warning.hint


@pytest.mark.parametrize("unit", ["Sandbox", "Workloads"])
def test_an_enrolment_that_is_running_is_gone_on_with_by_a_run_that_was_reviewed_before(unit: str) -> None:
    """Nobody looks into the account meanwhile, so its conditions are not known; they were when it began."""
    reviewed = a_governed_plan(a_governed_state(outside("payments", unit="Sandbox")), a_governed_request())
    account_id = governed("payments").account_id
    running = governed(
        "payments",
        unit=unit,
        product=a_product("payments", account_id, status="UNDER_CHANGE", has_succeeded=False),
        enrollment=enrolled_in("Workloads", standing=Standing.UNDER_CHANGE),
    )
    now = a_governed_plan(a_governed_state(running), a_governed_request())
    assert [hold.guard for hold in now.holds] == []
    assert [type(each) for each in review(now, reviewed).plan.changes] == [EnrollAccount]
