"""Units come under Control Tower, are brought up to date, or are put right again.

https://docs.aws.amazon.com/controltower/latest/userguide/walkthrough-baseline-steps.html
"""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.change import UnitAction
from pipeline.model.landing_zone import Standing
from pipeline.model.observed import ObservedUnit
from pipeline.model.operation import Done, Facts, Result, Vanished, Waiting
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.clients import REFUSED, unless_busy
from pipeline.provisioners.control_tower.operations import OPERATION, operation_of
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.control_tower.zone import TOWER_BASELINE, Baseline
from pipeline.provisioners.landing_zone_steps import AwaitBaseline, RegisterBaseline
from pipeline.provisioners.preconditions import Look

IDENTITY_PARAMETER: Final = "IdentityCenterEnabledBaselineArn"
_BUSY: Final = 20.0


class Units:
    """Safe to use from many threads."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower

    def register(self, step: RegisterBaseline, facts: Facts) -> Result:
        """Begin the operation, unless it is done or under way; one that is under way is gone on with."""
        if OPERATION in facts:
            return Done(message="already requested", facts=facts)
        unit = self._tower.unit(step.path)
        if unit is None:
            return Vanished(reason=f'unit "{step.path}": it is not there')
        enabled = self._tower.baseline_of_unit(unit)
        if enabled is not None and enabled.standing is Standing.UNDER_CHANGE:
            return _joined(enabled)
        return self._begin(step, unit, enabled)

    def _begin(self, step: RegisterBaseline, unit: ObservedUnit, enabled: Baseline | None) -> Result:
        look = self._look(step, enabled)
        if look is not Look.ACT:
            return look if isinstance(look, Vanished) else Done(message="is as wanted")
        zone = self._tower.zone.zone()
        if zone is None or zone.is_processing:
            return Waiting(reason="Control Tower is changing the landing zone", delay=_BUSY)
        try:
            answer = unless_busy(self._call(step, unit, enabled))
        except ClientError as error:
            if code_of(error) != REFUSED or (overtaken := self._overtaken(step, unit)) is None:
                raise
            return overtaken
        if isinstance(answer, Waiting):
            return answer
        return Done(message="requested", facts={OPERATION: str(answer["operationIdentifier"])})

    def _overtaken(self, step: RegisterBaseline, unit: ObservedUnit) -> Result | None:
        """What another run has made of the unit since we looked; None if it is as it was."""
        enabled = self._tower.baseline_of_unit(unit)
        if enabled is not None and enabled.standing is Standing.UNDER_CHANGE:
            return _joined(enabled)
        return Done(message="is as wanted") if self._look(step, enabled) is Look.DONE else None

    def wait(self, step: AwaitBaseline, facts: Facts) -> Result:
        """Done when the unit has the baseline in its version."""
        where = f'unit "{step.path}"'
        operation = facts.get(OPERATION) or self._last_operation(step.path)
        if operation is not None:
            going = operation_of(self._tower, operation, where)
            if isinstance(going, Waiting):
                return going

        def look() -> Baseline | None:
            enabled = self._enabled(step.path)
            is_there = enabled is not None and enabled.version == step.after
            return (
                enabled if is_there and enabled is not None and enabled.standing is not Standing.UNDER_CHANGE else None
            )

        enabled = settle(self._tower.clock, look, f"{where}: its baseline {step.after} is not visible yet")
        if enabled.standing is not Standing.SUCCEEDED:
            raise PermanentServiceError(
                f"{where}: its baseline is {enabled.standing}",
                hint="see the unit in the Control Tower console, repair what it names, and run again",
            )
        return Done(message=f"has baseline {step.after}")

    def _look(self, step: RegisterBaseline, enabled: Baseline | None) -> Look | Vanished:
        """Done if it is there as wanted; to do if it is as it was planned on; vanished if it is anything else."""
        version = None if enabled is None else enabled.version
        if enabled is not None and version == step.after and enabled.is_sound and not _waits_for_reset(step, enabled):
            return Look.DONE
        if enabled is not None and step.last_operation and not _waits_for_reset(step, enabled):
            # What was confirmed is one reset of a sound unit: that has been tried.
            return Vanished(reason=f'unit "{step.path}": somebody has worked on it since the plan, and it is not sound')
        # A registration that has failed has left the baseline in place: it is put right, not enabled anew.
        if version in {step.before, step.after}:
            return Look.ACT
        return Vanished(
            reason=f'unit "{step.path}": its baseline is {version or "not enabled"}, and was {step.before} in the plan'
        )

    def _call(self, step: RegisterBaseline, unit: ObservedUnit, enabled: Baseline | None) -> Callable[[], Any]:
        tower = self._tower.clients.tower
        if enabled is None:
            if UnitAction(step.action) is not UnitAction.REGISTER:
                return lambda: _not_registered(step.path)
            request = {
                "baselineIdentifier": self._tower.zone.arn_of(TOWER_BASELINE),
                "baselineVersion": step.after,
                "targetIdentifier": self._tower.unit_arn(unit.unit_id),
                **self._parameters(),
            }
            return lambda: tower.enable_baseline(**request)
        if enabled.version == step.after:
            return lambda: tower.reset_enabled_baseline(enabledBaselineIdentifier=enabled.arn)
        parameters = self._parameters()
        return lambda: tower.update_enabled_baseline(
            enabledBaselineIdentifier=enabled.arn, baselineVersion=step.after, **parameters
        )

    def _parameters(self) -> dict[str, Any]:
        """Required where Control Tower manages access, and refused elsewhere."""
        identity = self._tower.zone.identity_baseline() if self._tower.settings.manages_access else None
        return {} if identity is None else {"parameters": [{"key": IDENTITY_PARAMETER, "value": identity.arn}]}

    def _enabled(self, path: str) -> Baseline | None:
        unit = self._tower.unit(path)
        return None if unit is None else self._tower.baseline_of_unit(unit)

    def _last_operation(self, path: str) -> str | None:
        enabled = self._enabled(path)
        return None if enabled is None else enabled.operation


def _waits_for_reset(step: RegisterBaseline, enabled: Baseline) -> bool:
    """Whether nobody has done anything to the unit since a reset of it was planned that it does not need itself."""
    return bool(step.last_operation) and enabled.operation == step.last_operation


def _joined(enabled: Baseline) -> Result:
    facts = {} if enabled.operation is None else {OPERATION: enabled.operation}
    return Done(message="already requested", facts=facts)


def _not_registered(path: str) -> Any:
    raise PermanentServiceError(f'unit "{path}": it is not registered any more', hint="plan again")
