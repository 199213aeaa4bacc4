"""Inheritance: the nearest file wins, maps merge key by key, lists replace, `null` removes an inherited key."""

from collections.abc import Mapping

from pipeline.account_requests.written import Document, Node
from pipeline.model.finding import Finding, Severity
from pipeline.model.request import Path


def inherit(inherited: Document | None, own: Document) -> tuple[Document, tuple[Finding, ...]]:
    """`own` with what it inherits, in the order of `own`; warnings about a `null` that removes nothing.

    Every value keeps the place where it was written. The result holds no `null`, other than inside lists.
    """
    findings: list[Finding] = []
    content = _merge(inherited.content if inherited else {}, own.content, (), findings)
    return Document(root=own.root._replace(content=content)), tuple(findings)


def _merge(
    inherited: Mapping[str, Node], own: Mapping[str, Node], path: Path, findings: list[Finding]
) -> dict[str, Node]:
    merged: dict[str, Node] = {}
    for key, node in own.items():
        below = inherited.get(key)
        if node.content is None:
            if below is None:
                findings.append(_removes_nothing(node, (*path, key)))
        elif isinstance(node.content, dict):
            base = below.content if below is not None and isinstance(below.content, dict) else {}
            merged[key] = node._replace(content=_merge(base, node.content, (*path, key), findings))
        else:
            merged[key] = node
    return merged | {key: node for key, node in inherited.items() if key not in own}


def _removes_nothing(node: Node, path: Path) -> Finding:
    return Finding(
        location=node.place,
        rule="removes-nothing",
        message=f"{'.'.join(path)} is empty, which removes an inherited value, and none is inherited",
        hint="write a value, or remove the line",
        attribute=".".join(path),
        severity=Severity.WARNING,
    )
