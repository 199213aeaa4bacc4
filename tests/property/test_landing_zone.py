"""Laws of planning and carrying out in a landing zone, with the steps that every backend performs.

The steps run in memory; a death is an exception right after an effect.
"""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.model.account import UNOBSERVED, AccountState
from pipeline.model.change import Change, CustomizeAccount, UpdateAccount, account_of, kind_of, subject_of
from pipeline.model.landing_zone import Check, LandingZone, Mode, Product, Registration, Standing, product_name
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.operation import Facts, Waiting
from pipeline.model.plan import Plan
from pipeline.model.request import AccountRequest, DesiredState, DesiredUnit
from pipeline.planning.details import details_wanted
from pipeline.planning.documents import observed_from_json, observed_to_json, plan_from_json, plan_to_json
from pipeline.planning.planning import make_plan
from pipeline.planning.review import review
from pipeline.provisioners.memory import MemoryProvisioner
from pipeline.provisioners.memory.governing import Governing
from pipeline.provisioners.memory.organization import MANAGEMENT_ID, MemoryOrganization
from tests.builders import REPOSITORY, a_policy, a_request, an_account
from tests.unit.planning.landing_zones import (
    ADA,
    GRACE,
    NO_ROLE,
    PASSED,
    RECORDER,
    a_control,
    a_governed_state,
    a_unit,
    a_zone,
    enabled,
    enrolled_in,
    registered,
)

LAW = settings(deadline=None, max_examples=40)
POLICY = a_policy(control_tower=True)
KEYS = ("a", "b", "c")
UNITS = ("Sandbox", "Workloads", "Workloads/Prod")

units = st.sampled_from(UNITS)
modes = st.sampled_from(Mode)
drifted = (
    enabled(is_drifted=True, implementation=each)
    for each in ("AWS::Config::ConfigRule", "AWS::Organizations::Policy::SERVICE_CONTROL_POLICY")
)
controls = st.sampled_from(((), (enabled(),), *((each,) for each in drifted)))
# One that has failed and is older, too, needs two plans: a reset, and then the update.
registrations = st.one_of(
    st.none(),
    st.builds(registered, version=st.sampled_from(("3.0", "4.0")), is_drifted=st.booleans(), controls=controls),
    st.builds(registered, standing=st.just(Standing.FAILED), is_drifted=st.booleans(), controls=controls),
)


@st.composite
def zones(draw: st.DrawFn) -> LandingZone:
    mode = draw(modes)
    return a_zone(mode=mode, enrolls_automatically=mode is Mode.AUTO_ENROLL)


@st.composite
def accounts(draw: st.DrawFn, key: str, zone: LandingZone) -> ObservedAccount:
    unit = draw(units | st.just("/"))
    account = an_account(
        key,
        owner=draw(st.sampled_from(("", None))),
        repository="",
        organizational_unit=unit,
        name=draw(st.sampled_from((key, "other"))),
    )
    if account.key is None:
        account = replace(account, repository=None)
    checks: tuple[Check, ...] = draw(st.sampled_from(((PASSED,), (PASSED, NO_ROLE), (RECORDER,))))
    if not draw(st.booleans()):
        return replace(account, checks=checks)
    product = None
    if zone.mode is Mode.SERVICE_CATALOG:
        name = draw(st.sampled_from((product_name(key, REPOSITORY), f"by-hand-{key}")))
        status = draw(st.sampled_from(("AVAILABLE", "TAINTED")))
        product = Product(
            product_id=f"pp-{key}", name=name, status=status, has_succeeded=True, account_id=account.account_id
        )
    enrollment = enrolled_in(draw(st.sampled_from((unit, "Sandbox"))) if unit != "/" else "Sandbox")
    spec = replace(account.spec, sso_user=ADA) if product is not None else account.spec
    return replace(account, spec=spec, enrollment=enrollment, product=product, checks=checks)


