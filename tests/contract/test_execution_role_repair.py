"""Control Tower's role is made in an account by several calls; a run may die between any two of them."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from moto.iam.models import iam_backends

from pipeline.model.landing_zone import Mode
from pipeline.provisioners.control_tower.inside import EXECUTION_ROLE_REPAIR
from pipeline.provisioners.control_tower.tower import EXECUTION_ROLE
from pipeline.provisioners.landing_zone_steps import Repair
from pipeline.provisioners.steps import operation_of
from pipeline.sandbox.members import trusts_management
from tests.contract.landing_zone_benches import LandingZoneBench, options
from tests.contract.provisioner_benches import Died, sandbox

NAME, MOST = "Legacy Wiki", 6


@pytest.fixture
def bench() -> Iterator[LandingZoneBench]:
    with sandbox(options(Mode.SERVICE_CATALOG, seed="sample")) as served:
        made = LandingZoneBench(served, Mode.SERVICE_CATALOG)
        made.begin_anew()
        yield made


def policies(account_id: str) -> list[str]:
    role = iam_backends[account_id]["aws"].get_role(EXECUTION_ROLE)
    return [str(each) for each in role.managed_policies]


@pytest.mark.parametrize("writes", range(MOST))
def test_a_role_that_can_be_assumed_has_its_policy_wherever_a_run_has_died(
    bench: LandingZoneBench, writes: int
) -> None:
    """Whoever finds that the role can be assumed, as the next run and its plan do, takes it for complete."""
    accounts = bench.served.sandbox.organization.latest.accounts
    (account,) = [each for each in accounts if each.name == NAME]
    repair = operation_of(Repair(key="wiki", account_id=account.id, repair=EXECUTION_ROLE_REPAIR))
    with suppress(Died):
        bench.provisioner(dies_after=writes).perform(repair, {})
    if trusts_management(account, EXECUTION_ROLE):
        assert policies(account.id)

    bench.provisioner().perform(repair, {})

    assert trusts_management(account, EXECUTION_ROLE)
    (policy,) = policies(account.id)
    assert policy.endswith("policy/AdministratorAccess")
