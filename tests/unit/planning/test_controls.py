"""Controls that have to be put right: those that AWS resets by themselves, those of nobody, and policies."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.model.change import ChangeControl, ControlAction, RegisterUnit, UnitAction
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.finding import Severity
from pipeline.model.landing_zone import EnabledControl, KnownDrift, Standing
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.planning.landing_zone_drift import landing_zone_items
from tests.unit.planning.landing_zones import (
    a_control,
    a_governed_plan,
    a_governed_request,
    a_governed_state,
    a_unit,
    a_zone,
    enabled,
    enrolled_in,
    governed,
    registered,
)

SCP = "AWS::Organizations::Policy::SERVICE_CONTROL_POLICY"
OTHERS = "AWS::Config::ConfigRule"


def broken(name: str = "AWS-GR_X", **values: Any) -> EnabledControl:
    return enabled(name, **{"is_drifted": True, "implementation": SCP, **values})


def state_of(*controls: EnabledControl, zone: Any = None, **registration: Any) -> ObservedState:
    """Two accounts in `Workloads`, which has these controls."""
    given = {"operation": "op-1", **registration}
    workloads = registered(controls=controls, **given)
    return a_governed_state(governed("a"), governed("b"), units={"Workloads": workloads}, zone=zone)


def plan_of(state: ObservedState, *controls: Any, **unit: Any) -> Plan:
    declared = a_unit("Workloads", *controls, **{"register": True, **unit})
    return a_governed_plan(state, a_governed_request("a"), a_governed_request("b"), units=(declared,))


def code_in(plan: Plan) -> str:
    [hold] = plan.holds
    return hold.release.split("policies: ")[1].split("}")[0]


class TestPolicies:
    @pytest.mark.parametrize("how", [{}, {"is_drifted": None, "standing": Standing.FAILED}])
    def test_a_declared_one_that_is_broken_waits_for_what_repairs_it(self, how: dict[str, Any]) -> None:
        plan = plan_of(state_of(broken(**how)), a_control())
        [hold] = plan.holds
        assert plan.changes == ()
        assert hold.guard == "control-policy"
        assert "it is a service control policy" in hold.reason
        assert hold.release.startswith(DRIFT[DriftKind.POLICY].repair)
        assert "touches 2 accounts" in hold.release
        assert isinstance(hold.change, ChangeControl)

    @pytest.mark.parametrize("kind", ["RESOURCE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"])
    @pytest.mark.parametrize("declared", [(a_control(),), ()])
    def test_policies_of_other_kinds_are_reset_like_any_control(self, kind: str, declared: tuple[Any, ...]) -> None:
        """AWS refuses to reset service control policies alone."""
        plan = plan_of(state_of(broken(implementation=f"AWS::Organizations::Policy::{kind}")), *declared)
        assert [(type(each), getattr(each, "action", None)) for each in plan.changes] == [
            (ChangeControl, ControlAction.RESET)
        ]
        assert plan.holds == ()

    def test_the_code_of_the_hold_resets_the_unit_once(self) -> None:
        state = state_of(broken())
        confirm = {"policies": code_in(plan_of(state, a_control()))}
        plan = plan_of(state, a_control(), confirm=confirm)
        [reset] = plan.changes
        assert isinstance(reset, RegisterUnit)
        assert (reset.action, reset.last_operation) == (UnitAction.RESET, "op-1")
        assert (plan.holds, plan.findings) == ((), ())

        still_broken = state_of(broken(), operation="op-2")
        after = plan_of(still_broken, a_control(), confirm=confirm)
        assert after.changes == ()
        assert code_in(after) != confirm["policies"]
        assert "confirm-releases-nothing" in {each.rule for each in after.findings}

    def test_a_number_of_accounts_does_not_reset_a_unit_for_a_policy(self) -> None:
        plan = plan_of(state_of(broken()), a_control(), confirm={"reset": 2})
        assert plan.changes == ()
        assert "confirm-releases-nothing" in {each.rule for each in plan.findings}

    def test_other_accounts_in_the_unit_make_another_code(self) -> None:
        state = state_of(broken())
        fewer = replace(state, accounts=state.accounts[:-1])
        assert code_in(plan_of(state, a_control())) != code_in(plan_of(fewer, a_control()))

    def test_where_aws_tells_no_last_operation_nothing_can_be_confirmed(self) -> None:
        [hold] = plan_of(state_of(broken(), operation=""), a_control()).holds
        assert hold.release == DRIFT[DriftKind.POLICY].repair

    def test_the_reset_of_its_unit_takes_it_along(self) -> None:
        plan = plan_of(state_of(broken(), is_drifted=True), a_control())
        assert [type(each) for each in plan.changes] == [RegisterUnit]
        assert plan.holds == ()
        assert not list(landing_zone_items(plan, state_of(broken(), is_drifted=True)))

    def test_it_can_be_taken_off(self) -> None:
        [change] = plan_of(state_of(broken()), a_control(enabled=False)).changes
        assert isinstance(change, ChangeControl)
        assert change.action is ControlAction.DISABLE

    def test_one_that_nobody_declares_is_told_and_holds_nothing(self) -> None:
        plan = plan_of(state_of(broken()))
        assert plan.is_empty
        [finding] = plan.findings
        assert (finding.rule, finding.severity) == ("policy-drift", Severity.WARNING)
        assert "confirm: {policies: reset-" in finding.hint


class TestOfNobody:
    """A unit that is reset has its controls reset; a run that dies in between leaves some."""

    def test_a_drifted_one_is_reset_on_a_unit_that_is_kept_registered(self) -> None:
        state = state_of(broken(implementation=OTHERS))
        [change] = plan_of(state).changes
        assert change == ChangeControl(path="Workloads", control=broken().control, action=ControlAction.RESET)
        assert plan_of(state, register=False).is_empty

    def test_it_is_told_beside_the_reset_of_its_unit_so_that_what_is_left_of_that_is_reviewed(self) -> None:
        plan = plan_of(state_of(broken(implementation=OTHERS), is_drifted=True))
        assert [type(each) for each in plan.changes] == [RegisterUnit, ChangeControl]

    def test_one_that_may_be_a_policy_is_not_asked_for_what_aws_refuses(self) -> None:
        plan = plan_of(state_of(broken(implementation="")))
        assert plan.is_empty
        [finding] = plan.findings
        assert finding.rule == "control-drift"
        assert "controlcatalog:GetControl" in finding.hint

    @pytest.mark.parametrize(
        "values", [{"is_drifted": None, "standing": Standing.FAILED}, {"standing": Standing.UNDER_CHANGE}]
    )
    def test_one_that_has_failed_or_is_being_changed_is_left_alone(self, values: dict[str, Any]) -> None:
        assert plan_of(state_of(broken(implementation=OTHERS, **values))).is_empty

    def test_it_waits_while_the_landing_zone_is_not_active(self) -> None:
        state = state_of(broken(implementation=OTHERS), zone=a_zone(status="PROCESSING"))
        assert [each.guard for each in plan_of(state).holds] == ["landing-zone-busy"]


class TestWhatTheLandingZoneDriftsBy:
    def told(self, state: ObservedState, *, register: bool = False) -> str:
        """The warnings, one a line."""
        found = plan_of(state, register=register).findings
        return "\n".join(f"{each.message} {each.hint}" for each in found if each.rule == "landing-zone-drift")

    def test_a_policy_is_named_with_its_kind_and_its_unit(self) -> None:
        state = state_of(broken("AWS-GR_REGION_DENY"), zone=a_zone(is_drifted=True))
        policy = self.told(state)
        assert 'service control policy "AWS-GR_REGION_DENY" on unit "Workloads"' in policy
        assert "AWS-GR_REGION_DENY" not in self.told(state, register=True), "the plan itself tells of it"
        assert DRIFT[DriftKind.POLICY].repair in policy
        items = list(landing_zone_items(plan_of(state), state))
        assert ("POLICY", "Workloads", "drifted service control policy") in {
            (each.kind, each.subject, each.found) for each in items
        }

    def test_what_was_read_is_told_with_what_it_blocks(self) -> None:
        known = KnownDrift(kind=DriftKind.TRUSTED_ACCESS_OFF, subject='"controltower.amazonaws.com" is not trusted')
        state = state_of(zone=a_zone(is_drifted=True, drifts=(known,)))
        told = self.told(state)
        assert "controltower.amazonaws.com" in told
        assert "blocks operations on the landing zone" in told
        assert "TRUSTED_ACCESS_DISABLED" in {each.kind for each in landing_zone_items(plan_of(state), state)}

    def test_shared_accounts_in_the_root_tell_that_their_unit_is_gone(self) -> None:
        state = state_of(zone=a_zone(is_drifted=True, security_unit=None))
        log = governed("log", unit="/", product=None, enrollment=None)
        shared = replace(log, account_id="222200000001")
        told = self.told(replace(state, accounts=(*state.accounts, shared)))
        assert DRIFT[DriftKind.UNIT_DELETED].meaning in told
        assert '"222200000001"' in told

    def test_drift_that_nothing_tells_is_said_to_be_untold(self) -> None:
        assert "its console does" in self.told(state_of(zone=a_zone(is_drifted=True)))

    def test_without_drift_there_is_nothing_to_tell(self) -> None:
        assert not self.told(state_of(broken()))


def test_an_account_whose_unit_is_reset_gets_no_update_of_its_product_as_well() -> None:
    drifted = governed("a", enrollment=enrolled_in("Workloads", is_drifted=True))
    state = a_governed_state(drifted, units={"Workloads": registered(is_drifted=True)})
    plan = a_governed_plan(state, a_governed_request("a"), units=(a_unit("Workloads", register=True),))
    assert [type(each) for each in plan.changes] == [RegisterUnit]
    alone = a_governed_plan(state, a_governed_request("a"))
    assert [type(each).__name__ for each in alone.changes] == ["UpdateAccount"]
