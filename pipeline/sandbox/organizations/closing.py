"""CloseAccount: accepted at once, done later, and not too often.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html (3 at once; in 30 days the higher of
250 and 20 % of the member accounts, at most 1,000)
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from pipeline.sandbox.organization import MANAGEMENT_ID, Call, Organization
from pipeline.sandbox.organizations.accounts import existing
from pipeline.sandbox.records import ACTIVE, CLOSED, PENDING_CLOSURE, Fields
from pipeline.sandbox.service import Refusal

CONCURRENT: Final = 3
WINDOW: Final = timedelta(days=30)


def quota(members: int) -> int:
    """How many accounts may be closed within 30 days."""
    return min(max(250, members // 5), 1_000)


def close_account(call: Call, parameters: Fields) -> Fields:
    organization = call.organization
    account = existing(call, parameters["AccountId"])
    if account.id == MANAGEMENT_ID:
        raise _violation("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "The management account cannot be closed.")
    if account.state == CLOSED:
        raise Refusal("AccountAlreadyClosedException", f'The account "{account.id}" is closed already.')
    if account.state != ACTIVE:
        raise Refusal("ConflictException", f'The account "{account.id}" is {account.state}.')
    _refuse_beyond_limits(organization)
    organization.closures.append(organization.clock.now())
    organization.put(replace(account, state=PENDING_CLOSURE))
    organization.later(organization.options.closing_delay, lambda at: _complete(organization, account.id, at))
    return {}


def _refuse_beyond_limits(organization: Organization) -> None:
    if len(organization.closing) >= CONCURRENT:
        text = f"{CONCURRENT} accounts are being closed; wait until one of them is."
        raise _violation("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", text)
    since = organization.clock.now() - WINDOW
    organization.closures = [each for each in organization.closures if each > since]
    if len(organization.closures) >= (most := quota(len(organization.latest.accounts) - 1)):
        text = f"{most} accounts were closed within {WINDOW.days} days; no more can be."
        raise _violation("CLOSE_ACCOUNT_QUOTA_EXCEEDED", text)


def _violation(reason: str, text: str) -> Refusal:
    return Refusal("ConstraintViolationException", text, Reason=reason)


def _complete(organization: Organization, account_id: str, at: float) -> None:
    account = organization.latest.accounts.get(account_id)
    if account is not None:
        organization.put(replace(account, state=CLOSED), at)
