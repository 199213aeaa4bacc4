"""The types of Terraform's variables, and whether a value fits one.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints. Terraform converts primitive types ("3" to 3,
true to "true"), and so we take them silently; what it drops silently (attributes that an object type does not have) we tell.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from pipeline.customizations.blocks import Call, Expression, Fields, Items, Literal, Name
from pipeline.model.json import Json


class Primitive(StrEnum):
    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Anything:
    """`any`, or a type that we do not understand: only Terraform can tell."""


@dataclass(frozen=True, slots=True)
class Collection:
    """`list`, `set` or `map` of one type."""

    kind: str
    of: "Type"


@dataclass(frozen=True, slots=True)
class Structure:
    """`object({…})`; `optional` are the attributes that may be missing."""

    attributes: Mapping[str, "Type"]
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tuple:
    items: tuple["Type", ...]


Type = Anything | Primitive | Collection | Structure | Tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """`path` leads to the part of the value that does not fit. `is_dropped`: Terraform would leave it out without a word."""

    path: tuple[str, ...]
    message: str
    known: tuple[str, ...] = ()
    is_dropped: bool = False


_COLLECTIONS: Final = ("list", "set", "map")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_TRUTHS: Final = frozenset({"true", "false", "1", "0"})
_ARTICLES: Final = {Primitive.STRING: "text", Primitive.NUMBER: "a number", Primitive.BOOL: "true or false"}


def type_of(expression: Expression | None) -> Type:
    """The type that an expression stands for; `Anything` without one."""
    match expression:
        case Name(name) | Literal(str(name)):  # in quotes as before Terraform 0.12
            return _named(name)
        case Call(kind, (of,)):
            return _constructed(kind, of)
        case _:
            return Anything()


def _constructed(kind: str, of: Expression) -> Type:
    match kind, of:
        case (("list" | "set" | "map"), _):
            return Collection(kind, type_of(of))
        case "object", Fields(entries):
            return _structure(entries)
        case "object", Literal(Mapping()):
            return Structure({})
        case "tuple", Items(items):
            return Tuple(tuple(type_of(each) for each in items))
        case "tuple", Literal(Sequence()):
            return Tuple(())
        case _:
            return Anything()


def _named(name: str) -> Type:
    if name in _COLLECTIONS:
        return Collection(name, Anything())
    return Primitive(name) if name in set(Primitive) else Anything()


def _structure(entries: tuple[tuple[str, Expression], ...]) -> Structure:
    attributes, optional = dict[str, Type](), set[str]()
    for name, expression in entries:
        match expression:
            case Call("optional", (of, *_)):
                attributes[name] = type_of(of)
                optional.add(name)
            case _:
                attributes[name] = type_of(expression)
    return Structure(attributes, frozenset(optional))


def written(kind: Type) -> str:
    """The type in a few words, for messages and tables."""
    match kind:
        case Anything():
            return "any"
        case Primitive():
            return kind.value
        case Collection(name, of):
            return f"{name}({written(of)})"
        case Structure(attributes, optional):
            parts = (
                f"{name} = {f'optional({written(each)})' if name in optional else written(each)}"
                for name, each in attributes.items()
            )
            return f"object({{{', '.join(parts)}}})"
        case Tuple(items):
            return f"tuple([{', '.join(written(each) for each in items)}])"
        case _:
            assert_never(kind)


def misfits(kind: Type, value: Json, path: tuple[str, ...] = ()) -> Iterator[Misfit]:
    """Everything in `value` that Terraform could not convert to the type, or would drop. `null` fits every type."""
    if value is None:
        return
    match kind:
        case Anything():
            return
        case Primitive():
            yield from _primitive(kind, value, path)
        case Collection("map", of):
            yield from _mapping(of, value, path)
        case Collection(_, of):
            yield from _items(of, value, path)
        case Structure():
            yield from _attributes(kind, value, path)
        case Tuple(items):
            yield from _tuple(items, value, path)
        case _:
            assert_never(kind)


def _primitive(kind: Primitive, value: Json, path: tuple[str, ...]) -> Iterator[Misfit]:
    match kind, value:
        case (Primitive.STRING, str() | int() | float()) | (Primitive.BOOL, bool()):
            return
        case (Primitive.BOOL, str(text)) if text in _TRUTHS:
            return
        case (Primitive.NUMBER, int() | float()) if not isinstance(value, bool):
            return
        case (Primitive.NUMBER, str(text)) if _NUMBER.fullmatch(text):
            return
        case _:
            yield Misfit(path=path, message=f"is {named(value)}, not {_ARTICLES[kind]}")


def _mapping(of: Type, value: Json, path: tuple[str, ...]) -> Iterator[Misfit]:
    if not isinstance(value, Mapping):
        yield Misfit(path=path, message=f"is {named(value)}, not a mapping")
        return
    for key, each in value.items():
        yield from misfits(of, each, (*path, key))


def _items(of: Type, value: Json, path: tuple[str, ...]) -> Iterator[Misfit]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield Misfit(path=path, message=f"is {named(value)}, not a list")
        return
    for number, each in enumerate(value):
        yield from misfits(of, each, (*path, str(number)))


def _tuple(kinds: tuple[Type, ...], value: Json, path: tuple[str, ...]) -> Iterator[Misfit]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield Misfit(path=path, message=f"is {named(value)}, not a list")
    elif len(value) != len(kinds):
        yield Misfit(path=path, message=f"has {len(value)} items, not {len(kinds)}")
    else:
        for number, (kind, each) in enumerate(zip(kinds, value, strict=True)):
            yield from misfits(kind, each, (*path, str(number)))


def _attributes(kind: Structure, value: Json, path: tuple[str, ...]) -> Iterator[Misfit]:
    if not isinstance(value, Mapping):
        yield Misfit(path=path, message=f"is {named(value)}, not a mapping")
        return
    for name, of in kind.attributes.items():
        if name in value:
            yield from misfits(of, value[name], (*path, name))
        elif name not in kind.optional:
            yield Misfit(path=path, message=f'has no "{name}"')
    for name in value:
        if name not in kind.attributes:
            message = "is not an attribute of the type"
            yield Misfit(path=(*path, name), message=message, known=tuple(kind.attributes), is_dropped=True)


def named(value: Json) -> str:
    """What a value is, without showing more of it than its kind: inputs may be long, or secret."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"
