"""AWS's records of accounts, in our words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.model.account import (
    ACCESS_TAG,
    OWNERSHIP_PREFIX,
    UNOBSERVED,
    AccountSpec,
    AccountState,
    Contact,
    WantedState,
)
from pipeline.model.observed import ObservedAccount
from pipeline.provisioners.ownership import owner_of

if TYPE_CHECKING:
    from mypy_boto3_account.type_defs import AlternateContactTypeDef
    from mypy_boto3_organizations.type_defs import AccountTypeDef

_AWS_PREFIX = "aws:"


def observed_account(account: "AccountTypeDef", unit: str, tags: Mapping[str, str]) -> ObservedAccount:
    joined = account.get("JoinedTimestamp")
    owner = owner_of(tags)
    return ObservedAccount(
        account_id=account["Id"],
        state=state_of(account),
        spec=AccountSpec(
            name=account.get("Name", ""),
            email=account.get("Email", ""),
            organizational_unit=unit,
            state=WantedState.CLOSED if is_closed(account) else WantedState.OPEN,
            tags=ordinary_tags(tags),
            contacts=UNOBSERVED,
            regions=UNOBSERVED,
        ),
        key=owner.key,
        repository=owner.repository,
        joined=joined.isoformat() if joined else None,
        grants_access=any(name.startswith(ACCESS_TAG) for name in tags),
    )


def ordinary_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that people may declare: without ours, without AWS's own."""
    return {name: tags[name] for name in sorted(tags) if not name.startswith((OWNERSHIP_PREFIX, _AWS_PREFIX))}


def state_of(account: "AccountTypeDef") -> AccountState:
    """The state by `State`, or by the older `Status` where a server sends only that."""
    try:
        return AccountState(account.get("State") or account.get("Status") or "")
    except ValueError:
        return AccountState.UNKNOWN


def is_closed(account: "AccountTypeDef") -> bool:
    """Whether the account is closed or being closed.

    The older `Status` says SUSPENDED for a closed account and for a restricted one alike. It is read as closed: nobody
    closes it twice, and a request that wants it open is held until a person has looked.
    """
    if account.get("State"):
        return state_of(account).is_closing
    return state_of(account) in {AccountState.PENDING_CLOSURE, AccountState.SUSPENDED}


def parent_of(account: "AccountTypeDef") -> str | None:
    """The id of the unit or root that holds the account: the last but one part of `o-…/r-…/ou-…/ACCOUNT/`."""
    paths = account.get("Paths") or []
    parts = paths[0].strip("/").split("/") if paths else []
    return parts[-2] if len(parts) > 1 else None


def contact_of(contact: "AlternateContactTypeDef") -> Contact:
    return Contact(
        name=contact.get("Name", ""),
        title=contact.get("Title", ""),
        email=contact.get("EmailAddress", ""),
        phone=contact.get("PhoneNumber", ""),
    )
