"""`_organization.yaml`: the units that requests may name."""

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.written import Document, Node
from pipeline.model.finding import Finding
from pipeline.model.request import DesiredUnit

MAX_DEPTH: Final = 5
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""


def declared_units(document: Document) -> tuple[tuple[DesiredUnit, ...], tuple[Finding, ...]]:
    """Every declared unit, sorted by path; and all that is wrong with the file."""
    if findings := check(Kind.ORGANIZATION, document):
        return (), findings
    units = tuple(sorted(_below("", document.content["units"]), key=lambda unit: unit.path))
    return units, tuple(_too_deep(unit) for unit in units if _depth(unit) > MAX_DEPTH)


def _below(parent: str, node: Node) -> Iterator[DesiredUnit]:
    for name, unit in _mapping(node).items():
        path = f"{parent}/{name}" if parent else name
        attributes = _mapping(unit)
        register = attributes.get("register")
        yield DesiredUnit(path=path, location=unit.key, register=register is not None and register.content is True)
        if (below := attributes.get("units")) is not None:
            yield from _below(path, below)


def _mapping(node: Node) -> Mapping[str, Node]:
    return node.content if isinstance(node.content, dict) else {}


def _depth(unit: DesiredUnit) -> int:
    return unit.path.count("/") + 1


def _too_deep(unit: DesiredUnit) -> Finding:
    return Finding(
        location=unit.location,
        rule="unit-depth",
        message=f'unit "{unit.path}" is {_depth(unit)} levels below the root; AWS allows {MAX_DEPTH}',
        hint="declare it higher up",
        attribute=unit.path,
    )
