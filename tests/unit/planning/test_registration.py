"""Units and their controls in a landing zone."""

import pytest

from pipeline.model.account import UNOBSERVED, AccountState
from pipeline.model.change import ChangeControl, ControlAction, RegisterUnit, UnitAction
from pipeline.model.finding import Severity
from pipeline.model.landing_zone import Registration, Standing
from pipeline.model.plan import Plan
from pipeline.planning.landing_zone_drift import landing_zone_items
from tests.unit.planning.landing_zones import (
    NO_ROLE,
    OLDER,
    RECORDER,
    VERSION,
    a_control,
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    a_unit,
    a_zone,
    automatic,
    enabled,
    enrolled_in,
    governed,
    outside,
    registered,
)


def a_plan_of(registration: Registration | None, *accounts: object, zone: object = None, **unit: object) -> Plan:
    """The plan of the unit `Sandbox`, declared with `register: true`, where it has this registration."""
    state = a_governed_state(*accounts, zone=zone, units={"Sandbox": registration})
    return a_governed_plan(state, units=(a_unit("Sandbox", register=True, **unit),))


@pytest.mark.parametrize(
    ("registration", "action", "before", "after"),
    [
        (None, UnitAction.REGISTER, None, VERSION),
        (registered(version=OLDER), UnitAction.UPDATE, OLDER, VERSION),
        (registered(is_drifted=True), UnitAction.RESET, VERSION, VERSION),
        (registered(standing=Standing.FAILED), UnitAction.RESET, VERSION, VERSION),
        (registered(standing=Standing.FAILED, version=OLDER), UnitAction.RESET, OLDER, OLDER),
    ],
)
def test_a_declared_unit_is_registered_brought_up_to_date_or_put_right(
    registration: Registration | None, action: UnitAction, before: str | None, after: str
) -> None:
    plan = a_plan_of(registration)
    assert plan.changes == (RegisterUnit(path="Sandbox", action=action, before=before, after=after),)


def test_a_unit_that_is_registered_as_it_should_be_is_left_alone() -> None:
    assert a_plan_of(registered()).is_empty
    assert a_plan_of(registered(version="4.1")).is_empty


def test_versions_are_compared_as_numbers() -> None:
    plan = a_plan_of(registered(version="9.0"), zone=a_zone(baseline_version="10.0"))
    assert [change.after for change in plan.changes] == ["10.0"]


def test_a_unit_that_is_not_declared_for_registration_is_never_taken_out() -> None:
    state = a_governed_state(units={"Sandbox": registered(version=OLDER)})
    assert a_governed_plan(state, units=(a_unit("Sandbox"),)).is_empty


def test_a_unit_that_is_being_changed_is_waited_for() -> None:
    plan = a_plan_of(registered(standing=Standing.UNDER_CHANGE))
    assert plan.is_empty
    assert [each.rule for each in plan.findings] == ["unit-busy"]


def test_registering_a_unit_with_accounts_names_them_and_waits_until_their_number_is_confirmed() -> None:
    first, second = outside("a", unit="Sandbox"), outside("b", unit="Sandbox")
    held = a_plan_of(None, first, second)
    [hold] = held.holds
    assert hold.guard == "unit-accounts"
    assert first.account_id in hold.reason
    assert "write `confirm: {register: 2}`" in hold.release
    assert held.changes == ()

    assert a_plan_of(None, first, second, confirm={"register": 2}).changes
    assert a_plan_of(None, first, second, confirm={"register": 1}).holds


def test_a_confirmation_that_releases_nothing_is_told() -> None:
    plan = a_plan_of(registered(), confirm={"reset": 4})
    assert [each.rule for each in plan.findings] == ["confirm-releases-nothing"]


def test_few_accounts_may_be_touched_by_a_reset_and_many_wait() -> None:
    accounts = [governed(f"a{number}", unit="Sandbox") for number in range(11)]
    assert a_plan_of(registered(is_drifted=True), *accounts[:10]).changes
    [hold] = a_plan_of(registered(is_drifted=True), *accounts).holds
    assert (hold.guard, hold.release) == (
        "unit-accounts",
        "write `confirm: {reset: 11}` for the unit in account-requests/_organization.yaml",
    )


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.CLOSED, AccountState.PENDING_CLOSURE])
def test_a_suspended_account_in_the_unit_blocks_it(state: AccountState) -> None:
    [hold] = a_plan_of(registered(is_drifted=True), governed("a", unit="Sandbox", state=state)).holds
    assert hold.guard == "suspended-account"


