"""The schemas: welded to the catalogue, explained in full, and the same for editors, Rust and Python."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from pipeline.account_requests.schema import Kind, schema
from pipeline.model.account import catalogue

OWN = {"name", "email", "account_id", "state", "expires", "confirm"}
"""What belongs to one account, so that no request inherits it."""


def properties(within: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every declared attribute, at any depth."""
    if isinstance(within, dict):
        for name, each in within.get("properties", {}).items():
            yield f"{path}.{name}", each
            yield from properties(each, f"{path}.{name}")
        for key in ("items", "additionalProperties"):
            yield from properties(within.get(key), f"{path}.{key}")
        for name, each in within.get("$defs", {}).items():
            yield from properties(each, f"{path}.{name}")


def patterned(within: Any) -> Iterator[dict[str, Any]]:
    if isinstance(within, dict):
        if isinstance(within.get("pattern"), str):
            yield within
        for each in within.values():
            yield from patterned(each)
    elif isinstance(within, list):
        for each in within:
            yield from patterned(each)


def test_a_request_has_the_attributes_of_the_catalogue_and_three_of_its_own() -> None:
    own = {"account_id", "confirm", "repair"}
    assert set(schema(Kind.REQUEST)["properties"]) == {each.name for each in catalogue()} | own


def test_defaults_have_the_attributes_of_a_request_but_for_those_of_one_account() -> None:
    request, defaults = schema(Kind.REQUEST), schema(Kind.DEFAULTS)
    expected = {name: each for name, each in request["properties"].items() if name not in OWN}
    settings = {name: each for name, each in expected["settings"]["properties"].items() if name != "alias"}
    assert defaults["properties"] == expected | {"settings": expected["settings"] | {"properties": settings}}
    assert "required" not in defaults
    for name, definition in defaults["$defs"].items():
        assert definition == request["$defs"][name]


def test_what_is_inherited_can_be_removed_with_null() -> None:
    for path, each in properties(schema(Kind.DEFAULTS)):
        inside_a_list = ".items." in path
        definition = schema(Kind.DEFAULTS)["$defs"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        assert ("null" in definition["type"]) is not inside_a_list, path


@pytest.mark.parametrize("kind", Kind)
def test_every_attribute_has_a_title_a_description_and_examples_that_fit(kind: Kind) -> None:
    whole = schema(kind)
    found = list(properties(whole))
    assert found
    for path, each in found:
        assert each.get("title"), path
        assert each.get("description", "").endswith((".", ")")), path
        assert each.get("examples"), path
        validator = jsonschema.Draft202012Validator({**each, "$defs": whole.get("$defs", {})})
        for example in each["examples"]:
            assert validator.is_valid(example), (path, example)


@pytest.mark.parametrize("kind", Kind)
def test_every_schema_is_one_of_draft_2020_12_and_refuses_unknown_attributes(kind: Kind) -> None:
    whole = schema(kind)
    jsonschema.Draft202012Validator.check_schema(whole)
    jsonschema_rs.Draft202012Validator(whole)
    assert whole["$id"] == f"https://account-vending.dev/schemas/{kind}.schema.json"
    text = json.dumps(whole)
    conditions = text.count('"if"') + text.count('"then": {"required"')
    assert text.count('"properties"') - conditions == text.count('"additionalProperties": false')


@pytest.mark.parametrize("kind", Kind)
def test_references_stay_within_the_file_so_that_editors_need_no_network(kind: Kind) -> None:
    for reference in re.findall(r'"\$ref": "([^"]*)"', json.dumps(schema(kind))):
        assert reference.startswith("#/$defs/")
        assert reference.removeprefix("#/$defs/") in schema(kind)["$defs"]


@pytest.mark.parametrize("kind", Kind)
def test_patterns_mean_the_same_everywhere_and_take_bounded_time(kind: Kind) -> None:
    """Anchored; no classes whose meaning differs between engines; nothing that ECMA 262 lacks; a longest text."""
    for each in patterned(schema(kind)):
        pattern = each["pattern"]
        assert pattern.startswith("^"), pattern
        assert pattern.endswith("$"), pattern
        assert not re.search(r"\\[dDwWsSbBAZpP]|\(\?[^:]|\[\[", pattern), pattern
        assert each["patternErrorMessage"], pattern
        assert each["maxLength"] <= 2048, pattern


def keywords(within: Any) -> Iterator[str]:
    """Every keyword of a schema whose violation people may see; of a condition only what follows from it."""
    if not isinstance(within, dict):
        return
    yield from within
    for key, each in within.items():
        if key in {"properties", "$defs"}:
            for below in each.values():
                yield from keywords(below.get("then", below) if isinstance(below, dict) else below)
        elif key in {"items", "additionalProperties", "propertyNames"}:
            yield from keywords(each)


@pytest.mark.parametrize("kind", Kind)
def test_every_keyword_that_is_used_has_words(kind: Kind) -> None:
    annotations = {
        "$schema",
        "$id",
        "$ref",
        "$defs",
        "$comment",
        "title",
        "description",
        "examples",
        "default",
        "format",
    }
    explained = {"type", "enum", "pattern", "patternErrorMessage", "required", "properties", "additionalProperties"}
    explained |= {
        "propertyNames",
        "uniqueItems",
        "items",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "minProperties",
        "maxProperties",
        "allOf",
    }

    assert set(keywords(schema(kind))) <= annotations | explained
