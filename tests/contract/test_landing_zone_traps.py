"""Left-over products, and access that somebody else answers for: what Control Tower's backend has to look at twice."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.access import ASSIGNED, FOREIGN
from pipeline.model.change import (
    ChangeControl,
    ControlAction,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.landing_zone import Mode, product_name
from pipeline.model.observed import Details, ObservedAccount
from pipeline.model.operation import Done, Operation, Vanished, Waiting
from pipeline.provisioners.control_tower.former_user import PERMISSION_SET
from pipeline.reconcile.patience import Patience
from pipeline.sandbox.control_tower.records import Standing
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.service_catalog.parameters import EMAIL
from pipeline.sandbox.service_catalog.records import ProductStatus
from tests.contract.landing_zone_benches import (
    CONTROL,
    OTHER_USER,
    USER,
    LandingZoneBench,
    account_named,
    dies,
    found,
    landing_zone,
    make,
    registered,
)
from tests.contract.provisioner_benches import REPOSITORY, carry_out


@pytest.fixture
def bench() -> Iterator[LandingZoneBench]:
    with landing_zone(Mode.SERVICE_CATALOG) as made:
        make(made, *registered("Workloads"), account_named("billing", Mode.SERVICE_CATALOG))
        yield made


def billing(bench: LandingZoneBench) -> ObservedAccount:
    (one,) = [each for each in bench.provisioner().observe().accounts if each.spec.name == "billing"]
    return one


def test_the_product_of_a_closed_account_is_not_taken_for_the_account_that_replaces_it(bench: LandingZoneBench) -> None:
    former = billing(bench)
    bench.connection.organizations.close_account(AccountId=former.account_id)
    bench.clock.sleep(60)
    bench.writes.clear()
    wanted = account_named("billing", Mode.SERVICE_CATALOG)
    again = replace(wanted, spec=replace(wanted.spec, email="aws+again@example.com"))
    with pytest.raises(PermanentServiceError, match=f'of account "{former.account_id}"'):
        carry_out(bench, bench.provisioner(), again)
    assert not bench.writes


def test_the_product_of_another_account_is_not_taken_for_an_enrolment(bench: LandingZoneBench) -> None:
    legacy = bench.unmanaged("Legacy CRM", "aws+crm@example.com", {})
    change = EnrollAccount(
        key="billing",
        account_id=legacy,
        name="Legacy CRM",
        email="aws+crm@example.com",
        before="/",
        after="Workloads",
        product=product_name("billing", REPOSITORY),
        sso_user=USER,
    )
    bench.writes.clear()
    with pytest.raises(PermanentServiceError, match=f'of account "{billing(bench).account_id}"'):
        carry_out(bench, bench.provisioner(), change)
    assert not bench.writes


@pytest.mark.parametrize(("takes_over", "left"), [(True, {USER["email"]}), (False, set())])
def test_a_former_first_administrator_keeps_what_the_request_itself_gives(
    bench: LandingZoneBench, *, takes_over: bool, left: set[str]
) -> None:
    account = billing(bench)
    path = ("access", "user", USER["email"], PERMISSION_SET)
    given = FieldChange(path=path, before=FOREIGN, after=ASSIGNED)
    user = FieldChange(path=("sso_user",), before=USER, after=OTHER_USER)
    for field in (*((given,) if takes_over else ()), user):
        make(bench, UpdateAccount(key="billing", account_id=account.account_id, name="billing", fields=(field,)))
    provisioner = bench.provisioner()
    wanted = {account.account_id: Details(access=frozenset())}
    seen = found(provisioner.observe_details(provisioner.observe(), wanted), account.account_id)
    assert isinstance(seen.spec.access, tuple)
    assert {each.get("user") for each in seen.spec.access} & {USER["email"]} == left


@pytest.mark.parametrize("writes", [0, 1])
def test_whoever_dies_over_another_first_administrator_leaves_the_former_one_access_only_where_a_plan_sees_it(
    bench: LandingZoneBench, writes: int
) -> None:
    account = billing(bench)
    field = FieldChange(path=("sso_user",), before=USER, after=OTHER_USER)
    change = UpdateAccount(key="billing", account_id=account.account_id, name="billing", fields=(field,))
    assert dies(bench, change, writes)
    bench.clock.sleep(120)
    provisioner = bench.provisioner()
    wanted = {account.account_id: Details(access=frozenset(), sso_user=True)}
    seen = found(provisioner.observe_details(provisioner.observe(), wanted), account.account_id)
    assert isinstance(seen.spec.access, tuple)
    assert isinstance(seen.spec.sso_user, Mapping)
    has_access = USER["email"] in {each.get("user") for each in seen.spec.access}
    assert not has_access or seen.spec.sso_user["email"] == USER["email"]


def test_a_first_administrator_who_has_lost_access_is_observed_by_calls_that_do_not_grow_with_the_accounts(
    bench: LandingZoneBench,
) -> None:
    """A run died after it had taken the former one's access, and then the request was taken back."""
    make(bench, account_named("search", Mode.SERVICE_CATALOG))
    account = billing(bench)
    field = FieldChange(path=("sso_user",), before=USER, after=OTHER_USER)
    change = UpdateAccount(key="billing", account_id=account.account_id, name="billing", fields=(field,))
    assert dies(bench, change, 1)
    bench.clock.sleep(120)

    def lacking() -> list[str]:
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        wanted = {each.account_id: Details(sso_user=True) for each in observed.accounts if each.product is not None}
        assert len(wanted) == 2
        detailed = provisioner.observe_details(observed, wanted)
        return [each.spec.name for each in detailed.accounts if each.lacks_administrator]

    bench.served.sandbox.front.calls.clear()
    assert lacking() == ["billing"]
    calls = [each.operation for each in bench.served.calls]
    assert [calls.count(each) for each in ("GetUserId", "ListAccountAssignmentsForPrincipal")] == [1, 1]
    denied = Fault(kind=Kind.ERROR, operation="ListAccountAssignmentsForPrincipal", code="AccessDeniedException")
    bench.served.inject(denied)
    assert lacking() == [], "a role that may not ask plans without"


