"""What an apply puts right though no pull request has shown it: as far as the settings allow, never what people were shown."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.model.account import ContactType, WantedState
from pipeline.model.account_settings import ENABLED
from pipeline.model.change import Change, MoveAccount, UpdateAccount, kind_of, subject_of
from pipeline.model.observed import ObservedAccount
from pipeline.model.plan import Plan
from pipeline.model.request import AccountRequest
from pipeline.planning.planning import make_plan
from pipeline.planning.repairs import Repairs, with_repairs
from pipeline.planning.review import NOT_REVIEWED, review
from tests.builders import a_contact, a_desired, a_policy, a_request, a_state, an_account, unowned

EMPTY = Plan()


def planned(request: AccountRequest, account: ObservedAccount, **policy: Any) -> Plan:
    return make_plan(
        a_desired(request, units=("Workloads", "Sandbox")),
        a_state(account, units=("Workloads", "Sandbox")),
        a_policy(**policy),
    )


def repaired(
    plan: Plan, allowed: Repairs, reviewed: Plan = EMPTY, *, standing: frozenset[str] | None = None
) -> tuple[list[Change], list[Change]]:
    """What goes on, and what waits for its review."""
    known = frozenset(subject_of(each) for each in plan.changes) if standing is None else standing
    made = with_repairs(review(plan, reviewed), reviewed, allowed, known).plan
    return list(made.changes), [hold.change for hold in made.holds if hold.guard == NOT_REVIEWED]


def paths(changes: list[Change]) -> list[tuple[str, ...]]:
    return [field.path for each in changes if isinstance(each, UpdateAccount) for field in each.fields]


SAFE = (
    ("a name", planned(a_request("web", name="web"), an_account("web", name="other"))),
    ("a tag", planned(a_request("web", tags={"A": "1"}), an_account("web", tags={"A": "2"}))),
    ("a tag too many", planned(a_request("web"), an_account("web", tags={"A": "2"}))),
    ("a contact", planned(a_request("web", contacts={ContactType.SECURITY: a_contact()}), an_account("web"))),
    ("a setting", planned(a_request("web", settings={"alias": "abc"}), an_account("web", settings={"alias": None}))),
)
UNSAFE = (
    ("a move", planned(a_request("web"), an_account("web", organizational_unit="Sandbox"))),
    ("a closure", planned(a_request("web", state=WantedState.CLOSED), an_account("web"))),
    ("a Region", planned(a_request("web", regions=("eu-south-2",)), an_account("web", regions=()))),
    (
        "access taken away",
        planned(
            a_request("web"),
            an_account("web", access=({"group": "A", "permission_set": "P", "ours": True},)),
        ),
    ),
)


@pytest.mark.parametrize(("what", "plan"), SAFE)
def test_safe_repairs_go_on_without_a_review(what: str, plan: Plan) -> None:
    assert plan.changes, what
    assert repaired(plan, Repairs.SAFE) == (list(plan.changes), [])


@pytest.mark.parametrize(("what", "plan"), UNSAFE)
def test_what_moves_closes_or_takes_away_is_never_safe(what: str, plan: Plan) -> None:
    assert plan.changes, what
    assert repaired(plan, Repairs.SAFE) == ([], list(plan.changes))
    assert repaired(plan, Repairs.ALL) == (list(plan.changes), [])


@pytest.mark.parametrize(("what", "plan"), [*SAFE, *UNSAFE])
def test_where_nothing_is_repaired_everything_waits_for_its_review(what: str, plan: Plan) -> None:
    assert repaired(plan, Repairs.NEVER) == ([], list(plan.changes)), what


def test_a_request_that_was_only_just_written_is_no_drift() -> None:
    _, plan = SAFE[0]

    assert repaired(plan, Repairs.ALL, standing=frozenset()) == ([], list(plan.changes))


@pytest.mark.parametrize("allowed", [Repairs.SAFE, Repairs.ALL])
def test_what_begins_something_is_no_repair(allowed: Repairs) -> None:
    creation = make_plan(a_desired(a_request("web"), units=("Workloads", "New")), a_state(), a_policy())
    adoption = planned(a_request("web", tags={"A": "1"}), unowned("web", tags={}))

    assert {kind_of(each) for each in creation.changes} == {"create", "create-unit"}
    assert repaired(creation, allowed)[0] == []
    assert repaired(adoption, allowed)[0] == []


def test_a_value_that_is_another_than_at_the_review_has_to_be_reviewed_again() -> None:
    request = a_request("web", tags={"A": "1"})
    reviewed = planned(request, an_account("web", tags={"A": "2"}))
    now = planned(request, an_account("web", tags={"A": "3"}))

    assert repaired(now, Repairs.ALL, reviewed) == ([], list(now.changes))


def test_what_waited_for_a_person_in_the_reviewed_plan_is_no_repair() -> None:
    request, account = a_request("web", name="new"), an_account("web", name="old")
    held = planned(request, account, always_confirm=frozenset({"rename"}))
    now = planned(request, account)

    assert [hold.guard for hold in held.holds] == ["always-confirm"]
    assert repaired(now, Repairs.ALL, held) == ([], list(now.changes))


def test_of_an_update_what_was_reviewed_and_what_is_a_repair_go_on_and_the_rest_waits() -> None:
    request = a_request("web", name="new", tags={"A": "1"}, regions=("eu-south-2",))
    reviewed = planned(request, an_account("web", name="old", tags={"A": "1"}, regions=("eu-south-2",)))
    now = planned(request, an_account("web", name="old", tags={"A": "drifted"}, regions=()))

    free, waiting = repaired(now, Repairs.SAFE, reviewed)

    assert paths(free) == [("name",), ("tags", "A")]
    assert paths(waiting) == [("regions", "eu-south-2")]
    assert waiting[0].fields[0].after == ENABLED  # type: ignore[union-attr]  # an update, by its paths


def test_a_move_goes_on_alone_where_all_is_repaired_and_its_account_is_ours() -> None:
    _, plan = UNSAFE[0]

    free, _ = repaired(plan, Repairs.ALL)

    assert [type(each) for each in free] == [MoveAccount]


def test_a_move_that_people_were_shown_on_hold_is_no_repair() -> None:
    request, account = a_request("web", protected=True), an_account("web", organizational_unit="Sandbox")
    held = planned(request, account)
    now = planned(replace(request, confirm={"organizational_unit": "Workloads"}), account)

    assert [kind_of(hold.change) for hold in held.holds] == ["move"]
    assert [kind_of(each) for each in now.changes] == ["move"]
    assert repaired(now, Repairs.ALL, held) == ([], list(now.changes))
