"""How an account differs from its request, change by change."""

from pipeline.model.account import UNOBSERVED, AccountState, ContactType, WantedState
from pipeline.model.change import (
    CloseAccount,
    CreateAccount,
    CreateUnit,
    FieldChange,
    MoveAccount,
    UpdateAccount,
    contact_json,
)
from pipeline.model.finding import Severity
from pipeline.model.observed import CreationInFlight
from pipeline.model.plan import Deferred, Plan
from pipeline.planning.planning import make_plan
from pipeline.planning.policy import TagsMode
from tests.builders import (
    REPOSITORY,
    a_contact,
    a_desired,
    a_policy,
    a_request,
    a_state,
    account_id_of,
    an_account,
    unowned,
)


def plan_of(request, *accounts, **policy) -> Plan:  # noqa: ANN001, ANN002, ANN003 - builders' values
    return make_plan(a_desired(request), a_state(*accounts), a_policy(**policy))


def fields_of(plan: Plan) -> tuple[FieldChange, ...]:
    (change,) = plan.changes
    assert isinstance(change, UpdateAccount)
    return change.fields


def guards(plan: Plan) -> list[str]:
    return [hold.guard for hold in plan.holds]


def rules(plan: Plan) -> list[str]:
    return [finding.rule for finding in plan.findings]


def test_a_request_without_an_account_creates_one() -> None:
    request = a_request("web", tags={"team": "a"})
    assert plan_of(request).changes == (CreateAccount(key="web", repository=REPOSITORY, spec=request.spec),)


def test_a_creation_in_flight_is_the_same_change_as_before_it() -> None:
    desired = a_desired(a_request("web"))
    flight = CreationInFlight(request_id="car-1", name="web")
    before = make_plan(desired, a_state(), a_policy())
    assert make_plan(desired, a_state(creations=(flight,)), a_policy()).digest == before.digest


def test_a_closing_without_an_account_is_a_warning() -> None:
    plan = plan_of(a_request("web", state=WantedState.CLOSED))
    assert (plan.is_empty, rules(plan), plan.has_errors) == (True, ["nothing-to-close"], False)


def test_declared_units_are_created_with_parents_first() -> None:
    plan = make_plan(a_desired(units=("B", "A/B/C")), a_state(units=("A",)), a_policy())
    assert plan.changes == (CreateUnit(path="B"), CreateUnit(path="A/B"), CreateUnit(path="A/B/C"))


def test_a_unit_that_is_neither_declared_nor_there_is_an_error() -> None:
    plan = make_plan(a_desired(a_request("web", organizational_unit="Nowhere")), a_state(), a_policy())
    assert (plan.is_empty, rules(plan)) == (True, ["unit-not-found"])


def test_name_tags_and_contacts_change_in_one_update_and_the_unit_in_a_move() -> None:
    desk = a_contact()
    request = a_request(
        "web", name="new", tags={"a": "2", "b": "1"}, contacts={ContactType.SECURITY: desk}, organizational_unit="Other"
    )
    plan = make_plan(
        a_desired(request, units=("Other",)),
        a_state(an_account("web", tags={"a": "1", "c": "1"}), units=("Workloads", "Other")),
        a_policy(),
    )
    ids = {"key": "web", "account_id": account_id_of("web"), "name": "web"}
    assert plan.changes == (
        UpdateAccount(
            **ids,
            fields=(
                FieldChange(path=("name",), before="web", after="new"),
                FieldChange(path=("tags", "a"), before="1", after="2"),
                FieldChange(path=("tags", "b"), before=None, after="1"),
                FieldChange(path=("tags", "c"), before="1", after=None),
                FieldChange(path=("contacts", "security"), before=None, after=contact_json(desk)),
            ),
        ),
        MoveAccount(**ids, before="Workloads", after="Other"),
    )


def test_additive_tags_are_set_and_others_left_alone() -> None:
    plan = plan_of(a_request("web", tags={"a": "1"}), an_account("web", tags={"b": "1"}), tags_mode=TagsMode.ADDITIVE)
    assert fields_of(plan) == (FieldChange(path=("tags", "a"), before=None, after="1"),)


def test_ignored_and_reserved_tags_are_never_touched() -> None:
    observed = {"map-migrated": "x", "aws:created": "y", "account-vending:other": "z"}
    assert plan_of(a_request("web"), an_account("web", tags=observed), tags_ignore=("map-*",)).is_empty


