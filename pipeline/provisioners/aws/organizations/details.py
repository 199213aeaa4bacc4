"""Reading, of single accounts, what no list gives: contacts, Regions, settings inside, and tags to rely on."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal, cast

from botocore.exceptions import ClientError

from pipeline.model.account import AccountState, Contact, ContactType
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.provisioners.aws.account_settings.reading import read_settings
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.members import Members
from pipeline.provisioners.aws.opt_in_regions import enabled
from pipeline.provisioners.aws.organizations.observing import THREADS
from pipeline.provisioners.aws.organizations.records import contact_of, ordinary_tags
from pipeline.provisioners.aws.organizations.tags import tags_of
from pipeline.provisioners.aws.translation import code_of, translated
from pipeline.provisioners.ownership import owner_of

ApiContactType = Literal["BILLING", "OPERATIONS", "SECURITY"]


def observe_details(
    connection: Connection, members: Members, observed: ObservedState, wanted: Mapping[str, Details]
) -> ObservedState:
    """`observed` with what is wanted in addition, read concurrently. Raises `ServiceError`.

    Contacts, Regions and settings of an account that is not active cannot be read; they stay `UNOBSERVED`, as settings do
    where the role cannot be assumed. Nobody enters the management account.
    """
    settings = read_settings(
        members,
        {
            account.account_id: details.settings
            for account in observed.accounts
            if account.state is AccountState.ACTIVE and account.account_id != observed.management_account_id
            if (details := wanted.get(account.account_id)) is not None and details.settings
        },
    )

    def completed(account: ObservedAccount) -> ObservedAccount:
        details = wanted.get(account.account_id)
        if details is None:
            return account
        # The management account must not name itself: https://docs.aws.amazon.com/accounts/latest/reference/API_GetAlternateContact.html
        own = account.account_id == observed.management_account_id
        complete = _complete(connection, account, details, {} if own else {"AccountId": account.account_id})
        inside = settings.get(account.account_id, complete.spec.settings)
        return replace(complete, spec=replace(complete.spec, settings=inside))

    with translated(), ThreadPoolExecutor(THREADS, "details") as pool:
        return replace(observed, accounts=tuple(pool.map(completed, observed.accounts)))


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
        spec = replace(spec, regions=enabled(connection, named))
    return replace(account, spec=spec)


def _with_tags(account: ObservedAccount, tags: Mapping[str, str]) -> ObservedAccount:
    owner = owner_of(tags)
    spec = replace(account.spec, tags=ordinary_tags(tags))
    return replace(account, spec=spec, key=owner.key, repository=owner.repository)
