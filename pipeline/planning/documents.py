"""Plans and observed states as files: versioned JSON, the same bytes for the same value.

A field at its default is left out; null is a value that was not observed. Every element of a list stands on a line of its
own, so two files compare well. A plan carries the digest of each change for its readers; reading verifies them, so a plan
that somebody has edited is refused.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar

from cattrs import BaseValidationError

from pipeline.errors import DocumentError
from pipeline.model.json import Json, canonical
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.planning.conversion import converter, problems_of

PLAN_FORMAT: Final = "account-vending/plan"
OBSERVED_FORMAT: Final = "account-vending/observed-state"
VERSION: Final = 1

Value = TypeVar("Value")


def plan_to_json(plan: Plan) -> str:
    """The plan as the text of `plan.json` (schemas/plan.schema.json); byte-identical for equal plans."""
    return _text({"format": PLAN_FORMAT, "version": VERSION, "digest": plan.digest, **converter().unstructure(plan)})


def plan_from_json(text: str, *, source: str = "plan") -> Plan:
    """The plan that `plan_to_json` wrote. `source` is the file's name, for messages.

    Raises `DocumentError`: not JSON, another format or version, a damaged value (with its place), or a digest that does not
    fit its change.
    """
    document = _document(text, PLAN_FORMAT, source)
    digest = document.pop("digest", None)
    plan = _structured(document, Plan, source)
    if digest != plan.digest:
        _fail(source, f'digest "{digest}" is not that of this plan, "{plan.digest}"', "write the plan again")
    return plan


def observed_to_json(state: ObservedState) -> str:
    """The observed state as text (schemas/observed-state.schema.json)."""
    return _text({"format": OBSERVED_FORMAT, "version": VERSION, **converter().unstructure(state)})


def observed_from_json(text: str, *, source: str = "observed state") -> ObservedState:
    """The state that `observed_to_json` wrote. Raises `DocumentError` as `plan_from_json` does."""
    return _structured(_document(text, OBSERVED_FORMAT, source), ObservedState, source)


def _text(document: Mapping[str, Json]) -> str:
    return "".join(_lines(document))


def _lines(document: Mapping[str, Json]) -> Iterator[str]:
    """Members in the order of declaration, elements of lists in canonical form, one a line."""
    separator = "{\n"
    for name, value in document.items():
        yield f"{separator}  {json.dumps(name)}: "
        if isinstance(value, list | tuple) and value:
            yield "[\n    " + ",\n    ".join(map(canonical, value)) + "\n  ]"
        else:
            yield canonical(value)
        separator = ",\n"
    yield "\n}\n"


def _document(text: str, expected: str, source: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        message = f"this is not JSON ({error})"
        raise DocumentError(f"{source}: {message}", hint="write the file again") from error
    if not isinstance(document, dict) or document.pop("format", None) != expected:
        _fail(source, f'this is not a file of the format "{expected}"', "give a file that vend has written")
    if (version := document.pop("version", None)) != VERSION:
        hint = "write the file again with this version of vend"
        _fail(source, f"format version {json.dumps(version)} is not {VERSION}, which this vend reads", hint)
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _structured(document: Mapping[str, Any], kind: type[Value], source: str) -> Value:
    try:
        return converter().structure(document, kind)
    except BaseValidationError as error:
        message = "; ".join(problems_of(error))
        raise DocumentError(f"{source}: {message}", hint="write the file again, and do not edit it") from error


def _fail(source: str, message: str, hint: str) -> NoReturn:
    raise DocumentError(f"{source}: {message}", hint=hint)
