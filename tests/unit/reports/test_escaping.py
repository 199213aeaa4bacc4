"""Foreign text for a terminal, a CI log and Markdown, by example; the laws are in `tests/property/test_rendering.py`."""

import pytest

from pipeline.reports.escaping import code, columns, prose, value, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Käse, 日本 … ok", "Käse, 日本 … ok"),
        ("\x1b[31mred", "\\u{1B}[31mred"),
        ("a\u202eb", "a\\u{202E}b"),
        ("a\u200bb", "a\\u{200B}b"),
        ("a\nb", "a\\u{A}b"),
        ("\\u{A}", "\\u{5C}u{A}"),
        ("C:\\users", "C:\\users"),
        ("::error::x", "\\u{3A}:error::x"),
        ("arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/x"),
        ("a ##[add-mask]b", "a \\u{23}#[add-mask]b"),
        ("##vso[task.setvariable]", "\\u{23}#vso[task.setvariable]"),
    ],
)
def test_what_is_unseen_or_commands_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Workloads/Prod", "Workloads/Prod"),
        ("payments-prod", "payments-prod"),
        ("222233334444", "222233334444"),
        ("4711", "4711"),
        ("GH-26", "`GH-26`"),
        ("deadbeef", "`deadbeef`"),
        ("aws+x@example.com", "`aws+x@example.com`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a|b", "`a\\|b`"),
        ("a\\|b", "`a\\u{5C}\\|b`"),
        ("", "(empty)"),
        ("<!-- vend:plan: -->", "`<\\u{21}-- vend:plan: -->`"),
    ],
)
def test_a_value_is_plain_words_or_code(text: str, markdown: str) -> None:
    assert value(text) == markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (
            'e-mail "aws+x@example.com" is also requested at account-requests/a.yaml:3:8; choose another address',
            'e-mail "`aws+x@example.com`" is also requested at `account-requests/a.yaml:3:8`; choose another address',
        ),
        (
            "write `confirm: {state: closed}` in account-requests/a.yaml",
            "write `confirm: {state: closed}` in `account-requests/a.yaml`",
        ),
        ("write confirm: {state: closed} in x", "write `confirm: {state: closed}` in x"),
        ('unit "Workloads/Prod" is protected', 'unit "Workloads/Prod" is protected'),
        ('"two @words here" are one', '"`two @words here`" are one'),
        ("an odd ` backtick", "an odd `` ` `` backtick"),
        ("`a``b`", "`a` `b`"),
    ],
)
def test_prose_keeps_its_words_and_puts_the_rest_into_code(text: str, markdown: str) -> None:
    assert prose(text) == markdown


def test_code_of_nothing_can_not_be_taken_for_a_value() -> None:
    assert code("(empty)") == "`(empty)`"


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert columns("日本") == 4
    assert columns("e\u0301") == 1
