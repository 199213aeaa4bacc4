"""What AWS keeps about accounts outside of them, for all backends: primary contact, address of the root user, access."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.model.access import ASSIGNED, FOREIGN, Assignment, Principal, PrincipalKind, observed_access
from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.email_update import EmailStanding
from pipeline.model.landing_zone import Mode
from pipeline.model.observed import NEW_ACCOUNTS, Details, ObservedAccount, ObservedState
from pipeline.model.operation import Done, Result, Vanished, Waiting
from pipeline.provisioners.steps import EnableRegions, operation_of
from pipeline.provisioners.upkeep_steps import AcceptEmailUpdate, StartEmailUpdate
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from tests.contract.landing_zone_benches import options
from tests.contract.provisioner_benches import Died, account, carry_out, ownership, perform, sandbox
from tests.contract.upkeep_benches import (
    HOME,
    LandingZoneUpkeepBench,
    MemoryUpkeepBench,
    SandboxUpkeepBench,
    UpkeepBench,
)

KEY, EMAIL, NEW_EMAIL = "web", "aws+web@example.com", "aws+web-new@example.com"
ADMINS = Assignment(Principal(PrincipalKind.GROUP, "Payments-Admins"), "AdministratorAccess")
ADA = Assignment(Principal(PrincipalKind.USER, "ada@example.com"), "ReadOnlyAccess")
READERS = Assignment(Principal(PrincipalKind.GROUP, "Search-Admins"), "ReadOnlyAccess")
NOBODY = Assignment(Principal(PrincipalKind.GROUP, "Nobody"), "Nobody")
DESK = {
    "full_name": "Example AG, Cloud desk",
    "address_line_1": "Unter den Linden 1",
    "city": "Berlin",
    "state_or_region": "Berlin",
    "postal_code": "10117",
    "country_code": "DE",
    "phone_number": "+49 30 1234567",
}
EVERYTHING = Details(access=frozenset(), email=True, contact_information=True)


ORGANIZATIONS = "organizations"
IN_THE_SANDBOX: dict[str, Any] = {
    "home_region": HOME,
    "seed": "sample",
    "throttle": True,
    "consistency_delay": 3.0,
    "assignment_delay": 5.0,
}


@pytest.fixture(scope="module", params=["memory", ORGANIZATIONS, *Mode])
def shared(request: pytest.FixtureRequest) -> Iterator[UpkeepBench]:
    """One at a time: what is inside of accounts is the process's."""
    if request.param == "memory":
        yield MemoryUpkeepBench()
    elif request.param == ORGANIZATIONS:
        with sandbox(Options(**IN_THE_SANDBOX)) as served:
            yield SandboxUpkeepBench(served)
    else:
        with sandbox(options(request.param, **IN_THE_SANDBOX)) as served:
            yield LandingZoneUpkeepBench(served, request.param)


@pytest.fixture
def bench(shared: UpkeepBench) -> UpkeepBench:
    shared.begin_anew()
    return shared


@pytest.fixture
def sandbox_bench(bench: UpkeepBench) -> SandboxUpkeepBench:
    assert isinstance(bench, SandboxUpkeepBench)
    return bench


@pytest.fixture
def target(bench: UpkeepBench) -> str:
    """The account of the request."""
    return bench.unmanaged(KEY, EMAIL, ownership(KEY))


def observe(bench: UpkeepBench, wanted: dict[str, Details]) -> ObservedState:
    """After a while: listings lag behind writes."""
    bench.clock.sleep(10)
    provisioner = bench.provisioner()
    return provisioner.observe_details(provisioner.observe(), wanted)


def seen(bench: UpkeepBench, target: str, *, email: str = EMAIL) -> ObservedAccount:
    return account(observe(bench, {target: EVERYTHING}), email)


def access(bench: UpkeepBench, target: str) -> dict[Assignment, bool]:
    return dict(observed_access(seen(bench, target).spec) or {})


def update(target: str, *fields: FieldChange) -> UpdateAccount:
    return UpdateAccount(key=KEY, account_id=target, name=KEY, fields=fields)


def field(*path: str, before: Any, after: Any) -> FieldChange:
    return FieldChange(path=path, before=before, after=after)


def gives(*assignments: Assignment, before: str | None = None) -> tuple[FieldChange, ...]:
    return tuple(field(*each.path, before=before, after=ASSIGNED) for each in assignments)


def takes(*assignments: Assignment) -> tuple[FieldChange, ...]:
    return tuple(field(*each.path, before=ASSIGNED, after=None) for each in assignments)


def apply(bench: UpkeepBench, change: UpdateAccount, *, twice: bool = False) -> Result:
    return carry_out(bench, bench.provisioner(), change, twice=twice)[-1]


def done(result: Result) -> Done:
    assert isinstance(result, Done), result
    return result


