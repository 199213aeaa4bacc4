"""CreateAccount: asked for at once, answered later.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html (reasons for a failure)
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html (five at once)
"""

import re
from dataclasses import replace
from heapq import merge
from operator import attrgetter
from typing import Final

from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID, Call, Organization
from pipeline.sandbox.organizations.shapes import creation_fields, not_found
from pipeline.sandbox.organizations.tags import checked_tags
from pipeline.sandbox.paging import page, start_of
from pipeline.sandbox.records import ACTIVE, FAILED, IN_PROGRESS, SUCCEEDED, Account, Creation, Fields
from pipeline.sandbox.service import Refusal

CONCURRENT: Final = 5
DEFAULT_ROLE: Final = "OrganizationAccountAccessRole"

_EMAIL: Final = re.compile(r"""(?!\.)[^\s"'()<>\[\]:;,\\|%&@]+@(?=[^@]*\.)(?![-.])[A-Za-z0-9.-]+(?<![-.])""", re.ASCII)
"""What the model's pattern lets through and the documentation of `Email` forbids."""


def create_account(call: Call, parameters: Fields) -> Fields:
    role_name = parameters.get("RoleName", DEFAULT_ROLE)
    if role_name.startswith("AWSServiceRoleFor"):
        text = f'"{role_name}" is reserved for service-linked roles.'
        raise Refusal("InvalidInputException", text, Reason="INVALID_ROLE_NAME")
    tags = checked_tags(parameters.get("Tags", []), {})
    _refuse_beyond_limits(call.organization)
    sequence = call.organization.next_sequence()
    creation = Creation(
        id=f"car-{token('creation', sequence, 32)}",
        sequence=sequence,
        name=parameters["AccountName"],
        email=parameters["Email"],
        role_name=role_name,
        tags=tags,
        state=IN_PROGRESS,
        requested=call.organization.clock.now(),
    )
    failure = _failure_at_request(call.organization, creation.email)
    call.organization.put(creation)
    call.organization.later(
        call.organization.options.creation_delay, lambda at: _complete(call.organization, creation, failure, at)
    )
    return {"CreateAccountStatus": creation_fields(creation)}


def _refuse_beyond_limits(organization: Organization) -> None:
    if len(organization.creating) >= CONCURRENT:
        text = f"{CONCURRENT} account creations are in progress; wait until one of them has ended."
        raise Refusal("ConstraintViolationException", text, Reason="ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")
    if len(organization.latest.accounts) + len(organization.creating) >= organization.options.account_limit:
        text = f"The organization has {organization.options.account_limit} accounts, closed ones included, at most."
        raise Refusal("ConstraintViolationException", text, Reason="ACCOUNT_NUMBER_LIMIT_EXCEEDED")


def _failure_at_request(organization: Organization, email: str) -> str | None:
    if organization.failures:
        return organization.failures.pop(0)
    if not email.isascii() or not _EMAIL.fullmatch(email):
        return "INVALID_EMAIL"
    if any(each.email.lower() == email.lower() for each in organization.creating.values()):
        return "CONCURRENT_ACCOUNT_MODIFICATION"
    return None


def _complete(organization: Organization, creation: Creation, failure: str | None, at: float) -> None:
    moment = organization.moment(at)
    if failure is None and creation.email.lower() in organization.account_by_email:
        failure = "EMAIL_ALREADY_EXISTS"
    if failure is not None:
        organization.put(replace(creation, state=FAILED, failure_reason=failure, completed=moment), at)
        return
    management = organization.latest.accounts.get(MANAGEMENT_ID)
    account = Account(
        id=organization.next_account_id(),
        sequence=organization.next_sequence(),
        parent_id=ROOT_ID,
        name=creation.name,
        email=creation.email,
        state=ACTIVE,
        joined=moment,
        role_name=creation.role_name,
        tags=creation.tags,
        was_tagged=bool(creation.tags),
        contact_information=management.contact_information if management else None,
    )
    organization.put(account, at)
    organization.put(replace(creation, state=SUCCEEDED, account_id=account.id, completed=moment), at)


def describe_create_account_status(call: Call, parameters: Fields) -> Fields:
    """Consistent, unlike other reads: it is how a creation is followed."""
    creation = call.latest.creations.get(parameters["CreateAccountRequestId"])
    if creation is None:
        request_id = parameters["CreateAccountRequestId"]
        raise not_found("CreateAccountStatusNotFoundException", "a create account request", request_id)
    return {"CreateAccountStatus": creation_fields(creation)}


def list_create_account_status(call: Call, parameters: Fields) -> Fields:
    start = start_of(parameters, "creations")
    states = sorted(set(parameters.get("States", ()))) or [IN_PROGRESS, SUCCEEDED, FAILED]
    behind = merge(*(call.reads.creations.after(start, each) for each in states), key=attrgetter("sequence"))
    creations, rest = page(behind, parameters, "creations")
    return {"CreateAccountStatuses": [creation_fields(each) for each in creations], **rest}
