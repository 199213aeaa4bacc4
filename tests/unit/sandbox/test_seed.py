"""The organizations that a sandbox begins with are those that the walk-through tells of."""

import pytest

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG
from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, Organization
from pipeline.sandbox.records import Account
from pipeline.sandbox.seed import UNITS, SeedError, sow


def sown(seed: str) -> Organization:
    organization = Organization(Options(), ScaledClock(0))
    sow(organization, seed)
    return organization


def path_of(organization: Organization, account: Account) -> str:
    return "/".join(unit.name for unit in organization.latest.ancestors(account.parent_id)[1:])


def test_the_sample_is_an_organization_with_something_of_everything() -> None:
    organization = sown("sample")
    accounts = {each.name: each for each in organization.latest.accounts}

    assert {name: path_of(organization, each) for name, each in accounts.items()} == {
        "example-management": "",
        "log-archive": "Security",
        "audit": "Security",
        "network": "Infrastructure",
        "shared-services": "Infrastructure",
        "payments-dev": "Sandbox",
        "billing": "Workloads/Prod",
        "search-prod": "Workloads/Prod",
        "search-dev": "Sandbox",
        "Legacy CRM": "Workloads/Prod",
        "old-experiment": "Sandbox",
        "marketing-poc": "Sandbox",
        "retired-api": "Sandbox",
    }
    assert [each.name for each in accounts.values() if each.state != "ACTIVE"] == ["old-experiment"]
    assert [each.name for each in accounts.values() if not each.tags] == ["example-management", "marketing-poc"]
    assert [each.name for each in accounts.values() if REQUEST_TAG not in each.tags] == [
        "example-management",
        "Legacy CRM",
        "marketing-poc",
    ]
    assert accounts["shared-services"].tags == {
        "CostCenter": "9999",
        "Temporary": "yes",
        REQUEST_TAG: "shared-services",
        REPOSITORY_TAG: "example-account-requests",
    }
    assert accounts["audit"].alternate_contacts["SECURITY"]["Name"] == "Security desk"


def test_the_empty_organization_has_the_management_account_and_nothing_else() -> None:
    organization = sown("empty")

    assert [each.id for each in organization.latest.accounts] == [MANAGEMENT_ID]
    assert len(organization.latest.units) == 1


def test_any_number_of_accounts_is_spread_over_the_units() -> None:
    organization = sown("accounts:25")
    members = [each for each in organization.latest.accounts if each.id != MANAGEMENT_ID]

    assert len(members) == 25
    assert {path_of(organization, each) for each in members} == set(UNITS)
    assert members[0].tags[REQUEST_TAG] == "account-00001"


@pytest.mark.parametrize("seed", ["", "samples", "accounts", "accounts:", "accounts:-1", "accounts:many", "empty:1"])
def test_there_is_no_other_seed(seed: str) -> None:
    with pytest.raises(SeedError, match="there is no such seed"):
        sown(seed)
