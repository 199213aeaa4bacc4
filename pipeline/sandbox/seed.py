"""The organizations that a sandbox can begin with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG
from pipeline.sandbox.control_tower.setup import SetupError, set_up
from pipeline.sandbox.identity_center import open_center
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID, Organization
from pipeline.sandbox.organizations.units import new_unit
from pipeline.sandbox.records import ACTIVE, SUSPENDED, Account
from pipeline.sandbox.service_catalog import stock

REPOSITORY: Final = "example-account-requests"
UNITS: Final = ("Security", "Infrastructure", "Workloads", "Workloads/Prod", "Sandbox")

_JOINED: Final = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
_ADDRESS: Final = {
    "FullName": "Example Corp",
    "AddressLine1": "Musterstrasse 1",
    "City": "Berlin",
    "StateOrRegion": "Berlin",
    "PostalCode": "10115",
    "CountryCode": "DE",
    "PhoneNumber": "+49 30 1234567",
    "CompanyName": "Example Corp",
}
_SECURITY_CONTACT: Final = {
    "Name": "Security desk",
    "Title": "On call",
    "EmailAddress": "security@example.com",
    "PhoneNumber": "+49 30 1234567",
}


@dataclass(frozen=True, slots=True)
class _Seeded:
    """An account of the sample: `key` None is nobody's."""

    key: str | None
    name: str
    email: str
    unit: str
    tags: Mapping[str, str] = field(default_factory=dict)


def _ours(key: str, unit: str, cost_center: str, **tags: str) -> _Seeded:
    return _Seeded(key, key, f"aws+{key}@example.com", unit, {"CostCenter": cost_center, **tags})


_SAMPLE: Final = (
    _ours("log-archive", "Security", "1000", Owner="security"),
    _ours("audit", "Security", "1000", Owner="security"),
    _ours("network", "Infrastructure", "2000", Owner="platform"),
    _ours("shared-services", "Infrastructure", "9999", Temporary="yes"),
    _ours("payments-dev", "Sandbox", "4711", Owner="payments"),
    _ours("billing", "Workloads/Prod", "4711", Owner="payments"),
    _ours("search-prod", "Workloads/Prod", "4712", Owner="search"),
    _ours("search-dev", "Sandbox", "4712", Owner="search"),
    _Seeded(None, "Legacy CRM", "crm-root@example.com", "Workloads/Prod", {"Owner": "crm"}),
    _ours("old-experiment", "Sandbox", "3000", Owner="research"),
    _Seeded(None, "marketing-poc", "marketing@example.com", "Sandbox"),
    _ours("retired-api", "Sandbox", "4712", Owner="search"),
)


class SeedError(ValueError):
    """There is no such seed."""


def sow(organization: Organization, seed: str) -> None:
    """Fill an organization that has a root and nothing else, and set up its landing zone. Raises `SeedError`."""
    sower = _sower(seed)
    organization.service_access["account.amazonaws.com"] = _JOINED
    organization.put(
        Account(
            id=MANAGEMENT_ID,
            sequence=organization.next_sequence(),
            parent_id=ROOT_ID,
            name="example-management",
            email="aws@example.com",
            state=ACTIVE,
            joined=_JOINED,
            joined_method="INVITED",
            contact_information=_ADDRESS,
        )
    )
    sower(organization)
    if organization.options.landing_zone:
        try:
            organization.landing_zone = set_up(organization, is_sample=seed == "sample")
        except SetupError as error:
            raise SeedError(str(error)) from None
        organization.catalog = stock(organization.landing_zone)
    _open_identity_center(organization, seed)
    organization.settle()


def _open_identity_center(organization: Organization, seed: str) -> None:
    """An empty organization has none, but for the one that Control Tower sets up; the first administrators have their access."""
    zone, catalog = organization.landing_zone, organization.catalog
    if seed == "empty" and zone is None:
        return
    of_control_tower = zone is not None and zone.settings.manages_access
    region = organization.options.home_region
    center = open_center(organization, region, of_control_tower=of_control_tower)
    for product in catalog.products.values() if catalog is not None and of_control_tower else ():
        center.give_administrator(str(product.physical_id), product.parameters)
    organization.identity_center = center


def _sower(seed: str) -> Callable[[Organization], None]:
    kind, _, number = seed.partition(":")
    match kind, number.isdecimal():
        case "empty", False:
            return lambda _organization: None
        case "sample", False:
            return _sow_sample
        case "accounts", True:
            return lambda organization: _sow_accounts(organization, int(number))
        case _:
            raise SeedError(f'"{seed}": there is no such seed; it is "sample", "empty" or "accounts:N".')


def _sow_units(organization: Organization) -> dict[str, str]:
    """The units by path, made as `UNITS` lists them: parents first."""
    ids = {"": ROOT_ID}
    for path in UNITS:
        parent, _, name = path.rpartition("/")
        unit = new_unit(organization.next_sequence(), ids[parent], name)
        organization.put(unit)
        ids[path] = unit.id
    return ids


def _ownership(key: str | None) -> dict[str, str]:
    return {} if key is None else {REQUEST_TAG: key, REPOSITORY_TAG: REPOSITORY}


def _sow_sample(organization: Organization) -> None:
    units = _sow_units(organization)
    for number, each in enumerate(_SAMPLE, 1):
        tags = {**each.tags, **_ownership(each.key)}
        account = _account(organization, str(210_000_000_000 + number), each, units[each.unit], tags)
        if each.key == "old-experiment":
            account = replace(account, state=SUSPENDED)
        if each.key == "audit":
            account = replace(account, alternate_contacts={"SECURITY": _SECURITY_CONTACT})
        organization.put(account)


def _sow_accounts(organization: Organization, number: int) -> None:
    units = _sow_units(organization)
    for index in range(1, number + 1):
        each = _ours(f"account-{index:05d}", UNITS[index % len(UNITS)], str(1000 + index % 50), Owner="example")
        tags = {**each.tags, **_ownership(each.key)}
        organization.put(_account(organization, str(220_000_000_000 + index), each, units[each.unit], tags))


def _account(
    organization: Organization, account_id: str, seeded: _Seeded, parent_id: str, tags: Mapping[str, str]
) -> Account:
    sequence = organization.next_sequence()
    return Account(
        id=account_id,
        sequence=sequence,
        parent_id=parent_id,
        name=seeded.name,
        email=seeded.email,
        state=ACTIVE,
        joined=_JOINED + timedelta(hours=sequence),
        tags=tags,
        was_tagged=bool(tags),
        contact_information=_ADDRESS,
    )