@st.composite
def states(draw: st.DrawFn) -> ObservedState:
    zone = draw(zones())
    chosen = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
    state = a_governed_state(
        *(draw(accounts(key, zone)) for key in chosen),
        zone=zone,
        units={path: draw(registrations) for path in UNITS},
    )
    return _settled(state)


def _settled(state: ObservedState) -> ObservedState:
    """As AWS has it: enrolled in registered units only, and automatic enrolment has seen every move."""
    registered_units = {unit.path for unit in state.units if unit.registration is not None}

    zone = state.landing_zone
    assert zone is not None

    def possible(account: ObservedAccount) -> ObservedAccount:
        enrollment = account.enrollment
        is_moved = enrollment is not None and enrollment.unit != account.spec.organizational_unit
        if enrollment is None or (
            enrollment.unit in registered_units and not (is_moved and zone.enrolls_automatically)
        ):
            return account
        return replace(account, enrollment=None, product=None, spec=replace(account.spec, sso_user=UNOBSERVED))

    return replace(
        state, management_account_id=MANAGEMENT_ID, accounts=tuple(possible(each) for each in state.accounts)
    )


@st.composite
def requests(draw: st.DrawFn, key: str) -> AccountRequest:
    request = a_request(
        key,
        organizational_unit=draw(units),
        managed=draw(st.sampled_from((True, True, True, False))),
        sso_user=draw(st.sampled_from((ADA, GRACE))),
        tags=draw(st.sampled_from(({}, {"a": "1"}))),
        confirm={"managed": draw(st.booleans())},
    )
    return replace(request, repair=draw(st.sampled_from(((), ("execution_role",)))))


@st.composite
def desires(draw: st.DrawFn) -> DesiredState:
    declared: list[DesiredUnit] = [
        a_unit(
            path,
            *draw(st.sampled_from(((), (a_control(),), (a_control(enabled=False),)))),
            register=draw(st.booleans()),
            confirm={
                action: number for action in ("register", "update", "reset") for number in [draw(st.integers(0, 2))]
            },
        )
        for path in UNITS
    ]
    chosen = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
    return DesiredState(requests=tuple(draw(requests(key)) for key in sorted(chosen)), units=tuple(declared))


class DeathError(Exception):
    pass