def test_a_declared_tag_that_is_ignored_is_a_warning_and_not_set() -> None:
    request = a_request("web", tags={"map-x": "1", "a": "1"})
    plan = plan_of(request, an_account("web", tags={"a": "1"}), tags_ignore=("map-*",))
    assert (plan.is_empty, rules(plan)) == (True, ["tag-ignored"])
    created = plan_of(request, tags_ignore=("map-*",))
    assert isinstance(created.changes[0], CreateAccount)
    assert (created.changes[0].spec.tags, rules(created)) == ({"a": "1"}, ["tag-ignored"])


def test_only_contacts_that_the_request_names_are_compared() -> None:
    account = an_account("web", contacts={ContactType.BILLING: a_contact(), ContactType.SECURITY: a_contact()})
    plan = plan_of(a_request("web", contacts={ContactType.SECURITY: None}), account)
    assert fields_of(plan) == (
        FieldChange(path=("contacts", "security"), before=contact_json(a_contact()), after=None),
    )


def test_what_was_not_observed_is_a_warning_and_no_change() -> None:
    request = a_request("web", tags={"a": "1"}, contacts={ContactType.SECURITY: a_contact()})
    plan = plan_of(request, an_account("web", tags=UNOBSERVED, contacts=UNOBSERVED))
    assert (plan.is_empty, rules(plan)) == (True, ["contacts-not-observed", "tags-not-observed"])
    assert {finding.severity for finding in plan.findings} == {Severity.WARNING}
    partly = plan_of(request, an_account("web", tags={"a": "1"}, contacts={ContactType.BILLING: None}))
    assert (partly.is_empty, rules(partly)) == (True, ["contacts-not-observed"])


def test_an_address_in_other_letters_is_the_same_address() -> None:
    assert plan_of(a_request("web"), an_account("web", email="AWS+WEB@example.com")).is_empty


def test_closing_is_all_that_happens_to_an_account_that_is_to_be_closed() -> None:
    request = a_request("web", state=WantedState.CLOSED, name="other", tags={"a": "1"}, email="x@example.com")
    expected = CloseAccount(key="web", account_id=account_id_of("web"), name="web")
    assert plan_of(request, an_account("web")).changes == (expected,)


def test_a_renamed_request_takes_the_account_over_before_it_closes_it() -> None:
    """The door to AWS refuses accounts whose tags name another request."""
    plan = plan_of(a_request("web", state=WantedState.CLOSED), an_account("web", owner="old"))
    assert [type(change) for change in plan.changes] == [UpdateAccount, CloseAccount]
    assert plan.changes[0].fields[0].path == ("ownership",)


def test_a_closed_account_is_as_asked_for() -> None:
    for state in (AccountState.CLOSED, AccountState.PENDING_CLOSURE):
        assert plan_of(a_request("web", state=WantedState.CLOSED), an_account("web", state=state)).is_empty


def test_a_closed_account_that_should_be_open_waits_with_one_hold() -> None:
    plan = plan_of(a_request("web", name="new", tags={"a": "1"}), an_account("web", state=AccountState.CLOSED))
    (hold,) = plan.holds
    assert (plan.changes, hold.guard) == ((), "account-state")
    assert "CLOSED" in hold.reason
    assert all(remedy in hold.release for remedy in ("90 days", "`state: closed`", "another e-mail address"))


def test_an_account_that_is_not_ready_waits_with_its_changes() -> None:
    for state in (AccountState.SUSPENDED, AccountState.PENDING_ACTIVATION, AccountState.UNKNOWN):
        plan = plan_of(a_request("web", name="new"), an_account("web", state=state))
        assert (plan.changes, guards(plan)) == ((), ["account-state"])
        assert state.value in plan.holds[0].reason
        assert plan_of(a_request("web"), an_account("web", state=state)).is_empty


def test_an_adoption_is_a_change_of_ownership_from_none() -> None:
    (field,) = fields_of(plan_of(a_request("web"), unowned("web")))
    assert (field.path, field.before) == (("ownership",), None)


def test_carried_attributes_are_deferred() -> None:
    request = a_request("web", sso_user={"email": "ada@example.com"})
    assert plan_of(request).deferred == (Deferred(key="web", attributes=("sso_user",)),)


def test_managed_counts_matched_accounts_only() -> None:
    plan = make_plan(a_desired(a_request("a"), a_request("b")), a_state(an_account("a"), unowned("c")), a_policy())
    assert plan.managed == 1
