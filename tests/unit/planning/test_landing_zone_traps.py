"""What a landing zone holds in store for a plan that looks away: left-over products, side doors, and resets by the way."""

from dataclasses import replace

import pytest

from pipeline.model.account import ROOT, UNOBSERVED, AccountState
from pipeline.model.change import EnrollAccount, MoveAccount, UnmanageAccount
from pipeline.model.email_update import EmailStanding, EmailUpdate, email_mark
from pipeline.model.landing_zone import Mode, Obstacle, Product, Standing, products_by_account
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.planning.controls import identifier_of
from pipeline.planning.review import review
from tests.unit.planning.landing_zones import (
    ADA,
    GRACE,
    UNREAD,
    a_control,
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    a_product,
    a_unit,
    a_zone,
    automatic,
    governed,
    outside,
    registered,
)

GONE = "999900000009"
BY_UNIT = {"mode": Mode.AUTO_ENROLL, "enrolls_automatically": False}


def rules(plan: Plan) -> set[str]:
    return {each.rule for each in plan.findings}


def guards(plan: Plan) -> list[str]:
    assert plan.changes == ()
    return [hold.guard for hold in plan.holds]


@pytest.mark.parametrize(
    "product",
    [
        a_product("payments", GONE),
        a_product("payments", GONE, status="TAINTED"),
        a_product("payments", GONE, status="ERROR", has_succeeded=False),
        a_product("payments", status="WORD_OF_TOMORROW"),
    ],
)
def test_a_product_of_an_account_that_is_gone_is_not_taken_for_the_account_that_is_asked_for(product: object) -> None:
    plan = a_governed_plan(a_governed_state(products=(product,)), a_governed_request())  # type: ignore[arg-type] # values
    assert guards(plan) == ["product-left"]
    assert "pp-payments" in plan.holds[0].release


def test_the_product_of_a_closed_account_stands_in_the_way_of_another_one_of_the_same_request() -> None:
    closed = governed("payments", state=AccountState.CLOSED, email="old@example.com")
    plan = a_governed_plan(a_governed_state(closed), a_governed_request(email="new@example.com"))
    assert guards(plan) == ["product-left"]
    assert closed.account_id in plan.holds[0].reason


def test_a_product_that_never_had_an_account_is_replaced_without_a_person() -> None:
    failed = a_product("payments", status="ERROR", has_succeeded=False)
    plan = a_governed_plan(a_governed_state(products=(failed,)), a_governed_request())
    assert len(plan.changes) == 1


def test_an_account_that_a_failed_product_has_left_behind_is_for_a_person() -> None:
    """Account Factory may fail after Organizations has made the account: then the product does not tell its id."""
    failed = a_product("payments", status="ERROR", has_succeeded=False)
    plan = a_governed_plan(a_governed_state(outside("payments"), products=(failed,)), a_governed_request())
    assert guards(plan) == ["product-failed"]


def test_products_that_are_of_no_use_to_anybody_are_told() -> None:
    products = (
        replace(a_product("one", GONE), name="left"),
        replace(a_product("two", status="ERROR", has_succeeded=False), name="failed"),
        replace(a_product("three", status="UNDER_CHANGE", has_succeeded=False), name="going"),
    )
    plan = a_governed_plan(a_governed_state(products=products))
    assert {(each.rule, "pp-one" in each.message) for each in plan.findings} == {
        ("product-left", True),
        ("product-failed", False),
    }


@pytest.mark.parametrize("unit", ["Workloads", "Sandbox"])
def test_an_account_does_not_leave_a_protected_unit_or_enter_one_by_leaving_control_tower(unit: str) -> None:
    request = a_governed_request(managed=False, organizational_unit="Sandbox")
    plan = a_governed_plan(a_governed_state(governed("payments")), request, protected_units=(unit,))
    assert guards(plan) == ["protected-unit", "protected-unit"]
    assert "confirm: {managed: false}" in plan.holds[0].release
    confirmed = replace(request, confirm={"managed": False})
    freed = a_governed_plan(a_governed_state(governed("payments")), confirmed, protected_units=(unit,))
    assert [type(each) for each in freed.changes] == [UnmanageAccount, MoveAccount]


