"""The targets of `vend customize --targets FILE`: AFT's JSON, which is YAML too, so that everything in it has a place."""

from collections.abc import Iterator

from pipeline.account_requests import yaml
from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.written import Node
from pipeline.model.finding import Finding
from pipeline.model.targets import Named, TargetFilter, Targets, TargetType


def read_targets(data: bytes, file: str) -> Targets | tuple[Finding, ...]:
    """The targets in `data`, or all that is wrong with it by its schema; `file` is only used in locations.

    https://docs.aws.amazon.com/controltower/latest/userguide/aft-account-customization-options.html. Stricter than AFT:
    an unknown type, a missing, mistyped or empty value, and an exclusion of all accounts are findings.
    """
    document = yaml.read(data, file)
    if isinstance(document, tuple):
        return document
    if findings := (*check(Kind.TARGETS, document), *_tags_twice(document.content)):
        return findings
    return Targets(
        include=tuple(_filters(document.content, "include")),
        exclude=tuple(_filters(document.content, "exclude")),
        location=document.root.place,
    )


def _filters(content: dict[str, Node], member: str) -> Iterator[TargetFilter]:
    for node in _items(content.get(member)):
        filtered = _members(node)
        values = _items(filtered.get("target_value"))
        yield TargetFilter(
            type=TargetType(str(filtered["type"].content)),
            location=filtered["type"].place,
            named=tuple(Named(text=str(each.content), location=each.place) for each in values if not _members(each)),
            tags={key: str(value.content) for each in values for key, value in _members(each).items()},
        )


def _tags_twice(content: dict[str, Node]) -> Iterator[Finding]:
    """A filter that asks for two values of one tag names no account: it was meant in another way."""
    for member in ("include", "exclude"):
        for node in _items(content.get(member)):
            seen: dict[str, Node] = {}
            for each in _items(_members(node).get("target_value")):
                for key, value in _members(each).items():
                    if key in seen and seen[key].content != value.content:
                        yield Finding(
                            location=value.key,
                            rule="targets-tag",
                            message=f'the tag "{key}" is asked for with two values, and an account has one',
                            hint="write a filter of its own for each: filters are united",
                            attribute=f"{member}.target_value",
                        )
                    seen[key] = value


def _items(node: Node | None) -> list[Node]:
    return node.content if node is not None and isinstance(node.content, list) else []


def _members(node: Node) -> dict[str, Node]:
    return node.content if isinstance(node.content, dict) else {}
