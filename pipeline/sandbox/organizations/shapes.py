"""Records as the structures that Organizations answers."""

from pipeline.sandbox.organization import MANAGEMENT_ID, ORGANIZATION_ID, Call
from pipeline.sandbox.records import ACTIVE, CLOSED, PENDING_CLOSURE, SUSPENDED, Account, Creation, Fields, Unit
from pipeline.sandbox.service import Refusal
from pipeline.sandbox.store import Tables

_STATUS = {CLOSED: SUSPENDED, SUSPENDED: SUSPENDED, PENDING_CLOSURE: PENDING_CLOSURE}
"""State to the retired Status.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
"""


def arn(kind: str, resource_id: str) -> str:
    """The ARN of something in the organization.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
    """
    return f"arn:aws:organizations::{MANAGEMENT_ID}:{kind}/{ORGANIZATION_ID}/{resource_id}"


def unit_path(tables: Tables, unit_id: str) -> str:
    """`o-…/r-…/ou-…/`, as in the members `Path` and `Paths`."""
    return "/".join([ORGANIZATION_ID, *(unit.id for unit in tables.ancestors(unit_id)), ""])


def account_fields(call: Call, account: Account) -> Fields:
    known: Fields = {
        "Id": account.id,
        "Arn": arn("account", account.id),
        "Email": account.email,
        "Name": account.name,
        "JoinedMethod": account.joined_method,
        "JoinedTimestamp": account.joined,
    }
    if call.organization.options.legacy_status:
        return known | {"Status": _STATUS.get(account.state, ACTIVE)}
    return known | {"State": account.state, "Paths": [f"{unit_path(call.reads, account.parent_id)}{account.id}/"]}


def unit_fields(call: Call, unit: Unit) -> Fields:
    return {
        "Id": unit.id,
        "Arn": arn("ou", unit.id),
        "Name": unit.name,
        "Path": unit_path(call.reads, unit.id),
    }


def creation_fields(creation: Creation) -> Fields:
    known: Fields = {
        "Id": creation.id,
        "AccountName": creation.name,
        "State": creation.state,
        "RequestedTimestamp": creation.requested,
        "CompletedTimestamp": creation.completed,
        "AccountId": creation.account_id,
        "FailureReason": creation.failure_reason,
    }
    return {name: value for name, value in known.items() if value is not None}


def not_found(code: str, what: str, resource_id: str) -> Refusal:
    return Refusal(code, f'We can\'t find {what} with the id "{resource_id}".')
