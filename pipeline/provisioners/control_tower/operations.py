"""Operations of Control Tower on baselines and controls, followed to their end.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetBaselineOperation.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.operation import Done, Facts, Waiting
from pipeline.provisioners.control_tower.clients import found
from pipeline.provisioners.control_tower.texts import Outcome, meaning
from pipeline.provisioners.control_tower.tower import Tower

OPERATION: Final = "tower_operation"
LONGEST: Final = 3600.0
"""Seconds after which nobody waits any more for what AWS shows no end of: it speaks of minutes."""

_POLL: Final = 5.0
_NOT_IN_THIS_RUN: Final = 3600.0
"""Seconds: more than an engine waits for anything that may go through later, so the change is left to the next run."""


def bounded(waiting: Waiting, since: str, now: float, facts: Facts, *, hint: str) -> Waiting:
    """`waiting`, for an hour. `since`: the fact that keeps when it began; `now`: seconds since 1970.

    Raises `TemporaryServiceError` after that: the change is pending, with the hint, and the next run looks again.
    """
    begun = float(facts.get(since, str(now)))
    if now - begun > LONGEST:
        minutes = f"{(now - begun) / 60:.0f} minutes"
        raise TemporaryServiceError(f"{waiting.reason}, for {minutes}", delay=_NOT_IN_THIS_RUN, hint=hint)
    return replace(waiting, facts={**waiting.facts, since: str(begun)})


def operation_of(tower: Tower, operation: str, where: str) -> Done | Waiting:
    """How an operation on a baseline goes. Raises `PermanentServiceError` if it has failed."""
    answer = found(lambda: tower.clients.tower.get_baseline_operation(operationIdentifier=operation))
    return _judged(None if answer is None else answer["baselineOperation"], operation, where)


def control_operation_of(tower: Tower, operation: str, where: str) -> Done | Waiting:
    """The same for a control."""
    answer = found(lambda: tower.clients.tower.get_control_operation(operationIdentifier=operation))
    return _judged(None if answer is None else answer["controlOperation"], operation, where)


def _judged(answer: Mapping[str, Any] | None, operation: str, where: str) -> Done | Waiting:
    """An operation that AWS does not know any more has ended; how, the baseline or the control itself says."""
    status = "SUCCEEDED" if answer is None else str(answer.get("status", ""))
    if status == "SUCCEEDED":
        return Done()
    if answer is not None and status == "FAILED":
        text = str(answer.get("statusMessage") or "no reason was given")
        known = meaning(text)
        raise PermanentServiceError(
            f'{where}: {text}; operation "{operation}"', hint=known.hint, stops_lane=known.outcome is Outcome.PERSON
        )
    return Waiting(reason=f"{where}: Control Tower is at it", delay=_POLL, facts={OPERATION: operation})
