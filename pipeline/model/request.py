"""What people ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.account import AccountSpec
from pipeline.model.finding import Location
from pipeline.model.json import Json

Path = tuple[str, ...]
"""The place of a value inside a document: `("contacts", "security", "email")`; `()` is the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRequest:
    """One request, after inheritance.

    `key` is the file name without its suffix: unique in the repository, never changed. `origins` says where each value
    was written, for every path of the effective document that came from a file (a parent path has at least the place of
    its key). `repair` names what a run may put right in an account so that it can be enrolled. `confirm` repeats the new
    value of an attribute, and so releases exactly that hold. `document` is the effective request as JSON, for `explain`,
    inputs and reports.
    """

    key: str
    spec: AccountSpec
    account_id: str | None = None
    repair: tuple[str, ...] = ()
    confirm: Mapping[str, Json] = field(default_factory=dict)
    origins: Mapping[Path, Location] = field(default_factory=dict)
    document: Mapping[str, Json] = field(default_factory=dict)

    def origin(self, *path: str) -> Location:
        """Where the value at `path` was written: the nearest place that is known, at last the file itself."""
        for length in range(len(path), -1, -1):
            if (found := self.origins.get(path[:length])) is not None:
                return found
        return Location(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredControl:
    """A control of Control Tower on a unit. `control` is its identifier (an ARN); `enabled` False takes it off."""

    control: str
    location: Location
    enabled: bool = True
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredUnit:
    """An organizational unit that `_organization.yaml` declares; units are created by us, never deleted.

    `register`: Control Tower governs it. `controls` are those that are asked for, on or off; others are left alone. `confirm`
    says of how many accounts a registration may touch the unit, by what is done with it.
    """

    path: str
    location: Location
    register: bool = False
    controls: tuple[DesiredControl, ...] = ()
    confirm: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredState:
    """All requests, sorted by key, and all declared units, sorted by path (so parents come first)."""

    requests: tuple[AccountRequest, ...] = ()
    units: tuple[DesiredUnit, ...] = ()
