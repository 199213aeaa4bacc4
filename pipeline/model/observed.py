"""What AWS says is."""

from dataclasses import dataclass, field
from typing import Final

from pipeline.model.access import Assignment, IdentityCenter
from pipeline.model.account import ROOT, AccountSpec, AccountState, ContactType, WantedState
from pipeline.model.account_settings import Setting
from pipeline.model.email_update import EmailUpdate
from pipeline.model.landing_zone import Check, Enrollment, LandingZone, Product, Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAccount:
    """An account of the organization. Its identity is the account id; names and addresses may change.

    `key` and `repository` are read from the ownership tags; both None on an account that is nobody's. `enrollment` and `product`
    are Control Tower's, None where it does not govern the account; `more_products`: further ones of the same account, of which
    there should be none; `checks` are the conditions of enrolling it, where they were asked for. `lacks_administrator`: the first
    administrator whom the product tells has been found to have no administrator's access to it. `grants_access`: it carries
    marks of assignments that we have made. `email_update` is None where no change of the address is on its way, or nobody asked.
    """

    account_id: str
    state: AccountState
    spec: AccountSpec
    key: str | None = None
    repository: str | None = None
    joined: str | None = None
    enrollment: Enrollment | None = None
    product: Product | None = None
    more_products: tuple[Product, ...] = ()
    checks: tuple[Check, ...] = ()
    lacks_administrator: bool = False
    grants_access: bool = False
    email_update: EmailUpdate | None = None

    @property
    def is_closed(self) -> bool:
        """Closed or being closed. The older `Status` calls a closed account SUSPENDED: then `spec.state` says it."""
        return self.state.is_closing or self.spec.state is WantedState.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedUnit:
    """An organizational unit or, with path `ROOT`, the root itself.

    `registration` is None where Control Tower does not govern it.
    """

    unit_id: str
    path: str
    registration: Registration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationInFlight:
    """A `CreateAccount` that is still running. AWS tells the account's name, not its e-mail address."""

    request_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedState:
    """The whole organization at one moment.

    `read_at` is ISO 8601 in UTC. It takes no part in plans: the same organization gives the same plan at any time.
    `landing_zone` is None without Control Tower. `products` are those of Account Factory that have no account of this
    organization: in progress, failed, or left over from an account that is gone. `identity_center` is None where no request
    asked for access.
    """

    organization_id: str
    management_account_id: str
    read_at: str
    accounts: tuple[ObservedAccount, ...] = ()
    units: tuple[ObservedUnit, ...] = ()
    creations: tuple[CreationInFlight, ...] = ()
    landing_zone: LandingZone | None = None
    products: tuple[Product, ...] = ()
    identity_center: IdentityCenter | None = None

    def unit_paths(self) -> frozenset[str]:
        return frozenset(unit.path for unit in self.units) | {ROOT}


NEW_ACCOUNTS: Final = ""
"""Stands for an account id where `Details` are about accounts that are not there yet: then names are looked up, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What to read of one account beyond the bulk reads, because its request names it; under a unit's id, of that unit."""

    tags: bool = False
    """Read the tags once more: the bulk read may lag, and an adoption depends on them."""
    contacts: frozenset[ContactType] = field(default_factory=frozenset)
    regions: bool = False
    settings: frozenset[Setting] = field(default_factory=frozenset)
    """Settings inside the account; each account that needs one costs a session of its own."""
    enrollment: bool = False
    """Read the conditions of enrolling it into the landing zone, from inside."""
    sso_user: bool = False
    """Read who Account Factory made its first administrator."""
    access: frozenset[Assignment] | None = None
    """Read its assignments in IAM Identity Center, and look up what these name; None for neither."""
    email: bool = False
    """Read how a change of its e-mail address is getting on."""
    contact_information: bool = False
    controls: frozenset[str] = field(default_factory=frozenset)
    """Of a unit: read the controls that are enabled on it, and the parameters of these."""
