"""Terraform's JSON syntax (`*.tf.json`, `*.tfvars.json`).

https://developer.hashicorp.com/terraform/language/syntax/json
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.customizations.blocks import Attribute, Block, Body, Expression, Literal, NotReadableError, Opaque
from pipeline.customizations.hcl import read_expression
from pipeline.model.json import Json

_LABELS: Final[Mapping[str, Mapping[str, int]]] = {
    "": {"variable": 1, "provider": 1, "terraform": 0, "module": 1, "output": 1},
    "terraform": {"backend": 1, "cloud": 0, "required_providers": 0},
}
"""Blocks that we read, by the block they stand in, and how many labels they have. Everything else is an attribute."""

_TEMPLATE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")


def read_json(text: str) -> Body:
    """What the text says. Raises `NotReadableError` with the line and column."""
    value = _load(text)
    return _Reader(_places(text)).body("", value, ())


def read_values(text: str) -> Body:
    """A `*.tfvars.json`: every key is an attribute with a literal value. Raises `NotReadableError`."""
    values = _load(text)
    lines = _Reader(_places(text))
    return Body(
        attributes={key: Attribute(line=lines.line((key,)), value=Literal(value)) for key, value in values.items()}
    )


def _load(text: str) -> dict[str, Json]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotReadableError(f"this is not JSON: {error.msg}", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise NotReadableError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise NotReadableError("the file does not hold an object")
    return value


def _places(text: str) -> Node | None:
    """The same with marks: JSON is YAML as far as places go. Only for text that was read as JSON: that bounds its depth."""
    try:
        node: Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    return node


_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reader:
    places: Node | None

    def body(self, kind: str, value: Mapping[str, Any], path: _Path) -> Body:
        labels = _LABELS.get(kind, {})
        attributes, blocks = {}, list[Block]()
        for key, each in value.items():
            if key in labels:
                blocks += self._blocks(key, labels[key], each, (*path, key), ())
            elif key != "//":
                line = self.line((*path, key))
                attributes[key] = Attribute(line=line, value=_expression(kind, key, each, line))
        return Body(attributes=attributes, blocks=tuple(blocks))

    def _blocks(self, kind: str, labels: int, value: Any, path: _Path, names: _Path) -> Iterator[Block]:
        """The blocks below `path`; a list stands for several of the same kind and labels."""
        if isinstance(value, list):
            for number, each in enumerate(value):
                yield from self._blocks(kind, labels, each, (*path, str(number)), names)
        elif not isinstance(value, dict):
            raise NotReadableError(f'"{kind}" does not hold an object', line=self.line(path))
        elif labels > len(names):
            for name, each in value.items():
                yield from self._blocks(kind, labels, each, (*path, name), (*names, name))
        else:
            yield Block(kind=kind, labels=names, line=self.line(path), body=self.body(kind, value, path))

    def line(self, path: _Path) -> int:
        """The line of the key at `path`, or of the item; 1 where it is not known."""
        node, line = self.places, 0
        for step in path:
            node, line = _below(node, step, line)
        return line + 1


def _below(node: Node | None, step: str, line: int) -> tuple[Node | None, int]:
    if isinstance(node, SequenceNode) and step.isdecimal() and int(step) < len(node.value):
        return node.value[int(step)], node.value[int(step)].start_mark.line
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == step:
            return value, key.start_mark.line
    return None, line


def _expression(kind: str, key: str, value: Json, line: int) -> Expression:
    """In `variable` blocks values are literal, and types are text; elsewhere text is a template."""
    if kind == "variable":
        if key != "type" or not isinstance(value, str):
            return Literal(value)
        try:
            return read_expression(value)
        except NotReadableError as error:
            raise NotReadableError(str(error), line=line) from None
    return Opaque() if _has_template(value) else Literal(value)


def _has_template(value: Json) -> bool:
    match value:
        case str(text):
            return _TEMPLATE.search(text) is not None
        case Mapping():
            return any(_has_template(each) for each in value.values())
        case Sequence():
            return any(_has_template(each) for each in value)
        case _:
            return False