def known_by_another_name(bench: LandingZoneBench, email: str) -> str:
    """As where an identity provider names its users otherwise than by their address; the id of the user of that address."""
    organization = bench.served.sandbox.organization
    with organization.lock:
        center = organization.identity_center
        assert center is not None
        (user,) = [each for each in center.users.values() if each.email == email]
        center.users[user.id] = replace(user, name=f"X-{user.id}")
    return user.id


def test_a_first_administrator_with_a_name_of_the_identity_provider_is_known_by_the_address(
    bench: LandingZoneBench,
) -> None:
    account = billing(bench)
    known_by_another_name(bench, USER["email"])
    wanted = {account.account_id: Details(sso_user=True)}

    def seen() -> ObservedAccount:
        provisioner = bench.provisioner()
        return found(provisioner.observe_details(provisioner.observe(), wanted), account.account_id)

    assert not seen().lacks_administrator
    field = FieldChange(path=("sso_user",), before=USER, after=OTHER_USER)
    change = UpdateAccount(key="billing", account_id=account.account_id, name="billing", fields=(field,))
    assert dies(bench, change, 1)
    bench.clock.sleep(120)
    assert seen().lacks_administrator, "the former one's access is taken first"


def test_nobody_says_of_a_user_who_is_not_there_that_the_access_was_lost(bench: LandingZoneBench) -> None:
    account = billing(bench)
    organization = bench.served.sandbox.organization
    user = known_by_another_name(bench, USER["email"])
    with organization.lock:
        assert organization.identity_center is not None
        del organization.identity_center.users[user]
    provisioner = bench.provisioner()
    wanted = {account.account_id: Details(sso_user=True)}
    seen = found(provisioner.observe_details(provisioner.observe(), wanted), account.account_id)
    assert not seen.lacks_administrator


