"""Customizations in a plan: what holds them back, and what of them was reviewed."""

from dataclasses import replace

from pipeline.model.account import AccountSpec
from pipeline.model.change import CreateAccount, CustomizeAccount
from pipeline.model.customization import ResourceChange
from pipeline.model.effect import digest_of
from pipeline.model.plan import Plan
from pipeline.planning.customizing import (
    DESTROYS_GUARD,
    FAILED_GUARD,
    ORDER_GUARD,
    Untold,
    with_customizations,
    with_review,
)
from pipeline.planning.documents import plan_from_json, plan_to_json
from pipeline.planning.review import NOT_REVIEWED, review

ADD = ResourceChange(address="aws_vpc.main", action="create")
REPLACE = ResourceChange(address="aws_vpc.main", action="replace", reason="cannot_update")


def customize(name: str = "network", **given: object) -> CustomizeAccount:
    values = {"account_id": "210000000001", "fingerprint": "1f2e", "reasons": ("never applied",), "resources": (ADD,)}
    return CustomizeAccount(**{"key": "pay", "name": "pay", "customization": name, **values, **given})  # type: ignore[arg-type]


def planned(*changes: CustomizeAccount, untold: dict[tuple[str, str], Untold] | None = None, allowed: int = 0) -> Plan:
    return with_customizations(Plan(), changes, untold or {}, max_destroys=allowed)


def guards(plan: Plan) -> dict[str, str]:
    return {each.change.customization: each.guard for each in plan.holds if isinstance(each.change, CustomizeAccount)}


def test_customizations_keep_their_order_behind_other_changes() -> None:
    spec = AccountSpec(name="pay", email="pay@example.com", organizational_unit="Workloads")
    created = CreateAccount(key="pay", repository="r", spec=spec)
    plan = with_customizations(Plan(changes=(created,)), [customize("z"), customize("a")], {}, max_destroys=0)

    assert plan.changes == (created, customize("z"), customize("a"))


def test_what_destroys_more_than_is_allowed_is_held() -> None:
    assert guards(planned(customize(resources=(REPLACE,)))) == {"network": DESTROYS_GUARD}
    assert guards(planned(customize(resources=(REPLACE,)), allowed=1)) == {}


def test_what_terraform_cannot_tell_is_held_with_its_words() -> None:
    plan = planned(customize(), untold={("pay", "network"): Untold(reason="no such zone", remedy="read the log")})

    assert guards(plan) == {"network": FAILED_GUARD}
    assert (plan.holds[0].reason, plan.holds[0].release) == ("no such zone", "read the log")


def test_what_comes_after_one_on_hold_waits_and_others_do_not() -> None:
    first, second = customize("base", resources=(REPLACE,)), customize("network", after=("base",))
    third = customize("last", after=("network",))
    other = customize("network", key="other", account_id="210000000002", after=("base",))

    plan = planned(first, second, third, other)

    assert guards(plan) == {"base": DESTROYS_GUARD, "network": ORDER_GUARD, "last": ORDER_GUARD}
    assert plan.changes == (other,)


def test_a_plan_with_customizations_survives_its_file() -> None:
    plan = planned(customize(), customize("late", account_id=None, resources=None))

    assert plan_from_json(plan_to_json(plan)) == plan


def test_what_was_reviewed_is_taken_over_where_source_and_inputs_are_the_same() -> None:
    """A new plan does not ask Terraform again; the run compares."""
    reviewed = planned(customize())
    now = planned(customize(resources=None))

    reviewing = review(with_review(now, reviewed), reviewed)

    assert reviewing.plan.changes == reviewed.changes
    assert not reviewing.plan.holds


def test_another_fingerprint_was_not_reviewed() -> None:
    reviewed = planned(customize())
    reviewing = review(with_review(planned(customize(fingerprint="other", resources=None)), reviewed), reviewed)

    assert [each.guard for each in reviewing.plan.holds] == [NOT_REVIEWED]


def test_the_customization_of_a_new_account_is_still_reviewed_once_the_account_is_there() -> None:
    reviewed = planned(customize(account_id=None, resources=None))
    reviewing = review(with_review(planned(customize(resources=None)), reviewed), reviewed)

    assert reviewing.plan.changes == (customize(resources=None),)


def test_what_was_reviewed_for_one_account_is_not_for_another() -> None:
    reviewed = planned(customize())
    elsewhere = planned(customize(account_id="210000000009", resources=None))

    assert [each.guard for each in review(with_review(elsewhere, reviewed), reviewed).plan.holds] == [NOT_REVIEWED]


def test_the_digest_is_of_account_source_and_resources_not_of_the_reasons() -> None:
    """Why it runs may read differently at the next plan; what it does is what is reviewed."""
    one = customize()

    assert digest_of(replace(one, reasons=("inputs changed",))) == digest_of(one)
    others = (
        replace(one, fingerprint="2"),
        replace(one, account_id="210000000002"),
        replace(one, resources=None),
        replace(one, resources=(REPLACE,)),
        replace(one, customization="other"),
        replace(one, key="other"),
    )
    assert len({digest_of(each) for each in (one, *others)}) == 1 + len(others)
