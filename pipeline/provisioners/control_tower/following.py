"""Following a record of Service Catalog to its end.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeRecord.html
"""

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.operation import Facts, Waiting
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.products import Record
from pipeline.provisioners.control_tower.texts import BUSY_DELAY, Outcome, as_error, meaning, name_taken

RECORD: Final = "product_record"
POLLS: Final = "product_polls"

LONGEST: Final = 3600.0
"""Seconds after which AWS says to terminate and try again.

https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html
"""

_FIRST_POLL: Final = 5.0
_POLL_GROWTH: Final = 1.4
_LONGEST_POLL: Final = 15.0
_TAKEN: Final = "DuplicateResourceException"
_BY_TEXT: Final = frozenset({"InvalidParametersException", "ResourceNotFoundException", _TAKEN})
_BUSY: Final = frozenset({"ResourceInUseException", "InvalidStateException"})


def poll_delay(polls: int) -> float:
    """Seconds until the next look at a record: 5 at first, 15 at most; Control Tower takes tens of minutes."""
    return min(_FIRST_POLL * _POLL_GROWTH ** min(polls, 10), _LONGEST_POLL)


def waiting(reason: str, facts: Facts, more: Mapping[str, str] | None = None) -> Waiting:
    """Look again, each time a little later."""
    polls = int(facts.get(POLLS, "0"))
    return Waiting(reason=reason, delay=poll_delay(polls), facts={**(more or {}), POLLS: str(polls + 1)})


def still_going(record: Record, where: str, now: float, facts: Facts) -> Waiting:
    """A record that has not ended. `now`: seconds since 1970. Raises `PermanentServiceError` for one that is too old."""
    age = 0.0 if record.created is None else now - record.created.timestamp()
    if age > LONGEST:
        raise PermanentServiceError(
            f'{where}: Control Tower has been at it for {age / 60:.0f} minutes; record "{record.record_id}"',
            hint="terminate the provisioned product in Service Catalog, check that the account is in the root, then run again",
        )
    reason = (
        "Control Tower is at it" if record.status != "IN_PROGRESS_IN_ERROR" else "Control Tower is tidying up a failure"
    )
    return waiting(reason, facts, {RECORD: record.record_id})


def refused(error: ClientError, where: str) -> Waiting:
    """A refusal of Service Catalog: busy is waited for. Raises others in our words, or as the SDK did if the code says it all."""
    code, text = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    if code in _BUSY:
        return Waiting(reason=text or code, delay=BUSY_DELAY)
    if code not in _BY_TEXT:
        raise error
    if meaning(text).outcome is Outcome.BUSY:
        return Waiting(reason=text, delay=BUSY_DELAY)
    raise (name_taken(text, where) if code == _TAKEN else as_error(text, where)) from error


def failure(record: Record, where: str) -> PermanentServiceError:
    """Why a record has failed. This record has ended, so asking it again helps nobody: the next run begins another."""
    text = "; ".join(record.errors) or "no reason was given"
    known = meaning(text)
    return PermanentServiceError(
        f'{where}: {text}; record "{record.record_id}"', hint=known.hint, stops_lane=known.outcome is Outcome.PERSON
    )
