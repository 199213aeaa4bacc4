"""What a branch brings, apart from what differs without it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.change import Change, CustomizeAccount, FieldChange, MoveAccount, UpdateAccount
from pipeline.model.effect import effects_of
from pipeline.model.plan import Hold, Plan
from pipeline.planning.review import NOT_REVIEWED, review
from pipeline.planning.yours import about, apart, reviewed_by, subjects_of

NAME = FieldChange(path=("name",), before="a", after="b")
TAG = FieldChange(path=("tags", "CostCenter"), before="1", after="2")
TEAM = FieldChange(path=("tags", "Team"), before=None, after="x")


def update(*fields: FieldChange, key: str = "billing") -> UpdateAccount:
    return UpdateAccount(key=key, account_id="222233334444", name=key, fields=fields)


def move(after: str = "Prod", key: str = "billing") -> MoveAccount:
    return MoveAccount(key=key, account_id="222233334444", name=key, before="Sandbox", after=after)


def hold(change: Change) -> Hold:
    return Hold(change=change, guard="protected-unit", reason="r", release="c")


def customize(fingerprint: str = "f") -> CustomizeAccount:
    return CustomizeAccount(
        key="billing", account_id="222233334444", name="b", customization="n", fingerprint=fingerprint
    )


_changes: st.SearchStrategy[Change] = st.one_of(
    st.lists(st.sampled_from([NAME, TAG, TEAM]), min_size=1, unique=True).map(lambda fields: update(*fields)),
    st.sampled_from(["Prod", "Dev"]).map(move),
    st.sampled_from(["f", "g"]).map(customize),
)
_plans = st.builds(
    Plan, changes=st.lists(_changes, max_size=3).map(tuple), holds=st.lists(_changes.map(hold), max_size=2).map(tuple)
)


def effects(changes: tuple[Change, ...]) -> list[str]:
    return sorted(effect.digest for change in changes for effect in effects_of(change))


def held(plan: Plan) -> tuple[Change, ...]:
    return tuple(each.change for each in plan.holds)


@given(_plans, _plans)
def test_nothing_is_lost_and_nothing_is_in_both_parts(plan: Plan, without: Plan) -> None:
    parts = apart(plan, without)
    assert effects((*parts.yours.changes, *parts.drift.changes)) == effects(plan.changes)
    assert effects((*held(parts.yours), *held(parts.drift))) == effects(held(plan))


@given(_plans)
def test_a_branch_that_asks_for_nothing_new_brings_nothing(plan: Plan) -> None:
    yours = apart(plan, plan).yours
    assert not yours.changes
    assert not yours.holds


@given(_plans)
def test_without_a_base_everything_is_the_branchs(plan: Plan) -> None:
    assert apart(plan, Plan()).yours == plan


def test_an_update_is_divided_by_attribute() -> None:
    parts = apart(Plan(changes=(update(NAME, TAG),)), Plan(changes=(update(TAG),)))
    assert parts.yours.changes == (update(NAME),)
    assert parts.drift.changes == (update(TAG),)


def test_releasing_a_hold_is_something_that_a_branch_does() -> None:
    assert apart(Plan(changes=(move(),)), Plan(holds=(hold(move()),))).yours.changes == (move(),)


def test_a_hold_that_is_there_without_the_branch_is_not_its_own() -> None:
    parts = apart(Plan(holds=(hold(move()),)), Plan(holds=(hold(move()),)))
    assert (parts.yours.holds, held(parts.drift)) == ((), (move(),))


def test_a_customization_of_the_same_fingerprint_is_not_the_branchs_whatever_terraform_says() -> None:
    planned = replace(customize(), resources=())
    assert apart(Plan(changes=(planned,)), Plan(changes=(customize(),))).drift.changes == (planned,)
    assert apart(Plan(changes=(planned,)), Plan(changes=(customize("g"),))).yours.changes == (planned,)


def test_several_reviewed_plans_are_one_that_names_each_change_once() -> None:
    first, second = Plan(changes=(move(), update(NAME))), Plan(changes=(move(),), holds=(hold(update(TAG)),))
    assert reviewed_by((first, second)) == Plan(changes=(move(), update(NAME)), holds=(hold(update(TAG)),))


def test_the_part_about_some_subjects() -> None:
    plan = Plan(changes=(move(), move(key="search")), holds=(hold(update(NAME, key="search")),))
    assert subjects_of(about(plan, frozenset({"search"}))) == {"search"}
    assert about(plan, frozenset({"billing"})).changes == (move(),)


def test_what_was_reviewed_of_an_update_goes_on_and_what_has_drifted_meanwhile_waits() -> None:
    made = review(Plan(changes=(update(NAME, TAG),)), Plan(changes=(update(NAME),))).plan
    assert made.changes == (update(NAME),)
    assert [(each.change, each.guard) for each in made.holds] == [(update(TAG), NOT_REVIEWED)]


def test_an_update_of_which_a_reviewed_attribute_has_moved_waits_as_a_whole() -> None:
    moved = replace(TAG, before="9")
    made = review(Plan(changes=(update(NAME, moved),)), Plan(changes=(update(NAME, TAG),))).plan
    assert made.changes == ()
    assert held(made) == (update(NAME, moved),)


def test_an_attribute_that_was_on_hold_at_the_review_keeps_the_rest_of_its_update_waiting() -> None:
    made = review(Plan(changes=(update(NAME, TAG),)), Plan(changes=(update(NAME),), holds=(hold(update(TAG)),))).plan
    assert made.changes == ()
