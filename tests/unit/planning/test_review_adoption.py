"""An account is marked as its request's before anything else happens to it."""

import pytest

from pipeline.model.account import ContactType
from pipeline.model.change import Change, MoveAccount, kind_of
from pipeline.model.observed import ObservedAccount
from pipeline.model.plan import Hold, Plan
from pipeline.model.request import AccountRequest
from pipeline.planning.guards import SHARE_GUARD
from pipeline.planning.planning import make_plan
from pipeline.planning.review import NOT_REVIEWED, review
from tests.builders import a_contact, a_desired, a_policy, a_request, a_state, an_account, unowned

UNITS = ("Sandbox", "Workloads")
KEYS = [f"k{number:02d}" for number in range(12)]


def plan_of(requests: list[AccountRequest], accounts: list[ObservedAccount], share: float = 1.0) -> Plan:
    desired, observed = a_desired(*requests, units=UNITS), a_state(*accounts, units=UNITS)
    return make_plan(desired, observed, a_policy(max_changed_share=share))


def kinds(plan: Plan) -> tuple[list[str], list[tuple[str, str]]]:
    return [kind_of(each) for each in plan.changes], [(kind_of(each.change), each.guard) for each in plan.holds]


def test_a_reviewed_creation_does_not_move_an_account_that_somebody_else_made_with_its_address() -> None:
    request = a_request("web", contacts={ContactType.SECURITY: a_contact()})
    reviewed = plan_of([request], [])
    by_hand = plan_of([request], [unowned("web", organizational_unit="/")])
    assert kinds(by_hand) == (["update", "move"], [])
    left = review(by_hand, reviewed).plan
    assert kinds(left) == ([], [("update", NOT_REVIEWED), ("move", NOT_REVIEWED)])


def test_a_reviewed_move_waits_with_an_adoption_that_is_not_what_was_reviewed() -> None:
    request = a_request("web", tags={"a": "1"})
    reviewed = plan_of([request], [unowned("web", organizational_unit="Sandbox")])
    changed = plan_of([request], [unowned("web", organizational_unit="Sandbox", tags={"b": "by hand"})])
    assert kinds(review(changed, reviewed).plan) == ([], [("update", NOT_REVIEWED), ("move", NOT_REVIEWED)])


@pytest.mark.parametrize("owner", [None, "old"])
def test_moves_out_of_the_root_wait_with_the_adoptions_that_are_too_many(owner: str | None) -> None:
    """Invited accounts arrive in the root; the guard of the share does not count moves out of it."""
    accounts = [
        unowned(key, organizational_unit="/")
        if owner is None
        else an_account(key, owner=f"{owner}-{key}", organizational_unit="/")
        for key in KEYS
    ]
    plan = plan_of([a_request(key) for key in KEYS], accounts, share=0.3)
    assert kinds(plan) == ([], [("update", SHARE_GUARD), ("move", SHARE_GUARD)] * len(KEYS))
    moves = [hold for hold in plan.holds if isinstance(hold.change, MoveAccount)]
    assert all("has to be marked as this request's first" in hold.reason for hold in moves)


def test_what_follows_a_hold_of_the_share_goes_on_when_both_were_reviewed() -> None:
    """The guard passed the reviewed plan; of a plan half done it holds what is left."""
    requests = [a_request(key) for key in KEYS]
    accounts = [unowned(key, organizational_unit="/") for key in KEYS]
    reviewed, now = plan_of(requests, accounts), plan_of(requests, accounts, share=0.3)
    assert review(now, reviewed).plan == reviewed


def test_moves_of_accounts_that_are_marked_do_not_wait_for_the_adoptions_of_others() -> None:
    requests = [a_request("mine"), a_request("new")]
    accounts = [an_account("mine", organizational_unit="/"), unowned("new", organizational_unit="/")]
    whole = plan_of(requests, accounts)
    reviewed = Plan(changes=tuple(each for each in whole.changes if _key(each) == "mine"))
    left = review(whole, reviewed).plan
    assert [_key(each) for each in left.changes] == ["mine"]
    assert [_held(each) for each in left.holds] == [("new", "update"), ("new", "move")]


def _key(change: Change) -> str:
    return getattr(change, "key", "")


def _held(hold: Hold) -> tuple[str, str]:
    return _key(hold.change), kind_of(hold.change)
