"""`_organization.yaml`: the units that requests may name."""

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.written import Document, Node, plain
from pipeline.model.finding import Finding
from pipeline.model.request import DesiredControl, DesiredUnit

MAX_DEPTH: Final = 5
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""


def declared_units(document: Document) -> tuple[tuple[DesiredUnit, ...], tuple[Finding, ...]]:
    """Every declared unit, sorted by path; and all that is wrong with the file."""
    if findings := check(Kind.ORGANIZATION, document):
        return (), findings
    units = tuple(sorted(_below("", document.content["units"]), key=lambda unit: unit.path))
    too_deep = (_too_deep(unit) for unit in units if _depth(unit) > MAX_DEPTH)
    return units, tuple(sorted((*too_deep, *(finding for unit in units for finding in _twice(unit)))))


def _below(parent: str, node: Node) -> Iterator[DesiredUnit]:
    for name, unit in _mapping(node).items():
        path = f"{parent}/{name}" if parent else name
        attributes = _mapping(unit)
        register = attributes.get("register")
        yield DesiredUnit(
            path=path,
            location=unit.key,
            register=register is not None and register.content is True,
            controls=tuple(_controls(attributes.get("controls"))),
            confirm=dict(_confirmed(attributes.get("confirm"))),
        )
        if (below := attributes.get("units")) is not None:
            yield from _below(path, below)


def _controls(node: Node | None) -> Iterator[DesiredControl]:
    """The controls in their order."""
    for each in node.content if node is not None and isinstance(node.content, list) else ():
        value = plain(each)
        if isinstance(value, dict):
            yield DesiredControl(
                control=str(value["control"]),
                location=each.place,
                enabled=value.get("state") != "disabled",
                parameters=value.get("parameters") or {},
            )


def _twice(unit: DesiredUnit) -> Iterator[Finding]:
    known: dict[str, DesiredControl] = {}
    for control in unit.controls:
        first = known.setdefault(control.control, control)
        if first is not control:
            yield Finding(
                location=control.location,
                rule="control-twice",
                message=f'control "{control.control}" of unit "{unit.path}" is also named at {first.location}',
                hint="keep one of the two",
                attribute=f"{unit.path}.controls",
            )


def _confirmed(node: Node | None) -> Iterator[tuple[str, int | str]]:
    """Numbers of accounts, and the code of a reset. JSON Schema takes 14.0 for a whole number."""
    for name, each in _mapping(node).items() if node is not None else ():
        if isinstance(each.content, int | float):
            yield name, int(each.content)
        elif isinstance(each.content, str):
            yield name, each.content


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
