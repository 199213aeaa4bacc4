"""The effective request in words."""

import json
from typing import NamedTuple

from pipeline.model.finding import Location
from pipeline.model.json import Json
from pipeline.reports.explain import as_json, as_text


class Row(NamedTuple):
    path: tuple[str, ...]
    value: Json
    location: Location


REQUEST = Location("account-requests/web.yaml", 2, 7)
DEFAULTS = Location("account-requests/_defaults.yaml", 5, 3)


def test_every_value_stands_with_file_and_line() -> None:
    rows = [Row(("name",), "web", REQUEST), Row(("tags", "CostCenter"), "4711", DEFAULTS)]

    assert as_text(rows) == (
        "name             web     account-requests/web.yaml:2\n"
        'tags.CostCenter  "4711"  account-requests/_defaults.yaml:5\n'
    )


def test_texts_are_told_from_other_values() -> None:
    values: list[Json] = ["true", True, "", " x", None, "null", 4711, "payments & more"]
    shown = [as_text([Row(("x",), value, REQUEST)]).removeprefix("x  ").partition("  account")[0] for value in values]

    assert shown == ['"true"', "true", '""', '" x"', "null", '"null"', "4711", "payments & more"]


def test_a_path_with_dots_in_a_key_stays_unambiguous() -> None:
    assert as_text([Row(("tags", "a.b"), "x", REQUEST)]).startswith('tags."a.b"  x')


def test_json_has_path_value_and_place() -> None:
    assert json.loads(as_json([Row(("tags", "a.b"), "x", DEFAULTS)])) == [
        {"path": ["tags", "a.b"], "value": "x", "file": "account-requests/_defaults.yaml", "line": 5, "column": 3}
    ]
