"""YAML means what people expect, every value has its place, and what could surprise is refused."""

import pytest

from pipeline.account_requests import yaml
from pipeline.account_requests.written import Document
from pipeline.model.finding import Finding, Location


def read(text: str | bytes) -> Document:
    found = yaml.read(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert isinstance(found, Document), found
    return found


def refused(text: str | bytes) -> list[tuple[str, int, int]]:
    found = yaml.read(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert not isinstance(found, Document), found.value
    return [(each.rule, each.location.line, each.location.column) for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "yes",
        "off",
        "y",
        "08",
        "1:30",
        "0x1f",
        "0o7",
        "1_000",
        "2027-03-31",
        "012345670123",
        "+4930",
        ".5",
        "1.",
        "1e5",
        ".inf",
        ".nan",
        "True",
        "NULL",
        "12e5345",
        "=",
        "2001-12-14t21:59:43.10-05:00",
        "<<",
    ],
)
def test_what_is_no_json_stays_the_text_that_was_written(text: str) -> None:
    assert read(f"a: {text}").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("4711", 4711),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("9007199254740992", 2**53),
    ],
)
def test_words_and_plain_decimal_numbers_of_json_have_their_type(text: str, value: object) -> None:
    found = read(f"a: {text}").value["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ['"true"', "'4711'", '"null"', '""', "'~'"])
def test_what_is_in_quotes_is_text(text: str) -> None:
    assert read(f"a: {text}").value == {"a": text[1:-1]}


def test_keys_that_yaml_1_1_takes_for_true_and_false_are_text() -> None:
    assert read("on: 1\nno: 2\n").value == {"on": 1, "no": 2}


def test_every_value_has_the_place_where_it_was_written() -> None:
    document = read("# first\nname: x\ntags:\n  A: 'b'\naccess:\n  - group: g\n  - {group: h}\nregions: [eu-south-2]\n")
    assert document.places == {
        (): Location("f.yaml", 2, 1),
        ("name",): Location("f.yaml", 2, 7),
        ("tags",): Location("f.yaml", 3, 1),
        ("tags", "A"): Location("f.yaml", 4, 6),
        ("access",): Location("f.yaml", 5, 1),
        ("access", "0"): Location("f.yaml", 6, 5),
        ("access", "0", "group"): Location("f.yaml", 6, 12),
        ("access", "1"): Location("f.yaml", 7, 5),
        ("access", "1", "group"): Location("f.yaml", 7, 13),
        ("regions",): Location("f.yaml", 8, 10),
        ("regions", "0"): Location("f.yaml", 8, 11),
    }


def test_columns_count_characters_and_a_byte_order_mark_is_none() -> None:
    document = read("\ufeff{ä: ö, b: 1}")
    assert document.places["b",] == Location("f.yaml", 1, 11)


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1),
        ("a: {b: 1, b: 2}\n", "yaml-duplicate-key", 1, 11),
        ("a:\n\tb: 1\n", "yaml-tab", 2, 1),
        ('a: "\\t"\n', "yaml-tab", 1, 4),
        ("a: !!python/object:os.system x\n", "yaml-tag", 1, 4),
        ("a: ! x\n", "yaml-tag", 1, 4),
        ("a: !!map {}\n", "yaml-tag", 1, 4),
        ("a: &x 1\n", "yaml-alias", 1, 4),
        ("a: *x\n", "yaml-alias", 1, 4),
        ("a: 1\n---\nb: 1\n", "yaml-documents", 2, 1),
        ("a: 1\n...\n---\n...\n", "yaml-documents", 3, 1),
        ("- a\n", "yaml-mapping", 1, 1),
        ("text\n", "yaml-mapping", 1, 1),
        ("1\n", "yaml-mapping", 1, 1),
        ("", "yaml-empty", 1, 1),
        ("# nothing\n", "yaml-empty", 1, 1),
        ("---\n", "yaml-empty", 1, 4),
        ("null\n", "yaml-empty", 1, 1),
        ("a: b\nc: \xe9\n".encode("latin-1"), "yaml-encoding", 2, 4),
        ("a: 1".encode("utf-16"), "yaml-encoding", 1, 1),
        ("a: b\x00\n", "yaml-control-character", 1, 5),
        ("a: b\x85\n", "yaml-control-character", 1, 5),
        ("a: b\u2028\n", "yaml-control-character", 1, 5),
        ("a: \u202eb\n", "yaml-control-character", 1, 4),
        ("a: b\rc: d\n", "yaml-control-character", 1, 5),
        ('a: "b\\n"\n', "yaml-control-character", 1, 4),
        ('a: "\\u0085"\n', "yaml-control-character", 1, 4),
        ('a: "\\u202e"\n', "yaml-control-character", 1, 4),
        ("a: |\n  b\n", "yaml-control-character", 1, 4),
        ("a: b\n\n  c\n", "yaml-control-character", 1, 4),
        ("1: a\n", "yaml-key", 1, 1),
        ("true: a\n", "yaml-key", 1, 1),
        ("null: a\n", "yaml-key", 1, 1),
        (": a\n", "yaml-syntax", 1, 1),
        ("? [a]\n: b\n", "yaml-key", 1, 3),
        ("? {a: b}\n: b\n", "yaml-key", 1, 3),
        ("a: 9007199254740993\n", "yaml-number", 1, 4),
        (f"a: {'9' * 5000}\n", "yaml-number", 1, 4),
        (f"a: {'9' * 500}.5\n", "yaml-number", 1, 4),
        ("a: b: c\n", "yaml-syntax", 1, 5),
        ("a: @b\n", "yaml-syntax", 1, 4),
        ("a: [\n", "yaml-syntax", 1, 5),
        ("a: 'b\n", "yaml-syntax", 1, 6),
        ('a: "\\ud800"\n', "yaml-syntax", 1, 7),
    ],
)
def test_what_could_surprise_is_refused_at_its_place(text: str | bytes, rule: str, line: int, column: int) -> None:
    assert refused(text) == [(rule, line, column)]