def test_a_former_first_administrator_keeps_access_where_the_product_tells_a_third_one(bench: LandingZoneBench) -> None:
    """Somebody else has changed it since the plan: then nothing of this change is carried out."""
    account = billing(bench)
    third = {**USER, "email": "third@example.com"}
    field = FieldChange(path=("sso_user",), before=third, after=OTHER_USER)
    change = UpdateAccount(key="billing", account_id=account.account_id, name="billing", fields=(field,))
    bench.writes.clear()
    results = carry_out(bench, bench.provisioner(), change)
    assert isinstance(results[-1], Vanished)
    assert not bench.writes


def test_a_first_administrator_keeps_access_where_the_product_cannot_be_updated(bench: LandingZoneBench) -> None:
    account = billing(bench)
    field = FieldChange(path=("sso_user",), before=USER, after=OTHER_USER)
    change = UpdateAccount(key="billing", account_id=account.account_id, name="billing", fields=(field,))
    organization = bench.served.sandbox.organization
    with organization.lock:
        catalog = organization.catalog
        assert catalog is not None
        (product,) = catalog.products.values()
        catalog.products[product.id] = replace(product, status=ProductStatus.ERROR)
    bench.writes.clear()
    with pytest.raises(PermanentServiceError, match="is ERROR"):
        carry_out(bench, bench.provisioner(), change)
    assert not bench.writes


@pytest.mark.parametrize("name", [CONTROL, CONTROL.rpartition("/")[2]])
def test_the_parameters_of_a_control_are_read_by_whichever_name_a_unit_declares_it(name: str) -> None:
    with landing_zone(Mode.SERVICE_CATALOG, seed="sample") as bench:
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        (unit,) = [each for each in observed.units if each.path == "Infrastructure"]
        provisioner.observe_details(observed, {unit.unit_id: Details(controls=frozenset({name}))})
        assert [call.operation for call in bench.served.calls].count("GetEnabledControl") == 1


def test_a_service_control_policy_that_nobody_knew_as_such_is_refused_with_what_repairs_it(
    bench: LandingZoneBench,
) -> None:
    policy = f"{CONTROL.rpartition('/')[0]}/AWS-GR_REGION_DENY"
    make(bench, ChangeControl(path="Workloads", control=policy, action=ControlAction.ENABLE))
    organization = bench.served.sandbox.organization
    with organization.lock:
        zone = organization.landing_zone
        assert zone is not None
        (enabled,) = [each for each in zone.controls.values() if each.control == policy]
        zone.controls[enabled.arn] = replace(enabled, standing=Standing.FAILED)
    change = ChangeControl(path="Workloads", control=policy, action=ControlAction.RESET)
    with pytest.raises(
        PermanentServiceError, match=r"cannot be reset by itself: .* is a service control policy"
    ) as refused:
        carry_out(bench, bench.provisioner(), change)
    assert DRIFT[DriftKind.POLICY].repair in refused.value.hint
    assert "controlcatalog:GetControl" in refused.value.hint


def has_address(bench: LandingZoneBench, account_id: str, email: str) -> None:
    """As if its change of address had come to its end."""
    organization = bench.served.sandbox.organization
    with organization.lock:
        account = organization.latest.accounts.get(account_id)
        assert account is not None
        organization.put(replace(account, email=email))
    bench.clock.sleep(60)


def addresses_sent(bench: LandingZoneBench) -> list[str]:
    """Gathers the address of every update of a product from now on."""
    sent: list[str] = []

    def gather(params: Mapping[str, Any], **_: Any) -> None:
        sent.extend(each["Value"] for each in params["ProvisioningParameters"] if each["Key"] == EMAIL)

    events = bench.connection.client("servicecatalog", region="eu-west-1").meta.events
    events.register("provide-client-params.service-catalog.UpdateProvisionedProduct", gather)
    return sent


def test_a_product_learns_of_a_changed_address_by_its_next_update_and_no_plan_is_made_for_it(
    bench: LandingZoneBench,
) -> None:
    """https://docs.aws.amazon.com/controltower/latest/userguide/change-account-email.html"""
    target = billing(bench).account_id
    former, new = "aws+billing@example.com", "aws+new@example.com"
    has_address(bench, target, new)
    seen = billing(bench)
    assert seen.product is not None
    assert (seen.spec.email, seen.product.status) == (new, "AVAILABLE")
    assert seen.enrollment is not None
    assert not seen.enrollment.is_drifted

    sent = addresses_sent(bench)
    who: dict[str, Any] = {"key": "billing", "account_id": target, "name": "billing"}
    make(bench, MoveAccount(**who, before="Workloads", after="Sandbox"))
    make(bench, MoveAccount(**who, before="Sandbox", after="Workloads"))
    assert sent == [former, new]


