"""Terraform's configuration language as plain values: what `*.tf` and `*.tf.json` have in common. Nothing is evaluated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.model.json import Json


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands as it is written."""

    value: Json


@dataclass(frozen=True, slots=True)
class Name:
    """A bare word, like `string` in a type."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or a type that takes arguments, like `list(string)`."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping that holds something which is not literal. Keys that are computed are left out."""

    entries: tuple[tuple[str, "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list that holds something which is not literal."""

    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything that only Terraform can evaluate."""


Expression = Literal | Name | Call | Fields | Items | Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`line` counts from 1."""

    line: int
    value: Expression

    @property
    def text(self) -> str | None:
        """The value if it is literal text."""
        return self.value.value if isinstance(self.value, Literal) and isinstance(self.value.value, str) else None

    @property
    def is_true(self) -> bool:
        return isinstance(self.value, Literal) and self.value.value is True

    @property
    def is_false(self) -> bool:
        return isinstance(self.value, Literal) and self.value.value is False


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What stands in a file or a block; of an attribute that is written twice, the last."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()

    def of(self, kind: str) -> Iterator["Block"]:
        return (block for block in self.blocks if block.kind == kind)

    def text(self, name: str) -> str | None:
        """The attribute's value if it is literal text."""
        attribute = self.attributes.get(name)
        return None if attribute is None else attribute.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`kind "label" … { body }`; `line` counts from 1."""

    kind: str
    labels: tuple[str, ...]
    line: int
    body: Body


class NotReadableError(Exception):
    """The text is not Terraform's language; caught where the file is known, and then a finding."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = max(line, 1)
        self.column = max(column, 1)


def listed(items: tuple[Expression, ...]) -> Expression:
    """A list: literal if all of its items are."""
    literals = [item.value for item in items if isinstance(item, Literal)]
    return Literal(literals) if len(literals) == len(items) else Items(items)


def mapped(entries: tuple[tuple[str, Expression], ...]) -> Expression:
    """A mapping: literal if all of its values are."""
    literals = {key: value.value for key, value in entries if isinstance(value, Literal)}
    return Literal(literals) if len(literals) == len(dict(entries)) else Fields(entries)
