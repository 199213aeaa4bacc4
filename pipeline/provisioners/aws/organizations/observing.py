"""Reading the whole organization in the fewest calls that AWS allows.

For N accounts and U units: ceil(N/20) calls for the accounts, 1 + U (and one more per 20 children of a unit) for the units,
ceil(N/100) for the tags, and three for the organization, its root and the creations in flight.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import TemporaryServiceError
from pipeline.model.observed import CreationInFlight, ObservedState, ObservedUnit
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.listing import PAGE, listed
from pipeline.provisioners.aws.organizations.organization import Organization
from pipeline.provisioners.aws.organizations.records import observed_account, parent_of
from pipeline.provisioners.aws.organizations.tags import AccountTags, bulk_tags, tags_one_by_one
from pipeline.provisioners.aws.organizations.units import walk
from pipeline.provisioners.aws.translation import translated

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef

THREADS: Final = 12
"""Reads at the same time: enough to reach the documented rates at the latency of AWS."""


def observe(organization: Organization) -> ObservedState:
    """The whole organization at one moment. Raises `ServiceError`."""
    connection = organization.connection
    read_at = connection.clock.now().isoformat()
    with translated(), ThreadPoolExecutor(THREADS, "observe") as pool:
        identity = organization.identity
        listing = pool.submit(list_accounts, connection)
        tagging = pool.submit(bulk_tags, connection.tagging)
        flying = pool.submit(creations_in_flight, connection)
        units = walk(connection.organizations, organization.root, pool)
        accounts = listing.result()
        tags = _tags(connection, tagging.result(), accounts, pool)
        places, units = _places(connection, accounts, units, pool)
        creations = flying.result()
    organization.units.remember(units)
    return ObservedState(
        organization_id=identity.organization_id,
        management_account_id=identity.management_account_id,
        read_at=read_at,
        accounts=tuple(
            observed_account(each, places[each["Id"]], tags.get(each["Id"], {}))
            for each in sorted(accounts, key=lambda each: each["Id"])
        ),
        units=tuple(sorted(units, key=lambda unit: unit.path)),
        creations=tuple(sorted(creations, key=lambda each: each.request_id)),
    )


def list_accounts(connection: Connection) -> "list[AccountTypeDef]":
    """Every account of the organization, the management account and closed ones included."""
    return listed(connection.organizations.list_accounts, "Accounts", MaxResults=PAGE)


def creations_in_flight(connection: Connection) -> list[CreationInFlight]:
    found = listed(
        connection.organizations.list_create_account_status,
        "CreateAccountStatuses",
        States=["IN_PROGRESS"],
        MaxResults=PAGE,
    )
    return [CreationInFlight(request_id=each["Id"], name=each.get("AccountName", "")) for each in found]


def _tags(
    connection: Connection, in_bulk: AccountTags | None, accounts: "Sequence[AccountTypeDef]", pool: Executor
) -> AccountTags:
    if in_bulk is not None:
        return in_bulk
    return tags_one_by_one(connection.organizations, (each["Id"] for each in accounts), pool)


def _places(
    connection: Connection, accounts: "Sequence[AccountTypeDef]", units: list[ObservedUnit], pool: Executor
) -> tuple[Mapping[str, str], list[ObservedUnit]]:
    """The path of the unit of each account, and the units; these are walked again if an account is in an unknown one."""
    parents: dict[str, Any] = {each["Id"]: parent_of(each) for each in accounts}
    if None in parents.values():
        parents |= _parents_by_walking(connection, units, pool)
    if not set(parents.values()) <= {unit.unit_id for unit in units}:
        units = walk(connection.organizations, units[0], pool)
    paths = {unit.unit_id: unit.path for unit in units}
    lost = sorted(account_id for account_id, parent in parents.items() if parent not in paths)
    if lost:
        raise TemporaryServiceError(
            f'account "{lost[0]}": its unit cannot be found; the organization is being changed',
            delay=10.0,
            hint="run again",
        )
    return {account_id: paths[parent] for account_id, parent in parents.items()}, units


def _parents_by_walking(connection: Connection, units: Sequence[ObservedUnit], pool: Executor) -> dict[str, str]:
    """The parent of each account where the server does not tell it with the account: one call for each unit and page."""

    def held_by(unit: ObservedUnit) -> list[str]:
        call = connection.organizations.list_accounts_for_parent
        return [each["Id"] for each in listed(call, "Accounts", ParentId=unit.unit_id, MaxResults=PAGE)]

    held = zip(units, pool.map(held_by, units), strict=True)
    return {account_id: unit.unit_id for unit, ids in held for account_id in ids}