def test_an_address_that_another_account_has_by_now_is_not_sent_for_the_one_that_had_it(
    bench: LandingZoneBench,
) -> None:
    target = billing(bench).account_id
    has_address(bench, target, "aws+new@example.com")
    bench.unmanaged("Heir", "aws+billing@example.com", {})
    bench.clock.sleep(60)
    sent = addresses_sent(bench)
    make(bench, MoveAccount(key="billing", account_id=target, name="billing", before="Workloads", after="Sandbox"))
    assert sent == ["aws+new@example.com"]


def test_of_two_products_of_an_account_plans_and_runs_work_with_the_same(bench: LandingZoneBench) -> None:
    target = billing(bench)
    assert target.product is not None
    organization = bench.served.sandbox.organization
    with organization.lock:
        catalog = organization.catalog
        assert catalog is not None
        own = catalog.products[target.product.product_id]
        failed = replace(own, id="pp-0000000000000", name="by-hand", status=ProductStatus.ERROR)
        catalog.products = {failed.id: failed, **catalog.products}
    seen = billing(bench)
    assert seen.product == target.product
    assert [each.name for each in seen.more_products] == ["by-hand"]
    make(
        bench,
        MoveAccount(key="billing", account_id=target.account_id, name="billing", before="Workloads", after="Sandbox"),
    )
    assert billing(bench).spec.organizational_unit == "Sandbox"


def waits_for_ever(bench: LandingZoneBench, operations: Sequence[Operation]) -> TemporaryServiceError:
    """What the last of the operations says when AWS never ends it."""
    provisioner = bench.provisioner()
    facts: dict[str, str] = {}
    for operation in operations[:-1]:
        result = provisioner.perform(operation, facts)
        assert isinstance(result, Done)
        facts |= dict(result.facts)
    for _ in range(200):
        try:
            result = provisioner.perform(operations[-1], facts)
        except TemporaryServiceError as error:
            return error
        assert isinstance(result, Waiting), result
        facts |= dict(result.facts)
        bench.clock.sleep(60)
    raise AssertionError("it waits for ever")


def test_a_control_that_never_ends_is_left_to_the_next_run_after_an_hour() -> None:
    with landing_zone(Mode.SERVICE_CATALOG, control_delay=1e6) as bench:
        make(bench, *registered("Workloads"))
        enable = ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE)
        late = waits_for_ever(bench, bench.provisioner().expand(enable))
    assert re.search("for 6[01] minutes", str(late))
    assert "console" in late.hint
    assert late.delay > Patience().seconds, "no engine tries it again in this run"


def test_an_account_that_control_tower_never_lets_go_is_left_to_the_next_run_after_an_hour(
    bench: LandingZoneBench,
) -> None:
    """Its product is gone, and the baseline stays."""
    target = billing(bench)
    organization = bench.served.sandbox.organization
    with organization.lock:
        catalog = organization.catalog
        assert catalog is not None
        catalog.products = {}
    leave = UnmanageAccount(key="billing", account_id=target.account_id, name="billing")
    late = waits_for_ever(bench, bench.provisioner().expand(leave)[-1:])
    assert re.search("letting it go, for 6[01] minutes", str(late))
    assert "Service Catalog" in late.hint
    assert late.delay > Patience().seconds


def test_a_control_with_parameters_is_as_wanted_by_whoever_asks_for_none(bench: LandingZoneBench) -> None:
    """Somebody else may have enabled it since the plan, with parameters of their own."""
    wanted = ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE)
    make(bench, replace(wanted, parameters={"AllowedRegions": ["eu-west-1"]}))
    bench.writes.clear()
    make(bench, wanted)
    assert not bench.writes
