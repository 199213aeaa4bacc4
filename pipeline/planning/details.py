"""What must be read of single accounts before a plan can be made: only what some request names."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipeline.model.access import Assignment, wanted_access
from pipeline.model.account import UNOBSERVED, AccountState, WantedState
from pipeline.model.account_settings import wanted_regions, wanted_settings
from pipeline.model.landing_zone import LandingZone, Mode
from pipeline.model.observed import NEW_ACCOUNTS, Details, ObservedAccount, ObservedState
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.enrollment_state import is_governed, wants_to_be_managed
from pipeline.planning.matching import Matching, match


def details_wanted(desired: DesiredState, observed: ObservedState, repository: str) -> Mapping[str, Details]:
    """What to read beyond the bulk reads, by the id of an account or a unit; those that need nothing more are left out.

    Contacts, opt-in Regions, settings and the like that a request names; access also where we have given some that no request
    names any more; what the requests of new accounts name, under `NEW_ACCOUNTS`; the tags of every account that would be
    adopted, because the bulk read of tags is eventually consistent. In a landing zone also the conditions of every enrolment, of
    accounts that the registration of their unit enrolls among them. A closed account answers no further questions and is asked
    none.
    """
    matching = match(desired, observed, repository)
    wanted: dict[str, Details] = {}
    new: set[Assignment] = set()
    for request in desired.requests:
        account = matching.accounts.get(request.key)
        if not isinstance(account, ObservedAccount):
            new.update(wanted_access(request.spec))
        elif not account.is_closed:
            details = _details(request, account, adopted=request.key in matching.adoptions)
            if details != Details():
                wanted[account.account_id] = details
    for account_id in _enrolled_by_plan(desired, observed, matching):
        wanted[account_id] = replace(wanted.get(account_id, Details()), enrollment=True)
    for account_id in _administered(desired, observed, matching):
        wanted[account_id] = replace(wanted.get(account_id, Details()), sso_user=True)
    return wanted | _controls_of(desired, observed) | ({NEW_ACCOUNTS: Details(access=frozenset(new))} if new else {})


def _enrolled_by_plan(desired: DesiredState, observed: ObservedState, matching: Matching) -> Iterator[str]:
    """Accounts that come under Control Tower: because their request says so, or with their unit."""
    zone = observed.landing_zone
    if zone is None:
        return
    governed = {unit.path for unit in desired.units if unit.register}
    managed = {
        account.account_id
        for request in desired.requests
        if isinstance(account := matching.accounts.get(request.key), ObservedAccount)
        and wants_to_be_managed(request)
        and request.spec.state is WantedState.OPEN
    }
    others = {observed.management_account_id, *zone.security_accounts}
    for each in observed.accounts:
        is_asked_for = each.account_id in managed or each.spec.organizational_unit in governed
        if is_asked_for and each.account_id not in others and _may_be_enrolled(each, zone):
            yield each.account_id


def _may_be_enrolled(account: ObservedAccount, zone: LandingZone) -> bool:
    return account.state is AccountState.ACTIVE and not account.is_closed and not is_governed(account, zone)


def _administered(desired: DesiredState, observed: ObservedState, matching: Matching) -> Iterator[str]:
    """Accounts of Account Factory whose request names the first administrator."""
    zone = observed.landing_zone
    if zone is None or zone.mode is not Mode.SERVICE_CATALOG:
        return
    for request in desired.requests:
        account = matching.accounts.get(request.key)
        is_open = request.spec.state is WantedState.OPEN and request.spec.sso_user is not UNOBSERVED
        if is_open and isinstance(account, ObservedAccount) and not account.is_closed and account.product is not None:
            yield account.account_id


def _controls_of(desired: DesiredState, observed: ObservedState) -> dict[str, Details]:
    """Of each registered unit that declares controls, by its id; of other units nobody asks."""
    declared = {unit.path: frozenset(each.control for each in unit.controls) for unit in desired.units if unit.controls}
    return {
        unit.unit_id: Details(controls=declared[unit.path])
        for unit in observed.units
        if unit.path in declared and unit.registration is not None
    }


def _details(request: AccountRequest, account: ObservedAccount, *, adopted: bool) -> Details:
    if request.spec.state is WantedState.CLOSED:
        return Details(tags=adopted)
    contacts = request.spec.contacts
    return Details(
        tags=adopted,
        contacts=frozenset(contacts) if contacts is not UNOBSERVED else frozenset(),
        regions=bool(wanted_regions(request.spec)),
        settings=frozenset(wanted_settings(request.spec)),
        access=_access(request, account),
        email=request.spec.email.lower() != account.spec.email.lower(),
        contact_information=request.spec.contact_information is not UNOBSERVED,
    )


def _access(request: AccountRequest, account: ObservedAccount) -> frozenset[Assignment] | None:
    wanted = wanted_access(request.spec)
    return frozenset(wanted) if wanted or account.grants_access else None
