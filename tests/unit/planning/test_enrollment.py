"""Accounts that come under Control Tower, live there and leave it."""

from dataclasses import replace

import pytest

from pipeline.model.account import ROOT, UNOBSERVED, WantedState
from pipeline.model.change import (
    CloseAccount,
    CreateAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.effect import product_owner
from pipeline.model.finding import Location, Severity
from pipeline.model.landing_zone import Check, LandingZone, Obstacle, Standing, product_name
from pipeline.model.observed import Details
from pipeline.model.plan import Plan
from pipeline.model.request import DesiredState
from pipeline.planning.details import details_wanted
from pipeline.planning.planning import make_plan
from pipeline.planning.review import review
from tests.builders import REPOSITORY, a_policy
from tests.unit.planning.landing_zones import (
    ADA,
    GRACE,
    NO_ROLE,
    OLDER,
    PASSED,
    RECORDER,
    UNREAD,
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    a_product,
    a_unit,
    a_zone,
    automatic,
    enrolled_in,
    governed,
    outside,
    registered,
)

NO_STS = Check(name="sts", passed=False, message="STS is not active in eu-west-1", remedy="activate it")
NO_REGION = Check(name="regions", passed=False, message="not enabled: eu-south-2", remedy="enable it")


def guards(plan: Plan) -> list[str]:
    assert plan.changes == ()
    return [hold.guard for hold in plan.holds]


def test_without_a_landing_zone_nothing_is_planned() -> None:
    state = a_governed_state()
    plan = make_plan(
        DesiredState(requests=(a_governed_request(),)), replace(state, landing_zone=None), a_policy(control_tower=True)
    )
    assert [each.rule for each in plan.findings] == ["no-landing-zone"]
    assert (plan.changes, plan.holds, plan.has_errors) == ((), (), True)


def test_a_plan_carries_its_landing_zone_and_says_what_is_wrong_with_it() -> None:
    zone = a_zone(is_drifted=True, latest_version="4.0")
    plan = a_governed_plan(a_governed_state(zone=zone))
    assert plan.landing_zone == zone
    assert {each.rule for each in plan.findings} == {"landing-zone-drift", "landing-zone-version"}


def test_without_control_tower_in_the_settings_a_landing_zone_changes_nothing() -> None:
    plan = make_plan(DesiredState(requests=(a_governed_request(),)), a_governed_state(outside("payments")), a_policy())
    assert plan.is_empty
    assert plan.landing_zone is None


def test_a_new_account_is_a_product_or_comes_in_through_its_unit() -> None:
    [product] = a_governed_plan(a_governed_state(), a_governed_request()).changes
    assert isinstance(product, CreateAccount)
    assert (product.product, product.enrolls) == (product_name("payments", REPOSITORY), False)
    [entering] = a_governed_plan(a_governed_state(zone=automatic()), a_governed_request()).changes
    assert isinstance(entering, CreateAccount)
    assert (entering.product, entering.enrolls) == (None, True)


@pytest.mark.parametrize(
    ("zone", "request_", "guard"),
    [
        (a_zone(status="PROCESSING"), {}, "landing-zone-busy"),
        (a_zone(status="FAILED"), {}, "landing-zone-failed"),
        (a_zone(factory_obstacles=(Obstacle(problem="no portfolio", remedy="associate"),)), {}, "account-factory"),
        (a_zone(), {"organizational_unit": "Sandbox"}, "unit-not-registered"),
        (a_zone(), {"organizational_unit": "Security"}, "security-unit"),
        (a_zone(), {"organizational_unit": ROOT}, "unit-not-registered"),
        (a_zone(baseline_version="5.0"), {}, "unit-outdated"),
        (a_zone(), {"managed": False}, "unmanaged-creation"),
        (a_zone(), {"sso_user": None}, "sso-user"),
    ],
)
def test_a_new_account_waits(zone: LandingZone, request_: dict[str, object], guard: str) -> None:
    assert guards(a_governed_plan(a_governed_state(zone=zone), a_governed_request(**request_))) == [guard]


def test_a_new_account_is_not_told_to_stay_outside() -> None:
    """That is for accounts that are there."""
    [hold] = a_governed_plan(a_governed_state(), a_governed_request(organizational_unit="Sandbox")).holds
    assert "register: true" in hold.release
    assert "managed: false" not in hold.release


def test_a_drifted_landing_zone_goes_on_making_accounts() -> None:
    assert a_governed_plan(a_governed_state(zone=a_zone(is_drifted=True)), a_governed_request()).changes


def test_a_new_account_comes_after_the_registration_of_its_unit() -> None:
    request = a_governed_request(organizational_unit="Sandbox")
    plan = a_governed_plan(a_governed_state(), request, units=(a_unit("Sandbox", register=True),))
    assert [type(each).__name__ for each in plan.changes] == ["RegisterUnit", "CreateAccount"]


def test_an_account_of_the_organization_is_enrolled_with_the_address_and_the_name_that_aws_has() -> None:
    account = outside("payments", email="Aws+Payments@example.com", name="Pay")
    [update, enroll] = a_governed_plan(a_governed_state(account), a_governed_request()).changes
    assert isinstance(update, UpdateAccount)
    assert enroll == EnrollAccount(
        key="payments",
        account_id=account.account_id,
        name="Pay",
        email="Aws+Payments@example.com",
        before="Workloads",
        after="Workloads",
        product=product_name("payments", REPOSITORY),
        checks=(PASSED,),
        sso_user=ADA,
    )


def test_a_move_of_an_account_that_is_not_enrolled_is_part_of_its_enrolment() -> None:
    request = a_governed_request(organizational_unit="Workloads/Prod")
    [change] = a_governed_plan(a_governed_state(outside("payments", unit=ROOT), zone=automatic()), request).changes
    assert isinstance(change, EnrollAccount)
    assert (change.before, change.after, change.product, change.sso_user) == (ROOT, "Workloads/Prod", None, None)


@pytest.mark.parametrize(
    ("checks", "request_", "expected"),
    [
        ((PASSED,), {}, None),
        ((PASSED, RECORDER), {}, ("enrollment-checks", "delete it; then plan again")),
        ((NO_STS,), {}, ("enrollment-checks", "activate it; then plan again")),
        ((NO_STS, NO_REGION), {}, ("enrollment-checks", "activate it; enable it; then plan again")),
        (
            (NO_ROLE,),
            {},
            (
                "enrollment-checks",
                "write `repair: [execution_role]` in account-requests/payments.yaml; then plan again",
            ),
        ),
        ((NO_ROLE,), {"repair": ("execution_role",)}, None),
        ((), {}, ("enrollment-checks-unread", "")),
        ((UNREAD,), {}, ("enrollment-checks-unread", "")),
        ((UNREAD,), {"confirm": {"managed": True}}, None),
        ((RECORDER,), {"confirm": {"managed": True}}, ("enrollment-checks", "")),
    ],
)
def test_conditions_of_enrolling(
    checks: tuple[Check, ...], request_: dict[str, object], expected: tuple[str, str] | None
) -> None:
    request = replace(a_governed_request(), **request_)
    plan = a_governed_plan(a_governed_state(outside("payments", checks=checks)), request)
    if expected is None:
        [change] = plan.changes
        assert isinstance(change, EnrollAccount)
        assert change.repairs == (("execution_role",) if NO_ROLE in checks else ())
    else:
        assert guards(plan) == [expected[0]]
        assert expected[1] in plan.holds[0].release


def test_a_drifted_landing_zone_enrolls_nobody() -> None:
    state = a_governed_state(outside("payments"), zone=a_zone(is_drifted=True))
    assert guards(a_governed_plan(state, a_governed_request())) == ["landing-zone-drift"]


def test_an_account_is_enrolled_by_the_registration_of_its_unit() -> None:
    request = a_governed_request(organizational_unit="Sandbox")
    state = a_governed_state(outside("payments", unit="Sandbox"))
    unit = a_unit("Sandbox", register=True, confirm={"register": 1})
    plan = a_governed_plan(state, request, units=(unit,))
    assert [type(each).__name__ for each in plan.changes] == ["RegisterUnit"]
    held = a_governed_plan(state, request, units=(a_unit("Sandbox", register=True),))
    assert guards(held) == ["unit-accounts"]


def test_a_product_that_failed_with_an_account_is_for_a_person() -> None:
    account = outside("payments", product=a_product("payments", "1", status="ERROR", has_succeeded=False))
    [hold] = a_governed_plan(a_governed_state(account), a_governed_request()).holds
    assert hold.guard == "product-failed"
    assert "pp-payments" in hold.reason


def test_an_account_that_is_as_asked_for_needs_nothing() -> None:
    assert a_governed_plan(a_governed_state(governed("payments")), a_governed_request()).is_empty


@pytest.mark.parametrize(
    ("unit", "guard"), [("Workloads/Prod", None), ("Sandbox", "unit-not-registered"), ("Security", "security-unit")]
)
def test_an_enrolled_account_moves_only_where_control_tower_governs(unit: str, guard: str | None) -> None:
    plan = a_governed_plan(a_governed_state(governed("payments")), a_governed_request(organizational_unit=unit))
    if guard is None:
        assert [type(change) for change in plan.changes] == [MoveAccount]
    else:
        assert guards(plan) == [guard]


def test_an_account_without_a_product_cannot_be_moved_by_account_factory() -> None:
    state = a_governed_state(governed("payments", product=None))
    assert guards(a_governed_plan(state, a_governed_request(organizational_unit="Workloads/Prod"))) == ["no-product"]
    assert guards(a_governed_plan(state, a_governed_request(managed=False))) == ["no-product"]


@pytest.mark.parametrize(
    "busy",
    [
        {"enrollment": enrolled_in("Workloads", standing=Standing.UNDER_CHANGE)},
        {"product": a_product("payments", status="UNDER_CHANGE")},
    ],
)
def test_a_busy_account_waits(busy: dict[str, object]) -> None:
    state = a_governed_state(governed("payments", **busy))
    plan = a_governed_plan(state, a_governed_request(organizational_unit="Workloads/Prod"))
    assert guards(plan) == ["account-busy"]
    assert [each.rule for each in a_governed_plan(state, a_governed_request()).findings] == ["account-busy"]


@pytest.mark.parametrize(
    ("enrollment", "drift"),
    [
        (enrolled_in("Sandbox"), "moved"),
        (enrolled_in("Workloads", is_drifted=True), "differs"),
        (enrolled_in("Workloads", standing=Standing.FAILED), "failed"),
    ],
)
def test_a_drifted_account_is_put_right_by_its_product(enrollment: object, drift: str) -> None:
    plan = a_governed_plan(a_governed_state(governed("payments", enrollment=enrollment)), a_governed_request())
    [change] = plan.changes
    assert isinstance(change, UpdateAccount)
    before = {"drift": drift, "unit": enrollment.unit}
    assert change.fields == (FieldChange(path=("enrollment",), before=before, after={"unit": "Workloads"}),)
    assert [each.rule for each in plan.findings] == ["enrollment-drift"]


def test_automatic_enrolment_puts_accounts_right_without_us() -> None:
    state = a_governed_state(governed("payments", enrollment=enrolled_in("Sandbox")), zone=automatic())
    plan = a_governed_plan(state, a_governed_request(), units=(a_unit("Workloads", register=True),))
    assert plan.is_empty
    assert "by itself" in plan.findings[0].hint


def test_a_tainted_product_is_told_and_used() -> None:
    state = a_governed_state(governed("payments", product=a_product("payments", status="TAINTED")))
    plan = a_governed_plan(state, a_governed_request(organizational_unit="Workloads/Prod"))
    assert [type(change) for change in plan.changes] == [MoveAccount]
    assert [each.rule for each in plan.findings] == ["product-tainted"]


def test_another_first_administrator_is_told_by_the_address_and_held_on_a_protected_account() -> None:
    state = a_governed_state(governed("payments"))
    [change] = a_governed_plan(state, a_governed_request(sso_user=GRACE)).changes
    assert change.fields == (FieldChange(path=("sso_user",), before=ADA, after=GRACE),)
    same = {**ADA, "email": "ADA@example.com", "first_name": "A."}
    assert a_governed_plan(state, a_governed_request(sso_user=same)).is_empty
    [hold] = a_governed_plan(state, a_governed_request(sso_user=GRACE, protected=True)).holds
    assert 'confirm: {sso_user: "grace@example.com"}' in hold.release


def test_an_unmanaged_account_leaves_and_goes_where_it_is_asked_to() -> None:
    account = governed("payments")
    plan = a_governed_plan(a_governed_state(account), a_governed_request(managed=False, organizational_unit="Sandbox"))
    assert [type(change) for change in plan.changes] == [UnmanageAccount, MoveAccount]
    assert (plan.changes[1].before, plan.changes[1].after) == (ROOT, "Sandbox")
    again = a_governed_state(outside("payments", unit="Sandbox"))
    assert a_governed_plan(again, a_governed_request(managed=False, organizational_unit="Sandbox")).is_empty


def test_leaving_is_guarded_and_what_follows_it_waits_with_it() -> None:
    request = a_governed_request(managed=False, organizational_unit="Sandbox", protected=True)
    plan = a_governed_plan(a_governed_state(governed("payments")), request)
    assert guards(plan) == ["protected-account", "protected-account"]
    assert "confirm: {managed: false}" in plan.holds[0].release
    confirmed = replace(request, confirm={"managed": False})
    assert len(a_governed_plan(a_governed_state(governed("payments")), confirmed).changes) == 2
    always = a_governed_request(managed=False, organizational_unit="Sandbox")
    plan = a_governed_plan(a_governed_state(governed("payments")), always, always_confirm=frozenset({"unmanage"}))
    assert guards(plan) == ["always-confirm", "always-confirm"]


def test_a_unit_that_enrolls_by_itself_takes_no_unmanaged_account() -> None:
    state = a_governed_state(outside("payments", unit="Sandbox"), zone=automatic())
    assert guards(a_governed_plan(state, a_governed_request(managed=False))) == ["unit-enrolls"]


@pytest.mark.parametrize("zone", [a_zone(), automatic(), automatic(enrolls_automatically=False)])
def test_an_account_that_has_left_goes_back_into_no_unit_of_control_tower(zone: LandingZone) -> None:
    """The next reset of the unit would enroll it, and so no reset could be carried out any more."""
    request = a_governed_request(managed=False)
    plan = a_governed_plan(a_governed_state(outside("payments", unit=ROOT), zone=zone), request)
    [hold] = plan.holds
    assert (hold.guard, type(hold.change)) == ("unit-enrolls", MoveAccount)
    assert 'write `organizational_unit: "/"`' in hold.release
    assert request.origin().file in hold.release
    leaving = a_governed_plan(a_governed_state(governed("payments")), request)
    assert [type(each) for each in leaving.changes] == [UnmanageAccount]
    assert [each.guard for each in leaving.holds] == ["unit-enrolls"]


def test_closing_an_enrolled_account_says_that_it_leaves_first() -> None:
    request = a_governed_request(state=WantedState.CLOSED)
    [change] = a_governed_plan(a_governed_state(governed("payments")), request).changes
    assert isinstance(change, CloseAccount)
    assert change.unmanages
    [change] = a_governed_plan(a_governed_state(outside("payments")), request).changes
    assert not change.unmanages


def test_shared_accounts_stay_where_they_are() -> None:
    account = governed("log", unit="Security", account_id="222200000001", product=None)
    for request in (
        a_governed_request("log"),
        a_governed_request("log", managed=False),
        a_governed_request("log", state=WantedState.CLOSED),
    ):
        assert guards(a_governed_plan(a_governed_state(account), request)) == ["shared-account"]


def test_an_enrolment_that_moves_an_account_is_guarded_as_a_move() -> None:
    state = a_governed_state(outside("payments", unit="Sandbox"))
    plan = a_governed_plan(state, a_governed_request(), protected_units=("Sandbox",))
    assert guards(plan) == ["protected-unit"]
    assert "confirm: {organizational_unit: Workloads}" in plan.holds[0].release


def test_the_account_of_our_product_is_ours_before_its_tags_say_so() -> None:
    creation = a_governed_plan(a_governed_state(), a_governed_request(tags={"a": "1"}))
    made = governed("payments", owner=None, repository=None)
    left = a_governed_plan(a_governed_state(made), a_governed_request(tags={"a": "1"}))
    [update] = left.changes
    assert update.fields[0].before == product_owner(product_name("payments", REPOSITORY))
    assert review(left, creation).plan.changes == left.changes

    someone = governed("payments", owner=None, repository=None, product=a_product("other"))
    adoption = a_governed_plan(a_governed_state(someone), a_governed_request(tags={"a": "1"}))
    assert review(adoption, creation).plan.changes == ()


@pytest.mark.parametrize("is_visible", [True, False])
def test_while_account_factory_makes_the_account_the_plan_is_still_its_creation(*, is_visible: bool) -> None:
    product = a_product("payments", status="UNDER_CHANGE", has_succeeded=False)
    accounts = (outside("payments", owner=None, repository=None),) if is_visible else ()
    plan = a_governed_plan(a_governed_state(*accounts, products=(product,)), a_governed_request())
    assert plan.changes == a_governed_plan(a_governed_state(), a_governed_request()).changes
    assert plan.unmanaged == ()


def test_what_is_left_of_a_creation_through_a_unit_is_covered_by_its_review() -> None:
    creation = a_governed_plan(a_governed_state(zone=automatic()), a_governed_request())
    for unit in (ROOT, "Workloads"):
        left = a_governed_plan(a_governed_state(outside("payments", unit=unit), zone=automatic()), a_governed_request())
        assert [type(change) for change in left.changes] == [EnrollAccount]
        assert review(left, creation).plan.changes == left.changes


def test_an_enrolment_whose_repair_is_done_is_still_the_reviewed_one_and_one_with_more_is_not() -> None:
    request = replace(a_governed_request(), repair=("execution_role",))
    before = a_governed_plan(a_governed_state(outside("payments", checks=(NO_ROLE,))), request)
    after = a_governed_plan(a_governed_state(outside("payments")), request)
    assert review(after, before).plan.changes == after.changes
    assert review(before, after).plan.changes == ()


def test_only_accounts_that_come_in_are_looked_into_and_only_named_administrators_are_read() -> None:
    state = a_governed_state(
        outside("in"), governed("there"), outside("no"), outside("beside", unit="Sandbox"), outside("else")
    )
    requests = (a_governed_request("in"), a_governed_request("there"), a_governed_request("no", managed=False))
    desired = DesiredState(requests=requests, units=(a_unit("Sandbox", register=True),))
    ids = {each.spec.name: each.account_id for each in state.accounts}
    assert details_wanted(desired, state, REPOSITORY) == {
        ids["in"]: Details(enrollment=True),
        ids["beside"]: Details(enrollment=True),
        ids["there"]: Details(sso_user=True),
    }


def test_an_older_unit_takes_accounts_once_the_plan_updates_it() -> None:
    state = a_governed_state(units={"Workloads": registered(version=OLDER)})
    plan = a_governed_plan(state, a_governed_request(), units=(a_unit("Workloads", register=True),))
    assert [type(each).__name__ for each in plan.changes] == ["RegisterUnit", "CreateAccount"]


def test_an_account_is_not_enrolled_elsewhere_while_the_registration_of_its_unit_enrolls_it_there() -> None:
    unit = a_unit("Sandbox", register=True, confirm={"register": 1})
    for zone, expected in ((a_zone(), ["no-product"]), (automatic(), [])):
        state = a_governed_state(outside("payments", unit="Sandbox"), zone=zone)
        assert [hold.guard for hold in a_governed_plan(state, a_governed_request(), units=(unit,)).holds] == expected


def test_what_the_landing_zone_applies_is_not_deferred() -> None:
    request = a_governed_request(managed=True)
    for zone in (a_zone(), automatic(), a_zone(manages_access=False)):
        assert a_governed_plan(a_governed_state(governed("payments"), zone=zone), request).deferred == ()
        assert a_governed_plan(a_governed_state(zone=zone), request).deferred == ()


@pytest.mark.parametrize("zone", [automatic(), a_zone(manages_access=False)])
def test_a_first_administrator_whom_nobody_makes_is_told_once_where_the_request_itself_asks_for_one(
    zone: LandingZone,
) -> None:
    asks = [a_governed_request("payments"), a_governed_request("orders")]
    defaults = Location("account-requests/_defaults.yaml")
    inherits = a_governed_request("billing")
    inherits = replace(inherits, origins={**inherits.origins, ("sso_user",): defaults, ("sso_user", "email"): defaults})
    others = [inherits, a_governed_request("legacy", managed=False), a_governed_request("plain", sso_user=UNOBSERVED)]
    plan = a_governed_plan(a_governed_state(governed("payments"), zone=zone), *asks, *others)
    [told] = [each for each in plan.findings if each.rule == "sso-user-not-made"]
    assert '"orders", "payments":' in told.message
    assert "name the user in `access`" in told.hint
    assert (told.severity, told.location.file) == (Severity.WARNING, "account-requests/orders.yaml")


def test_a_first_administrator_who_has_access_otherwise_is_not_missed() -> None:
    entry = {"user": "Ada@example.com", "permission_set": "AdministratorAccess"}
    wants = a_governed_request(access=(entry,))
    has = governed("payments", access=({**entry, "ours": False},))
    for state, request in (
        (a_governed_state(governed("payments"), zone=automatic()), wants),
        (a_governed_state(has, zone=automatic()), a_governed_request()),
        (a_governed_state(governed("payments")), a_governed_request()),
    ):
        assert "sso-user-not-made" not in [each.rule for each in a_governed_plan(state, request).findings]
