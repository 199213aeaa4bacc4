"""Organizational units: their paths, their ids, and how to find one from the other."""

import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from pipeline.model.account import ROOT
from pipeline.model.observed import ObservedUnit
from pipeline.provisioners.aws.organizations.listing import PAGE, listed

if TYPE_CHECKING:
    from mypy_boto3_organizations.client import OrganizationsClient

_ESCAPED = re.compile(r"%((?:25)*)2F")


def escape(name: str) -> str:
    """A unit's name as one part of a path. AWS allows "/" in names; it is written "%2F", and a name's own "%2F" "%252F".

    Every other name stays as it is, and two names never become one.
    """
    return _ESCAPED.sub(r"%25\g<1>2F", name).replace("/", "%2F")


def unescape(part: str) -> str:
    """The name that `escape` wrote."""
    return _ESCAPED.sub(lambda found: f"%{found[1][2:]}2F" if found[1] else "/", part)


def below(parent: str, name: str) -> str:
    """The path of a unit of that name in a parent."""
    return escape(name) if parent == ROOT else f"{parent}/{escape(name)}"


def split(path: str) -> tuple[str, str]:
    """The path of the parent, and the unit's own name as AWS has it."""
    parent, _, part = path.rpartition("/")
    return parent or ROOT, unescape(part)


def children(organizations: "OrganizationsClient", parent: ObservedUnit) -> list[ObservedUnit]:
    """The units directly below one; a call for each page of 20."""
    found = listed(
        organizations.list_organizational_units_for_parent,
        "OrganizationalUnits",
        ParentId=parent.unit_id,
        MaxResults=PAGE,
    )
    return [ObservedUnit(unit_id=unit["Id"], path=below(parent.path, unit["Name"])) for unit in found]


def walk(organizations: "OrganizationsClient", root: ObservedUnit, pool: Executor) -> list[ObservedUnit]:
    """The root and every unit, each asked for its children once; the units of one depth at the same time."""
    found, level = [root], [root]
    while level:
        level = [child for family in pool.map(lambda unit: children(organizations, unit), level) for child in family]
        found += level
    return found


class UnitIndex:
    """What is known of the units in this run; asks AWS for what is not. Safe to use from many threads."""

    def __init__(self, organizations: Callable[[], "OrganizationsClient"], root: Callable[[], ObservedUnit]) -> None:
        self._organizations = organizations
        self._root = root
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._paths: dict[str, str] = {}

    def remember(self, units: Iterable[ObservedUnit]) -> None:
        with self._lock:
            for unit in units:
                self._ids[unit.path] = unit.unit_id
                self._paths[unit.unit_id] = unit.path

    def forget(self, path: str) -> None:
        """The id of this path did not do: ask for it at the next use."""
        with self._lock:
            self._ids.pop(path, None)

    def find(self, path: str) -> ObservedUnit | None:
        """The unit of that path, or None if there is none."""
        if path == ROOT:
            return self._root()
        with self._lock:
            known = self._ids.get(path)
        return ObservedUnit(unit_id=known, path=path) if known else self._ask_for(path)

    def path_of(self, unit_id: str) -> str:
        """The path of a unit, root included. Raises the SDK's error if there is no such unit."""
        root = self._root()
        if unit_id == root.unit_id:
            return ROOT
        with self._lock:
            known = self._paths.get(unit_id)
        return known or self._ask_for_path(unit_id)

    def _ask_for(self, path: str) -> ObservedUnit | None:
        parent = self.find(split(path)[0])
        if parent is None:
            return None
        family = children(self._organizations(), parent)
        self.remember(family)
        return next((unit for unit in family if unit.path == path), None)

    def _ask_for_path(self, unit_id: str) -> str:
        organizations = self._organizations()
        parent_id = organizations.list_parents(ChildId=unit_id)["Parents"][0]["Id"]
        unit = organizations.describe_organizational_unit(OrganizationalUnitId=unit_id)["OrganizationalUnit"]
        path = below(self.path_of(parent_id), unit["Name"])
        self.remember([ObservedUnit(unit_id=unit_id, path=path)])
        return path
