"""`Provisioner` over an organization in memory."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import assert_never

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG, ROOT, AccountState, Contact, ContactType
from pipeline.model.change import OrganizationChange
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.model.operation import Done, Facts, Operation, Result, Vanished, Waiting
from pipeline.provisioners.expansion import expand
from pipeline.provisioners.landing_zone_steps import LandingZoneStep
from pipeline.provisioners.memory.governing import Governing
from pipeline.provisioners.memory.inside import change_inside, look_inside, settings_named
from pipeline.provisioners.memory.landing_zone import with_governed_details
from pipeline.provisioners.memory.organization import MANAGEMENT_ID, MemoryAccount, MemoryOrganization
from pipeline.provisioners.memory.upkeep import change_upkeep, look_at_upkeep, observe_upkeep
from pipeline.provisioners.ownership import Owner, owner_of
from pipeline.provisioners.preconditions import (
    Look,
    account_of,
    compare,
    compare_all,
    refuse_foreign,
    refuse_landing_zone,
    refuse_management,
)
from pipeline.provisioners.steps import (
    AccountStep,
    Claim,
    Close,
    InsideStep,
    MakeUnit,
    Move,
    OutsideStep,
    RemoveTags,
    Rename,
    RequestCreation,
    SetContact,
    SetTags,
    Step,
    WaitForCreation,
    step_of,
)
from pipeline.provisioners.upkeep_steps import UpkeepStep

NO_TIME = "2026-01-01T00:00:00+00:00"


class MemoryProvisioner:
    """Safe to use from many threads: one operation at a time.

    `failures`: for a kind of operation, what each next attempt of it raises before it does anything. `on_effect` hears the
    kind of every operation that has just changed something; an exception of it is a death after the effect.
    """

    def __init__(
        self,
        organization: MemoryOrganization,
        *,
        repository: str,
        failures: Mapping[str, Iterable[Exception]] | None = None,
        on_effect: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        self.organization = organization
        self._repository = repository
        self._failures = {kind: list(errors) for kind, errors in (failures or {}).items()}
        self._on_effect = on_effect
        self._lock = threading.RLock()

    def observe(self) -> ObservedState:
        with self._lock:
            return self.organization.observed(NO_TIME)

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        with self._lock:
            complete = replace(observed, accounts=tuple(self._complete(each, wanted) for each in observed.accounts))
            return observe_upkeep(self.organization, complete, wanted)

    def expand(self, change: OrganizationChange) -> tuple[Operation, ...]:
        zone = self.organization.landing_zone
        return expand(change, None if zone is None else zone.zone.mode)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        with self._lock:
            if self._failures.get(operation.kind):
                raise self._failures[operation.kind].pop(0)
            return self._step(step_of(operation), operation.kind, facts)

    def _complete(self, account: ObservedAccount, wanted: Mapping[str, Details]) -> ObservedAccount:
        details = wanted.get(account.account_id)
        here = self.organization.accounts.get(account.account_id)
        if details is None or here is None or account.state is not AccountState.ACTIVE:
            return account
        known = account.spec.contacts if isinstance(account.spec.contacts, Mapping) else {}
        contacts = {**known, **{kind: here.contacts.get(kind) for kind in sorted(details.contacts)}}
        spec = replace(
            account.spec,
            contacts=contacts if details.contacts else account.spec.contacts,
            regions=here.enabled_regions if details.regions else account.spec.regions,
            settings=settings_named(here, details.settings)
            if details.settings and here.account_id != MANAGEMENT_ID
            else account.spec.settings,
        )
        complete = replace(account, spec=spec)
        zone = self.organization.landing_zone
        return complete if zone is None else with_governed_details(complete, details, zone)

    def _step(self, step: Step, kind: str, facts: Facts) -> Result:
        if isinstance(step, LandingZoneStep):
            if (zone := self.organization.landing_zone) is None:
                refuse_landing_zone(step)
            return Governing(self.organization, zone, self._repository, self._on_effect).perform(step, kind, facts)
        match step:
            case MakeUnit(path=path):
                return self._make_unit(path, kind)
            case RequestCreation():
                return self._request(step, kind, facts)
            case WaitForCreation():
                return self._wait(step)
            case _:
                return self._on_account(step, kind, account_of(step, facts))

    def _make_unit(self, path: str, kind: str) -> Result:
        parent = path.rpartition("/")[0] or ROOT
        if parent not in self.organization.units:
            return Vanished(reason=f'unit "{path}": the unit above it, "{parent}", is not there')
        is_there = path in self.organization.units
        unit_id = self.organization.add_unit(path)
        if not is_there:
            self._on_effect(kind)
        return Done(message="is there already" if is_there else "created", facts={"unit_id": unit_id})

    def _request(self, step: RequestCreation, kind: str, facts: Facts) -> Result:
        if "account_id" in facts or "creation_request" in facts:
            return Done(message="already requested", facts=facts)
        if (account := self.organization.by_email(step.email)) is not None:
            return self._adopt(step, account)
        if (creation := self.organization.creation_of(step.email)) is None:
            tags = {**step.tags, REQUEST_TAG: step.key, REPOSITORY_TAG: step.repository}
            creation = self.organization.add_creation(step.name, step.email, tags)
            self._on_effect(kind)
        return Done(message="requested", facts={"creation_request": creation.request_id})

    def _wait(self, step: WaitForCreation) -> Result:
        account = self.organization.by_email(step.email)
        if account is not None:
            return self._adopt(step, account)
        creation = self.organization.creation_of(step.email)
        if creation is None:
            raise TemporaryServiceError(f'request "{step.key}": its creation is not there', hint="run again")
        if creation.steps_left > 0:
            creation.steps_left -= 1
            return Waiting(reason="the account is being created", delay=1.0)
        account = self.organization.complete(creation)
        return Done(message=f"created account {account.account_id}", facts={"account_id": account.account_id})

    def _adopt(self, step: RequestCreation | WaitForCreation, account: MemoryAccount) -> Result:
        if owner_of(account.tags) != Owner(key=step.key, repository=step.repository):
            raise PermanentServiceError(
                f'account "{account.account_id}": it has the address "{step.email}" and is not marked as request "{step.key}"',
                hint="plan again: an account that is nobody's is shown as an adoption; for another's, choose another address",
            )
        return Done(message="is there already", facts={"account_id": account.account_id})

    def _on_account(self, step: AccountStep, kind: str, account_id: str) -> Result:
        refuse_management(account_id, MANAGEMENT_ID)
        account = self.organization.accounts.get(account_id)
        if account is None:
            return Vanished(reason=f'account "{account_id}" is not in the organization')
        refuse_foreign(step, account_id, owner_of(account.tags), self._repository)
        if isinstance(step, Move) and step.after not in self.organization.units:
            return Vanished(reason=f'account "{account_id}": the unit "{step.after}" is not there')
        if isinstance(step, InsideStep):
            seen, act = look_inside(step, account), partial(change_inside, step, account)
        elif isinstance(step, UpkeepStep):
            seen, act = look_at_upkeep(step, account), partial(change_upkeep, step, account)
        else:
            seen, act = _look(step, account), partial(_act, step, account)
        if seen is Look.ACT:
            act()
            self._on_effect(kind)
        return seen if isinstance(seen, Vanished) else Done(message=kind)


def _look(step: OutsideStep, account: MemoryAccount) -> Look | Vanished:
    account_id = account.account_id
    match step:
        case Move(before=before, after=after):
            seen = compare(account_id, "its unit", account.unit, before=before, after=after)
        case Rename(before=before, after=after):
            seen = compare(account_id, "its name", account.name, before=before, after=after)
        case Claim():
            owner = owner_of(account.tags)
            seen = compare(account_id, "its ownership", owner, before=step.owner_before, after=step.owner_after)
        case SetTags(before=tags_before, after=tags_after):
            seen = compare_all(account_id, account.tags, before=tags_before, after=tags_after)
        case RemoveTags(before=tags_before):
            seen = compare_all(account_id, account.tags, before=tags_before, after=dict.fromkeys(tags_before))
        case SetContact():
            current = account.contacts.get(ContactType(step.contact_type))
            seen = compare(
                account_id,
                f"its {step.contact_type} contact",
                current,
                before=step.contact_before,
                after=step.contact_after,
            )
        case Close():
            seen = Look.DONE if account.state.is_closing else Look.ACT
        case _:
            assert_never(step)
    return seen


def _act(step: OutsideStep, account: MemoryAccount) -> None:
    match step:
        case Move(after=after):
            account.unit = after
        case Rename(after=after):
            account.name = after
        case Claim(key=key, repository=repository):
            account.tags |= {REQUEST_TAG: key, REPOSITORY_TAG: repository}
        case SetTags(after=tags):
            account.tags |= tags
        case RemoveTags(before=tags_before):
            account.tags = {name: value for name, value in account.tags.items() if name not in tags_before}
        case SetContact(contact_after=contact):
            _put(account, ContactType(step.contact_type), contact)
        case Close():
            account.state = AccountState.PENDING_CLOSURE
        case _:
            assert_never(step)


def _put(account: MemoryAccount, contact_type: ContactType, contact: Contact | None) -> None:
    if contact is None:
        account.contacts.pop(contact_type, None)
    else:
        account.contacts[contact_type] = contact
