"""Left-over products, and access that somebody else answers for: what Control Tower's backend has to look at twice."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.access import ASSIGNED, FOREIGN
from pipeline.model.change import ChangeControl, ControlAction, EnrollAccount, FieldChange, UpdateAccount
from pipeline.model.landing_zone import Mode, product_name
from pipeline.model.observed import Details, ObservedAccount
from pipeline.provisioners.control_tower.former_user import PERMISSION_SET
from tests.contract.landing_zone_benches import (
    CONTROL,
    OTHER_USER,
    USER,
    LandingZoneBench,
    account_named,
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


@pytest.mark.parametrize("name", [CONTROL, CONTROL.rpartition("/")[2]])
def test_the_parameters_of_a_control_are_read_by_whichever_name_a_unit_declares_it(name: str) -> None:
    with landing_zone(Mode.SERVICE_CATALOG, seed="sample") as bench:
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        (unit,) = [each for each in observed.units if each.path == "Infrastructure"]
        provisioner.observe_details(observed, {unit.unit_id: Details(controls=frozenset({name}))})
        assert [call.operation for call in bench.served.calls].count("GetEnabledControl") == 1


def test_a_control_with_parameters_is_as_wanted_by_whoever_asks_for_none(bench: LandingZoneBench) -> None:
    """Somebody else may have enabled it since the plan, with parameters of their own."""
    wanted = ChangeControl(path="Workloads", control=CONTROL, action=ControlAction.ENABLE)
    make(bench, replace(wanted, parameters={"AllowedRegions": ["eu-west-1"]}))
    bench.writes.clear()
    make(bench, wanted)
    assert not bench.writes
