"""What people have seen of a plan, where a setting was shown as a whole, or Region by Region."""

from dataclasses import replace

from pipeline.model.change import Change, FieldChange, UpdateAccount
from pipeline.model.plan import Plan
from pipeline.planning.repairs import Repairs, with_repairs
from pipeline.planning.review import review
from pipeline.planning.seen import Seen, alone, divided

NAME = FieldChange(path=("name",), before="old", after="new")
CONTACT = FieldChange(path=("contacts", "security"), before=None, after={"name": "Desk"})


def tag(before: str) -> FieldChange:
    return FieldChange(path=("tags", "A"), before=before, after="1")


def imdsv2(**before: str) -> FieldChange:
    regions = {region.replace("_", "-"): value for region, value in before.items()}
    return FieldChange(path=("settings", "imdsv2"), before=regions, after="required")


def update(*fields: FieldChange) -> UpdateAccount:
    return UpdateAccount(key="web", account_id="222233334444", name="web", fields=fields)


def fields_of(changes: tuple[Change, ...]) -> list[FieldChange]:
    return [field for each in changes if isinstance(each, UpdateAccount) for field in each.fields]


def test_an_attribute_that_was_shown_with_another_value_was_shown() -> None:
    seen = Seen.of(Plan(changes=(update(tag("2")),)))
    assert seen.has_shown(update(tag("3")))
    assert not seen.has_shown(update(NAME))
    assert not seen.has_shown(replace(update(tag("2")), key="other"))


def test_a_setting_that_was_shown_as_a_whole_was_shown_in_each_region_and_of_one_region_in_that_one_alone() -> None:
    whole = FieldChange(path=("settings", "imdsv2"), before=None, after="required")
    in_europe, in_america = update(imdsv2(eu_west_1="optional")), update(imdsv2(us_east_1="optional"))
    assert Seen.of(Plan(changes=(update(whole),))).has_shown(in_europe)
    assert Seen.of(Plan(changes=(in_europe,))).has_shown(update(whole))
    assert not Seen.of(Plan(changes=(in_europe,))).has_shown(in_america)


def test_an_update_is_divided_attribute_by_attribute_and_nothing_of_it_is_lost() -> None:
    change = update(NAME, tag("2"), CONTACT)
    assert [each.fields for each in alone(change)] == [(NAME,), (tag("2"),), (CONTACT,)]
    assert divided(change, lambda each: each.fields[0] != tag("2")) == (update(NAME, CONTACT), update(tag("2")))
    assert divided(change, lambda _: True) == (change, None)
    assert divided(change, lambda _: False) == (None, change)


def test_beside_a_repair_what_was_reviewed_of_an_update_goes_on_though_another_attribute_has_changed_since() -> None:
    reviewed = Plan(changes=(update(NAME, tag("2")),))
    now = Plan(changes=(update(NAME, tag("3"), CONTACT),))

    held = review(now, reviewed)
    made = with_repairs(held, reviewed, Repairs.SAFE, frozenset({"web"})).plan

    assert not held.plan.changes
    assert fields_of(made.changes) == [NAME, CONTACT]
    assert fields_of(tuple(hold.change for hold in made.holds)) == [tag("3")]
