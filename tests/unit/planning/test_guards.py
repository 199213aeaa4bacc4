"""What waits for a person, and what releases it."""

import pytest

from pipeline.model.account import AccountState, WantedState
from pipeline.model.change import MoveAccount, UpdateAccount, kind_of
from pipeline.model.plan import Plan
from pipeline.planning.planning import make_plan
from tests.builders import a_desired, a_policy, a_request, a_state, an_account, unowned

UNITS = ("Sandbox", "Security", "Security/Logs", "Workloads")


def plan_of(requests, accounts, **policy) -> Plan:  # noqa: ANN001, ANN003 - builders' values
    return make_plan(a_desired(*requests, units=UNITS), a_state(*accounts, units=UNITS), a_policy(**policy))


def summary(plan: Plan) -> tuple[list[str], list[tuple[str, str]]]:
    """Kinds of the changes, and kinds of the holds with their guards."""
    return [kind_of(change) for change in plan.changes], [(kind_of(hold.change), hold.guard) for hold in plan.holds]


def move(unit: str = "Security", **request):  # noqa: ANN003, ANN201 - builders' values
    return [a_request("web", organizational_unit=unit, **request)]


def closures(number: int, *, confirmed: int = 0):  # noqa: ANN201 - builders' values
    requests = [
        a_request(f"a{each:03d}", state=WantedState.CLOSED, confirm={"state": "closed"} if each < confirmed else {})
        for each in range(number)
    ]
    return requests, [an_account(request.key) for request in requests]


@pytest.mark.parametrize(
    ("change", "confirm"),
    [
        ({"name": "new"}, {"name": "new"}),
        ({"organizational_unit": "Sandbox"}, {"organizational_unit": "Sandbox"}),
        ({"state": WantedState.CLOSED}, {"state": "closed"}),
    ],
)
def test_a_protected_account_is_renamed_moved_and_closed_only_with_confirmation(change, confirm) -> None:  # noqa: ANN001 - rows
    accounts = [an_account("web")]
    held = plan_of([a_request("web", protected=True, **change)], accounts)
    assert (held.changes, [hold.guard for hold in held.holds]) == ((), ["protected-account"])
    released = plan_of([a_request("web", protected=True, confirm=confirm, **change)], accounts)
    assert (len(released.changes), released.holds, released.findings) == (1, (), ())


def test_free_attributes_of_a_protected_account_change() -> None:
    plan = plan_of([a_request("web", protected=True, tags={"a": "1"})], [an_account("web")])
    assert summary(plan) == (["update"], [])


def test_a_held_rename_lets_the_rest_of_the_update_go_on() -> None:
    plan = plan_of([a_request("web", protected=True, name="new", tags={"a": "1"})], [an_account("web")])
    (change,), (hold,) = plan.changes, plan.holds
    assert isinstance(change, UpdateAccount)
    assert isinstance(hold.change, UpdateAccount)
    assert [each.path for each in change.fields] == [("tags", "a")]
    assert [each.path for each in hold.change.fields] == [("name",)]


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ("Workloads", "Security", True),
        ("Workloads", "Security/Logs", True),
        ("Security/Logs", "Workloads", True),
        ("Workloads", "Sandbox", False),
        ("/", "Security", False),
    ],
)
def test_moves_into_and_out_of_a_protected_unit_are_held(before: str, after: str, *, held: bool) -> None:
    plan = plan_of(move(after), [an_account("web", organizational_unit=before)], protected_units=("Security",))
    assert summary(plan) == (([], [("move", "protected-unit")]) if held else (["move"], []))


def test_a_unit_whose_name_only_begins_like_a_protected_one_is_free() -> None:
    plan = make_plan(
        a_desired(a_request("web", organizational_unit="SecurityLab"), units=("SecurityLab",)),
        a_state(an_account("web")),
        a_policy(protected_units=("Security",)),
    )
    assert plan.holds == ()


def test_a_hold_says_how_to_release_it_in_git() -> None:
    (hold,) = plan_of(move("Security/Logs"), [an_account("web")], protected_units=("Security",)).holds
    assert hold.release == "write `confirm: {organizational_unit: Security/Logs}` in account-requests/web.yaml"


def test_a_value_that_yaml_would_read_otherwise_is_quoted_in_the_release() -> None:
    (hold,) = plan_of([a_request("web", name="a, b")], [an_account("web")], always_confirm=frozenset({"rename"})).holds
    assert '`confirm: {name: "a, b"}`' in hold.release


def test_a_confirmation_of_another_value_releases_nothing_and_is_told() -> None:
    plan = plan_of(
        move("Security", confirm={"organizational_unit": "Sandbox"}), [an_account("web")], protected_units=("Security",)
    )
    assert summary(plan) == ([], [("move", "protected-unit")])
    (finding,) = plan.findings
    assert (finding.rule, finding.attribute) == ("confirm-releases-nothing", "confirm.organizational_unit")
    assert '"Security"' in finding.hint


def test_a_stale_confirmation_is_told() -> None:
    plan = plan_of(move("Workloads", confirm={"organizational_unit": "Workloads"}), [an_account("web")])
    assert plan.is_empty
    assert [finding.rule for finding in plan.findings] == ["confirm-releases-nothing"]


def test_a_confirmation_of_a_change_that_waits_for_its_account_is_not_stale() -> None:
    plan = plan_of(
        move("Security", confirm={"organizational_unit": "Security"}),
        [an_account("web", state=AccountState.SUSPENDED)],
        protected_units=("Security",),
    )
    assert (summary(plan), plan.findings) == (([], [("move", "account-state")]), ())


