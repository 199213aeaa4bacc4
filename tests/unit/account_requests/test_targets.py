"""The targets of AFT's aft-invoke-customizations, with a place and a remedy for everything that does not fit."""

import json

import pytest

from pipeline.account_requests.targets import read_targets
from pipeline.model.finding import Location
from pipeline.model.targets import Named, TargetFilter, Targets, TargetType

FILE = "targets.json"
OF_AFT = {
    "include": [
        {"type": "all"},
        {"type": "core"},
        {"type": "ous", "target_value": ["OuName", "Nested (ou-ab12-cdef3456)"]},
        {"type": "tags", "target_value": [{"k1": "v1"}, {"k2": "v2"}]},
        {"type": "accounts", "target_value": ["111122223333"]},
    ],
    "exclude": [{"type": "accounts", "target_value": ["111122224444"]}],
}
"""As AFT's documentation shows it, with all five types, of which AFT itself takes four."""


def found(text: str) -> list[str]:
    read = read_targets(text.encode(), FILE)
    assert isinstance(read, tuple), read
    return [f"{each.location}: {each.message}; {each.hint}" for each in read]


def test_the_json_of_aft_is_read_with_the_place_of_everything() -> None:
    read = read_targets(json.dumps(OF_AFT, indent=2).encode(), FILE)

    assert isinstance(read, Targets)
    assert [each.type for each in read.include] == list(TargetType)
    assert read.include[2].named[1] == Named(text="Nested (ou-ab12-cdef3456)", location=Location(FILE, 13, 9))
    assert read.include[3].tags == {"k1": "v1", "k2": "v2"}
    excluded = TargetFilter(
        type=TargetType.ACCOUNTS,
        location=Location(FILE, 36, 15),
        named=(Named(text="111122224444", location=Location(FILE, 38, 9)),),
    )
    assert read.exclude == (excluded,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{}",
            '1:1: "include" is missing; add it, like include: [{"type": "ous", "target_value": ["Workloads/Prod"]}]',
        ),
        ('{"include": []}', "1:13: include is shorter than 1 item; write at least 1 item"),
        (
            '{"include": [{"type": "all"}], "exclude": []}',
            "1:43: exclude is shorter than 1 item; write at least 1 item",
        ),
        (
            '{"include": [{"type": "everyone"}]}',
            '1:23: include.0.type "everyone" is not one of "all", "core", "ous", "tags", "accounts"; write one of them',
        ),
        (
            '{"include": [{"type": "all"}], "exclude": [{"type": "all"}]}',
            '1:53: exclude.0.type "all" is not one of "core", "ous", "tags", "accounts"; write one of them',
        ),
        (
            '{"include": [{"type": "ous"}]}',
            '1:14: "target_value" is missing in include.0; add it, like target_value: ["Workloads/Prod"]',
        ),
        (
            '{"include": [{"type": "tags"}]}',
            '1:14: "target_value" is missing in include.0; add it, like target_value: [{"Environment": "prod"}]',
        ),
        (
            '{"include": [{"type": "all", "target_value": []}]}',
            '1:30: "target_value" is not an attribute of include.0;',
        ),
        (
            '{"include": [{"type": "ous", "target_value": "Prod"}]}',
            '1:46: include.0.target_value is the text "Prod", not a list; write a list',
        ),
        (
            '{"include": [{"type": "ous", "target_value": []}]}',
            "1:46: include.0.target_value is shorter than 1 item; write at least 1 item",
        ),
        (
            '{"include": [{"type": "accounts", "target_value": [111122223333]}]}',
            '1:52: include.0.target_value.0 is the number 111122223333, not text; write "111122223333"',
        ),
        (
            '{"include": [{"type": "accounts", "target_value": ["11112222333x"]}]}',
            '1:52: include.0.target_value.0 "11112222333x" is not valid; write twelve digits in quotes',
        ),
        (
            '{"include": [{"type": "tags", "target_value": [{}]}]}',
            "1:48: include.0.target_value.0 is shorter than 1 key; write at least 1 key",
        ),
        (
            '{"include": [{"type": "tags", "target_value": [{"a": 1}]}]}',
            '1:54: include.0.target_value.0.a is the number 1, not text; write "1"',
        ),
        (
            '{"include": [{"type": "tags", "target_value": [{"a": "1"}, {"a": "2"}]}]}',
            '1:61: the tag "a" is asked for with two values, and an account has one; write a filter of its own for each',
        ),
        (
            '{"include": [{"type": "all"}], "includes": []}',
            '1:32: "includes" is not an attribute of the targets; did you',
        ),
        ('{"include": [{"type": "all"}, {"type": "all"}]}', "1:13: include names something twice; keep one of the two"),
        ("[]", "1:1: the file holds a list, not attributes;"),
        ('{"include": [', "1:14: this is not YAML:"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place_with_a_remedy(text: str, expected: str) -> None:
    (only,) = found(text)

    assert only.startswith(f"{FILE}:{expected}")


def test_a_mistyped_member_is_told_together_with_what_is_missing() -> None:
    assert found('{"include": [{"type": "ous", "target_values": ["Prod"]}]}') == [
        f'{FILE}:1:14: "target_value" is missing in include.0; add it, like target_value: ["Workloads/Prod"]',
        f'{FILE}:1:30: "target_values" is not an attribute of include.0; did you mean "target_value"?',
    ]