def dies_everywhere(bench: UpkeepBench, change: UpdateAccount) -> None:
    """Begin it anew after a death at each point, the next death coming one step later, until it is done."""
    for steps in range(1, 200):
        try:
            results = carry_out(bench, bench.provisioner(dies_after=steps), change)
        except Died:
            bench.provisioner()
            bench.clock.sleep(20)
            continue
        assert all(isinstance(each, Done) for each in results)
        return
    raise AssertionError("it is never done")


class TestAccess:
    def test_what_is_given_is_ours_and_what_others_gave_is_theirs(self, bench: UpkeepBench, target: str) -> None:
        bench.assign_by_hand(target, READERS)
        done(apply(bench, update(target, *gives(ADMINS, ADA))))
        assert access(bench, target) == {ADMINS: True, ADA: True, READERS: False}
        assert account(bench.provisioner().observe(), EMAIL).grants_access

    def test_what_is_taken_away_leaves_nothing_behind(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, update(target, *gives(ADMINS, ADA))))
        done(apply(bench, update(target, *takes(ADMINS))))
        assert access(bench, target) == {ADA: True}
        done(apply(bench, update(target, *takes(ADA))))
        assert access(bench, target) == {}
        assert not seen(bench, target).grants_access

    def test_an_assignment_of_others_is_never_removed(self, bench: UpkeepBench, target: str) -> None:
        bench.assign_by_hand(target, READERS)
        assert isinstance(apply(bench, update(target, *takes(READERS))), Vanished)
        assert access(bench, target) == {READERS: False}

    def test_an_assignment_of_others_becomes_ours_only_where_that_was_planned(
        self, bench: UpkeepBench, target: str
    ) -> None:
        bench.assign_by_hand(target, READERS)
        done(apply(bench, update(target, *gives(READERS))))
        if not isinstance(bench, MemoryUpkeepBench):
            assert access(bench, target) == {READERS: False}
        done(apply(bench, update(target, *gives(READERS, before=FOREIGN))))
        assert access(bench, target) == {READERS: True}

    def test_what_somebody_else_has_removed_is_removed(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, update(target, *gives(ADMINS))))
        bench.unassign_by_hand(target, ADMINS)
        done(apply(bench, update(target, *takes(ADMINS))))
        assert access(bench, target) == {}

    def test_doing_it_twice_is_doing_it_once(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, update(target, *gives(ADMINS, ADA)), twice=True))
        assert access(bench, target) == {ADMINS: True, ADA: True}
        done(apply(bench, update(target, *takes(ADMINS, ADA)), twice=True))
        assert access(bench, target) == {}

    def test_a_death_anywhere_is_made_good(self, bench: UpkeepBench, target: str) -> None:
        dies_everywhere(bench, update(target, *gives(ADMINS, ADA)))
        assert access(bench, target) == {ADMINS: True, ADA: True}
        dies_everywhere(bench, update(target, *takes(ADMINS)))
        assert access(bench, target) == {ADA: True}

    def test_many_assignments_of_one_account_are_all_marked(self, bench: UpkeepBench, target: str) -> None:
        groups = ("Payments-Admins", "Search-Admins", "Platform-Admins", "Security-Auditors")
        sets = ("AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess")
        many = [Assignment(Principal(PrincipalKind.GROUP, group), each) for group in groups for each in sets]
        users = ("ada@example.com", "platform@example.com")
        many += [Assignment(Principal(PrincipalKind.USER, user), each) for user in users for each in sets]
        done(apply(bench, update(target, *gives(*many))))
        assert access(bench, target) == dict.fromkeys(many, True)

    def test_what_names_do_not_lead_anywhere_is_told(self, bench: UpkeepBench, target: str) -> None:
        wanted = {target: Details(access=frozenset({ADMINS})), NEW_ACCOUNTS: Details(access=frozenset({ADA, NOBODY}))}
        center = observe(bench, wanted).identity_center
        assert center is not None
        assert center.is_there
        assert [each.name for each in center.unknown] == ["Nobody"]
        assert {"AdministratorAccess", "ReadOnlyAccess"} <= set(center.permission_sets)
        assert "Nobody" not in center.permission_sets

    def test_nobody_is_asked_where_no_request_asks(self, bench: UpkeepBench, target: str) -> None:
        observed = observe(bench, {target: Details(contact_information=True)})
        assert observed.identity_center is None
        assert observed_access(account(observed, EMAIL).spec) is None


