"""What is kept about an account in memory: primary contact, change of address, access.

Every group, user and permission set that is asked for is there, but those that `MISSING` names. A code is on its way at once;
each is the digest of its address.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from pipeline.errors import PermanentServiceError
from pipeline.model.access import IdentityCenter, UnknownPrincipal, access_json, principals_of
from pipeline.model.account import AccountState
from pipeline.model.email_update import EmailStanding, EmailUpdate, email_mark
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.model.operation import Vanished
from pipeline.provisioners.memory.organization import MemoryAccount, MemoryOrganization
from pipeline.provisioners.preconditions import Look, compare
from pipeline.provisioners.upkeep_looks import look_at_information
from pipeline.provisioners.upkeep_steps import (
    AcceptEmailUpdate,
    AssignAccess,
    RemoveAccess,
    SetContactInformation,
    StartEmailUpdate,
    UpkeepStep,
)

MISSING: Final = "Nobody"
"""The name of a group, user or permission set that is not there."""

UNTIL: Final = "2026-01-02T00:00+00:00"
REGION: Final = "eu-west-1"


def observe_upkeep(
    organization: MemoryOrganization, observed: ObservedState, wanted: Mapping[str, Details]
) -> ObservedState:
    """`observed` with what is wanted in addition."""
    asked = [assignment for each in wanted.values() for assignment in each.access or ()]
    accounts = tuple(
        _completed(organization, each, wanted.get(each.account_id, Details())) for each in observed.accounts
    )
    center = IdentityCenter(
        region=REGION,
        permission_sets=tuple(sorted({each.permission_set for each in asked} - {MISSING})),
        unknown=tuple(
            UnknownPrincipal(kind=each.kind, name=each.name) for each in principals_of(asked) if each.name == MISSING
        ),
    )
    asks = any(each.access is not None for each in wanted.values())
    return replace(observed, accounts=accounts, identity_center=center if asks else observed.identity_center)


def code_for(email: str) -> str:
    """The code that is in the mailbox."""
    return email_mark(email)[:6]


def look_at_upkeep(step: UpkeepStep, account: MemoryAccount) -> Look | Vanished:
    match step:
        case SetContactInformation():
            return look_at_information(step, account.account_id, account.contact_information)
        case StartEmailUpdate():
            return _look_at_email(step, account)
        case AcceptEmailUpdate(email=email):
            return Look.DONE if account.email.lower() == email.lower() else Look.ACT
        case AssignAccess(assignment=assignment):
            is_done = account.access.get(assignment) if step.takes_over else assignment in account.access
            return Look.DONE if is_done else Look.ACT
        case RemoveAccess(assignment=assignment):
            if account.access.get(assignment) is False:
                return Vanished(reason=f'account "{account.account_id}": {step.permission_set} is not ours')
            return Look.ACT if assignment in account.access else Look.DONE
        case _:
            assert_never(step)


def change_upkeep(step: UpkeepStep, account: MemoryAccount) -> None:
    match step:
        case SetContactInformation(after=after):
            account.contact_information = dict(after)
        case StartEmailUpdate(after=email):
            mark = email_mark(email)
            account.email_update = EmailUpdate(standing=EmailStanding.WAITING, until=UNTIL, mark=mark)
        case AcceptEmailUpdate(email=email, code=code):
            if code != code_for(email):
                raise PermanentServiceError(
                    f'account "{account.account_id}": the code is wrong',
                    hint=f"look at the code again; `vend email-code {step.key} --send-again` has another one sent",
                )
            account.email, account.email_update = email, None
        case AssignAccess(assignment=assignment):
            account.access[assignment] = True
        case RemoveAccess(assignment=assignment):
            del account.access[assignment]
        case _:
            assert_never(step)


def _look_at_email(step: StartEmailUpdate, account: MemoryAccount) -> Look | Vanished:
    update = account.email_update
    if update is not None and update.is_for(step.after) and not step.again:
        return Look.DONE
    current, before = account.email.lower(), step.before.lower()
    return compare(account.account_id, "its e-mail address", current, before=before, after=step.after.lower())


def _completed(organization: MemoryOrganization, account: ObservedAccount, details: Details) -> ObservedAccount:
    here = organization.accounts.get(account.account_id)
    if here is None or account.state is not AccountState.ACTIVE:
        return account
    spec = account.spec
    if details.contact_information:
        spec = replace(spec, contact_information=dict(here.contact_information))
    if details.access is not None:
        found = sorted(here.access.items())
        spec = replace(spec, access=tuple(access_json(each, ours=ours) for each, ours in found))
    return replace(account, spec=spec, email_update=here.email_update if details.email else account.email_update)