class World:
    """One organization, and runs that plan and carry out with it."""

    def __init__(self, state: ObservedState) -> None:
        self.organization = MemoryOrganization.of(state)
        self.left: int | None = None
        self.effects = 0
        self.provisioner = MemoryProvisioner(self.organization, repository=REPOSITORY, on_effect=self._effect)

    def _effect(self, _kind: str) -> None:
        self.effects += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise DeathError

    def time_passes(self) -> None:
        """AWS ends what it has begun."""
        zone = self.organization.landing_zone
        assert zone is not None
        Governing(self.organization, zone, REPOSITORY, self._effect).finish()

    def plan(self, desired: DesiredState) -> Plan:
        observed = self.provisioner.observe()
        detailed = self.provisioner.observe_details(observed, details_wanted(desired, observed, REPOSITORY))
        return make_plan(desired, detailed, POLICY)

    def carry_out(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            assert not isinstance(change, CustomizeAccount)
            facts: Facts = {}
            for operation in self.provisioner.expand(change):
                for _ in range(20):
                    result = self.provisioner.perform(operation, facts)
                    facts = {**facts, **getattr(result, "facts", {})}
                    if not isinstance(result, Waiting):
                        break
                else:
                    pytest.fail(f"{operation.kind} of {subject_of(change)} never ends")


@LAW
@given(desires(), states())
def test_after_a_few_plans_nothing_is_left_to_change(desired: DesiredState, state: ObservedState) -> None:
    """A baseline that has failed is reset before it is updated, and a unit that was updated may release what waited for it."""
    world = World(state)
    for _ in range(4):
        world.carry_out(world.plan(desired).changes)
    assert world.plan(desired).changes == ()


@LAW
@given(desires(), states(), st.integers(0, 12))
def test_what_is_left_after_any_death_is_still_reviewed_and_leads_to_the_same_end(
    desired: DesiredState, state: ObservedState, deaths_after: int
) -> None:
    whole, dying = World(state), World(state)
    reviewed = whole.plan(desired)
    whole.carry_out(reviewed.changes)
    dying.left = deaths_after
    try:
        dying.carry_out(reviewed.changes)
    except DeathError:
        dying.left = None
        dying.time_passes()
    left = review(dying.plan(desired), reviewed).plan
    # A unit that could not be registered at the review can be now, which holds back the accounts that are to leave it.
    assume("no-product" not in {hold.guard for hold in left.holds})
    # What waited may wait for another reason now: the accounts that it was about have moved.
    waited = {subject_of(hold.change) for hold in reviewed.holds}
    assert {subject_of(hold.change) for hold in left.holds} <= waited
    dying.left = None
    for _ in range(2):
        dying.carry_out(review(dying.plan(desired), reviewed).plan.changes)
    for world in (whole, dying):
        world.time_passes()
    assert _told(dying) == _told(whole)


def _told(world: World) -> object:
    """The organization, without the ids that AWS gives."""
    observed = world.provisioner.observe()
    return (
        [
            (
                each.spec.name,
                each.spec.organizational_unit,
                each.spec.tags,
                each.key,
                each.enrollment,
                _of(each.product),
            )
            for each in sorted(observed.accounts, key=lambda each: each.spec.email)
        ],
        [(unit.path, _without_operation(unit.registration)) for unit in observed.units],
        [_of(each) for each in observed.products],
    )


def _without_operation(registration: Registration | None) -> object:
    """A run that died, and the one that went on, have asked more often."""
    return None if registration is None else replace(registration, operation="")


def _of(product: Product | None) -> object:
    return None if product is None else (product.name, product.status, product.has_succeeded)


@LAW
@given(desires(), states())
def test_a_plan_and_an_observation_of_a_landing_zone_survive_their_files(
    desired: DesiredState, state: ObservedState
) -> None:
    assert observed_from_json(observed_to_json(state)) == state
    plan = World(state).plan(desired)
    assert plan_from_json(plan_to_json(plan)) == plan


@LAW
@given(desires(), states(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_read_does_not_matter(desired: DesiredState, state: ObservedState, chance: object) -> None:
    def mixed(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(chance.sample(values, len(values)))

    other = DesiredState(requests=mixed(desired.requests), units=mixed(desired.units))
    shuffled = replace(state, accounts=mixed(state.accounts), units=mixed(state.units))
    assert plan_to_json(make_plan(other, shuffled, POLICY)) == plan_to_json(make_plan(desired, state, POLICY))


@LAW
@given(desires(), states())
def test_a_landing_zone_that_is_busy_is_asked_for_nothing(desired: DesiredState, state: ObservedState) -> None:
    zone = state.landing_zone
    assert zone is not None
    busy = replace(state, landing_zone=replace(zone, status="PROCESSING"))
    by_organizations = {"update", "move", "create-unit", "close"}
    for change in make_plan(desired, busy, POLICY).changes:
        assert kind_of(change) in by_organizations
        if isinstance(change, UpdateAccount):
            assert {each.path[0] for each in change.fields}.isdisjoint({"sso_user", "enrollment"})


@LAW
@given(desires(), states())
def test_shared_and_inactive_accounts_stay_where_they_are(desired: DesiredState, state: ObservedState) -> None:
    zone = state.landing_zone
    assert zone is not None
    shared = replace(zone, security_accounts=tuple(each.account_id for each in state.accounts if each.enrollment))
    inactive = tuple(replace(each, state=AccountState.SUSPENDED) for each in state.accounts)
    known = {each.account_id for each in state.accounts if each.enrollment}
    for other in (replace(state, landing_zone=shared), replace(state, accounts=inactive)):
        for change in make_plan(desired, other, POLICY).changes:
            if account_of(change) in known:
                assert isinstance(change, UpdateAccount)
