"""What AWS's errors mean to us, as data: code, reason, kind, remedy.

Sources: the errors that botocore's models name for each operation, and
https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html. A reason is the member `Reason` of the error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    THROTTLED = "throttled"
    """Too many requests; later."""
    BUSY = "busy"
    """Another operation is on its way; wait for it."""
    SERVER = "server"
    """AWS's own fault; later, after another look."""
    GONE = "gone"
    """What the call names is not there: look again and plan again."""
    REQUEST = "request"
    """This call cannot work as it is; others may."""
    PERSON = "person"
    """A quota or a prerequisite: a person has to act, and the like will fail too."""
    SETUP = "setup"
    """Wrong account, Region, role or credentials: nothing will work."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """`delay`: seconds until another try makes sense."""

    kind: Kind
    hint: str = ""
    delay: float = 0.0


_CREDENTIALS = Meaning(
    Kind.SETUP,
    "renew the credentials of the management account (sign in again, or check the CI job's role), then run again",
)
_ACCESS = Meaning(Kind.REQUEST, "allow the call in the policy of the role, or in the service control policies above it")
_TOWER_ACCESS = Meaning(
    Kind.SETUP,
    "allow the call in the policy of the role; Control Tower answers in the management account only, and in the landing zone's "
    "home Region (organization.home_region)",
)
_PAYMENT = Meaning(
    Kind.PERSON, "a person has to complete payment and contact data of the management account in the Billing console"
)

THROTTLING_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)

BY_CODE: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(
        THROTTLING_CODES, Meaning(Kind.THROTTLED, "run again later; other tools may be using the same rate", 5.0)
    ),
    "ConcurrentModificationException": Meaning(Kind.BUSY, "run again when the other change is done", 2.0),
    "ConflictException": Meaning(Kind.BUSY, "run again when the other change is done", 10.0),
    "PolicyChangesInProgressException": Meaning(Kind.BUSY, "run again when the policy change is done", 10.0),
    "FinalizingOrganizationException": Meaning(
        Kind.BUSY, "AWS is still setting the organization up; run again in an hour", 60.0
    ),
    "ResourceInUseException": Meaning(Kind.BUSY, "run again when the other operation is done", 30.0),
    "InvalidStateException": Meaning(Kind.BUSY, "run again when the other operation is done", 30.0),
    "DuplicateResourceException": Meaning(Kind.BUSY, "run again: the next run goes on with what is there", 5.0),
    "DependencyViolation": Meaning(
        Kind.BUSY, "see what else is in the VPC (an endpoint, a peering, a VPN), and remove it; then run again", 5.0
    ),
    "PendingVerification": Meaning(Kind.BUSY, "AWS is still activating the account; run again later", 30.0),
    "EntityTemporarilyUnmodifiable": Meaning(Kind.BUSY, "run again when the other change is done", 5.0),
    "ConcurrentModification": Meaning(Kind.BUSY, "run again when the other change is done", 2.0),
    "ServiceFailure": Meaning(Kind.SERVER, "run again", 5.0),
    "ServiceException": Meaning(Kind.SERVER, "run again", 5.0),
    "InternalServerException": Meaning(Kind.SERVER, "run again", 5.0),
    "InternalServiceException": Meaning(Kind.SERVER, "run again", 5.0),
    "InternalFailure": Meaning(Kind.SERVER, "run again", 5.0),
    "InternalError": Meaning(Kind.SERVER, "run again", 5.0),
    "ServiceUnavailable": Meaning(Kind.SERVER, "run again", 5.0),
    "RequestTimeout": Meaning(Kind.SERVER, "run again", 5.0),
    "RequestTimeoutException": Meaning(Kind.SERVER, "run again", 5.0),
    "IDPCommunicationError": Meaning(Kind.SERVER, "run again", 5.0),
    "AccountNotFoundException": Meaning(Kind.GONE),
    "ChildNotFoundException": Meaning(Kind.GONE),
    "CreateAccountStatusNotFoundException": Meaning(Kind.GONE),
    "DestinationParentNotFoundException": Meaning(Kind.GONE),
    "OrganizationalUnitNotFoundException": Meaning(Kind.GONE),
    "ParentNotFoundException": Meaning(Kind.GONE),
    "ResourceNotFoundException": Meaning(Kind.GONE),
    "RootNotFoundException": Meaning(Kind.GONE),
    "SourceParentNotFoundException": Meaning(Kind.GONE),
    "TargetNotFoundException": Meaning(Kind.GONE),
    "AccessDenied": _ACCESS,
    "AccessDeniedException": _ACCESS,
    "AccessDeniedForDependencyException": _ACCESS,
    "UnauthorizedOperation": _ACCESS,
    "InvalidInputException": Meaning(Kind.REQUEST, "correct the value in the request that the message names"),
    "InvalidParameterException": Meaning(Kind.REQUEST, "correct the value in the request that the message names"),
    "InvalidParametersException": Meaning(Kind.REQUEST, "correct the value in the request that the message names"),
    "ValidationException": Meaning(Kind.REQUEST, "correct the value in the request that the message names"),
    "ConstraintViolationException": Meaning(Kind.REQUEST, "see the reason; a quota may be raised in Service Quotas"),
    "AWSOrganizationsNotInUseException": Meaning(
        Kind.SETUP, "use credentials of the management account of the organization that vending.yaml names"
    ),
    "UnsupportedAPIEndpointException": Meaning(
        Kind.SETUP, "set organization.home_region to a Region of the right partition"
    ),
    "OptInRequired": Meaning(Kind.SETUP, "sign the account up for the service"),
    "RegionDisabledException": Meaning(Kind.SETUP, "activate the Region for STS, or use another home_region"),
    "ExpiredToken": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
    "RequestExpired": Meaning(Kind.SETUP, "set the clock of this machine, renew the credentials, then run again"),
    "SignatureDoesNotMatch": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
    "IncompleteSignature": _CREDENTIALS,
    "MissingAuthenticationToken": _CREDENTIALS,
    "MissingAuthenticationTokenException": _CREDENTIALS,
    "InvalidIdentityToken": _CREDENTIALS,
    "IDPRejectedClaim": _CREDENTIALS,
    "AuthFailure": _CREDENTIALS,
}

BY_REASON: Final[Mapping[tuple[str, str], Meaning]] = {
    ("ConstraintViolationException", "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"): Meaning(
        Kind.BUSY, "AWS creates five accounts at once; run again when the others are done", 15.0
    ),
    ("ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED"): Meaning(
        Kind.PERSON,
        "raise the quota of accounts in Service Quotas (us-east-1), then run again; closed accounts count for 90 days, and "
        "in a new organization an hour's wait may help",
    ),
    ("ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED"): Meaning(
        Kind.PERSON, "AWS closes only a share of the accounts within 30 days; run again another day"
    ),
    ("ConstraintViolationException", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED"): Meaning(
        Kind.BUSY, "AWS closes three accounts at once; run again when the others are done", 30.0
    ),
    ("ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT"): Meaning(
        Kind.REQUEST, "the management account is never closed: take the request back"
    ),
    ("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED"): Meaning(
        Kind.REQUEST, "AWS keeps 50 tags per account, and some are ours: remove others"
    ),
    ("ConstraintViolationException", "TAG_POLICY_VIOLATION"): Meaning(
        Kind.REQUEST, "give the tag a value that the organization's tag policy allows"
    ),
    ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED"): Meaning(
        Kind.REQUEST, "units nest five deep: declare it higher"
    ),
    ("ConstraintViolationException", "OU_NUMBER_LIMIT_EXCEEDED"): Meaning(
        Kind.PERSON, "the organization has as many units as AWS allows: delete unused ones"
    ),
    ("ConstraintViolationException", "MASTER_ACCOUNT_ADDRESS_DOES_NOT_MATCH_MARKETPLACE"): _PAYMENT,
    ("ConstraintViolationException", "MASTER_ACCOUNT_MISSING_CONTACT_INFO"): _PAYMENT,
    ("ConstraintViolationException", "MASTER_ACCOUNT_MISSING_BUSINESS_LICENSE"): _PAYMENT,
    ("ConstraintViolationException", "MASTER_ACCOUNT_PAYMENT_INSTRUMENT_REQUIRED"): _PAYMENT,
    ("ConstraintViolationException", "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED"): _PAYMENT,
    ("ConstraintViolationException", "UNMET_BILLING_PREREQUISITE"): _PAYMENT,
    ("ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED"): Meaning(
        Kind.SETUP, "enable trusted access for the service in AWS Organizations"
    ),
    ("ConstraintViolationException", "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE"): Meaning(
        Kind.SETUP, "enable all features in AWS Organizations"
    ),
}

BY_CALL: Final[Mapping[tuple[str, str], Meaning]] = {
    **dict.fromkeys(
        (
            (operation, "AccessDeniedException")
            for operation in ("ListLandingZones", "GetLandingZone", "ListBaselines", "ListEnabledBaselines")
        ),
        _TOWER_ACCESS,
    ),
    **dict.fromkeys(
        (
            (operation, "ValidationException")
            for operation in ("EnableBaseline", "UpdateEnabledBaseline", "ResetEnabledBaseline")
        ),
        Meaning(
            Kind.REQUEST,
            "the unit above has to be registered and up to date, the version has to go with the landing zone, and the unit must "
            "not be the Security unit, and the landing zone not drifted: see the message",
        ),
    ),
    **dict.fromkeys(
        (
            (operation, "ServiceQuotaExceededException")
            for operation in ("EnableBaseline", "UpdateEnabledBaseline", "ResetEnabledBaseline")
        ),
        Meaning(Kind.REQUEST, "Control Tower registers units of at most 1,000 accounts: move some to another unit"),
    ),
    **dict.fromkeys(
        (
            (operation, "ServiceQuotaExceededException")
            for operation in ("EnableControl", "UpdateEnabledControl", "ResetEnabledControl", "DisableControl")
        ),
        Meaning(Kind.BUSY, "Control Tower queues 100 operations on controls; run again when some are done", 60.0),
    ),
    **dict.fromkeys(
        (("StartPrimaryEmailUpdate", "ConflictException"), ("AcceptPrimaryEmailUpdate", "ConflictException")),
        Meaning(Kind.REQUEST, "an account of AWS has that address, now or once: choose another one in the request"),
    ),
    ("AcceptPrimaryEmailUpdate", "ValidationException"): Meaning(
        Kind.REQUEST, "look at the code again, or have another one sent"
    ),
    ("AcceptPrimaryEmailUpdate", "ResourceNotFoundException"): Meaning(
        Kind.REQUEST, "nobody waits for a code: plan again, or have another one sent"
    ),
    ("CreateAccountAssignment", "ServiceQuotaExceededException"): Meaning(
        Kind.PERSON, "raise the quota of IAM Identity Center in Service Quotas"
    ),
    ("AssumeRole", "AccessDenied"): Meaning(
        Kind.SETUP,
        "let the role that vending.yaml names trust these credentials, and let them call sts:AssumeRole on it; a role that "
        "was just made takes some minutes to be known",
    ),
    ("LookupEvents", "OperationNotPermittedException"): _ACCESS,
    ("LookupEvents", "UnsupportedOperationException"): Meaning(
        Kind.REQUEST, "CloudTrail keeps no events here: write `drift: {who: false}` in vending.yaml"
    ),
    **dict.fromkeys(
        (
            ("LookupEvents", "InvalidEventCategoryException"),
            ("LookupEvents", "InvalidLookupAttributesException"),
            ("LookupEvents", "InvalidMaxResultsException"),
            ("LookupEvents", "InvalidNextTokenException"),
            ("LookupEvents", "InvalidTimeRangeException"),
        ),
        Meaning(Kind.REQUEST, "write `drift: {who: false}` in vending.yaml, and report this"),
    ),
    **dict.fromkeys(
        (
            ("GetAlternateContact", "AccessDeniedException"),
            ("PutAlternateContact", "AccessDeniedException"),
            ("DeleteAlternateContact", "AccessDeniedException"),
            ("PutAccountName", "AccessDeniedException"),
            ("GetContactInformation", "AccessDeniedException"),
            ("PutContactInformation", "AccessDeniedException"),
            ("StartPrimaryEmailUpdate", "AccessDeniedException"),
            ("AcceptPrimaryEmailUpdate", "AccessDeniedException"),
            ("GetPrimaryEmailUpdateStatus", "AccessDeniedException"),
            ("ListRegions", "AccessDeniedException"),
            ("EnableRegion", "AccessDeniedException"),
        ),
        Meaning(
            Kind.REQUEST,
            "enable trusted access for account.amazonaws.com in AWS Organizations, and allow the call in the policy of the role",
        ),
    ),
}


def meaning_of(operation: str, code: str, reason: str | None) -> Meaning | None:
    """The most exact meaning that is known; None for an error that this version does not know."""
    return BY_CALL.get((operation, code)) or BY_REASON.get((code, reason or "")) or BY_CODE.get(code)
