"""Laws of planning."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from pipeline.model.account import UNOBSERVED, AccountSpec, WantedState
from pipeline.model.change import CloseAccount, CreateAccount, CreateUnit, UpdateAccount, kind_of
from pipeline.model.effect import digest_of, effects_of
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.plan import Plan
from pipeline.model.request import DesiredState
from pipeline.planning.documents import observed_from_json, observed_to_json, plan_from_json, plan_to_json
from pipeline.planning.email import CODE_GUARD
from pipeline.planning.matching import match
from pipeline.planning.planning import make_plan
from pipeline.planning.policy import Policy, TagsMode
from pipeline.planning.review import review
from tests.builders import MANAGEMENT, REPOSITORY, a_policy
from tests.property.planning_interpreter import after, steps_of
from tests.strategies import as_requested, crowds, desires, organizations, policies, unlimited_policies

SCHEMAS = Path(__file__).parents[2] / "schemas"
PLAN_SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "plan.schema.json").read_text(encoding="utf-8")))
OBSERVED_SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "observed-state.schema.json").read_text(encoding="utf-8")))


@given(desires(), organizations(), unlimited_policies)
def test_after_a_plan_is_carried_out_nothing_is_left_to_change(
    desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    plan = make_plan(desired, observed, policy)
    again = make_plan(desired, after(observed, steps_of(plan.changes)), policy)
    assert again.changes == ()
    begun = {CODE_GUARD} if any(effect.path == ("email",) for _, effect in steps_of(plan.changes)) else set()
    assert {hold.guard for hold in again.holds} <= {hold.guard for hold in plan.holds} | begun


@given(organizations(), policies)
def test_an_organization_that_is_as_requested_has_an_empty_plan(observed: ObservedState, policy: Policy) -> None:
    owned, desired = as_requested(observed)
    plan = make_plan(desired, owned, replace(policy, tags_ignore=()))
    assert plan.is_empty
    assert plan.findings == ()
    assert plan.managed == len(desired.requests)


@given(desires(), organizations(), policies, st.randoms(use_true_random=False))
def test_the_order_of_requests_and_accounts_does_not_matter(
    desired: DesiredState, observed: ObservedState, policy: Policy, chance: random.Random
) -> None:
    def shuffled(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(values, len(values)))

    mixed_desired = DesiredState(requests=shuffled(desired.requests), units=shuffled(desired.units))
    mixed_observed = replace(
        observed,
        accounts=shuffled(observed.accounts),
        units=shuffled(observed.units),
        creations=shuffled(observed.creations),
        read_at="at another time",
    )
    first = plan_to_json(make_plan(desired, observed, policy))
    assert plan_to_json(make_plan(mixed_desired, mixed_observed, policy)) == first


def _told(plan: Plan) -> set[tuple[str, tuple[str, ...]]]:
    """What changes and holds tell: (request key, path)."""
    changes = (*plan.changes, *(hold.change for hold in plan.holds))
    return {(effect.subject, effect.path) for change in changes for effect in effects_of(change)}


@given(desires(), organizations(), policies)
def test_every_difference_is_a_change_or_a_hold_or_a_finding(
    desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    plan = make_plan(desired, observed, policy)
    matching = match(desired, observed, REPOSITORY)
    told = _told(plan)
    found = {finding.location.file for finding in plan.findings}
    for request in desired.requests:
        if request.key not in matching.accounts:
            assert request.origin().file in found
            continue
        account = matching.accounts[request.key]
        if not isinstance(account, ObservedAccount):
            assert (request.key, ("account",)) in told or request.origin().file in found
            continue
        for path in _differences(request.spec, account, policy):
            assert (request.key, path) in told or request.origin().file in found, path


def _differences(wanted: AccountSpec, account: ObservedAccount, policy: Policy) -> set[tuple[str, ...]]:
    """The differences that people would name, found without the code under test."""
    actual = account.spec
    if wanted.state is WantedState.CLOSED or account.state.is_closing:
        return {("state",)} if (wanted.state is WantedState.CLOSED) != account.state.is_closing else set()
    keys = {*wanted.tags, *(actual.tags if policy.tags_mode is TagsMode.AUTHORITATIVE else ())}
    return {
        *((("name",),) if wanted.name != actual.name else ()),
        *((("email",),) if wanted.email.lower() != actual.email.lower() else ()),
        *((("organizational_unit",),) if wanted.organizational_unit != actual.organizational_unit else ()),
        *(
            ("tags", key)
            for key in keys
            if wanted.tags.get(key) != actual.tags.get(key) and not (key.startswith("map-") and policy.tags_ignore)
        ),
        *(("contacts", kind.value) for kind in wanted.contacts if wanted.contacts[kind] != actual.contacts[kind]),
        *(("regions", region) for region in wanted.regions if region not in actual.regions),
        *_differences_inside(wanted, actual),
        *_differences_of_access(wanted.access, actual.access),
        *(
            (("contact_information",),)
            if wanted.contact_information not in (UNOBSERVED, actual.contact_information)
            else ()
        ),
    }


def _differences_of_access(wanted: Any, actual: Any) -> set[tuple[str, ...]]:
    """Without those of others that nobody asks for."""
    asked = {_path_of(each) for each in wanted}
    ours = {_path_of(each) for each in actual if each["ours"]}
    return asked ^ ours


def _path_of(entry: Any) -> tuple[str, ...]:
    kind = "group" if "group" in entry else "user"
    return ("access", kind, entry[kind], entry["permission_set"])


def _other_keys(wanted: Any, actual: dict[str, Any], new_regions: set[str]) -> set[str]:
    """Regions with another key than the wanted one, or one that cannot be read."""
    asked = wanted if isinstance(wanted, dict) else dict.fromkeys({*actual, *new_regions}, wanted)
    known = {region: key["aliases"] for region, key in actual.items() if isinstance(key, dict)}
    return {each for each in asked if asked[each] not in known.get(each, [])}


def _differences_inside(wanted: AccountSpec, actual: AccountSpec) -> set[tuple[str, ...]]:
    new_regions = set(wanted.regions) - set(actual.regions)
    found: set[tuple[str, ...]] = set()
    for name, value in wanted.settings.items():
        match name:
            case "default_vpcs":
                regions = {region for region, vpc in actual.settings[name].items() if vpc is not None} | new_regions
                found |= {("settings", name, region) for region in regions if value == "delete"}
            case "ebs_encryption_by_default" | "imdsv2":
                regions = {region for region, is_so in actual.settings[name].items() if is_so != value} | new_regions
                found |= {("settings", name, region) for region in regions}
            case "ebs_encryption_key":
                found |= {
                    ("settings", name, region) for region in _other_keys(value, actual.settings[name], new_regions)
                }
            case "password_policy":
                now = actual.settings[name] or {}
                asked = {"minimum_length": 6, **value}
                found |= {("settings", name)} if any(now.get(each) != asked[each] for each in asked) else set()
            case _:
                found |= {("settings", name)} if actual.settings[name] != value else set()
    return found


@given(desires(), organizations(), policies)
def test_only_accounts_that_are_free_or_ours_are_ever_changed(
    desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    plan = make_plan(desired, observed, policy)
    forbidden = {
        MANAGEMENT,
        *(each.account_id for each in observed.accounts if each.repository not in {None, REPOSITORY}),
        *(each.account_id for each in (*plan.unmanaged, *plan.orphans)),
    }
    known = {each.account_id for each in observed.accounts}
    for change in (*plan.changes, *(hold.change for hold in plan.holds)):
        if not isinstance(change, CreateAccount | CreateUnit):
            assert change.account_id in known - forbidden


@given(desires(), organizations(), policies)
def test_every_account_has_at_most_one_request(desired: DesiredState, observed: ObservedState, policy: Policy) -> None:
    plan = make_plan(desired, observed, policy)
    owners: dict[str, str] = {}
    for change in (*plan.changes, *(hold.change for hold in plan.holds)):
        if not isinstance(change, CreateAccount | CreateUnit):
            assert owners.setdefault(change.account_id, change.key) == change.key


@given(desires(), organizations(), policies)
def test_guards_only_narrow(desired: DesiredState, observed: ObservedState, policy: Policy) -> None:
    assert_narrows(desired, observed, policy)


@given(crowds(), policies)
def test_guards_that_count_only_narrow(crowd: tuple[ObservedState, DesiredState], policy: Policy) -> None:
    observed, desired = crowd
    assert_narrows(desired, observed, policy)


def assert_narrows(desired: DesiredState, observed: ObservedState, policy: Policy) -> None:
    """With guards, each effect goes on or waits exactly as often as without, and no change is added."""
    free = make_plan(
        desired,
        observed,
        a_policy(tags_mode=policy.tags_mode, tags_ignore=policy.tags_ignore),
    )
    plan = make_plan(desired, observed, policy)

    def effects(which: Plan, *, held: bool) -> list[str]:
        changes = (*which.changes, *((hold.change for hold in which.holds) if held else ()))
        return sorted(effect.digest for change in changes for effect in effects_of(change))

    assert set(effects(plan, held=False)) <= set(effects(free, held=False))
    assert effects(plan, held=True) == effects(free, held=True)


@given(desires(), organizations(), policies, st.data())
def test_what_is_left_after_any_interruption_is_still_reviewed(
    desired: DesiredState, observed: ObservedState, policy: Policy, data: st.DataObject
) -> None:
    assert_resumes(desired, observed, policy, data)


@given(crowds(), policies, st.data())
def test_what_is_left_of_a_large_plan_is_still_reviewed(
    crowd: tuple[ObservedState, DesiredState], policy: Policy, data: st.DataObject
) -> None:
    observed, desired = crowd
    assert_resumes(desired, observed, policy, data)


def assert_resumes(desired: DesiredState, observed: ObservedState, policy: Policy, data: st.DataObject) -> None:
    """Whatever prefix of a reviewed plan came about, the next run carries out all the rest, and only that.

    New accounts make a changed share smaller, so a change that waited at the review may now be one; it was not approved.
    """
    reviewed = make_plan(desired, observed, policy)
    steps = steps_of(reviewed.changes)
    interrupted = after(observed, steps[: data.draw(st.integers(0, len(steps)))])
    result = review(make_plan(desired, interrupted, policy), reviewed)
    unseen = [hold.change for hold in result.plan.holds if hold.guard == "not-reviewed"]
    waited = {effect.digest for hold in reviewed.holds for effect in effects_of(hold.change)}
    assert {effect.digest for change in unseen for effect in effects_of(change)} <= waited
    finished = after(interrupted, steps_of(result.plan.changes))
    uninterrupted = after(observed, steps)
    assert {each.account_id: each for each in finished.accounts} == {
        each.account_id: each for each in uninterrupted.accounts
    }


def facts(plan: Plan) -> Counter[str]:
    """Every effect of a plan, going on or on hold."""
    present = (*plan.changes, *(hold.change for hold in plan.holds))
    return Counter(effect.digest for change in present for effect in effects_of(change))


@given(desires(), organizations(), desires(), organizations(), policies)
def test_an_apply_changes_nothing_that_was_not_reviewed(
    before: DesiredState, was: ObservedState, desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    reviewed, plan = make_plan(before, was, policy), make_plan(desired, observed, policy)
    result = review(plan, reviewed)
    seen = {
        (effect.subject, path, repr(effect.after))
        for change in reviewed.changes
        for effect in effects_of(change)
        for path in (effect.path, effect.path[:2])
    }
    for change in result.plan.changes:
        for effect in effects_of(change):
            # A setting of a new account was reviewed for all of its Regions at once.
            assert {(effect.subject, path, repr(effect.after)) for path in (effect.path, effect.path[:2])} & seen
    assert facts(result.plan) == facts(plan), "what does not go on is on hold"


@given(desires(), organizations(), policies)
def test_a_plan_file_reads_as_the_plan_that_was_written(
    desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    plan = make_plan(desired, observed, policy)
    text = plan_to_json(plan)
    assert plan_from_json(text) == plan
    assert plan_to_json(plan_from_json(text)) == text
    assert PLAN_SCHEMA.is_valid(json.loads(text))


@given(desires(), organizations(), policies)
def test_units_come_before_accounts_and_closures_last(
    desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    plan = make_plan(desired, observed, policy)
    existing = set(observed.unit_paths())
    closing = False
    for change in plan.changes:
        closing = closing or isinstance(change, CloseAccount)
        assert isinstance(change, CloseAccount) or not closing
        if isinstance(change, CreateUnit):
            assert "/" not in change.path or change.path.rsplit("/", 1)[0] in existing
            existing.add(change.path)
        if isinstance(change, CreateAccount):
            assert change.spec.organizational_unit in existing


@given(desires(), organizations(), policies)
def test_no_update_is_empty_and_none_does_two_things_to_one_attribute(
    desired: DesiredState, observed: ObservedState, policy: Policy
) -> None:
    plan = make_plan(desired, observed, policy)
    for change in (*plan.changes, *(hold.change for hold in plan.holds)):
        if isinstance(change, UpdateAccount):
            paths = [each.path for each in change.fields]
            assert paths
            assert len(paths) == len(set(paths))
            assert all(each.before != each.after for each in change.fields)


@given(organizations())
def test_an_observed_file_reads_as_the_state_that_was_written(observed: ObservedState) -> None:
    text = observed_to_json(observed)
    assert observed_from_json(text) == observed
    assert observed_to_json(observed_from_json(text)) == text
    assert OBSERVED_SCHEMA.is_valid(json.loads(text))


@given(desires(), organizations(), policies, st.data())
def test_a_digest_tells_of_every_effect(
    desired: DesiredState, observed: ObservedState, policy: Policy, data: st.DataObject
) -> None:
    """Whatever one value of one effect becomes, the effect, its change and the plan have another digest."""
    plan = make_plan(desired, observed, policy)
    effects = [effect for change in plan.changes for effect in effects_of(change)]
    assume(effects)
    effect = data.draw(st.sampled_from(effects))
    others = (
        replace(effect, subject=f"{effect.subject}-"),
        replace(effect, account_id="0"),
        replace(effect, path=(*effect.path, "more")),
        replace(effect, before="something else"),
        replace(effect, after="something else"),
    )
    assert len({effect.digest, *(other.digest for other in others)}) == 6
    position = data.draw(st.integers(0, len(plan.changes) - 1))
    fewer = (*plan.changes[:position], *plan.changes[position + 1 :])
    assert replace(plan, changes=fewer).digest != plan.digest


@given(desires(), organizations(), policies, organizations())
def test_different_changes_have_different_digests(
    desired: DesiredState, observed: ObservedState, policy: Policy, other: ObservedState
) -> None:
    first, second = make_plan(desired, observed, policy), make_plan(desired, other, policy)
    for one in first.changes:
        for another in second.changes:
            same = kind_of(one) == kind_of(another) and effects_of(one) == effects_of(another)
            assert (digest_of(one) == digest_of(another)) is same
