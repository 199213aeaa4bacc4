"""Types of variables as Terraform writes them, and what fits."""

import pytest

from pipeline.customizations.hcl import read_expression
from pipeline.customizations.types import Anything, misfits, type_of, written
from pipeline.model.json import Json


def wrong(kind: str, value: Json) -> list[str]:
    found = misfits(type_of(read_expression(kind)), value)
    return [f"{'.'.join(each.path)}: {each.message}" for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "string",
        "list(string)",
        "map(set(number))",
        "tuple([string, bool])",
        "object({a = string, b = optional(list(number)), c = any})",
        "object({})",
        "tuple([])",
        "any",
    ],
)
def test_a_type_is_written_as_it_was_read(text: str) -> None:
    assert written(type_of(read_expression(text))) == text


def test_types_of_long_ago_are_read_too() -> None:
    assert written(type_of(read_expression('"string"'))) == "string"
    assert written(type_of(read_expression("list"))) == "list(any)"
    assert type_of(read_expression("nonsense(1)")) == Anything()
    assert type_of(None) == Anything()


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "three", [": is text, not a number"]),
        ("number", True, [": is true, not a number"]),
        ("bool", 1, [": is a number, not true or false"]),
        ("string", ["a"], [": is a list, not text"]),
        ("list(number)", [1, "x", {}], ["1: is text, not a number", "2: is a mapping, not a number"]),
        ("list(string)", "a", [": is text, not a list"]),
        ("map(string)", ["a"], [": is a list, not a mapping"]),
        ("map(number)", {"a": "b"}, ["a: is text, not a number"]),
        ("tuple([string, number])", ["a"], [": has 1 items, not 2"]),
        ("object({a = string})", {}, [': has no "a"']),
        ("object({a = object({b = number})})", {"a": {"b": "x"}}, ["a.b: is text, not a number"]),
        ("object({a = optional(string)})", {"A": "x"}, ["A: is not an attribute of the type"]),
    ],
)
def test_what_does_not_fit_is_told_with_the_way_to_it(kind: str, value: Json, expected: list[str]) -> None:
    assert wrong(kind, value) == expected


@pytest.mark.parametrize("kind", ["string", "number", "list(string)", "object({a = string})"])
def test_null_fits_every_type(kind: str) -> None:
    assert wrong(kind, None) == []
