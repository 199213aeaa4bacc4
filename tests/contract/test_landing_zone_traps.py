"""Left-over products, and access that somebody else answers for: what Control Tower's backend has to look at twice."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.access import ASSIGNED, FOREIGN
from pipeline.model.change import ChangeControl, ControlAction, EnrollAccount, FieldChange, UpdateAccount
from pipeline.model.landing_zone import Mode, product_name
from pipeline.model.observed import Details, ObservedAccount
from pipeline.model.operation import Vanished
from pipeline.provisioners.control_tower.former_user import PERMISSION_SET
from pipeline.sandbox.control_tower.records import Standing
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


def test_a_service_control_policy_is_not_reset_by_itself_and_the_refusal_tells_how_its_unit_is(
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
    with pytest.raises(PermanentServiceError, match="service control policy") as refused:
        carry_out(bench, bench.provisioner(), change)
    assert "confirm: {reset:" in refused.value.hint
    assert '"Workloads"' in refused.value.hint


def test_a_control_with_parameters_is_as_wanted_by_whoever_asks_for_none(bench: LandingZoneBench) -> None:
    """Somebody else may have enabled it since the plan, with parameters of their own."""
    wanted = ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE)
    make(bench, replace(wanted, parameters={"AllowedRegions": ["eu-west-1"]}))
    bench.writes.clear()
    make(bench, wanted)
    assert not bench.writes
