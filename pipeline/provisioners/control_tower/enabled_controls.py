"""Reading the controls on units.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledControls.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pipeline.model.landing_zone import EnabledControl
from pipeline.model.observed import ObservedUnit
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.control_tower.clients import found
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.control_tower.zone import standing

if TYPE_CHECKING:
    from pipeline.model.json import Json

_PAGE: Final = 100
_DRIFTED: Final = "DRIFTED"
_DRIFT: Final[Mapping[str, bool]] = {_DRIFTED: True, "IN_SYNC": False}

Entry = Mapping[str, Any]
"""An enabled control, as AWS lists it."""


class EnabledControls:
    """Each read is fresh. Safe to use from many threads."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower

    def drifted(self) -> Mapping[str, tuple[EnabledControl, ...]]:
        """Those of all units that are drifted, by the id of the unit: one paginated call, and one for each distinct control.

        Without a target AWS lists those of the whole landing zone; the ones of accounts follow from their units'.
        """
        by_unit: dict[str, list[EnabledControl]] = {}
        for entry in self._listed(filter={"driftStatuses": [_DRIFTED]}):
            unit_id = str(entry.get("targetIdentifier", "")).rpartition("/")[2]
            if unit_id.startswith("ou-"):
                by_unit.setdefault(unit_id, []).append(self._explained(self.seen(entry)))
        return {unit_id: _sorted(some) for unit_id, some in by_unit.items()}

    def on(self, unit: ObservedUnit, named: frozenset[str]) -> tuple[EnabledControl, ...]:
        """The controls on a unit, sorted; the parameters of those that are named: a call for each page, and for each of them."""
        names = {_name(each) for each in named}
        some = [
            self.seen(each, with_parameters=_name(each["controlIdentifier"]) in names) for each in self.entries(unit)
        ]
        return _sorted([self._explained(each) for each in some])

    def entry(self, unit: ObservedUnit, control: str) -> Entry | None:
        some = self.entries(unit, filter={"controlIdentifiers": [control]})
        return next((each for each in some if each["controlIdentifier"] == control), None)

    def entries(self, unit: ObservedUnit, **wanted: Any) -> list[Entry]:
        """None for a unit that is not registered."""
        target = self._tower.unit_arn(unit.unit_id)
        return found(lambda: self._listed(targetIdentifier=target, **wanted)) or []

    def seen(self, entry: Entry, *, with_parameters: bool = False) -> EnabledControl:
        parameters: Mapping[str, Json] = {}
        if with_parameters:
            call = self._tower.clients.tower.get_enabled_control
            details = found(lambda: call(enabledControlIdentifier=entry["arn"]))
            some = [] if details is None else details["enabledControlDetails"].get("parameters") or []
            parameters = {str(each["key"]): each.get("value") for each in some}
        return EnabledControl(
            control=str(entry["controlIdentifier"]),
            standing=standing((entry.get("statusSummary") or {}).get("status")),
            is_drifted=_DRIFT.get(str((entry.get("driftStatusSummary") or {}).get("driftStatus"))),
            parameters=parameters,
        )

    def _explained(self, control: EnabledControl) -> EnabledControl:
        """With what it is made of, where it has to be put right: how, depends on that."""
        if not control.is_broken:
            return control
        return replace(control, implementation=self._tower.control_catalog.implementation(control.control))

    def _listed(self, **wanted: Any) -> list[Entry]:
        call = self._tower.clients.tower.list_enabled_controls
        return listed(call, "enabledControls", token="nextToken", maxResults=_PAGE, **wanted)  # noqa: S106 - the name of a parameter


def _sorted(controls: list[EnabledControl]) -> tuple[EnabledControl, ...]:
    return tuple(sorted(controls, key=lambda each: each.control))


def _name(identifier: str) -> str:
    """The last part of an ARN; people may write that alone."""
    return identifier.rpartition("/")[2]
