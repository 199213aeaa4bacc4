"""The organization itself: mutable, and kept apart from the provisioner, so that a run may die and another take over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from pipeline.model.access import Assignment, observed_access
from pipeline.model.account import (
    OWNERSHIP_PREFIX,
    REPOSITORY_TAG,
    REQUEST_TAG,
    ROOT,
    UNOBSERVED,
    AccountSpec,
    AccountState,
    Contact,
    ContactType,
    WantedState,
)
from pipeline.model.account_settings import AWS_EBS_KEY, Setting
from pipeline.model.email_update import EmailUpdate
from pipeline.model.json import Json
from pipeline.model.observed import CreationInFlight, ObservedAccount, ObservedState, ObservedUnit
from pipeline.provisioners.memory.landing_zone import MemoryLandingZone, with_landing_zone

MANAGEMENT_ID = "111122223333"
_FIRST_ID = 300_000_000_001


_BY_DEFAULT: Final = ("eu-west-1", "us-east-1")
"""The Regions that are enabled in every account."""

_REGIONAL_AT_BIRTH: Final[Mapping[str, Callable[[str], Json]]] = {
    Setting.EBS_ENCRYPTION_BY_DEFAULT: lambda _region: False,
    Setting.EBS_ENCRYPTION_KEY: lambda _region: {"key": AWS_EBS_KEY, "aliases": [AWS_EBS_KEY]},
    Setting.IMDSV2: lambda _region: None,
    Setting.DEFAULT_VPCS: lambda region: {"id": f"vpc-{region}", "used_by": []},
}


def fresh_settings() -> dict[str, Json]:
    """What a new account has, in the form of an observation."""
    whole: dict[str, Json] = {
        Setting.ALIAS: None,
        Setting.PASSWORD_POLICY: None,
        Setting.S3_BLOCK_PUBLIC_ACCESS: False,
        Setting.CUSTOM_FIELDS: {},
    }
    regional = {name: {region: value(region) for region in _BY_DEFAULT} for name, value in _REGIONAL_AT_BIRTH.items()}
    return {**whole, **regional}


@dataclass(slots=True, kw_only=True)
class MemoryAccount:
    """`tags` holds all of them, ownership included; `settings` every setting, as it would be observed.

    `access`: every assignment, and whether it is ours.
    """

    account_id: str
    name: str
    email: str
    unit: str = ROOT
    state: AccountState = AccountState.ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    contacts: dict[ContactType, Contact] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    settings: dict[str, Json] = field(default_factory=fresh_settings)
    contact_information: dict[str, Json] = field(default_factory=dict)
    access: dict[Assignment, bool] = field(default_factory=dict)
    email_update: EmailUpdate | None = None

    @property
    def enabled_regions(self) -> tuple[str, ...]:
        return tuple(sorted({*_BY_DEFAULT, *self.regions}))

    def enable(self, region: str) -> None:
        """The Region begins with what AWS gives to every Region."""
        if region not in self.regions:
            self.regions = tuple(sorted((*self.regions, region)))
            for setting, value in _REGIONAL_AT_BIRTH.items():
                self.settings[setting] = {**cast("dict[str, Json]", self.settings[setting]), region: value(region)}

    @property
    def key(self) -> str | None:
        return self.tags.get(REQUEST_TAG)

    @property
    def repository(self) -> str | None:
        return self.tags.get(REPOSITORY_TAG)


@dataclass(slots=True, kw_only=True)
class MemoryCreation:
    """`steps_left`: how often somebody has still to ask until the account is there."""

    request_id: str
    name: str
    email: str
    tags: dict[str, str]
    steps_left: int


class MemoryOrganization:
    """Accounts by id, units, creations in flight. Not locked: the provisioner takes turns."""

    def __init__(self, *, organization_id: str = "o-memory00001", creation_steps: int = 2) -> None:
        self.organization_id = organization_id
        self.creation_steps = creation_steps
        self.units: dict[str, str] = {ROOT: "r-mem1"}
        self.accounts: dict[str, MemoryAccount] = {}
        self.creations: dict[str, MemoryCreation] = {}
        self.landing_zone: MemoryLandingZone | None = None
        self._made = 0
        self.add(MemoryAccount(account_id=MANAGEMENT_ID, name="management", email="aws@example.com"))

    @classmethod
    def of(cls, observed: ObservedState) -> "MemoryOrganization":
        """The organization that was observed; contacts, Regions and settings that were not are as at birth."""
        organization = cls(organization_id=observed.organization_id)
        organization.accounts = {each.account_id: _account(each) for each in observed.accounts}
        organization.units |= {unit.path: unit.unit_id for unit in observed.units}
        if observed.landing_zone is not None:
            organization.landing_zone = MemoryLandingZone.of(observed, observed.landing_zone)
        return organization

    def add(self, account: MemoryAccount) -> MemoryAccount:
        self.accounts[account.account_id] = account
        return account

    def add_unit(self, path: str) -> str:
        """The id of the unit, made if it is not there."""
        return self.units.setdefault(path, f"ou-mem1-{len(self.units):08d}")

    def add_creation(self, name: str, email: str, tags: Mapping[str, str]) -> MemoryCreation:
        creation = MemoryCreation(
            request_id=f"car-{self._number():08d}",
            name=name,
            email=email,
            tags=dict(tags),
            steps_left=self.creation_steps,
        )
        self.creations[creation.request_id] = creation
        return creation

    def complete(self, creation: MemoryCreation) -> MemoryAccount:
        """The creation has succeeded: the account stands in the root."""
        del self.creations[creation.request_id]
        account_id = str(_FIRST_ID + self._number())
        return self.add(
            MemoryAccount(account_id=account_id, name=creation.name, email=creation.email, tags=creation.tags)
        )

    def by_email(self, email: str) -> MemoryAccount | None:
        wanted = email.casefold()
        return next((each for each in self.accounts.values() if each.email.casefold() == wanted), None)

    def creation_of(self, email: str) -> MemoryCreation | None:
        wanted = email.casefold()
        return next((each for each in self.creations.values() if each.email.casefold() == wanted), None)

    def observed(self, read_at: str) -> ObservedState:
        seen = self._observed(read_at)
        return seen if self.landing_zone is None else with_landing_zone(seen, self.landing_zone)

    def _observed(self, read_at: str) -> ObservedState:
        return ObservedState(
            organization_id=self.organization_id,
            management_account_id=MANAGEMENT_ID,
            read_at=read_at,
            accounts=tuple(observed_account(self.accounts[each]) for each in sorted(self.accounts)),
            units=tuple(ObservedUnit(unit_id=self.units[path], path=path) for path in sorted(self.units)),
            creations=tuple(
                CreationInFlight(request_id=each.request_id, name=each.name)
                for each in sorted(self.creations.values(), key=lambda each: each.request_id)
            ),
        )

    def _number(self) -> int:
        self._made += 1
        return self._made


def observed_account(account: MemoryAccount) -> ObservedAccount:
    return ObservedAccount(
        account_id=account.account_id,
        state=account.state,
        spec=AccountSpec(
            name=account.name,
            email=account.email,
            organizational_unit=account.unit,
            state=WantedState.CLOSED if account.state.is_closing else WantedState.OPEN,
            tags=ordinary_tags(account.tags),
            contacts=UNOBSERVED,
            regions=UNOBSERVED,
            settings=UNOBSERVED,
        ),
        key=account.key,
        repository=account.repository,
        grants_access=any(account.access.values()),
    )


def ordinary_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: tags[name] for name in sorted(tags) if not name.startswith(OWNERSHIP_PREFIX)}


def _account(observed: ObservedAccount) -> MemoryAccount:
    spec = observed.spec
    ownership = {REQUEST_TAG: observed.key, REPOSITORY_TAG: observed.repository}
    tags = dict(spec.tags) if isinstance(spec.tags, Mapping) else {}
    contacts = spec.contacts if isinstance(spec.contacts, Mapping) else {}
    return MemoryAccount(
        account_id=observed.account_id,
        name=spec.name,
        email=spec.email,
        unit=spec.organizational_unit,
        state=observed.state,
        tags=tags | {name: value for name, value in ownership.items() if value is not None},
        contacts={kind: contact for kind, contact in contacts.items() if contact is not None},
        regions=tuple(spec.regions) if isinstance(spec.regions, tuple | list) else (),
        settings=fresh_settings() | (dict(spec.settings) if isinstance(spec.settings, Mapping) else {}),
        contact_information=dict(spec.contact_information) if isinstance(spec.contact_information, Mapping) else {},
        access=dict(observed_access(spec) or {}),
        email_update=observed.email_update,
    )