def test_more_accounts_than_may_be_closed_do_not_leave_control_tower_at_once() -> None:
    keys = ("a", "b", "c")
    state = a_governed_state(*(governed(key) for key in keys))
    requests = [a_governed_request(key, managed=False, organizational_unit=ROOT) for key in keys]
    assert guards(a_governed_plan(state, *requests, max_closures=2)) == ["max-closures"] * 3
    freed = [replace(each, confirm={"managed": False}) for each in requests]
    assert len(a_governed_plan(state, *freed, max_closures=2).changes) == 3


OBSTACLE = (Obstacle(problem="role is not in the portfolio", remedy="associate it"),)


@pytest.mark.parametrize(
    ("state", "values"),
    [
        (outside("payments"), {}),
        (governed("payments"), {"organizational_unit": "Workloads/Prod"}),
        (governed("payments"), {"sso_user": {**ADA, "email": "grace@example.com"}}),
    ],
)
def test_nothing_is_asked_of_an_account_factory_that_cannot_be_used(state: object, values: dict[str, object]) -> None:
    observed = a_governed_state(state, zone=a_zone(factory_obstacles=OBSTACLE))  # type: ignore[arg-type] # values
    assert guards(a_governed_plan(observed, a_governed_request(**values))) == ["account-factory"]


def test_the_confirmation_of_conditions_that_nobody_could_read_is_not_told_to_be_idle() -> None:
    request = a_governed_request(confirm={"managed": True})
    plan = a_governed_plan(a_governed_state(outside("payments", checks=(UNREAD,))), request)
    assert [type(each) for each in plan.changes] == [EnrollAccount]
    assert "confirm-releases-nothing" not in rules(plan)


def full(count: int) -> ObservedState:
    accounts = (governed(f"k{number}", product=None) for number in range(count))
    return a_governed_state(*accounts, outside("payments", unit="Sandbox"), zone=a_zone(**BY_UNIT))


@pytest.mark.parametrize("is_new", [True, False])
def test_an_enrolment_that_resets_a_full_unit_waits_until_the_number_of_accounts_is_confirmed(*, is_new: bool) -> None:
    request = a_governed_request("new" if is_new else "payments", sso_user=UNOBSERVED)
    assert len(a_governed_plan(full(10), request).changes) == 1
    plan = a_governed_plan(full(11), request)
    assert guards(plan) == ["unit-accounts"]
    assert "11 accounts" in plan.holds[0].reason
    assert "confirm: {reset: 11}" in plan.holds[0].release
    unit = a_unit("Workloads", register=True, confirm={"reset": 11})
    freed = a_governed_plan(full(11), request, units=(unit,))
    assert len(freed.changes) == 1
    assert rules(freed) == {"unit-reset"}


def test_a_plan_says_that_an_enrolment_resets_a_unit_and_how_many_accounts_that_touches() -> None:
    plan = a_governed_plan(full(3), a_governed_request())
    [finding] = [each for each in plan.findings if each.rule == "unit-reset"]
    assert 'touches every account of unit "Workloads": 3 accounts' in finding.message


def test_a_unit_that_enrolls_by_itself_is_not_reset() -> None:
    state = a_governed_state(*(governed(f"k{number}", product=None) for number in range(11)), zone=automatic())
    plan = a_governed_plan(state, a_governed_request("new", sso_user=UNOBSERVED))
    assert len(plan.changes) == 1
    assert rules(plan) == set()


def test_a_unit_of_a_standing_that_nobody_knows_takes_no_account() -> None:
    state = a_governed_state(units={"Workloads": registered(standing=Standing.UNKNOWN)})
    assert guards(a_governed_plan(state, a_governed_request())) == ["unit-busy"]
    plan = a_governed_plan(state, units=(a_unit("Workloads", register=True),))
    assert rules(plan) == {"unit-busy"}


