"""Layers: the customizations that `vending.yaml` gives to all accounts that a layer selects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

from pipeline.model.account import ROOT, Unobserved
from pipeline.model.customization import When
from pipeline.model.finding import Location
from pipeline.model.json import Json
from pipeline.model.request import AccountRequest

_NOWHERE = Location("vending.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which accounts: by unit, by tag, by key. Each is a set of shell patterns; an empty one says nothing.

    `units`: `Workloads/**` is Workloads and everything below, `Workloads/*` its direct children, `Workloads/Prod` that unit.
    `tags`: a pattern for the value of each key; `"*"` for any value. `keys`: of requests.
    """

    units: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()

    def is_met_by(self, request: AccountRequest) -> bool:
        """Whether the request has everything that is asked for: a unit, a key, and every tag."""
        return (
            (not self.units or self._names_unit_of(request))
            and (not self.keys or self._names_key_of(request))
            and all(_has_tag(request, key, pattern) for key, pattern in self.tags.items())
        )

    def names(self, request: AccountRequest) -> bool:
        """Whether the request has anything that is named: a unit, a key, or a tag."""
        return (
            self._names_unit_of(request)
            or self._names_key_of(request)
            or any(_has_tag(request, key, pattern) for key, pattern in self.tags.items())
        )

    def _names_unit_of(self, request: AccountRequest) -> bool:
        return any(is_unit_of(pattern, request.spec.organizational_unit) for pattern in self.units)

    def _names_key_of(self, request: AccountRequest) -> bool:
        return any(fnmatchcase(request.key, pattern) for pattern in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One customization for the accounts that `selector` is met by and `exclude` does not name.

    `source` is None for the folder of that name. `origins`: where each input is written. `depends_on`: names of
    customizations that come first. `location`: where the layer is written.
    """

    name: str
    location: Location = field(default=_NOWHERE, compare=False)
    source: str | None = None
    selector: Selector = field(default_factory=Selector)
    exclude: Selector = field(default_factory=Selector)
    inputs: Mapping[str, Json] = field(default_factory=dict)
    origins: Mapping[str, Location] = field(default_factory=dict, compare=False)
    depends_on: tuple[str, ...] = ()
    when: When = When.ALWAYS

    def selects(self, request: AccountRequest) -> bool:
        return self.selector.is_met_by(request) and not self.exclude.names(request)


@cache
def is_unit_of(pattern: str, unit: str) -> bool:
    """Whether the pattern stands for the unit. `*` stays within one level, `**` is any number of levels."""
    return _levels_fit(tuple(pattern.split("/")), () if unit == ROOT else tuple(unit.split("/")))


def _levels_fit(pattern: tuple[str, ...], levels: tuple[str, ...]) -> bool:
    if not pattern:
        return not levels
    if pattern[0] == "**":
        return any(_levels_fit(pattern[1:], levels[skipped:]) for skipped in range(len(levels) + 1))
    return bool(levels) and fnmatchcase(levels[0], pattern[0]) and _levels_fit(pattern[1:], levels[1:])


def _has_tag(request: AccountRequest, key: str, pattern: str) -> bool:
    tags = request.spec.tags
    return not isinstance(tags, Unobserved) and key in tags and fnmatchcase(tags[key], pattern)
