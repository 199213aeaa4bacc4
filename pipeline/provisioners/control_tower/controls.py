"""Controls on units.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnableControl.html
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, assert_never

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.change import ControlAction
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.json import Json, digest
from pipeline.model.landing_zone import Standing
from pipeline.model.observed import ObservedUnit
from pipeline.model.operation import Done, Facts, Result, Vanished, Waiting
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.clients import REFUSED, unless_busy
from pipeline.provisioners.control_tower.enabled_controls import EnabledControls
from pipeline.provisioners.control_tower.operations import OPERATION, bounded, control_operation_of
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.landing_zone_steps import AwaitControl, ChangeTheControl, ResetControls

_RESET: Final = "control_reset"
_SINCE: Final = "control_since"


class Controls:
    """Safe to use from many threads."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        self._enabled = EnabledControls(tower)

    def change(self, step: ChangeTheControl, facts: Facts) -> Result:
        """Begin the operation, unless it is done or under way."""
        if OPERATION in facts:
            return Done(message="already requested", facts=facts)
        unit = self._tower.unit(step.path)
        if unit is None:
            return Vanished(reason=f'unit "{step.path}": it is not there')
        return self._begin(step, unit, self._enabled.entry(unit, step.control))

    def _begin(self, step: ChangeTheControl, unit: ObservedUnit, entry: Mapping[str, Any] | None) -> Result:
        if (settled := self._settled(step, entry)) is not None:
            return settled
        call = self._call(step, unit, entry)
        if call is None:
            return Vanished(reason=f'unit "{step.path}": control "{step.control}" is not enabled on it any more')
        try:
            answer = unless_busy(call)
        except ClientError as error:
            # Another run may have done it since we looked; then AWS refuses what is so already.
            if (
                code_of(error) != REFUSED
                or (settled := self._settled(step, self._enabled.entry(unit, step.control))) is None
            ):
                raise _explained(error, step) from error
            return settled
        if isinstance(answer, Waiting):
            return answer
        return Done(message="requested", facts={OPERATION: str(answer["operationIdentifier"])})

    def _settled(self, step: ChangeTheControl, entry: Mapping[str, Any] | None) -> Result | None:
        """The answer where nothing is to be asked for: an operation is under way, or the control is as wanted."""
        if entry is not None and self._enabled.seen(entry).standing is Standing.UNDER_CHANGE:
            return Done(message="already requested", facts=_operation(entry))
        return Done(message="is as wanted") if self._is_done(step, entry) else None

    def wait(self, step: AwaitControl, facts: Facts) -> Result:
        """Done when the control is as the change asked for."""
        where = f'unit "{step.path}": control "{step.control}"'
        if (operation := facts.get(OPERATION)) is not None:
            going = control_operation_of(self._tower, operation, where)
            if isinstance(going, Waiting):
                return self._later(going, facts)
        unit = self._tower.unit(step.path)
        if unit is None:
            return Vanished(reason=f'unit "{step.path}": it is not there')
        entry = self._enabled.entry(unit, step.control)
        if self._is_done(step, entry):
            return Done(message=f"{step.action}: done")
        if entry is not None and self._enabled.seen(entry).standing is Standing.FAILED:
            raise PermanentServiceError(
                f"{where}: Control Tower could not {step.action} it",
                hint="see the control in the Control Tower console; the next run tries again",
            )
        return self._later(Waiting(reason=f"{where}: Control Tower is at it", delay=10.0), facts)

    def _later(self, waiting: Waiting, facts: Facts) -> Waiting:
        now = self._tower.clock.now().timestamp()
        return bounded(waiting, _SINCE, now, facts, hint="see the control in the Control Tower console, and plan again")

    def reset_all(self, step: ResetControls, facts: Facts) -> Result:
        """Reset each control of the unit that can be; service control policies cannot, and are reset with the baseline.

        https://docs.aws.amazon.com/controltower/latest/APIReference/API_ResetEnabledControl.html
        """
        if (operation := facts.get(OPERATION)) is not None and _RESET in facts:
            going = control_operation_of(self._tower, operation, f'unit "{step.path}"')
            if isinstance(going, Waiting):
                return going
        unit = self._tower.unit(step.path)
        entries = [] if unit is None else sorted(self._enabled.entries(unit), key=lambda each: str(each["arn"]))
        for entry in (each for each in entries if each["arn"] > facts.get(_RESET, "")):
            answer = unless_busy(partial(self._reset, str(entry["arn"])))
            if isinstance(answer, Waiting):
                return answer
            if answer is not None:
                facts = {_RESET: str(entry["arn"]), OPERATION: str(answer)}
                return Waiting(reason=f'resetting control "{entry["controlIdentifier"]}"', delay=5.0, facts=facts)
        return Done(message="controls are reset" if _RESET in facts else "")

    def _reset(self, arn: str) -> str | None:
        """The operation; None for a control that is not reset in this way."""
        try:
            answer = self._tower.clients.tower.reset_enabled_control(enabledControlIdentifier=arn)
        except ClientError as error:
            if code_of(error) in {REFUSED, "ResourceNotFoundException"}:
                return None
            raise
        return str(answer["operationIdentifier"])

    def _is_done(self, step: ChangeTheControl | AwaitControl, entry: Mapping[str, Any] | None) -> bool:
        action = ControlAction(step.action)
        if entry is None or action is ControlAction.DISABLE:
            return entry is None and action is ControlAction.DISABLE
        seen = self._enabled.seen(entry, with_parameters=True)
        is_sound = seen.standing is Standing.SUCCEEDED and not seen.is_drifted
        return is_sound and (action is ControlAction.RESET or _same(seen.parameters, step.parameters))

    def _call(
        self, step: ChangeTheControl, unit: ObservedUnit, entry: Mapping[str, Any] | None
    ) -> Callable[[], Any] | None:
        tower = self._tower.clients.tower
        parameters = [{"key": key, "value": value} for key, value in sorted(step.parameters.items())]
        more = {"parameters": parameters} if parameters else {}
        action = ControlAction(step.action)
        if entry is None:
            target = self._tower.unit_arn(unit.unit_id)
            if action is not ControlAction.ENABLE:
                return None
            return lambda: tower.enable_control(controlIdentifier=step.control, targetIdentifier=target, **more)
        arn = str(entry["arn"])
        match action:
            case ControlAction.DISABLE:
                return lambda: tower.disable_control(enabledControlIdentifier=arn)
            case ControlAction.RESET:
                return lambda: tower.reset_enabled_control(enabledControlIdentifier=arn)
            case ControlAction.ENABLE | ControlAction.UPDATE:
                seen = self._enabled.seen(entry, with_parameters=True)
                if _same(seen.parameters, step.parameters):
                    return lambda: tower.reset_enabled_control(enabledControlIdentifier=arn)
                return lambda: tower.update_enabled_control(enabledControlIdentifier=arn, parameters=parameters)
            case _:
                assert_never(action)


def _same(current: Mapping[str, Json], wanted: Mapping[str, Json]) -> bool:
    """Whether the parameters are those that are asked for; where none are, any will do."""
    return not wanted or digest(dict(current)) == digest(dict(wanted))


def _operation(entry: Mapping[str, Any]) -> dict[str, str]:
    operation = (entry.get("statusSummary") or {}).get("lastOperationIdentifier")
    return {} if operation is None else {OPERATION: str(operation)}


def _explained(error: ClientError, step: ChangeTheControl) -> Exception:
    if code_of(error) != REFUSED or ControlAction(step.action) is not ControlAction.RESET:
        return error
    text = error.response.get("Error", {}).get("Message", "")
    return PermanentServiceError(
        f'unit "{step.path}": control "{step.control}" cannot be reset by itself: {text or REFUSED}',
        hint=(
            f"if it is a service control policy, {DRIFT[DriftKind.POLICY].repair}; a plan that may call "
            "controlcatalog:GetControl tells how the unit is reset"
        ),
    )