class TestContactInformation:
    def test_it_is_read_and_set_as_a_whole(self, bench: UpkeepBench, target: str) -> None:
        before = seen(bench, target).spec.contact_information
        assert isinstance(before, Mapping)
        done(
            apply(
                bench, update(target, field("contact_information", before=dict(before) or None, after=DESK)), twice=True
            )
        )
        assert seen(bench, target).spec.contact_information == DESK
        longer = DESK | {
            "company_name": "Example AG",
            "website_url": "https://example.com",
            "district_or_county": "Mitte",
        }
        done(apply(bench, update(target, field("contact_information", before=DESK, after=longer))))
        assert seen(bench, target).spec.contact_information == longer
        done(apply(bench, update(target, field("contact_information", before=longer, after=DESK))))
        assert seen(bench, target).spec.contact_information == DESK

    def test_another_value_than_in_the_plan_is_left_alone(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, update(target, field("contact_information", before=None, after=DESK))))
        other = DESK | {"city": "Hamburg"}
        stale = update(target, field("contact_information", before=DESK | {"city": "Bonn"}, after=other))
        result = apply(bench, stale)
        assert isinstance(result, Vanished)
        assert "Berlin" not in result.reason
        assert seen(bench, target).spec.contact_information == DESK


class TestEmail:
    def change(self, target: str, after: str = NEW_EMAIL) -> UpdateAccount:
        return update(target, field("email", before=EMAIL, after=after))

    def test_a_change_begins_with_one_code_and_ends_when_it_is_handed_in(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, self.change(target)))
        pending = seen(bench, target).email_update
        assert pending is not None
        assert pending.standing is EmailStanding.WAITING
        assert pending.is_for(NEW_EMAIL.upper())
        assert not pending.is_for(EMAIL)
        code = bench.code_for(target, NEW_EMAIL)
        accept = AcceptEmailUpdate(key=KEY, account_id=target, email=NEW_EMAIL, code=code)
        result, _ = perform(bench, bench.provisioner(), operation_of(accept), {})
        done(result)
        assert seen(bench, target, email=NEW_EMAIL).spec.email == NEW_EMAIL

    def test_no_second_code_is_sent_unless_somebody_asks_for_it(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, self.change(target)))
        code = bench.code_for(target, NEW_EMAIL)
        for _ in range(3):
            bench.clock.sleep(60)
            done(apply(bench, self.change(target)))
        assert bench.code_for(target, NEW_EMAIL) == code
        again = StartEmailUpdate(key=KEY, account_id=target, before=EMAIL, after=NEW_EMAIL, again=True)
        done(perform(bench, bench.provisioner(), operation_of(again), {})[0])
        if not isinstance(bench, MemoryUpkeepBench):
            assert bench.code_for(target, NEW_EMAIL) != code

    def test_a_death_anywhere_sends_no_second_code(self, bench: UpkeepBench, target: str) -> None:
        dies_everywhere(bench, self.change(target))
        if isinstance(bench, SandboxUpkeepBench):
            sent = [each for each in bench.served.calls if each.operation == "StartPrimaryEmailUpdate"]
            assert len(sent) == 1
        assert bench.code_for(target, NEW_EMAIL)

    def test_a_wrong_code_is_refused_with_the_remedy(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, self.change(target)))
        accept = AcceptEmailUpdate(key=KEY, account_id=target, email=NEW_EMAIL, code="wrong1")
        with pytest.raises(PermanentServiceError) as caught:
            perform(bench, bench.provisioner(), operation_of(accept), {})
        assert f"`vend email-code {KEY} --send-again`" in caught.value.hint
        assert "wrong1" not in str(caught.value)
        assert seen(bench, target).email_update is not None

    def test_another_address_gets_a_code_of_its_own(self, bench: UpkeepBench, target: str) -> None:
        done(apply(bench, self.change(target)))
        bench.clock.sleep(600)
        done(apply(bench, self.change(target, "aws+other@example.com")))
        pending = seen(bench, target).email_update
        assert pending is not None
        assert pending.is_for("aws+other@example.com")


def test_a_code_is_not_shown_with_its_step() -> None:
    step = AcceptEmailUpdate(key=KEY, account_id="222233334444", email=NEW_EMAIL, code="abc123")
    assert "abc123" not in repr(step)


def test_a_new_account_comes_with_all_of_it(bench: UpkeepBench) -> None:
    entries = ({"group": "Payments-Admins", "permission_set": "AdministratorAccess"},)
    change = bench.creation("new", contact_information=DESK, access=entries)
    for _ in range(2):
        assert all(isinstance(each, Done) for each in carry_out(bench, bench.provisioner(), change))
    bench.clock.sleep(10)
    found = account(bench.provisioner().observe(), "aws+new@example.com")
    complete = account(observe(bench, {found.account_id: EVERYTHING}), found.spec.email)
    assert complete.spec.contact_information == DESK
    ours = {assignment for assignment, is_ours in (observed_access(complete.spec) or {}).items() if is_ours}
    assert ours == {ADMINS}


