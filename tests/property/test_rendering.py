"""Laws of rendering: any text is harmless, nothing is silent, nothing is over the budget, the same plan reads the same."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.model.change import CreateAccount, subject_of
from pipeline.model.finding import Finding, Location
from pipeline.model.json import Json
from pipeline.model.outcome import Outcome
from pipeline.model.plan import Plan
from pipeline.reports import explain, organization, outcomes, plan_markdown, plan_text
from pipeline.reports.budget import size
from pipeline.reports.escaping import clip, code, columns, fenced, prose, value, visible
from pipeline.reports.findings import as_github, as_text
from pipeline.reports.markdown import BUDGET, SMALLEST_BUDGET
from pipeline.reports.summary import Occasion, summarize
from tests.builders import a_spec, a_state, an_account
from tests.unit.reports import plans

LINK = "https://ci.example.com/runs/1"
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HTML = re.compile(r"</?details>|<summary>[\w ,();.]*</summary>|<!-- vend:(?:plan|apply):[\w.%/-]* -->|\s")
HARMLESS = re.compile(r"[\w\s.,;:()\"'/%+~→·…⏸⚙◆◇?-]*")
INLINE = {"text", "code_inline", "softbreak", "strong_open", "strong_close", "link_open", "link_close"}


# No deadline: tests count, they do not measure, and the machine is shared.
LAW = settings(deadline=None)
LARGE_LAW = settings(deadline=None, max_examples=40)


def unseen(text: str) -> str:
    """`visible`, undone."""
    return re.sub(r"\\u\{([0-9A-F]+)\}", lambda match: chr(int(match[1], 16)), text)


def tokens(markdown: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def assert_harmless(markdown: str) -> None:
    """By a parser of its own: no markup, link, image, HTML or heading that is not ours."""
    parsed = list(tokens(markdown))
    inline = [child for token in parsed if token.type == "inline" for child in token.children or ()]

    assert {token.type for token in inline} <= INLINE
    assert all(HARMLESS.fullmatch(token.content) for token in inline if token.type == "text")
    assert {token.attrs["href"] for token in inline if token.type == "link_open"} <= {LINK}
    assert HTML.sub("", "".join(token.content for token in parsed if token.type == "html_block")) == ""
    assert sum(token.type == "heading_open" for token in parsed) == 1
    assert sum(token.type == "fence" for token in parsed) <= 1
    assert markdown.count("<!-- ") == 1
    assert markdown.startswith("<!-- vend:")
    assert all(char.isprintable() or char == "\n" for char in markdown)


def rows_of(markdown: str) -> list[list[str]]:
    """The rows of the plan's table, as GitHub splits them: at every `|` that no backslash precedes."""
    lines = [line for line in markdown.splitlines() if line.startswith("| ")]
    return [re.split(r"(?<!\\)\|", line) for line in lines]


@LAW
@given(plans.hostile | st.text(st.characters(), max_size=12))
def test_visible_text_is_one_printable_line_and_can_be_undone(text: str) -> None:
    shown = visible(text)

    assert shown.isprintable()
    assert unseen(shown) == text
    assert not shown.startswith("::")
    assert " ::" not in shown
    assert "##[" not in shown


@LAW
@given(st.text(alphabet=st.characters(categories=["L", "N", "P"], exclude_characters="\\:#\u034f")))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    if all(columns(char) and not "\u115f" <= char <= "\u1160" and char not in "\u3164\uffa0" for char in text):
        assert visible(text) == text


@LAW
@given(plans.hostile)
def test_a_code_span_holds_exactly_the_visible_text(text: str) -> None:
    inline = MARKDOWN.parseInline(f"a {code(text)} b")[0].children

    if text:
        assert [token.type for token in inline] == ["text", "code_inline", "text"]
        shown = inline[1].content.replace("\\|", "|")
        assert unseen(unseen(shown)).strip() == unseen(text).strip()
    else:
        assert inline[0].content == "a (empty) b"


@LAW
@given(plans.hostile)
def test_a_code_span_never_splits_a_table_cell(text: str) -> None:
    assert not re.search(r"(?<!\\)\||\\\\+\|", code(text))


@LAW
@given(plans.hostile)
def test_values_and_prose_have_no_markup_outside_code(text: str) -> None:
    for written in (value(text), prose(text)):
        inline = MARKDOWN.parseInline(f"a {written} b")[0].children

        assert {token.type for token in inline} <= {"text", "code_inline"}
        assert all(HARMLESS.fullmatch(token.content) for token in inline if token.type == "text")


