"""The attributes of an account: one catalogue for what is wanted and what is observed.

Every attribute is declared once, on `AccountSpec`, with its label, whether it may change, and where it is kept true. The
JSON Schema of a request is welded to this catalogue by a contract test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Final

from pipeline.model.json import Json

ROOT: Final = "/"
"""The path of the organization's root; every other unit is written `Workloads/Prod`, without a leading slash."""

OWNERSHIP_PREFIX: Final = "account-vending:"
"""Tags under this prefix are ours: never declared by people, never compared as ordinary tags."""

REQUEST_TAG: Final = "account-vending:request"
"""Ownership tag: the key of the request that an account belongs to."""

REPOSITORY_TAG: Final = "account-vending:repository"
"""Ownership tag: which repository of requests the key is from."""

ACCESS_TAG: Final = "account-vending:access"
"""Ownership tag: the marks of the assignments in IAM Identity Center that we have made; more of them follow in `…-2`, `…-3`."""

EMAIL_TAG: Final = "account-vending:email"
"""Ownership tag: for which address, and when, a change of the account's e-mail address was asked for."""


class Unobserved(Enum):
    """The value of an attribute that a backend cannot read, or did not read; the diff skips it."""

    UNOBSERVED = "unobserved"


UNOBSERVED: Final = Unobserved.UNOBSERVED


class AccountState(StrEnum):
    """The state of an account in its organization.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
    A state that AWS invents later is read as `UNKNOWN`: not ready, never a crash.
    """

    PENDING_ACTIVATION = "PENDING_ACTIVATION"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    PENDING_CLOSURE = "PENDING_CLOSURE"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_closing(self) -> bool:
        return self in {AccountState.PENDING_CLOSURE, AccountState.CLOSED}


class WantedState(StrEnum):
    """What a request asks for: an account to use, or an account to close."""

    OPEN = "open"
    CLOSED = "closed"


class ContactType(StrEnum):
    """Alternate contacts of an account (Account Management API)."""

    BILLING = "billing"
    OPERATIONS = "operations"
    SECURITY = "security"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    name: str
    title: str
    email: str
    phone: str


class Mutability(StrEnum):
    FREE = "free"
    """Changed whenever it differs."""
    GUARDED = "guarded"
    """Changed unless a guard holds the change back."""
    FIXED = "fixed"
    """Never changed by us; a difference is a hold or a finding."""


class Reach(StrEnum):
    """Where an attribute is kept true."""

    APPLIED = "applied"
    """In AWS: observed, compared, changed."""
    RECORDED = "recorded"
    """In git only: read by people, reports and rules."""
    CARRIED = "carried"
    """Accepted and carried; `plan` reports it as not yet applied by this version."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What the catalogue says of one attribute."""

    name: str
    label: str
    mutability: Mutability
    reach: Reach


def _attribute(label: str, mutability: Mutability, reach: Reach, default: Any = ...) -> Any:
    metadata = {"attribute": (label, mutability, reach)}
    if default is ...:
        return field(metadata=metadata)
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSpec:
    """Every attribute of an account: wanted by a request, or observed in AWS.

    Mappings and sequences are read-only by agreement (nobody above builds one to change it). An attribute that was not
    observed is `UNOBSERVED`; in a request it asks for nothing. Opt-in Regions are enabled when they are asked for, and never
    disabled. `settings` are in the form of `account_settings`: as the request says them, or as they are observed, and then
    only those that the request names.
    """

    name: str = _attribute("name", Mutability.GUARDED, Reach.APPLIED)
    email: str = _attribute("e-mail", Mutability.GUARDED, Reach.APPLIED)
    organizational_unit: str = _attribute("unit", Mutability.GUARDED, Reach.APPLIED)
    state: WantedState = _attribute("state", Mutability.GUARDED, Reach.APPLIED, WantedState.OPEN)
    tags: Mapping[str, str] | Unobserved = _attribute("tag", Mutability.FREE, Reach.APPLIED, dict)
    contacts: Mapping[ContactType, Contact | None] | Unobserved = _attribute(
        "contact", Mutability.FREE, Reach.APPLIED, dict
    )
    owner: str | None = _attribute("owner", Mutability.FREE, Reach.RECORDED, None)
    purpose: str | None = _attribute("purpose", Mutability.FREE, Reach.RECORDED, None)
    expires: str | None = _attribute("expires", Mutability.FREE, Reach.RECORDED, None)
    protected: bool = _attribute("protected", Mutability.FREE, Reach.RECORDED, default=False)
    regions: Sequence[str] | Unobserved = _attribute("opt-in Regions", Mutability.FREE, Reach.APPLIED, UNOBSERVED)
    managed: bool | Unobserved = _attribute("managed by Control Tower", Mutability.GUARDED, Reach.CARRIED, UNOBSERVED)
    contact_information: Mapping[str, Json] | Unobserved = _attribute(
        "contact information", Mutability.FREE, Reach.APPLIED, UNOBSERVED
    )
    sso_user: Mapping[str, Json] | Unobserved = _attribute("SSO user", Mutability.GUARDED, Reach.CARRIED, UNOBSERVED)
    access: Sequence[Mapping[str, Json]] | Unobserved = _attribute("access", Mutability.FREE, Reach.APPLIED, UNOBSERVED)
    settings: Mapping[str, Json] | Unobserved = _attribute("settings", Mutability.FREE, Reach.APPLIED, UNOBSERVED)
    customizations: Sequence[Mapping[str, Json]] = _attribute("customizations", Mutability.FREE, Reach.APPLIED, ())
    custom_fields: Mapping[str, Json] = _attribute("custom fields", Mutability.FREE, Reach.RECORDED, dict)


@cache
def catalogue() -> tuple[Attribute, ...]:
    """Every attribute of an account, in the order of declaration."""
    return tuple(Attribute(each.name, *each.metadata["attribute"]) for each in fields(AccountSpec))
