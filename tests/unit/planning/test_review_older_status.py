"""Servers that send only the older `Status` call a closed account SUSPENDED; it is closed all the same.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
"""

from dataclasses import replace

from pipeline.model.account import AccountState, ContactType, WantedState
from pipeline.model.observed import ObservedAccount
from pipeline.model.plan import Plan
from pipeline.planning.details import details_wanted
from pipeline.planning.planning import make_plan
from tests.builders import REPOSITORY, a_contact, a_desired, a_policy, a_request, a_state, an_account


def closed_by_status(key: str = "web", **attributes: str) -> ObservedAccount:
    """As `observed_account` reads it."""
    account = an_account(key, state=AccountState.SUSPENDED, **attributes)
    return replace(account, spec=replace(account.spec, state=WantedState.CLOSED))


def test_a_closed_account_is_as_its_closing_request_asks() -> None:
    desired = a_desired(a_request("web", state=WantedState.CLOSED))
    plan = make_plan(desired, a_state(closed_by_status()), a_policy())
    assert plan == Plan(managed=1)


def test_a_request_that_wants_it_open_waits_for_a_person() -> None:
    plan = make_plan(a_desired(a_request("web")), a_state(closed_by_status()), a_policy())
    (hold,) = plan.holds
    assert (plan.changes, hold.guard) == ((), "account-state")


def test_a_restricted_account_by_the_newer_state_is_still_to_be_closed() -> None:
    desired = a_desired(a_request("web", state=WantedState.CLOSED))
    plan = make_plan(desired, a_state(an_account("web", state=AccountState.SUSPENDED)), a_policy())
    assert [hold.guard for hold in plan.holds] == ["account-state"]


def test_its_request_gets_a_new_account_with_a_new_address() -> None:
    request = a_request("web", email="aws+web-again@example.com")
    plan = make_plan(a_desired(request), a_state(closed_by_status(email="aws+web@example.com")), a_policy())
    assert [type(change).__name__ for change in plan.changes] == ["CreateAccount"]


def test_nothing_more_is_asked_of_it() -> None:
    request = a_request("web", contacts={ContactType.SECURITY: a_contact()})
    assert details_wanted(a_desired(request), a_state(closed_by_status()), REPOSITORY) == {}
