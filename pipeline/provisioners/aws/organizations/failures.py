"""Why AWS did not create an account, and what that means: one row for each reason.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Way(Enum):
    """How to go on after a failed creation."""

    ADOPT = "adopt"
    """The address is in use: take the account if it is ours."""
    JOIN = "join"
    """The same creation is under way already: wait for that one."""
    LATER = "later"
    """AWS's own fault: the next run looks first, and asks for a new creation."""
    REFUSE = "refuse"
    """This request cannot work as it is; others may."""
    PERSON = "person"
    """No creation works until a person has acted."""


@dataclass(frozen=True, slots=True)
class Failure:
    way: Way
    hint: str


_BUSINESS = "complete the business validation of the management account (China Regions), then run again"
_PAYMENT = "give the management account a valid payment method in the Billing console, then run again"

FAILURES: Final[Mapping[str, Failure]] = {
    "ACCOUNT_LIMIT_EXCEEDED": Failure(
        Way.PERSON,
        "raise the quota of accounts in Service Quotas (us-east-1), then run again; closed accounts count for 90 days",
    ),
    "EMAIL_ALREADY_EXISTS": Failure(
        Way.ADOPT,
        "choose another address: this one belongs to an account elsewhere in AWS, or to one that was closed",
    ),
    "CONCURRENT_ACCOUNT_MODIFICATION": Failure(Way.JOIN, "run again: the next run waits for the earlier creation"),
    "INTERNAL_FAILURE": Failure(
        Way.LATER, "run again in some minutes; if it stays, ask AWS Support with the request id"
    ),
    "INVALID_EMAIL": Failure(Way.REFUSE, "correct the e-mail address in the request"),
    "INVALID_ADDRESS": Failure(
        Way.PERSON, "correct the postal address of the management account: AWS copies it to new accounts"
    ),
    "GOVCLOUD_ACCOUNT_ALREADY_EXISTS": Failure(
        Way.REFUSE, "an AWS GovCloud account with this address exists: choose another address"
    ),
    "MISSING_BUSINESS_VALIDATION": Failure(Way.PERSON, _BUSINESS),
    "FAILED_BUSINESS_VALIDATION": Failure(Way.PERSON, _BUSINESS),
    "UNKNOWN_BUSINESS_VALIDATION": Failure(Way.PERSON, _BUSINESS),
    "PENDING_BUSINESS_VALIDATION": Failure(
        Way.PERSON,
        "AWS is still checking the management account's business data (China Regions); run again when it is done",
    ),
    "INVALID_IDENTITY_FOR_BUSINESS_VALIDATION": Failure(Way.PERSON, _BUSINESS),
    "IDENTITY_INVALID_BUSINESS_VALIDATION": Failure(Way.PERSON, _BUSINESS),
    "MISSING_PAYMENT_INSTRUMENT": Failure(Way.PERSON, _PAYMENT),
    "INVALID_PAYMENT_INSTRUMENT": Failure(Way.PERSON, _PAYMENT),
    "UPDATE_EXISTING_RESOURCE_POLICY_WITH_TAGS_NOT_SUPPORTED": Failure(
        Way.REFUSE, "AWS does not explain this reason: ask AWS Support with the creation's id"
    ),
}

UNKNOWN: Final = Failure(
    Way.REFUSE, "this version does not know the reason: look it up in the API reference (CreateAccountStatus)"
)


def failure_of(reason: str) -> Failure:
    return FAILURES.get(reason, UNKNOWN)
