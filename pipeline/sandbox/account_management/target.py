"""Which account a call of Account Management is about, and who may make it.

https://docs.aws.amazon.com/accounts/latest/reference/using-orgs-trusted-access.html
https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html (AccountId)
"""

from typing import Final

from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.records import ACTIVE, Account, Fields
from pipeline.sandbox.service import Refusal

TRUSTED: Final = "account.amazonaws.com"


def latest_target(call: Call, parameters: Fields) -> Account:
    """The account as it is now, for a write."""
    return _allowed(call, parameters, call.latest.accounts.get(_named(call, parameters)))


def visible_target(call: Call, parameters: Fields) -> Account:
    """The account as a reader sees it."""
    return _allowed(call, parameters, call.reads.accounts.get(_named(call, parameters)))


def _named(call: Call, parameters: Fields) -> str:
    account_id: str = parameters.get("AccountId", call.caller)
    return account_id


def _allowed(call: Call, parameters: Fields, account: Account | None) -> Account:
    if "AccountId" in parameters:
        delegated = TRUSTED in call.organization.delegations.get(call.caller, {})
        if call.caller != MANAGEMENT_ID and not delegated:
            raise denied("Only the management account or a delegated administrator names an AccountId.")
        if parameters["AccountId"] == MANAGEMENT_ID:
            raise denied("The management account is not named by its AccountId; leave it out.")
        if TRUSTED not in call.organization.service_access:
            raise denied(f'Trusted access for "{TRUSTED}" is not enabled in the organization.')
    if account is None:
        raise denied(f'The account "{_named(call, parameters)}" is not in the organization.')
    if account.state != ACTIVE:
        raise denied(f'The account "{account.id}" is {account.state}.')
    return account


def denied(text: str) -> Refusal:
    return Refusal("AccessDeniedException", f"You are not authorized to perform this action. {text}")


def invalid(text: str, *fields: str, reason: str = "fieldValidationFailed") -> Refusal:
    """A ValidationException, with the fields that are at fault."""
    listed = [{"name": each, "message": text} for each in fields]
    return Refusal("ValidationException", text, reason=reason, fieldList=listed)


def conflict(text: str) -> Refusal:
    return Refusal("ConflictException", text)


def unset(text: str) -> Refusal:
    return Refusal("ResourceNotFoundException", text)
