"""Accounts come under Control Tower through their unit, and leave it through the root.

https://docs.aws.amazon.com/controltower/latest/userguide/account-auto-enrollment.html
"""

from typing import Final

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT
from pipeline.model.landing_zone import Standing
from pipeline.model.operation import Done, Facts, Result, Waiting
from pipeline.provisioners.control_tower.clients import found, unless_busy
from pipeline.provisioners.control_tower.operations import OPERATION, operation_of
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.control_tower.zone import Baseline
from pipeline.provisioners.landing_zone_steps import (
    AwaitEnrollment,
    AwaitUnenrollment,
    EnrollThroughUnit,
    EnterUnit,
    LeaveUnit,
)
from pipeline.provisioners.steps import Move

_SINCE: Final = "enrollment_since"
_POLL: Final = 10.0
_LONGEST: Final = 3 * 3600.0
"""Seconds: AWS speaks of minutes to hours."""


class Enrolling:
    """Safe to use from many threads. `account_id` is that of the step, whose ownership was just checked."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower

    def enter(self, step: EnterUnit, account_id: str) -> Result:
        """Move the account into the unit, when Control Tower has a place for one more."""
        move = Move(key=step.key, account_id=account_id, before=step.before, after=step.after)
        return self._moved(move, account_id)

    def enroll(self, step: EnrollThroughUnit, account_id: str, facts: Facts) -> Result:
        """Reset the unit, where nothing else enrolls the account. That touches every account of the unit."""
        if (operation := facts.get(OPERATION)) is not None:
            return operation_of(self._tower, operation, f'unit "{step.unit}"')
        unit = self._unit(step.unit)
        own = self._tower.baseline_of_account(account_id)
        if unit is None or self._tower.settings.enrolls_automatically or _is_enrolled(own, unit):
            return Done()
        if unit.standing is Standing.UNDER_CHANGE:
            return Waiting(reason=f'Control Tower is changing the unit "{step.unit}"', delay=_POLL)
        call = self._tower.clients.tower.reset_enabled_baseline
        answer = unless_busy(lambda: call(enabledBaselineIdentifier=unit.arn))
        if isinstance(answer, Waiting):
            return answer
        facts = {OPERATION: str(answer["operationIdentifier"])}
        return Waiting(reason=f'Control Tower is resetting the unit "{step.unit}"', delay=_POLL, facts=facts)

    def wait(self, step: AwaitEnrollment, account_id: str, facts: Facts) -> Result:
        """Done when the account has the baseline of its unit; a unit that is not registered gives none."""
        unit = self._unit(step.unit)
        if unit is None:
            self._tower.gate.ended(account_id)
            return Done(message=f'"{step.unit}" is not registered with Control Tower')
        own = self._tower.baseline_of_account(account_id)
        if _is_enrolled(own, unit):
            self._tower.gate.ended(account_id)
            return Done(message=f'enrolled in "{step.unit}"')
        if own is not None and own.parent == unit.arn and own.standing is Standing.FAILED:
            self._tower.gate.ended(account_id)
            raise PermanentServiceError(
                f'account "{account_id}": Control Tower could not enroll it in "{step.unit}"',
                hint="see the account in the Control Tower console; `vend plan` lists what stands in the way",
            )
        return self._later(f'account "{account_id}": Control Tower is enrolling it', facts)

    def leave(self, step: LeaveUnit) -> Result:
        """Move an enrolled account to the root."""
        seen = self._tower.backend.accounts.see(step.account_id)
        if seen.organizational_unit == ROOT or self._tower.baseline_of_account(step.account_id) is None:
            return Done(message="is not under Control Tower")
        move = Move(key=step.key, account_id=step.account_id, before=seen.organizational_unit, after=ROOT)
        return self._moved(move, step.account_id)

    def wait_for_leaving(self, step: AwaitUnenrollment, facts: Facts) -> Result:
        """Done when the account has no baseline. Where the landing zone does not see to that, the orphaned one is disabled."""
        own = self._tower.baseline_of_account(step.account_id)
        if own is None:
            self._tower.gate.ended(step.account_id)
            return Done(message="is not under Control Tower")
        if not self._tower.settings.enrolls_automatically and own.standing is not Standing.UNDER_CHANGE:
            call = self._tower.clients.tower.disable_baseline
            unless_busy(lambda: found(lambda: call(enabledBaselineIdentifier=own.arn)))
        return self._later(f'account "{step.account_id}": Control Tower is letting it go', facts)

    def _moved(self, move: Move, account_id: str) -> Result:
        if self._tower.backend.accounts.see(account_id).organizational_unit != move.after:
            return self._tower.gate.begin(account_id, lambda: self._tower.backend.changing.move(move, account_id))
        return Done(message=f"is in {'the root' if move.after == ROOT else move.after} already")

    def _unit(self, path: str) -> Baseline | None:
        unit = self._tower.unit(path)
        return None if unit is None else self._tower.baseline_of_unit(unit)

    def _later(self, what: str, facts: Facts) -> Waiting:
        now = self._tower.clock.now().timestamp()
        since = float(facts.get(_SINCE, str(now)))
        if now - since > _LONGEST:
            raise PermanentServiceError(
                f"{what}, since {(now - since) / 3600:.0f} hours",
                hint="see the account in the Control Tower console; re-registering its unit begins again",
            )
        return Waiting(reason=what, delay=_POLL, facts={_SINCE: str(since)})


def _is_enrolled(own: Baseline | None, unit: Baseline) -> bool:
    """Whether an account has its unit's baseline, in the unit's version. Other drift is the plan's business."""
    return (
        own is not None
        and own.parent == unit.arn
        and own.standing is Standing.SUCCEEDED
        and own.version == unit.version
    )
