"""What the sandbox's own endpoints show of a landing zone, and do to it."""

from typing import Any, Final

from pipeline.sandbox.control_tower.by_hand import cause, present
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import Step
from pipeline.sandbox.endpoints import WrongBodyError
from pipeline.sandbox.faults import Fault, FaultRuleError
from pipeline.sandbox.organization import Organization

_NONE: Final = "There is no landing zone; start the sandbox with --landing-zone."


class LandingZoneEndpoints:
    """Of the landing zone that the organization has, if it has one."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def events(self) -> dict[str, Any]:
        with self._organization.lock:
            self._organization.advance()
            return {"events": list(self._zone().events)}

    def drift(self) -> dict[str, Any]:
        with self._organization.lock:
            self._organization.advance()
            return {"drift": [{"driftType": each.kind, "target": each.target} for each in present(self._zone())]}

    def cause(self, body: Any) -> dict[str, str]:
        if not isinstance(body, dict) or not all(isinstance(body.get(name, ""), str) for name in ("kind", "target")):
            raise WrongBodyError('The body is {"kind": name, "target": account, unit or control}.')
        with self._organization.lock:
            self._organization.advance()
            return {"done": cause(self._zone(), body.get("kind", ""), body.get("target", ""))}

    def inject(self, fault: Fault) -> None:
        """Let a step of a workflow fail. Raises `FaultRuleError` for a step that there is not."""
        if fault.operation not in {"*", *Step}:
            raise FaultRuleError(f"The operation of a workflow-failure is one of {', '.join(Step)}.")
        with self._organization.lock:
            if self._organization.landing_zone is None:
                raise FaultRuleError(_NONE)
            self._organization.landing_zone.faults.add(fault)

    def faults(self) -> tuple[Fault, ...]:
        zone = self._organization.landing_zone
        return () if zone is None else zone.faults.pending()

    def clear_faults(self) -> None:
        if (zone := self._organization.landing_zone) is not None:
            zone.faults.clear()

    def _zone(self) -> LandingZone:
        if self._organization.landing_zone is None:
            raise WrongBodyError(_NONE)
        return self._organization.landing_zone