@pytest.mark.parametrize("text", ["[" * 300_000, "- " * 300_000, "? " * 300_000, "{a: " * 200_000, "a: " + "[" * 32])
def test_nesting_without_end_is_a_finding_and_not_the_end_of_the_process(text: str) -> None:
    assert [rule for rule, _, _ in refused(text)] == ["yaml-depth"]


def test_thirty_one_levels_below_the_file_are_fine() -> None:
    assert read("a: " + "[" * 31 + "]" * 31)


def test_a_file_over_a_megabyte_is_refused_and_one_of_exactly_a_megabyte_is_read() -> None:
    whole = b"a: " + b"b" * (yaml.MAX_BYTES - 3)
    assert read(whole)
    assert refused(whole + b"b") == [("file-size", 1, 1)]


def test_all_problems_of_a_file_are_found_at_once() -> None:
    assert [rule for rule, _, _ in refused("a: *x\nb: &y 1\na: 2\n3: !t 4\n")] == [
        "yaml-alias",
        "yaml-alias",
        "yaml-duplicate-key",
        "yaml-tag",
        "yaml-key",
    ]


def test_the_message_of_a_duplicate_key_names_both_lines() -> None:
    (finding,) = yaml.read(b"tags:\n  A: x\n  B: y\n  A: z\n", "f.yaml")
    assert isinstance(finding, Finding)
    assert str(finding.location) == "f.yaml:4:3"
    assert finding.message == '"A" is already written in line 2'


def test_windows_line_ends_are_read() -> None:
    assert read("a: 1\r\nb: x\r\n").value == {"a": 1, "b": "x"}


def test_text_may_be_folded_over_several_lines() -> None:
    assert read("a: >-\n  one\n  two\nb: three\n  four\n").value == {"a": "one two", "b": "three four"}
