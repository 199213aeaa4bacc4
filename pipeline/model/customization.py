"""Customizations: Terraform that runs inside an account after it exists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.finding import Location
from pipeline.model.json import Json


class When(StrEnum):
    """When a customization runs."""

    ALWAYS = "always"
    PROVISIONING = "provisioning"
    """Before all others, on accounts that this run has created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customization:
    """One customization of one account, as asked for.

    `name` is unique within the account. `source` is a folder relative to the workspace (`terraform/global-customizations`) or a
    pinned git reference. `location` is where the layer or the request names it; `origins` where each input was written.
    """

    name: str
    source: str
    location: Location
    inputs: Mapping[str, Json] = field(default_factory=dict)
    origins: Mapping[str, Location] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    when: When = When.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One customization in one account: what is planned and applied, and has a state of its own."""

    account_id: str
    customization: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ResourceChange:
    """One resource that Terraform would change; never its values. `action`: create, update, delete, replace."""

    address: str
    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What Terraform would change in one account, as its plan said; no values, so it can be posted.

    `changes` are sorted; outputs stand among them with the address `output.NAME`. `drift`: resources that were changed
    outside Terraform, whether or not the plan puts them right. `applicable`: there is something to apply.
    """

    changes: tuple[ResourceChange, ...] = ()
    drift: tuple[ResourceChange, ...] = ()
    applicable: bool = False

    @property
    def rows(self) -> frozenset[tuple[str, str]]:
        """What is reviewed: address and action."""
        return frozenset((each.address, each.action) for each in self.changes)

    @property
    def destroys(self) -> int:
        """Resources that would be deleted or replaced."""
        return sum(each.action in {"delete", "replace"} for each in self.changes)
