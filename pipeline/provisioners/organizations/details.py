"""Reading, of single accounts, what no list gives: contacts, opt-in Regions, and tags to rely on."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from botocore.exceptions import ClientError

from pipeline.model.account import AccountState, Contact, ContactType
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.translation import code_of, translated
from pipeline.provisioners.organizations.listing import listed
from pipeline.provisioners.organizations.observing import THREADS
from pipeline.provisioners.organizations.records import contact_of, ordinary_tags
from pipeline.provisioners.organizations.tags import tags_of
from pipeline.provisioners.ownership import owner_of

if TYPE_CHECKING:
    from mypy_boto3_account.type_defs import ListRegionsRequestTypeDef

ApiContactType = Literal["BILLING", "OPERATIONS", "SECURITY"]

_OPTED_IN: "list[Literal['ENABLED', 'ENABLING']]" = ["ENABLED", "ENABLING"]
_REGIONS_A_PAGE = 50


def observe_details(connection: Connection, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
    """`observed` with what is wanted in addition, read concurrently. Raises `ServiceError`.

    Contacts and Regions of an account that is not active cannot be read; they stay `UNOBSERVED`.
    """

    def complete(account: ObservedAccount) -> ObservedAccount:
        details = wanted.get(account.account_id)
        if details is None:
            return account
        # The management account must not name itself: https://docs.aws.amazon.com/accounts/latest/reference/API_GetAlternateContact.html
        own = account.account_id == observed.management_account_id
        return _complete(connection, account, details, {} if own else {"AccountId": account.account_id})

    with translated(), ThreadPoolExecutor(THREADS, "details") as pool:
        return replace(observed, accounts=tuple(pool.map(complete, observed.accounts)))


def read_contact(connection: Connection, contact_type: ContactType, named: Mapping[str, str]) -> Contact | None:
    """One alternate contact, None if unset. `named`: `AccountId`, or nothing for the management account itself."""
    try:
        answer = connection.account.get_alternate_contact(AlternateContactType=api_type(contact_type), **named)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise
    return contact_of(answer["AlternateContact"])


def api_type(contact_type: ContactType) -> ApiContactType:
    return cast("ApiContactType", contact_type.value.upper())


def _complete(
    connection: Connection, account: ObservedAccount, details: Details, named: Mapping[str, str]
) -> ObservedAccount:
    if details.tags:
        account = _with_tags(account, tags_of(connection.organizations, account.account_id))
    if account.state is not AccountState.ACTIVE:
        return account
    spec = account.spec
    if details.contacts:
        known = dict(spec.contacts) if isinstance(spec.contacts, Mapping) else {}
        missing = sorted(details.contacts - set(known))
        spec = replace(spec, contacts=known | {each: read_contact(connection, each, named) for each in missing})
    if details.regions:
        spec = replace(spec, regions=_regions(connection, cast("ListRegionsRequestTypeDef", named)))
    return replace(account, spec=spec)


def _with_tags(account: ObservedAccount, tags: Mapping[str, str]) -> ObservedAccount:
    owner = owner_of(tags)
    spec = replace(account.spec, tags=ordinary_tags(tags))
    return replace(account, spec=spec, key=owner.key, repository=owner.repository)


def _regions(connection: Connection, named: Mapping[str, Any]) -> tuple[str, ...]:
    """The opt-in Regions that are enabled, or on their way to it."""
    found = listed(
        connection.account.list_regions,
        "Regions",
        RegionOptStatusContains=_OPTED_IN,
        MaxResults=_REGIONS_A_PAGE,
        **named,
    )
    return tuple(sorted(region["RegionName"] for region in found))
