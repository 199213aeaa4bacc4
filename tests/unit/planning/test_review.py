"""What of a new plan was reviewed."""

from dataclasses import replace

from pipeline.model.account import ContactType, WantedState
from pipeline.model.change import CreateUnit, subject_of
from pipeline.model.plan import Plan
from pipeline.planning.planning import make_plan
from pipeline.planning.review import review
from tests.builders import a_contact, a_desired, a_policy, a_request, a_state, an_account, no_contacts

UNITS = ("Sandbox", "Workloads")


def plan_of(requests, accounts, **policy) -> Plan:  # noqa: ANN001, ANN003 - builders' values
    return make_plan(a_desired(*requests, units=UNITS), a_state(*accounts, units=UNITS), a_policy(**policy))


def test_the_same_plan_is_reviewed_as_a_whole() -> None:
    plan = plan_of([a_request("web", name="new"), a_request("db")], [an_account("web")])
    result = review(plan, plan)
    assert (result.plan, result.vanished) == (plan, ())


def test_a_change_that_nobody_saw_waits_and_the_others_go_on() -> None:
    reviewed = plan_of([a_request("web", name="new")], [an_account("web")])
    plan = plan_of([a_request("web", name="new"), a_request("db")], [an_account("web")])
    result = review(plan, reviewed)
    assert result.plan.changes == reviewed.changes
    (hold,) = result.plan.holds
    assert (hold.guard, hold.change.key) == ("not-reviewed", "db")
    assert "`vend plan`" in hold.release


def test_an_account_that_has_moved_on_since_the_review_waits() -> None:
    request = a_request("web", tags={"a": "2"})
    reviewed = plan_of([request], [an_account("web", tags={"a": "1"})])
    plan = plan_of([request], [an_account("web", tags={"a": "changed meanwhile"})])
    result = review(plan, reviewed)
    assert (result.plan.changes, [hold.guard for hold in result.plan.holds]) == ((), ["not-reviewed"])
    assert result.vanished == reviewed.changes


def test_a_reviewed_hold_is_not_approved() -> None:
    request = a_request("web", name="new", protected=True)
    reviewed = plan_of([request], [an_account("web")])
    confirmed = a_request("web", name="new", protected=True, confirm={"name": "new"})
    result = review(plan_of([confirmed], [an_account("web")]), reviewed)
    assert (result.plan.changes, [hold.guard for hold in result.plan.holds]) == ((), ["not-reviewed"])


def test_what_is_left_of_a_half_done_change_is_reviewed() -> None:
    request = a_request("web", name="new", tags={"a": "1"}, organizational_unit="Sandbox")
    reviewed = plan_of([request], [an_account("web")])
    left = plan_of([request], [an_account("web", name="new")])
    result = review(left, reviewed)
    assert (result.plan, result.vanished) == (left, ())


def test_what_is_left_of_a_half_done_creation_is_reviewed() -> None:
    request = a_request("web", contacts={ContactType.SECURITY: a_contact()})
    reviewed = plan_of([request], [])
    in_root = an_account("web", organizational_unit="/")
    left = plan_of([request], [in_root])
    result = review(left, reviewed)
    assert len(left.changes) == 2
    assert (result.plan, result.vanished) == (left, ())


def test_a_creation_covers_no_more_than_what_it_said() -> None:
    request = a_request("web")
    reviewed = plan_of([request], [])
    elsewhere = an_account("web", organizational_unit="Sandbox", contacts=no_contacts())
    result = review(plan_of([request], [elsewhere]), reviewed)
    assert (result.plan.changes, [hold.guard for hold in result.plan.holds]) == ((), ["not-reviewed"])


def test_a_reviewed_creation_covers_no_account_of_another_request() -> None:
    reviewed = plan_of([a_request("web")], [])
    result = review(plan_of([a_request("db")], [an_account("db", organizational_unit="/")]), reviewed)
    assert [hold.guard for hold in result.plan.holds] == ["not-reviewed"]


def test_what_is_done_already_has_vanished() -> None:
    request = a_request("web", name="new")
    reviewed = plan_of([request, a_request("db")], [an_account("web")])
    result = review(plan_of([request, a_request("db")], [an_account("web", name="new"), an_account("db")]), reviewed)
    assert (result.plan.is_empty, result.vanished) == (True, reviewed.changes)


def test_what_is_on_hold_now_has_not_vanished() -> None:
    reviewed = plan_of([a_request("web", state=WantedState.CLOSED)], [an_account("web")])
    plan = plan_of([a_request("web", state=WantedState.CLOSED)], [an_account("web")], max_closures=0)
    result = review(plan, reviewed)
    assert result.vanished == ()
    assert [hold.guard for hold in result.plan.holds] == ["max-closures"]


def test_what_passed_the_changed_share_at_the_review_does_not_wait_for_it_again() -> None:
    """Six new accounts exist and want their contacts: 6 of 16 is over the share; they were reviewed as creations."""
    old = [a_request(f"old{each}") for each in range(10)]
    new = [a_request(f"new{each}", contacts={ContactType.SECURITY: a_contact()}) for each in range(6)]
    accounts = [an_account(each.key) for each in old]
    reviewed = plan_of([*old, *new], accounts, max_changed_share=0.3)
    left = plan_of([*old, *new], [*accounts, *(an_account(each.key) for each in new)], max_changed_share=0.3)
    assert [hold.guard for hold in left.holds] == ["max-changed-share"] * 6
    result = review(left, reviewed)
    assert (len(result.plan.changes), result.plan.holds) == (6, ())


def test_nothing_comes_into_a_unit_that_nobody_has_reviewed() -> None:
    """An account that is created first cannot be taken back, and would be left in the root."""
    requests = (a_request("web", organizational_unit="New/Deep"), a_request("db", organizational_unit="New"))
    units = (*UNITS, "New", "New/Deep")
    plan = make_plan(a_desired(*requests, units=units), a_state(an_account("db"), units=UNITS), a_policy())
    of_accounts = tuple(each for each in plan.changes if not isinstance(each, CreateUnit) or each.path == "New/Deep")
    result = review(plan, replace(plan, changes=of_accounts))
    assert [type(each).__name__ for each in of_accounts] == ["CreateUnit", "CreateAccount", "MoveAccount"]
    assert result.plan.changes == ()
    assert {hold.guard for hold in result.plan.holds} == {"not-reviewed"}
    assert {subject_of(hold.change) for hold in result.plan.holds} == {"New", "New/Deep", "web", "db"}
    assert sum('unit "New" has to be there first' in hold.reason for hold in result.plan.holds) == 3
