"""What an issue says becomes a request only if it is exactly what the form makes, and then means nothing but itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.account_requests.issue_form import Asked, as_request, form, read_body
from pipeline.account_requests.writing import misfits
from pipeline.account_requests.written import Document
from pipeline.account_requests.yaml import read

LABELS = [each["attributes"]["label"] for each in form()["body"][1:]]
NAMES = [each["id"] for each in form()["body"][1:]]
GOOD = {
    "name": "payments-prod",
    "email": "aws+payments-prod@example.com",
    "organizational_unit": "Workloads/Prod",
    "owner": "payments@example.com",
    "purpose": "Card payments, production",
    "tags": "CostCenter=4711\nTeam = payments",
}


def body(answers: dict[str, str]) -> str:
    """What GitHub makes of a filled-in form."""
    sections = (
        f"### {label}\n\n{answers.get(name) or '_No response_'}" for label, name in zip(LABELS, NAMES, strict=True)
    )
    return "\n\n".join(sections)


def asked(text: str) -> Asked:
    found = read_body(text, "issue #7")
    assert isinstance(found, Asked), found
    return found


def messages(text: str) -> list[str]:
    found = read_body(text, "issue #7")
    assert isinstance(found, tuple), found
    return [each.message for each in found]


def yaml_of(text: str) -> Any:
    document = read(text.encode(), "x.yaml")
    assert isinstance(document, Document), document
    return document.value


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_filled_in_form_becomes_a_valid_request(line_end: str) -> None:
    found = asked(body(GOOD).replace("\n", line_end))
    text = as_request(found)

    assert misfits(text, "account-requests/payments-prod.yaml") == ()
    tags = {"CostCenter": "4711", "Team": "payments"}
    assert yaml_of(text) == {**GOOD, "tags": tags}


def test_what_is_not_filled_in_is_left_to_the_defaults() -> None:
    text = as_request(asked(body({"name": GOOD["name"], "email": GOOD["email"]})))

    assert yaml_of(text) == {"name": GOOD["name"], "email": GOOD["email"]}


@given(st.dictionaries(st.sampled_from(NAMES[:-1]), st.text(min_size=1).filter(lambda each: len(each.split()) > 0)))
def test_a_value_is_read_back_as_that_text_or_the_request_is_refused(values: dict[str, str]) -> None:
    found = read_body(body({**GOOD, **values}), "issue #7")
    if isinstance(found, Asked) and isinstance(document := read(as_request(found).encode(), "x.yaml"), Document):
        assert document.value == {**found.fields, "tags": dict(found.tags)}
        assert set(found.fields) <= set(NAMES)


@given(st.text())
def test_no_text_makes_the_reader_raise(text: str) -> None:
    read_body(text, "issue #7")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text + f"\n\n### {LABELS[1]}\n\nmallory@example.com", "more than once"),
        (lambda text: "account_id: 111122223333\n" + text, "does not begin"),
        (lambda text: text.replace(f"### {LABELS[2]}", "### Else"), "is not there"),
        (lambda _: "", "is not there"),
        (lambda _: "x" * 70_000, "longer than"),
    ],
)
def test_a_body_that_the_form_cannot_have_made_is_refused(change: Any, message: str) -> None:
    assert any(message in each for each in messages(change(body(GOOD))))


def test_headings_in_another_order_are_refused() -> None:
    first, second, *rest = body(GOOD).split("\n\n### ")

    assert messages("### " + "\n\n### ".join([second, first.removeprefix("### "), *rest])) == [
        "the headings are not in the order of the form"
    ]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {**GOOD, "name": "", "purpose": "one\ntwo", "tags": "no tag\nA=1\nA=2"}

    assert messages(body(wrong)) == [
        '"Account name" is not filled in',
        '"Purpose" is more than one line',
        "this line is no tag",
        'the tag "A" is there twice',
    ]


def test_the_form_asks_for_what_the_schema_requires() -> None:
    required = {each["id"] for each in form()["body"][1:] if each["validations"]["required"]}

    assert required == {"name", "email"}
