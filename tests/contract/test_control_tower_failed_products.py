"""A product that has failed, or that Control Tower is at, tells nothing: plans go on without it."""

from collections.abc import Iterator

import pytest

from pipeline.errors import PermanentServiceError
from pipeline.model.account import UNOBSERVED
from pipeline.model.landing_zone import Mode
from pipeline.model.observed import Details, ObservedAccount
from pipeline.sandbox.faults import Fault, Kind
from tests.contract.landing_zone_benches import LandingZoneBench, account_named, found, landing_zone, make, registered
from tests.contract.provisioner_benches import account, carry_out

EMAIL = "aws+billing@example.com"


@pytest.fixture
def bench() -> Iterator[LandingZoneBench]:
    with landing_zone(Mode.SERVICE_CATALOG) as made:
        make(made, *registered("Workloads"))
        yield made


def looked_at(bench: LandingZoneBench) -> ObservedAccount:
    """The account, with its first administrator where its product tells one."""
    provisioner = bench.provisioner()
    observed = provisioner.observe()
    target = account(observed, EMAIL).account_id
    return found(provisioner.observe_details(observed, {target: Details(sso_user=True)}), target)


def test_a_product_that_failed_with_an_account_is_observed_without_a_first_administrator(
    bench: LandingZoneBench,
) -> None:
    """https://docs.aws.amazon.com/servicecatalog/latest/dg/API_GetProvisionedProductOutputs.html"""
    bench.served.inject(Fault(kind=Kind.WORKFLOW_FAILURE, operation="baseline", message="It could not be applied."))
    with pytest.raises(PermanentServiceError, match="could not be applied"):
        carry_out(bench, bench.provisioner(), account_named("billing", Mode.SERVICE_CATALOG))
    seen = looked_at(bench)
    assert seen.product is not None
    assert seen.product.is_unusable
    assert seen.spec.sso_user is UNOBSERVED


def test_a_product_in_the_making_is_observed_without_a_first_administrator(bench: LandingZoneBench) -> None:
    provisioner = bench.provisioner()
    provisioner.perform(provisioner.expand(account_named("billing", Mode.SERVICE_CATALOG))[0], {})
    while EMAIL not in {each.spec.email for each in bench.provisioner().observe().accounts}:
        bench.clock.sleep(1)
    bench.clock.sleep(6)
    assert looked_at(bench).spec.sso_user is UNOBSERVED
