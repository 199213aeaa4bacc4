"""What AWS says is."""

from dataclasses import dataclass, field

from pipeline.model.account import ROOT, AccountSpec, AccountState, ContactType, WantedState
from pipeline.model.account_settings import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAccount:
    """An account of the organization. Its identity is the account id; names and addresses may change.

    `key` and `repository` are read from the ownership tags; both None on an account that is nobody's.
    """

    account_id: str
    state: AccountState
    spec: AccountSpec
    key: str | None = None
    repository: str | None = None
    joined: str | None = None

    @property
    def is_closed(self) -> bool:
        """Closed or being closed. The older `Status` calls a closed account SUSPENDED: then `spec.state` says it."""
        return self.state.is_closing or self.spec.state is WantedState.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedUnit:
    """An organizational unit or, with path `ROOT`, the root itself."""

    unit_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationInFlight:
    """A `CreateAccount` that is still running. AWS tells the account's name, not its e-mail address."""

    request_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedState:
    """The whole organization at one moment.

    `read_at` is ISO 8601 in UTC. It takes no part in plans: the same organization gives the same plan at any time.
    """

    organization_id: str
    management_account_id: str
    read_at: str
    accounts: tuple[ObservedAccount, ...] = ()
    units: tuple[ObservedUnit, ...] = ()
    creations: tuple[CreationInFlight, ...] = ()

    def unit_paths(self) -> frozenset[str]:
        return frozenset(unit.path for unit in self.units) | {ROOT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What to read of one account beyond the bulk reads, because its request names it."""

    tags: bool = False
    """Read the tags once more: the bulk read may lag, and an adoption depends on them."""
    contacts: frozenset[ContactType] = field(default_factory=frozenset)
    regions: bool = False
    settings: frozenset[Setting] = field(default_factory=frozenset)
    """Settings inside the account; each account that needs one costs a session of its own."""
