"""The comments on pull requests: within their budget, and harmless, whatever stands in the requests."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.finding import Finding, Location
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Plan
from pipeline.reports import merged, pull_request
from pipeline.reports.budget import size
from pipeline.reports.ci_findings import as_code_quality, as_junit
from pipeline.reports.merged import Result
from tests.property.test_rendering import HTML, INLINE, tokens
from tests.unit.reports.plans import ATTACKS, changes, hostile

BUDGET = 9_000
LINKS = {"https://ci.example/1", "https://signin.aws.amazon.com/switchrole"}
OURS = re.compile(r"[\w\s.,;:()\"'/%+~→·…⏸⚙◆◇✅⏳❌?-]*")
FEW = settings(deadline=None, max_examples=25)
plans = st.builds(Plan, changes=st.lists(changes, max_size=8).map(tuple))
_findings = st.builds(
    Finding,
    location=st.builds(Location, hostile, st.integers(1, 9)),
    rule=st.just("rule"),
    message=hostile,
    hint=hostile,
)
_outcomes = st.builds(
    Outcome,
    digest=st.just("d"),
    kind=st.sampled_from(["create", "move"]),
    subject=hostile,
    status=st.sampled_from(Status),
    message=hostile,
    hint=hostile,
    account_id=st.sampled_from([None, "222233334444", "x](evil)"]),
)


def assert_harmless(body: str, marker: str) -> None:
    """By a parser of its own, as the laws of rendering have it: no markup, link, mention, HTML or heading that is not ours."""
    parsed = list(tokens(body))
    inline = [child for token in parsed if token.type == "inline" for child in token.children or ()]
    assert {token.type for token in inline} <= INLINE
    assert all(OURS.fullmatch(token.content) for token in inline if token.type == "text")
    assert {str(token.attrs["href"]).partition("?")[0] for token in inline if token.type == "link_open"} <= LINKS
    assert HTML.sub("", "".join(token.content for token in parsed if token.type == "html_block")) == ""
    assert sum(token.type == "heading_open" for token in parsed) == 1
    assert body.startswith(marker)
    assert body.count("<!-- ") == 1
    assert not any(line.lstrip().startswith("/") for line in body.splitlines())  # a quick action of GitLab


@FEW
@given(plans, plans, st.lists(_findings, max_size=5))
def test_the_comment_with_the_plan_keeps_to_its_budget_and_says_nothing_of_its_own(
    yours: Plan, drift: Plan, warnings: list[Finding]
) -> None:
    body = pull_request.as_markdown(yours, drift, budget=BUDGET, warnings=warnings, notes=("Planned from the branch.",))
    assert size(body) <= BUDGET - pull_request.ORDER_ROOM
    assert_harmless(body, "<!-- vend:plan: -->")


@FEW
@given(st.lists(_findings, min_size=1, max_size=40))
def test_the_comment_with_findings_keeps_to_its_budget(findings: list[Finding]) -> None:
    body = pull_request.findings_as_markdown(findings, budget=BUDGET)
    assert size(body) <= BUDGET - pull_request.ORDER_ROOM
    assert_harmless(body, "<!-- vend:plan: -->")


@FEW
@given(st.lists(_outcomes, max_size=40), hostile)
def test_the_comment_with_the_result_keeps_to_its_budget(outcomes: list[Outcome], text: str) -> None:
    result = Result(outcomes=tuple(outcomes), left=Plan(), vanished=(text,), role="Role Name/x")
    body = merged.ended(result, text, budget=BUDGET, link="https://ci.example/1")
    assert size(body) <= BUDGET
    assert_harmless(body, "<!-- vend:apply: -->")
    assert_harmless(merged.running([text] * 30, text), "<!-- vend:apply: -->")
    assert_harmless(merged.stopped(text, text), "<!-- vend:apply: -->")


def test_failed_accounts_come_first_and_the_requester_is_mentioned_once() -> None:
    outcomes = [
        Outcome(digest="d", kind="create", subject=status.value, status=status, message="m", account_id="222233334444")
        for status in Status
    ]
    body = merged.ended(Result(outcomes=tuple(outcomes), left=Plan(), role="OrgRole"), "", requester="octavia")
    rows = [line for line in body.splitlines() if line.startswith("| ") and "create" in line]
    assert [row.split(" | ")[2].split(" ")[0] for row in rows] == ["failed", "pending", "skipped", "applied"]
    assert body.count("@octavia") == 1
    assert "account=222233334444&roleName=OrgRole" in body
    assert "the next run looks again" in body


def test_junit_and_code_quality_hold_any_text() -> None:
    findings = [
        Finding(location=Location(f"{attack}.yaml", 3), rule="rule", message=f"{attack}\x00\x0b") for attack in ATTACKS
    ]
    junit, quality = as_junit(findings), as_code_quality([*findings, findings[0]])
    assert junit.count("<failure") == len(ATTACKS)
    assert quality.count('"fingerprint"') == len(ATTACKS) + 1
    assert len(set(re.findall(r'"fingerprint": "(\w+)"', quality))) == len(ATTACKS) + 1
    assert 'tests="1" failures="0"' in as_junit(())
    assert as_code_quality(()) == "[]\n"