def test_a_control_is_named_in_the_partition_of_its_region() -> None:
    named = identifier_of(a_control("AWS-GR_X"), "us-gov-west-1")
    assert named == "arn:aws-us-gov:controltower:us-gov-west-1::control/AWS-GR_X"


def test_what_is_left_of_a_reviewed_creation_does_not_wait_for_the_confirmation_of_an_enrolment() -> None:
    request = a_governed_request()
    reviewed = a_governed_plan(a_governed_state(zone=automatic()), request)
    state = a_governed_state(outside("payments", unit=ROOT), zone=automatic())
    left = a_governed_plan(state, request, always_confirm=frozenset({"enroll"}))
    assert guards(left) == ["always-confirm"]
    assert [type(each) for each in review(left, reviewed).plan.changes] == [EnrollAccount]


def test_an_account_is_not_enrolled_while_its_address_changes() -> None:
    """Account Factory makes a new account for an address that no member has any more."""
    update = EmailUpdate(standing=EmailStanding.ACCEPTED, until="2026-11-23T13:05Z", mark=email_mark("new@example.com"))
    account = replace(outside("payments"), email_update=update)
    plan = a_governed_plan(a_governed_state(account), a_governed_request(email="new@example.com"))
    assert sorted(guards(plan)) == ["email-spreading", "email-spreading"]


def test_a_first_administrator_that_cannot_be_compared_is_told() -> None:
    account = governed("payments", product=None, sso_user=UNOBSERVED)
    assert "sso-user-not-observed" in rules(a_governed_plan(a_governed_state(account), a_governed_request()))


def test_a_first_administrator_who_has_lost_access_is_told_once_for_all_accounts_and_given_none() -> None:
    keys = ("a", "b", "c", "d", "e", "f")
    accounts = [replace(governed(key), lacks_administrator=True) for key in keys]
    requests = [a_governed_request(key) for key in keys]
    plan = a_governed_plan(a_governed_state(*accounts), *requests)
    [told] = [each for each in plan.findings if each.rule == "sso-user-without-access"]
    assert plan.is_empty
    assert '"ada@example.com" has no AWSAdministratorAccess any more' in told.message
    assert "and 1 more" in told.message

    other = [replace(each, spec=replace(each.spec, sso_user=GRACE)) for each in requests]
    changed = a_governed_plan(a_governed_state(*accounts), *other)
    assert "sso-user-without-access" not in rules(changed)
    assert len(changed.changes) == len(keys)


def test_an_account_of_several_products_is_told_with_all_of_them() -> None:
    spare = a_product("spare", governed("a").account_id, status="TAINTED")
    state = a_governed_state(replace(governed("a"), more_products=(spare,)), governed("b"))
    plan = a_governed_plan(state, a_governed_request("a"), a_governed_request("b"))
    [told] = [each for each in plan.findings if each.rule == "product-doubled"]
    assert plan.is_empty
    assert all(name in told.message for name in ("pp-a", "pp-spare", governed("a").account_id))
    assert "un-manages" in told.hint


@pytest.mark.parametrize(
    "products",
    [
        (a_product("good", GONE), a_product("abandoned", GONE, status="ERROR")),
        (a_product("good", GONE), a_product("changing", GONE, status="UNDER_CHANGE")),
        (a_product("good", GONE), a_product("good-too", GONE, status="TAINTED")),
        (a_product("changing", GONE, status="UNDER_CHANGE"), a_product("bad", GONE, status="ERROR")),
    ],
)
def test_of_several_products_the_same_stands_for_the_account_in_any_order(products: tuple[Product, Product]) -> None:
    first, second = products
    for some in (products, (second, first)):
        assert products_by_account((*some, a_product("nobodys"))) == {GONE: products}


def test_a_first_administrator_is_not_changed_where_control_tower_does_not_manage_access() -> None:
    state = a_governed_state(governed("payments"), zone=a_zone(manages_access=False))
    plan = a_governed_plan(state, a_governed_request(sso_user={**ADA, "email": "grace@example.com"}))
    assert plan.is_empty
    assert [each.rule for each in plan.findings] == ["sso-user-not-made"]