@pytest.mark.parametrize("shared", [ORGANIZATIONS], indirect=True)
class TestIdentityCenterOfAws:
    """What only the backends on AWS have to do with."""

    def test_each_name_is_looked_up_once_in_a_run(self, sandbox_bench: SandboxUpkeepBench) -> None:
        accounts = [sandbox_bench.unmanaged(f"n{number}", f"aws+n{number}@example.com", {}) for number in range(3)]
        sandbox_bench.served.sandbox.front.calls.clear()
        wanted = frozenset({ADMINS, ADA})
        observe(sandbox_bench, dict.fromkeys(accounts, Details(access=wanted)))
        calls = [each.operation for each in sandbox_bench.served.calls]
        assert calls.count("ListInstances") == 1
        assert calls.count("GetGroupId") == 1
        assert calls.count("GetUserId") == 1
        assert calls.count("ListPermissionSets") == 1
        assert calls.count("DescribePermissionSet") == 3
        assert calls.count("ListPermissionSetsProvisionedToAccount") == len(accounts)

    def test_a_name_that_is_nearly_right_is_suggested(self, sandbox_bench: SandboxUpkeepBench) -> None:
        slip = replace(ADMINS, principal=Principal(PrincipalKind.GROUP, "Payment-Admins"))
        center = observe(sandbox_bench, {NEW_ACCOUNTS: Details(access=frozenset({slip}))}).identity_center
        assert center is not None
        assert [each.near for each in center.unknown] == [("Payments-Admins",)]

    def test_a_request_of_somebody_else_that_is_on_its_way_is_waited_for(
        self, sandbox_bench: SandboxUpkeepBench
    ) -> None:
        target = sandbox_bench.unmanaged(KEY, EMAIL, ownership(KEY))
        provisioner = sandbox_bench.provisioner()
        first, second = provisioner.expand(update(target, *gives(ADMINS, ADA)))
        provisioner.perform(first, {})
        with pytest.raises(ServiceError) as caught:
            provisioner.perform(second, {})
        assert type(caught.value).__name__ == "TemporaryServiceError"
        sandbox_bench.clock.sleep(60)
        for operation in (first, second):
            done(perform(sandbox_bench, provisioner, operation, {})[0])
        assert access(sandbox_bench, target) == {ADMINS: True, ADA: True}


def test_no_instance_is_no_error() -> None:
    with sandbox(Options(seed="empty", home_region=HOME)) as served:
        bench = SandboxUpkeepBench(served)
        center = observe(bench, {NEW_ACCOUNTS: Details(access=frozenset({ADMINS}))}).identity_center
    assert center is not None
    assert not center.is_there
    assert center.region == HOME


def test_regions_beyond_what_an_organization_may_change_at_once_are_waited_for() -> None:
    """https://docs.aws.amazon.com/accounts/latest/reference/quotas.html: 6 per account, 50 per organization."""
    regions = ["af-south-1", "ap-east-1", "ap-south-2", "ap-southeast-3", "eu-south-1", "eu-south-2"]
    with sandbox(Options(seed="empty", region_delay=3600.0)) as served:
        bench = SandboxUpkeepBench(served)
        provisioner = bench.provisioner()
        waiting = []
        for number in range(9):
            key = f"n{number}"
            target = bench.unmanaged(key, f"aws+{key}@example.com", ownership(key))
            step = EnableRegions(key=key, account_id=target, regions=regions)
            waiting.append(provisioner.perform(operation_of(step), {}))
    reasons = [each.reason for each in waiting if isinstance(each, Waiting)]
    assert ["of other accounts" in each for each in reasons] == [False] * 8 + [True]


@pytest.mark.parametrize("shared", [ORGANIZATIONS], indirect=True)
@pytest.mark.parametrize("kind", [Kind.CARRIED_OUT_THEN_RESET, Kind.CARRIED_OUT_THEN_ERROR, Kind.SERVER_ERROR])
def test_a_lost_answer_sends_no_second_code(sandbox_bench: SandboxUpkeepBench, kind: Kind) -> None:
    target = sandbox_bench.unmanaged(KEY, EMAIL, ownership(KEY))
    sandbox_bench.served.inject(Fault(kind=kind, operation="StartPrimaryEmailUpdate", code="InternalServerException"))
    provisioner = sandbox_bench.provisioner()
    (operation,) = provisioner.expand(update(target, field("email", before=EMAIL, after=NEW_EMAIL)))
    with pytest.raises(TemporaryServiceError):
        provisioner.perform(operation, {})
    sandbox_bench.clock.sleep(5)
    done(perform(sandbox_bench, provisioner, operation, {})[0])
    asked = [each for each in sandbox_bench.served.calls if each.operation == "StartPrimaryEmailUpdate"]
    assert len(asked) == (2 if kind is Kind.SERVER_ERROR else 1)
    assert sandbox_bench.code_for(target, NEW_EMAIL)