def test_control_tower_takes_a_thousand_accounts_in_a_unit() -> None:
    accounts = [governed(f"a{number}", unit="Sandbox") for number in range(1_001)]
    [hold] = a_plan_of(registered(is_drifted=True), *accounts, confirm={"reset": 1_001}).holds
    assert hold.guard == "too-many-accounts"


def test_an_account_that_cannot_be_enrolled_blocks_the_registration_of_its_unit() -> None:
    [hold] = a_plan_of(None, outside("a", unit="Sandbox", checks=(RECORDER,)), confirm={"register": 1}).holds
    assert hold.guard == "enrollment-checks"
    assert "there is a recorder" in hold.reason
    assert hold.release == "delete it; then plan again"


def test_an_account_without_the_execution_role_is_enrolled_with_its_unit() -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/enrollment-prerequisites.html"""
    assert a_plan_of(None, outside("a", unit="Sandbox", checks=(NO_ROLE,)), confirm={"register": 1}).changes


def test_a_drifted_landing_zone_registers_units_only_without_accounts() -> None:
    drifted = a_zone(is_drifted=True)
    assert a_plan_of(None, zone=drifted).changes
    [hold] = a_plan_of(None, outside("a", unit="Sandbox"), zone=drifted, confirm={"register": 1}).holds
    assert hold.guard == "landing-zone-drift"


@pytest.mark.parametrize(("status", "guard"), [("PROCESSING", "landing-zone-busy"), ("FAILED", "landing-zone-failed")])
def test_nothing_is_asked_of_a_landing_zone_that_is_not_active(status: str, guard: str) -> None:
    assert [hold.guard for hold in a_plan_of(None, zone=a_zone(status=status)).holds] == [guard]


def test_a_unit_below_an_unregistered_one_is_refused_and_below_one_that_is_registered_first_is_not() -> None:
    state = a_governed_state(units={"Sandbox/Dev": None})
    alone = a_governed_plan(state, units=(a_unit("Sandbox"), a_unit("Sandbox/Dev", register=True)))
    assert [each.rule for each in alone.findings] == ["parent-not-registered"]
    assert alone.changes == ()

    both = a_governed_plan(state, units=(a_unit("Sandbox", register=True), a_unit("Sandbox/Dev", register=True)))
    assert [change.path for change in both.changes] == ["Sandbox", "Sandbox/Dev"]


def test_a_unit_waits_with_the_unit_above() -> None:
    state = a_governed_state(outside("a", unit="Sandbox"), units={"Sandbox/Dev": None})
    plan = a_governed_plan(state, units=(a_unit("Sandbox", register=True), a_unit("Sandbox/Dev", register=True)))
    assert [hold.guard for hold in plan.holds] == ["unit-accounts", "unit-accounts"]


def test_the_security_unit_is_governed_without_us_and_nothing_comes_below_it() -> None:
    state = a_governed_state(units={"Security/Tools": None})
    plan = a_governed_plan(state, units=(a_unit("Security", register=True), a_unit("Security/Tools", register=True)))
    assert plan.changes == ()
    assert [(each.rule, each.attribute) for each in plan.findings] == [("security-unit", "units.Security/Tools")]


def test_a_unit_is_reset_for_an_account_that_only_its_unit_can_put_right() -> None:
    zone = automatic(enrolls_automatically=False)
    moved = governed("a", unit="Workloads", enrollment=enrolled_in("Sandbox"), product=None)
    state = a_governed_state(moved, zone=zone)
    request = a_governed_request("a", sso_user=UNOBSERVED)
    plan = a_governed_plan(state, request, units=(a_unit("Workloads", register=True),))
    assert [(change.path, change.action) for change in plan.changes] == [("Workloads", UnitAction.RESET)]
    assert [each.rule for each in plan.findings] == ["enrollment-drift"]


@pytest.mark.parametrize(
    ("found", "wanted", "action"),
    [
        (None, a_control(), ControlAction.ENABLE),
        (enabled(), a_control(), None),
        (enabled(is_drifted=True), a_control(), ControlAction.RESET),
        (enabled(standing=Standing.FAILED), a_control(), ControlAction.RESET),
        (enabled(parameters={"a": [1]}), a_control(parameters={"a": [2]}), ControlAction.UPDATE),
        (enabled(is_drifted=True, parameters={"a": [1]}), a_control(parameters={"a": [2]}), ControlAction.RESET),
        (enabled(parameters={"a": [1]}), a_control(), None),
        (enabled(), a_control(enabled=False), ControlAction.DISABLE),
        (None, a_control(enabled=False), None),
    ],
)
def test_controls_are_as_declared(found: object, wanted: object, action: ControlAction | None) -> None:
    state = a_governed_state(units={"Workloads": registered(controls=() if found is None else (found,))})
    plan = a_governed_plan(state, units=(a_unit("Workloads", wanted, register=True),))
    assert [change.action for change in plan.changes] == ([] if action is None else [action])
    assert plan.holds == ()


def test_a_control_that_nobody_declares_is_left_alone() -> None:
    state = a_governed_state(units={"Workloads": registered(controls=(enabled("AWS-GR_MANDATORY"),))})
    assert a_governed_plan(state, units=(a_unit("Workloads", register=True),)).is_empty


def test_a_name_is_one_of_control_towers_own_controls() -> None:
    plan = a_governed_plan(a_governed_state(), units=(a_unit("Workloads", a_control("AWS-GR_X"), register=True),))
    [change] = plan.changes
    assert isinstance(change, ChangeControl)
    assert change.control == "arn:aws:controltower:eu-west-1::control/AWS-GR_X"


def test_a_control_waits_for_the_registration_of_its_unit() -> None:
    state = a_governed_state(outside("a", unit="Sandbox"))
    held = a_governed_plan(state, units=(a_unit("Sandbox", a_control(), register=True),))
    assert [(hold.change.__class__, hold.guard) for hold in held.holds] == [
        (RegisterUnit, "unit-accounts"),
        (ChangeControl, "unit-accounts"),
    ]
    never = a_governed_plan(a_governed_state(), units=(a_unit("Sandbox", a_control()),))
    assert [hold.guard for hold in never.holds] == ["unit-not-registered"]


def test_a_drifted_control_is_told_beside_the_reset_of_its_unit_so_that_what_is_left_of_that_is_reviewed() -> None:
    registration = registered(is_drifted=True, controls=(enabled(is_drifted=True),))
    state = a_governed_state(units={"Workloads": registration})
    plan = a_governed_plan(state, units=(a_unit("Workloads", a_control(), register=True),))
    assert [type(change) for change in plan.changes] == [RegisterUnit, ChangeControl]


def test_a_control_under_change_is_waited_for() -> None:
    state = a_governed_state(units={"Workloads": registered(controls=(enabled(standing=Standing.UNDER_CHANGE),))})
    plan = a_governed_plan(state, units=(a_unit("Workloads", a_control(enabled=False), register=True),))
    assert plan.is_empty
    assert [(each.rule, each.severity) for each in plan.findings] == [("control-busy", Severity.WARNING)]


def test_a_unit_is_not_registered_over_an_account_that_is_not_to_be_managed() -> None:
    state = a_governed_state(outside("a", unit="Sandbox"))
    unit = a_unit("Sandbox", register=True, confirm={"register": 1})
    request = a_governed_request("a", organizational_unit="Sandbox", managed=False)
    assert [hold.guard for hold in a_governed_plan(state, request, units=(unit,)).holds] == ["unmanaged-account"]


def test_an_account_that_is_not_to_be_managed_is_no_drift_of_its_unit() -> None:
    """A reset would enroll it, so the plan tells of it and holds nothing."""
    state = a_governed_state(outside("a"), governed("b"), units={"Workloads": registered(is_drifted=True)})
    unit = a_unit("Workloads", register=True)
    requests = (a_governed_request("a", managed=False), a_governed_request("b"))
    plan = a_governed_plan(state, *requests, units=(unit,))
    assert plan.is_empty
    [finding] = [each for each in plan.findings if each.rule == "unit-unmanaged-account"]
    assert finding.severity is Severity.WARNING
    assert state.accounts[1].account_id in finding.message
    assert not list(landing_zone_items(plan, state))
    without = a_governed_plan(state, *requests)
    assert [(each.subject, each.path) for each in landing_zone_items(without, state)] == [
        ("Workloads", ("registration",))
    ]


@pytest.mark.parametrize(
    ("registration", "more"),
    [
        (registered(is_drifted=True), outside("c")),
        (registered(is_drifted=True), governed("c", enrollment=enrolled_in("Workloads", is_drifted=True))),
        (registered(standing=Standing.FAILED), governed("c")),
    ],
)
def test_a_unit_that_drifts_for_more_than_its_unmanaged_account_waits(registration: Registration, more: object) -> None:
    state = a_governed_state(outside("a"), more, units={"Workloads": registration})  # type: ignore[arg-type] # values
    unit = a_unit("Workloads", register=True)
    plan = a_governed_plan(state, a_governed_request("a", managed=False), units=(unit,))
    assert [hold.guard for hold in plan.holds] == ["unmanaged-account"]
