"""What Account Factory says when it refuses or fails, as data: one row for each text.

Service Catalog tells all of it as text: of InvalidParametersException at once, or of a record's errors later. The texts are
those of https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html and of public reports of users.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.provisioners.aws.organizations.failures import FAILURES, Way

BUSY_DELAY: Final = 30.0


class Outcome(Enum):
    BUSY = "busy"
    """Something else is on its way; the same call goes through later."""
    TAKEN = "taken"
    """A product of that name is there: look again."""
    REQUEST = "request"
    """This one cannot work as it is; others may."""
    PERSON = "person"
    """None works until a person has acted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`parts` are in the text, in lower case, all of them."""

    parts: tuple[str, ...]
    outcome: Outcome
    hint: str


_LATER: Final = "run again when the other operation is done"
_GOES_ON: Final = "run again: the next run goes on with the product of that name"

TEXTS: Final[tuple[Row, ...]] = (
    Row(parts=("another aws control tower operation is in progress",), outcome=Outcome.BUSY, hint=_LATER),
    Row(parts=("another execution is in progress",), outcome=Outcome.BUSY, hint=_LATER),
    Row(parts=("another request is already in progress",), outcome=Outcome.BUSY, hint=_LATER),
    Row(parts=("resourceinuseexception",), outcome=Outcome.BUSY, hint=_LATER),
    Row(
        parts=("a stack named", "already exists"),
        outcome=Outcome.TAKEN,
        hint="run again: the next run terminates the failed product of that name first",
    ),
    Row(
        parts=("provisioned product named", "already exists"),
        outcome=Outcome.TAKEN,
        hint=_GOES_ON,
    ),
    Row(
        parts=("no launch paths found",),
        outcome=Outcome.PERSON,
        hint='associate the role with the portfolio "AWS Control Tower Account Factory Portfolio" in Service Catalog; a reset of '
        "the landing zone may have removed it",
    ),
    Row(
        parts=("parent organizational unit", "is not enrolled"),
        outcome=Outcome.REQUEST,
        hint="register the unit with Control Tower: `register: true` in _organization.yaml, or choose another unit",
    ),
    Row(
        parts=("requires a baseline update",),
        outcome=Outcome.REQUEST,
        hint="re-register the unit: with `register: true` in _organization.yaml the next plan brings it up to date",
    ),
    Row(
        parts=("could not baseline vpc",),
        outcome=Outcome.REQUEST,
        hint="delete the default VPC that was added back to the account, and what uses it, then run again; "
        "`settings: {default_vpcs: delete}` in the request deletes one that nothing uses",
    ),
    Row(
        parts=("awscontroltowerexecution",),
        outcome=Outcome.REQUEST,
        hint="create the role AWSControlTowerExecution in the account: `repair: [execution_role]` in the request does it",
    ),
    Row(
        parts=("config", "recorder"),
        outcome=Outcome.REQUEST,
        hint="delete the configuration recorder and the delivery channel of AWS Config in each governed Region, then run again",
    ),
    Row(
        parts=("suspended",),
        outcome=Outcome.REQUEST,
        hint="move suspended and closed accounts out of the unit, then run again",
    ),
    Row(
        parts=("managed by aws control tower already",),
        outcome=Outcome.REQUEST,
        hint="the account is enrolled without a product of ours: plan again",
    ),
    Row(
        parts=("state of drift",),
        outcome=Outcome.PERSON,
        hint="repair the landing zone in the Control Tower console (Landing zone settings, Reset), then run again",
    ),
    Row(
        parts=("email", "already", "use"),
        outcome=Outcome.REQUEST,
        hint="choose another address: this one belongs to an account elsewhere in AWS, or to one that was closed",
    ),
)

UNKNOWN: Final = Row(
    parts=(),
    outcome=Outcome.REQUEST,
    hint="look the text up in the troubleshooting page of the Control Tower user guide",
)


def meaning(text: str) -> Row:
    """The row that a text belongs to. Failures of Organizations, which Control Tower passes on, have their own table."""
    lower = text.lower()
    for row in TEXTS:
        if all(part in lower for part in row.parts):
            return row
    for reason, failure in FAILURES.items():
        if reason in text:
            is_for_all = failure.way is Way.PERSON
            return Row(parts=(), outcome=Outcome.PERSON if is_for_all else Outcome.REQUEST, hint=failure.hint)
    return UNKNOWN


def name_taken(text: str, where: str) -> ServiceError:
    """A product of that name is there, in whatever words."""
    return TemporaryServiceError(f"{where}: {text}", delay=BUSY_DELAY, hint=_GOES_ON)


def as_error(text: str, where: str) -> ServiceError:
    """The text as an error of ours: *where: text*."""
    row = meaning(text)
    message = f"{where}: {text}"
    match row.outcome:
        case Outcome.BUSY | Outcome.TAKEN:
            return TemporaryServiceError(message, delay=BUSY_DELAY, hint=row.hint)
        case Outcome.REQUEST:
            return PermanentServiceError(message, hint=row.hint)
        case Outcome.PERSON:
            return PermanentServiceError(message, hint=row.hint, stops_lane=True)