@LAW
@given(st.sampled_from(plans.ATTACKS[:13]))
def test_whatever_a_forge_would_link_or_mention_stands_in_code(text: str) -> None:
    assert value(text).startswith("`")
    assert "`" in prose(f"it is {text}")


@LAW
@given(st.text(alphabet="`~-<! a", max_size=30))
def test_a_fenced_line_never_ends_its_block(text: str) -> None:
    parsed = MARKDOWN.parse(f"```diff\n{fenced(text)}\n```\n")

    assert [token.type for token in parsed] == ["fence"]


@LAW
@given(st.text(), st.integers(1, 20))
def test_a_clipped_text_has_at_most_so_many_characters_and_says_so(text: str, limit: int) -> None:
    clipped = clip(text, limit)

    assert len(clipped) <= limit
    assert clipped == text or clipped.endswith("…")


@LARGE_LAW
@given(plans.plans)
def test_markdown_of_any_plan_is_harmless(plan: Plan) -> None:
    assert_harmless(plan_markdown.as_markdown(plan, link=LINK))


@LARGE_LAW
@given(plans.plans)
def test_every_row_of_the_table_has_four_cells(plan: Plan) -> None:
    rows = rows_of(plan_markdown.as_markdown(plan))

    assert all(len(row) == 6 for row in rows)


@LARGE_LAW
@given(plans.outcomes, plans.plans | st.none())
def test_markdown_of_any_outcomes_is_harmless(ended: list[Outcome], remaining: Plan | None) -> None:
    assert_harmless(outcomes.as_markdown(ended, remaining, link=LINK))


@LARGE_LAW
@given(plans.plans, plans.hostile)
def test_the_marker_stands_once_and_first_for_any_root(plan: Plan, root: str) -> None:
    first, rest = plan_markdown.as_markdown(plan, root=root).split("\n", 1)

    assert re.fullmatch(r"<!-- vend:plan:[\w.%/-]* -->", first)
    assert "<!--" not in rest
    assert "--" not in first.removeprefix("<!--").removesuffix("-->")


@LAW
@given(plans.hostile, plans.hostile)
def test_two_roots_never_share_a_marker(one: str, other: str) -> None:
    markers = {plan_markdown.as_markdown(Plan(), root=root).split("\n")[0] for root in (one, other)}

    assert len(markers) == len({one, other})


@LARGE_LAW
@given(plans.hostile)
def test_a_link_can_not_write_markdown(link: str) -> None:
    hrefs = [
        token.attrs["href"]
        for token in tokens(plan_markdown.as_markdown(LARGE[300], link=link, budget=SMALLEST_BUDGET))
        if token.type == "link_open"
    ]

    assert hrefs in ([], [link])


@LARGE_LAW
@given(plans.plans)
def test_a_terminal_gets_printable_lines_only(plan: Plan) -> None:
    text = plan_text.as_text(plan, color=False, width=80)
    details = [plan_text.detail(plan, subject_of(change)) for change in plan.changes]

    assert all(line.isprintable() for each in (text, *details) for line in each.split("\n"))
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))


@LARGE_LAW
@given(plans.outcomes, plans.plans | st.none())
def test_the_last_screen_has_printable_lines_only(ended: list[Outcome], remaining: Plan | None) -> None:
    text = outcomes.as_text(ended, remaining, color=False)

    assert all(line.isprintable() for line in text.split("\n"))


@LAW
@given(st.lists(plans.findings, max_size=4))
def test_findings_are_one_line_each_whatever_they_quote(found: list[Finding]) -> None:
    for text in (as_text(found), as_github(found)):
        assert text.count("\n") == len(found)
        assert all(line.isprintable() for line in text.split("\n"))


@LAW
@given(plans.hostile, plans.hostile)
def test_a_tree_has_one_printable_line_per_account_and_unit(name: str, unit: str) -> None:
    state = a_state(an_account("a", name=name, organizational_unit=f"Sandbox/{unit.replace('/', '')}x"))

    assert all(line.isprintable() for line in organization.tree(state, color=False).split("\n"))


@LARGE_LAW
@given(plans.plans)
def test_every_change_and_hold_is_counted_in_the_verdict_and_stands_in_exactly_one_row(plan: Plan) -> None:
    summary = summarize(plan, Occasion.PULL_REQUEST)
    counts = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", summary.verdict)]
    errors = sum(finding.severity.value == "error" for finding in plan.findings)

    assert counts == [number for number in (len(plan.changes), len(plan.holds), errors) if number]
    assert sorted(repr(change) for row in summary.rows for change in row.changes) == sorted(map(repr, plan.changes))
    assert sorted(repr(change) for row in summary.holds for change in row.changes) == sorted(
        repr(hold.change) for hold in plan.holds
    )


