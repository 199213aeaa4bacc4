"""How model values become JSON and come back: strict, so that a damaged file is never read as something else."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from types import GenericAlias
from typing import Any, Final, get_args, get_origin

from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.v import format_exception

from pipeline.model.account import UNOBSERVED, Unobserved
from pipeline.model.change import CHANGES, Change, kind_of
from pipeline.model.effect import digest_of
from pipeline.model.json import Json
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan

_SHOWN: Final = 5
"""So many problems of a damaged file are told."""


_ALWAYS_WRITTEN: Final[Mapping[type, tuple[str, ...]]] = {
    Plan: ("changes", "holds", "findings", "deferred", "unmanaged", "orphans", "managed"),
    ObservedState: ("accounts", "units", "creations"),
}
"""Fields of a document that are written at their default, too. What later versions have added is not: older ones read the file
as long as it is not used."""


class _DamagedError(ValueError):
    """A value that is not what it should be; the text is for people."""


@cache
def converter() -> Converter:
    """The converter of plans and observed states: defaults left out, unknown fields and other types refused."""
    made = Converter(omit_if_default=True, forbid_extra_keys=True)
    made.register_structure_hook(str, _strictly)
    made.register_structure_hook(int, _strictly)
    made.register_structure_hook_factory(_is_sequence, _sequence_hook)
    made.register_structure_hook_func(_is_json, lambda value, _: value)
    made.register_unstructure_hook_func(_is_json, lambda value: value)
    made.register_structure_hook_factory(_is_observable, _observable_hook)
    made.register_unstructure_hook_factory(_is_observable, _observable_writer)
    made.register_structure_hook_func(_is_change, lambda value, _: _change_from(value, made))
    made.register_unstructure_hook_func(_is_change, lambda change: _change_json(change, made))
    for document, names in _ALWAYS_WRITTEN.items():
        overrides: dict[str, Any] = {name: override(omit_if_default=False) for name in names}
        made.register_unstructure_hook(
            document, make_dict_unstructure_fn(document, made, _cattrs_omit_if_default=True, **overrides)
        )
    return made


def problems_of(error: BaseValidationError) -> tuple[str, ...]:
    """What is wrong, each with its place (`… @ $.changes[3].key`); the first few."""
    return tuple(transform_error(error, format_exception=_describe)[:_SHOWN])


def _describe(error: BaseException, kind: type | None) -> str:
    return str(error) if isinstance(error, _DamagedError) else format_exception(error, kind)


def _strictly(value: Any, kind: type) -> Any:
    """Without this, cattrs reads the number 1 as the text "1". Subclasses come here too: words (`StrEnum`) and `bool`."""
    if issubclass(kind, Enum):
        return kind(value)
    if type(value) is not kind:
        raise _DamagedError(f"this is not of the type {kind.__name__}")
    return value


def _is_sequence(kind: Any) -> bool:
    return get_origin(kind) in {tuple, Sequence}


def _sequence_hook(kind: Any, made: Converter) -> Callable[[Any, Any], Any]:
    """Read-only sequences are tuples; a text is not a sequence of its letters."""
    elements = GenericAlias(list, get_args(kind)[:1])
    structure_list = made.get_structure_hook(elements)

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise _DamagedError("this is not a list")
        return tuple(structure_list(value, elements))

    return structure


def _is_json(kind: Any) -> bool:
    return bool(kind == Json)


def _is_observable(kind: Any) -> bool:
    return Unobserved in get_args(kind)


def _observed_kind(kind: Any) -> Any:
    return next(each for each in get_args(kind) if each is not Unobserved)


def _observable_hook(kind: Any, made: Converter) -> Callable[[Any, Any], Any]:
    observed = _observed_kind(kind)
    structure_observed = made.get_structure_hook(observed)
    return lambda value, _: UNOBSERVED if value is None else structure_observed(value, observed)


def _observable_writer(kind: Any, made: Converter) -> Callable[[Any], Any]:
    write = made.get_unstructure_hook(_observed_kind(kind))
    return lambda value: None if value is UNOBSERVED else write(value)


def _is_change(kind: Any) -> bool:
    return bool(kind == Change)


def _change_json(change: Change, made: Converter) -> dict[str, Any]:
    return {"kind": kind_of(change), "digest": digest_of(change), **made.unstructure(change)}


def _change_from(value: Any, made: Converter) -> Change:
    if not isinstance(value, dict) or value.get("kind") not in CHANGES:
        raise _DamagedError(f"this is not a change; its kind is one of {', '.join(CHANGES)}")
    fields = {name: each for name, each in value.items() if name not in {"kind", "digest"}}
    change: Change = made.structure(fields, CHANGES[value["kind"]])
    if value.get("digest") != digest_of(change):
        raise _DamagedError("the digest is not that of this change: one of the two has been edited")
    return change
