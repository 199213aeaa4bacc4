"""Input against the service's own model, as botocore ships it: what is required, lengths, ranges, patterns, choices."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from botocore.model import Shape

_CATEGORY: Final = re.compile(r"\\p\{(\w)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`path` names the member, `reason` is in the words of Organizations' InvalidInputException."""

    path: str
    reason: str
    message: str


def problems(shape: Shape, value: Any, path: str = "") -> Iterator[Problem]:
    """Everything that is wrong with `value` as an input of this shape."""
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, path)
        case "list":
            yield from _list(shape, value, path)
        case "map":
            yield from _map(shape, value, path)
        case "string":
            yield from _string(shape, value, path)
        case "integer" | "long":
            yield from _integer(shape, value, path)
        case _:  # booleans, timestamps, blobs: the models say nothing more of them
            return


def _wrong_type(path: str, wanted: str) -> Problem:
    return Problem(path=path, reason="INVALID_PATTERN", message=f'"{path}" is not {wanted}')


def _structure(shape: Any, value: Any, path: str) -> Iterator[Problem]:
    if shape.is_document_type:  # any JSON value
        return
    if not isinstance(value, Mapping):
        yield _wrong_type(path, "a structure")
        return
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield Problem(path=prefix + name, reason="INPUT_REQUIRED", message=f'"{prefix + name}" is required')
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from problems(member, value[name], prefix + name)


def _list(shape: Any, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong_type(path, "a list")
        return
    yield from _length(shape, len(value), path)
    for index, each in enumerate(value):
        yield from problems(shape.member, each, f"{path}.{index}")


def _map(shape: Any, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield _wrong_type(path, "a map")
        return
    yield from _length(shape, len(value), path)
    for key, each in value.items():
        yield from problems(shape.key, key, f"{path}.{key}")
        yield from problems(shape.value, each, f"{path}.{key}")


def _string(shape: Any, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong_type(path, "a string")
        return
    yield from _length(shape, len(value), path)
    if shape.enum and value not in shape.enum:
        yield Problem(path=path, reason="INVALID_ENUM", message=f'"{path}" is none of {", ".join(shape.enum)}')
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield Problem(path=path, reason="INVALID_PATTERN", message=f'"{path}" does not match {pattern}')


def _integer(shape: Any, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _wrong_type(path, "a number")
    elif value < shape.metadata.get("min", value):
        yield Problem(path=path, reason="MIN_VALUE_EXCEEDED", message=f'"{path}" is under {shape.metadata["min"]}')
    elif value > shape.metadata.get("max", value):
        yield Problem(path=path, reason="MAX_VALUE_EXCEEDED", message=f'"{path}" is over {shape.metadata["max"]}')


def _length(shape: Any, length: int, path: str) -> Iterator[Problem]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", length)
    if length < least:
        yield Problem(path=path, reason="MIN_LENGTH_EXCEEDED", message=f'"{path}" is shorter than {least}')
    if length > most:
        yield Problem(path=path, reason="MAX_LENGTH_EXCEEDED", message=f'"{path}" is longer than {most}')


def _matches(pattern: str, value: str) -> bool:
    if "\\p{" in pattern:
        categories = frozenset(_CATEGORY.findall(pattern))
        further = "_.:/=+-@" if "Z" in categories else "_.:/=+-@\t\n\r \xa0\u3000"
        return all(unicodedata.category(each)[0] in categories or each in further for each in value)
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
