"""The schemas of the files that people write, and whether a document fits.

`jsonschema-rs` decides, at a seventieth of the time; `jsonschema` explains the documents that do not fit. A property test
holds that both always agree.
"""

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from pipeline.account_requests.written import Document
from pipeline.model.finding import Finding
from pipeline.model.json import Json


class Kind(StrEnum):
    """Which file; the value is the name of its schema."""

    REQUEST = "account-request"
    DEFAULTS = "defaults"
    ORGANIZATION = "organization"
    SETTINGS = "settings"
    TARGETS = "aft-targets"


@cache
def schema(kind: Kind) -> dict[str, Any]:
    """The schema as JSON. Not to be changed."""
    text = files("pipeline").joinpath("schemas", f"{kind}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def is_valid(kind: Kind, value: Json) -> bool:
    return _deciding(kind).is_valid(value)


def check(kind: Kind, document: Document) -> tuple[Finding, ...]:
    """What does not fit, each at the place where it was written."""
    if is_valid(kind, document.value):
        return ()
    from pipeline.account_requests.violations import explain_all  # noqa: PLC0415 - `jsonschema` costs 0.1 s to import

    found = explain_all(kind, document)
    return found or (_unexplained(document),)


def _unexplained(document: Document) -> Finding:
    return Finding(
        location=document.root.place,
        rule="schema",
        message="the file does not fit its schema",
        hint="compare it with the schema",
    )


@cache
def _deciding(kind: Kind) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(kind))