@LARGE_LAW
@given(plans.plans)
def test_a_terminal_shows_a_row_for_every_row_of_the_summary(plan: Plan) -> None:
    summary = summarize(plan, Occasion.TERMINAL)
    signs = [f"  {row.sign} {row.kind}" for row in (*summary.holds, *summary.rows)]
    lines = iter(plan_text.as_text(plan, color=False, width=80).split("\n"))

    assert all(any(line.startswith(sign) for line in lines) for sign in signs)


@LARGE_LAW
@given(plans.plans)
def test_color_changes_nothing_but_the_color(plan: Plan) -> None:
    colored = plan_text.as_text(plan, color=True, width=80)

    assert re.sub(r"\x1b\[\d+m", "", colored) == plan_text.as_text(plan, color=False, width=80)


def many_changes(number: int) -> Plan:
    return Plan(
        changes=tuple(
            CreateAccount(key=f"account-{place}", repository="r", spec=a_spec(f"account-{place}"))
            for place in range(number)
        ),
        holds=tuple(plans.a_hold(plans.a_move(f"held-{place}"), f"reason {place}") for place in range(number // 10)),
    )


LARGE = {number: many_changes(number) for number in (10, 300, 1_000)}


@LARGE_LAW
@given(st.sampled_from(sorted(LARGE)), st.integers(SMALLEST_BUDGET, 80_000))
def test_markdown_is_never_over_the_budget_and_counts_what_it_left_out(number: int, budget: int) -> None:
    plan = LARGE[number]
    text = plan_markdown.as_markdown(plan, budget=budget, link=LINK)
    shown = [row[1].strip() for row in rows_of(text)][1:]
    held = shown.count("⏸")

    assert size(text) <= budget
    assert held + left_out(text, r"([\d,]+) on hold") == len(plan.holds)
    assert len(shown) - held + left_out(text, r"([\d,]+) changes?") == len(plan.changes)
    assert (LINK in text) == ("Left out" in text)


@LARGE_LAW
@given(plans.plans, st.integers(SMALLEST_BUDGET, 9_000))
def test_markdown_of_any_plan_is_never_over_the_budget(plan: Plan, budget: int) -> None:
    text = plan_markdown.as_markdown(plan, budget=budget)

    assert size(text) <= budget
    assert_harmless(text)


@LAW
@given(st.lists(st.sampled_from([attack * 400 for attack in plans.ATTACKS]), min_size=1, max_size=5))
def test_even_very_long_values_stay_within_the_budget(values: list[str]) -> None:
    plan = Plan(changes=tuple(plans.an_update(each) for each in values), holds=(plans.a_hold(plans.a_move(values[0])),))

    for budget in (SMALLEST_BUDGET, BUDGET):
        assert size(plan_markdown.as_markdown(plan, budget=budget, root=values[0], link=values[0])) <= budget


def left_out(text: str, pattern: str) -> int:
    paragraph = next((line for line in text.split("\n") if line.startswith("**Left out")), "")
    match = re.search(pattern, paragraph)
    return int(match[1].replace(",", "")) if match else 0


def test_fifty_thousand_changes_fit_and_are_counted() -> None:
    plan = many_changes(50_000)
    text = plan_markdown.as_markdown(plan)

    assert size(text) <= BUDGET
    assert text.split("\n")[1].startswith("### vend plan: 50,000 changes, 5,000 on hold")


def test_details_go_before_rows() -> None:
    """Whenever a row was left out, no detail is shown."""
    text = plan_markdown.as_markdown(LARGE[1_000], budget=20_000)

    assert "Creations and updates in full" not in text
    assert "the details of 1,000 rows" in text


def test_a_budget_without_room_for_the_verdict_is_refused() -> None:
    with pytest.raises(ValueError, match="4096"):
        plan_markdown.as_markdown(Plan(), budget=100)


class Row(NamedTuple):
    """One value of an effective request, as `explain` wants it."""

    path: tuple[str, ...]
    value: Json
    location: Location


@LAW
@given(st.lists(st.tuples(st.lists(plans.hostile, max_size=3).map(tuple), plans.hostile, plans.locations), max_size=3))
def test_an_explanation_is_one_printable_line_per_value(rows: list[tuple[tuple[str, ...], str, Location]]) -> None:
    text = explain.as_text([Row(*row) for row in rows])

    assert text.count("\n") == len(rows)
    assert all(line.isprintable() for line in text.split("\n"))
