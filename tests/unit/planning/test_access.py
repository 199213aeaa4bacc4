"""Access in plans: what is given, what is taken away, what is left alone, and what cannot be."""

from dataclasses import replace
from typing import Any

from pipeline.model.access import (
    ASSIGNED,
    FOREIGN,
    Assignment,
    IdentityCenter,
    Principal,
    PrincipalKind,
    UnknownPrincipal,
    access_json,
)
from pipeline.model.change import CreateAccount, UpdateAccount
from pipeline.model.finding import Severity
from pipeline.model.observed import NEW_ACCOUNTS, ObservedAccount
from pipeline.model.plan import Plan
from pipeline.planning.access import ACCOUNTS_OF_IDENTITY_CENTER
from pipeline.planning.details import details_wanted
from pipeline.planning.planning import make_plan
from pipeline.planning.review import review
from tests.builders import REPOSITORY, a_desired, a_policy, a_request, a_state, an_account

ADMINS, READERS = {"group": "Admins", "permission_set": "Admin"}, {"user": "ada", "permission_set": "Read"}
OF_ADMINS = Assignment(Principal(PrincipalKind.GROUP, "Admins"), "Admin")
OF_READERS = Assignment(Principal(PrincipalKind.USER, "ada"), "Read")
CENTER = IdentityCenter(region="eu-west-1", permission_sets=("Admin", "Read"))


def observed(**assignments: bool) -> ObservedAccount:
    """An account with these of the two assignments; true for ours."""
    known = {"admins": OF_ADMINS, "readers": OF_READERS}
    return an_account("web", access=tuple(access_json(known[name], ours=ours) for name, ours in assignments.items()))


def plan_of(account: ObservedAccount | None, *wanted: Any, center: IdentityCenter | None = CENTER, **spec: Any) -> Plan:
    state = replace(a_state(*([account] if account else [])), identity_center=center)
    return make_plan(a_desired(a_request("web", access=wanted, **spec)), state, a_policy())


def fields_of(plan: Plan) -> list[tuple[tuple[str, ...], object, object]]:
    changes = [each for each in plan.changes if isinstance(each, UpdateAccount)]
    return [(field.path, field.before, field.after) for change in changes for field in change.fields]


def test_what_is_missing_is_given_and_what_is_ours_and_not_asked_for_is_taken_away() -> None:
    plan = plan_of(observed(readers=True), ADMINS)
    assert fields_of(plan) == [(OF_ADMINS.path, None, ASSIGNED), (OF_READERS.path, ASSIGNED, None)]
    assert plan.findings == ()


def test_access_that_is_as_asked_for_is_no_change() -> None:
    assert plan_of(observed(admins=True, readers=True), READERS, ADMINS, ADMINS).is_empty


def test_an_assignment_of_others_that_a_request_names_becomes_ours() -> None:
    assert fields_of(plan_of(observed(admins=False), ADMINS)) == [(OF_ADMINS.path, FOREIGN, ASSIGNED)]


def test_an_assignment_of_others_that_no_request_names_is_told_and_left_alone() -> None:
    plan = plan_of(observed(admins=True, readers=False), ADMINS)
    assert plan.is_empty
    (finding,) = plan.findings
    assert (finding.rule, finding.severity) == ("access-of-others", Severity.WARNING)
    assert 'user "ada" with Read' in finding.message


def test_what_control_tower_assigns_is_not_told() -> None:
    group = Assignment(Principal(PrincipalKind.GROUP, "AWSControlTowerAdmins"), "AWSAdministratorAccess")
    account = an_account("web", access=(access_json(OF_READERS, ours=False), access_json(group, ours=False)))
    plan = plan_of(account, sso_user={"email": "ada"})
    assert [each.rule for each in plan.findings] == []


def test_access_that_was_not_read_is_told_and_not_compared() -> None:
    plan = plan_of(an_account("web"), ADMINS)
    assert plan.is_empty
    assert [each.rule for each in plan.findings] == ["access-not-observed"]


def test_names_that_lead_nowhere_are_errors_with_the_name_that_was_meant() -> None:
    center = replace(CENTER, unknown=(UnknownPrincipal(kind=PrincipalKind.GROUP, name="Admin", near=("Admins",)),))
    wanted = ({"group": "Admin", "permission_set": "Admn"}, READERS)
    for account in (observed(), None):
        plan = plan_of(account, *wanted, center=center, name="other")
        assert plan.is_empty
        assert [(each.rule, each.attribute, each.hint) for each in plan.findings] == [
            ("access-permission-set", "access.0.permission_set", 'did you mean "Admin"?'),
            ("access-principal", "access.0.group", 'did you mean "Admins"?'),
        ]


def test_a_user_of_the_name_of_an_unknown_group_is_not_meant() -> None:
    center = replace(CENTER, unknown=(UnknownPrincipal(kind=PrincipalKind.GROUP, name="ada"),))
    assert plan_of(observed(readers=True), READERS, center=center).findings == ()


def test_without_an_instance_access_is_an_error_and_the_account_is_left_alone() -> None:
    plan = plan_of(observed(), ADMINS, center=IdentityCenter(region="eu-west-1", is_there=False), name="other")
    assert plan.is_empty
    assert [each.rule for each in plan.findings] == ["identity-center"]


def test_more_accounts_than_identity_center_serves_are_one_warning() -> None:
    many = [an_account(f"n{number}", account_id=f"{number:012d}") for number in range(ACCOUNTS_OF_IDENTITY_CENTER)]
    state = replace(a_state(observed(admins=True), *many), identity_center=CENTER)
    asking = (a_request("web", access=(ADMINS,)), a_request("new", access=(ADMINS,)))
    found = [each.rule for each in make_plan(a_desired(*asking), state, a_policy()).findings]
    assert found == ["identity-center-accounts"]


def test_what_is_left_of_a_creation_was_reviewed_with_it() -> None:
    reviewed = plan_of(None, ADMINS, READERS, contact_information={"city": "Berlin"})
    assert isinstance(reviewed.changes[0], CreateAccount)
    half_done = observed(admins=True)
    half_done = replace(
        half_done, spec=replace(half_done.spec, contact_information={"city": "of the management account"})
    )
    left = review(plan_of(half_done, ADMINS, READERS, contact_information={"city": "Berlin"}), reviewed).plan
    assert [path for path, _, _ in fields_of(left)] == [("contact_information",), OF_READERS.path]
    assert left.holds == ()


def test_taking_access_away_was_not_reviewed_with_a_creation() -> None:
    reviewed = plan_of(None, ADMINS)
    left = review(plan_of(observed(admins=True, readers=True), ADMINS), reviewed).plan
    assert [hold.guard for hold in left.holds] == ["not-reviewed"]


def test_access_is_read_where_it_is_asked_for_or_was_given_and_names_of_new_accounts_are_looked_up() -> None:
    desired = a_desired(
        a_request("asks", access=(ADMINS,)), a_request("given"), a_request("plain"), a_request("new", access=(READERS,))
    )
    given = replace(an_account("given"), grants_access=True)
    wanted = details_wanted(desired, a_state(an_account("asks"), given, an_account("plain")), REPOSITORY)
    assert {key: each.access for key, each in wanted.items()} == {
        an_account("asks").account_id: frozenset({OF_ADMINS}),
        given.account_id: frozenset(),
        NEW_ACCOUNTS: frozenset({OF_READERS}),
    }
