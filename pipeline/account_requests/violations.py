"""What is wrong with a document that does not fit its schema, in words."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError, validators

from pipeline.account_requests.schema import Kind, schema
from pipeline.account_requests.suggestions import did_you_mean
from pipeline.account_requests.written import Document
from pipeline.model.finding import Finding, Location
from pipeline.model.json import Json
from pipeline.model.request import Path

_SHOWN: Final = 80
_FILES: Final = {
    Kind.REQUEST: "an account request",
    Kind.DEFAULTS: "_defaults.yaml",
    Kind.ORGANIZATION: "_organization.yaml",
    Kind.SETTINGS: "vending.yaml",
    Kind.TARGETS: "the targets",
}
_TYPES: Final = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
_BOUNDS: Final = {
    "minimum": ("less than {}", "write at least {}"),
    "maximum": ("more than {}", "write at most {}"),
    "minLength": ("shorter than {}", "write at least {}"),
    "maxLength": ("longer than {}", "write at most {}"),
    "minItems": ("shorter than {}", "write at least {}"),
    "minProperties": ("shorter than {}", "write at least {}"),
    "maxProperties": ("longer than {}", "write at most {}"),
}
_UNITS: Final = {
    "minLength": "character",
    "maxLength": "character",
    "minItems": "item",
    "minProperties": "key",
    "maxProperties": "key",
}
_MOVED: Final = {
    (Kind.SETTINGS, ("customizations", "parallelism")): "write it as engine: {customizations: …}, where it is now",
}
"""What older files say elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Violation:
    """What `jsonschema` found: a value (or, if `is_key`, a key) at `path` breaks `keyword`, which is set to `limit`."""

    kind: Kind
    keyword: str
    limit: Any
    within: Mapping[str, Any]
    value: Any
    path: Path
    is_key: bool

    @property
    def name(self) -> str:
        return ".".join(self.path) or "the file"


def explain_all(kind: Kind, document: Document) -> tuple[Finding, ...]:
    """A finding for everything in the document that does not fit, sorted."""
    violations = [_violation(kind, error) for error in explaining(kind).iter_errors(document.value)]
    return tuple(sorted({finding for violation in violations for finding in _explain(document, violation)}))


@cache
def explaining(kind: Kind) -> Any:
    """The `jsonschema` validator of a schema."""
    extend: Any = validators.extend  # untyped in `jsonschema`
    return extend(Draft202012Validator, {"pattern": _pattern})(schema(kind))


def _pattern(validator: Any, pattern: str, instance: object, within: Mapping[str, Any]) -> Iterator[ValidationError]:
    """The keyword `pattern`; text that is too long anyway is not matched: Python's engine may take very long over it."""
    if not validator.is_type(instance, "string") or len(str(instance)) > within.get("maxLength", math.inf):
        return
    if not re.search(pattern, str(instance)):
        yield ValidationError("does not match")


def _violation(kind: Kind, error: Any) -> _Violation:
    path = tuple(str(step) for step in error.absolute_path)
    is_key = "propertyNames" in error.absolute_schema_path
    return _Violation(
        kind=kind,
        keyword=error.validator,
        limit=error.validator_value,
        within=error.schema,
        value=error.instance,
        path=(*path, str(error.instance)) if is_key else path,
        is_key=is_key,
    )


def _explain(document: Document, violation: _Violation) -> Iterator[Finding]:
    match violation.keyword:
        case "additionalProperties":
            yield from _unknown(document, violation)
        case "required":
            yield from _missing(document, violation)
        case _:
            node = document.nearest(violation.path)
            message, hint = _wording(violation)
            yield _finding(
                node.key if violation.is_key else node.place, violation.keyword, message, hint, violation.path
            )


def _unknown(document: Document, violation: _Violation) -> Iterator[Finding]:
    known = list(violation.within["properties"])
    not_inherited = _attributes_at(violation.path) if violation.kind is Kind.DEFAULTS else {}
    where = violation.name if violation.path else _FILES[violation.kind]
    for key in violation.value:
        if key in known:
            continue
        message = f'"{_short(key)}" is not an attribute of {where}'
        hint = did_you_mean(key, known, f"remove it; there are {', '.join(known)}")
        if key in not_inherited:
            message, hint = f'"{key}" is not inherited', "write it in each request"
        path = (*violation.path, key)
        hint = _MOVED.get((violation.kind, path), hint)
        yield _finding(document.nearest(path).key, violation.keyword, message, hint, path)


def _attributes_at(path: Path) -> Mapping[str, Any]:
    """The attributes that a request has at `path`."""
    within = schema(Kind.REQUEST)
    for step in path:
        within = within.get("properties", {}).get(step, {})
    attributes: Mapping[str, Any] = within.get("properties", {})
    return attributes


def _missing(document: Document, violation: _Violation) -> Iterator[Finding]:
    for key in violation.limit:
        if key in violation.value:
            continue
        example = json.dumps(violation.within["properties"][key]["examples"][0], ensure_ascii=False)
        message = f'"{key}" is missing' + (f" in {violation.name}" if violation.path else "")
        path = (*violation.path, key)
        yield _finding(
            document.nearest(violation.path).place, violation.keyword, message, f"add it, like {key}: {example}", path
        )


def _wording(violation: _Violation) -> tuple[str, str]:
    """What is true, and what to do."""
    subject, limit = _subject(violation), violation.limit
    match violation.keyword:
        case "type":
            return _wrong_type(violation)
        case "pattern":
            return f"{subject} is not valid", str(violation.within["patternErrorMessage"])
        case "enum":
            known = [each for each in limit if each is not None]
            words = ", ".join(f'"{each}"' for each in known)
            hint = did_you_mean(str(violation.value), known, "write one of them")
            return f"{subject} is not one of {words}", hint
        case "uniqueItems":
            return f"{subject} names something twice", "keep one of the two"
        case keyword if keyword in _BOUNDS:
            unit = _UNITS.get(keyword)
            bound = str(limit) if unit is None else f"{limit} {unit}{'' if limit == 1 else 's'}"
            what, remedy = _BOUNDS[keyword]
            return f"{subject} is {what.format(bound)}", remedy.format(bound)
        case _:
            return f"{subject} does not fit", "compare it with the schema"


def _subject(violation: _Violation) -> str:
    """The attribute with its value, if that is short: `name "x"`."""
    if violation.is_key:
        return f'the key "{_short(violation.value)}"'
    match violation.value:
        case str(text):
            return f'{violation.name} "{_short(text)}"'
        case int() | float():
            return f"{violation.name} {json.dumps(violation.value)}"
        case _:
            return violation.name


def _wrong_type(violation: _Violation) -> tuple[str, str]:
    wanted = violation.limit if isinstance(violation.limit, list) else [violation.limit]
    words = " or ".join(_TYPES[each] for each in wanted if each != "null")
    message = f"{violation.name} is {_as_written(violation.value)}, not {words}"
    if wanted[0] != "string":
        return message, f"write {words}"
    match violation.value:
        case bool() | int():
            return message, f'write "{json.dumps(violation.value)}"'
        case float():
            return message, "put it in quotes"
        case _:
            return message, "write text"


def _as_written(value: Json) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return json.dumps(value)
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{_short(value)}"'
        case _:
            return "a mapping" if isinstance(value, dict) else "a list"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _finding(place: Location, keyword: str, message: str, hint: str, path: Path) -> Finding:
    rule = "schema-" + re.sub("[A-Z]", lambda found: "-" + found[0].lower(), keyword)
    return Finding(location=place, rule=rule, message=message, hint=hint, attribute=".".join(path))