def test_a_change_of_address_of_a_protected_account_waits_for_its_confirmation() -> None:
    """And holds nothing else."""
    attributes = {"email": "new@example.com", "tags": {"a": "1"}, "protected": True}
    held = plan_of([a_request("web", **attributes)], [an_account("web")])
    assert summary(held) == (["update"], [("update", "protected-account")])
    assert '`confirm: {email: "new@example.com"}`' in held.holds[0].release
    released = plan_of([a_request("web", confirm={"email": "new@example.com"}, **attributes)], [an_account("web")])
    assert (summary(released), released.findings) == ((["update", "update"], []), ())


@pytest.mark.parametrize(
    ("kind", "attributes", "confirm"),
    [
        ("create", {}, {"name": "web"}),
        ("rename", {"name": "new"}, {"name": "new"}),
        ("email", {"email": "new@example.com"}, {"email": "new@example.com"}),
        ("move", {"organizational_unit": "Sandbox"}, {"organizational_unit": "Sandbox"}),
        ("close", {"state": WantedState.CLOSED}, {"state": "closed"}),
    ],
)
def test_kinds_that_settings_name_always_wait_for_a_confirmation(kind, attributes, confirm) -> None:  # noqa: ANN001 - rows
    accounts = [] if kind == "create" else [an_account("web")]
    policy = {"always_confirm": frozenset({kind})}
    held = plan_of([a_request("web", **attributes)], accounts, **policy)
    assert (held.changes, [hold.guard for hold in held.holds]) == ((), ["always-confirm"])
    released = plan_of([a_request("web", confirm=confirm, **attributes)], accounts, **policy)
    assert (len(released.changes), released.holds, released.findings) == (1, (), ())


def test_an_account_that_is_nobody_s_is_not_adopted_just_to_be_closed() -> None:
    held = plan_of([a_request("web", state=WantedState.CLOSED)], [unowned("web")])
    assert summary(held) == ([], [("update", "close-unowned"), ("close", "close-unowned")])
    confirmed = a_request("web", state=WantedState.CLOSED, confirm={"state": "closed"})
    assert summary(plan_of([confirmed], [unowned("web")])) == (["update", "close"], [])


def test_as_many_closures_as_allowed_go_on() -> None:
    assert summary(plan_of(*closures(3), max_closures=3)) == (["close"] * 3, [])


def test_one_closure_too_many_holds_all_of_them() -> None:
    assert summary(plan_of(*closures(4), max_closures=3)) == ([], [("close", "max-closures")] * 4)


def test_confirmed_closures_do_not_count() -> None:
    plan = plan_of(*closures(4, confirmed=1), max_closures=3)
    assert (summary(plan), plan.findings) == ((["close"] * 4, []), ())
    few = plan_of(*closures(6, confirmed=2), max_closures=3)
    assert summary(few) == (["close"] * 2, [("close", "max-closures")] * 4)


def test_closures_beyond_aws_s_quota_of_thirty_days_are_held() -> None:
    requests, accounts = closures(4, confirmed=1)
    gone = [an_account(f"gone{each}", state=AccountState.CLOSED) for each in range(248)]
    assert summary(plan_of(requests, [*accounts, *gone])) == (["close"] * 2, [("close", "closure-quota")] * 2)


def test_the_quota_grows_with_the_organization_up_to_a_thousand() -> None:
    requests, accounts = closures(2)
    gone = [an_account(f"gone{each}", state=AccountState.CLOSED) for each in range(299)]
    many = [an_account(f"open{each}") for each in range(1200)]
    reason = plan_of(requests, [*accounts, *gone, *many]).holds[0].reason
    assert reason.startswith("AWS closes at most 300 accounts in 30 days, and 299 are closed")


def crowd(changed: int, managed: int = 10):  # noqa: ANN201 - builders' values
    requests = [a_request(f"a{each}", tags={"a": "1"} if each < changed else {}) for each in range(managed)]
    return requests, [an_account(request.key) for request in requests]


def test_a_share_of_the_accounts_may_change_at_once_and_no_more() -> None:
    assert summary(plan_of(*crowd(3), max_changed_share=0.3)) == (["update"] * 3, [])
    plan = plan_of(*crowd(4), max_changed_share=0.3)
    assert summary(plan) == ([], [("update", "max-changed-share")] * 4)
    assert "`guards.max_changed_share`" in plan.holds[0].release
    assert "vending.yaml" in plan.holds[0].release


def test_the_share_counts_accounts_and_not_changes() -> None:
    requests, accounts = crowd(3)
    moved = [a_request(each.key, tags=each.spec.tags, organizational_unit="Sandbox") for each in requests[:3]]
    plan = plan_of([*moved, *requests[3:]], accounts, max_changed_share=0.3)
    assert summary(plan) == (["update", "move"] * 3, [])


def test_below_ten_accounts_a_share_says_nothing() -> None:
    assert plan_of(*crowd(9, managed=9), max_changed_share=0.0).holds == ()


def test_creations_and_their_move_out_of_the_root_do_not_count() -> None:
    requests, accounts = crowd(0)
    fresh = [a_request(f"new{each}") for each in range(9)]
    in_root = [an_account(request.key, organizational_unit="/") for request in fresh[:5]]
    plan = plan_of([*requests, *fresh], [*accounts, *in_root], max_changed_share=0.0)
    assert plan.holds == ()
    assert sum(isinstance(change, MoveAccount) for change in plan.changes) == 5


def test_what_is_left_of_a_protected_creation_does_not_wait() -> None:
    plan = plan_of(
        [a_request("web", protected=True, organizational_unit="Security")],
        [an_account("web", organizational_unit="/")],
        protected_units=("Security",),
        always_confirm=frozenset({"move"}),
    )
    assert summary(plan) == (["move"], [])
