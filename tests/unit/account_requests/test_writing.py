"""Requests as text: what is written is read as what was meant, whatever names and tags hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.writing import adopting_request, key_for, misfits, quoted
from pipeline.account_requests.written import Document
from pipeline.account_requests.yaml import read
from tests.builders import an_account

anything = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
hostile = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
"""Without what our files never hold: control characters."""


def document_of(text: str) -> dict[str, Any]:
    document = read(text.encode(), "a.yaml")
    assert isinstance(document, Document), document
    return document.value


@given(hostile)
def test_a_quoted_text_is_read_as_itself(text: str) -> None:
    assert document_of(f"name: {quoted(text)}\n") == {"name": text}


@given(anything)
def test_a_quoted_text_is_one_line_of_ascii_without_commands(text: str) -> None:
    written = quoted(text)
    assert written.isascii()
    assert written.isprintable()
    assert "#" not in written


@given(name=hostile, unit=hostile, tags=st.dictionaries(hostile, hostile, max_size=3))
def test_a_request_says_what_the_account_is(name: str, unit: str, tags: dict[str, str]) -> None:
    account = an_account("web", name=name, organizational_unit=unit, tags=tags)
    expected: dict[str, Any] = {
        "name": name,
        "email": "aws+web@example.com",
        "account_id": account.account_id,
        "organizational_unit": unit,
    }
    assert document_of(adopting_request(account)) == expected | ({"tags": tags} if tags else {})


def test_an_ordinary_account_gives_a_request_that_our_schema_takes() -> None:
    text = adopting_request(an_account("web", tags={"CostCenter": "4711", "no": "off"}))
    document = read(text.encode(), "a.yaml")
    assert isinstance(document, Document)
    assert check(Kind.REQUEST, document) == ()
    assert misfits(text, "a.yaml") == ()


def test_what_our_schema_does_not_take_is_told() -> None:
    text = adopting_request(an_account("web", name="<web>"))
    assert [each.attribute for each in misfits(text, "a.yaml")] == ["name"]


def test_control_characters_are_told_and_not_written_into_a_file() -> None:
    text = adopting_request(an_account("web", tags={"a": "\x1b[2J"}))
    assert [each.rule for each in misfits(text, "a.yaml")] == ["yaml-control-character"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Payments Prod", "payments-prod"),
        ("../../etc/passwd", "etc-passwd"),
        ("---", "222233334444"),
        ("Ünïcode", "n-code"),
        ("web", "web-222233334444"),
        ("a" * 300, "a" * 100),
    ],
)
def test_a_key_is_a_file_name_that_no_request_has(name: str, key: str) -> None:
    assert key_for(name, "222233334444", {"web"}) == key
