"""The comments on pull requests: within their budget, and harmless, whatever stands in the requests."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.customization import ResourceChange
from pipeline.model.finding import Finding, Location
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Hold, Plan
from pipeline.reports import merged, pull_request
from pipeline.reports.budget import size
from pipeline.reports.ci_findings import as_code_quality, as_junit
from pipeline.reports.merged import Doors, Gone, OnTheWay, Page, Result
from tests.property.test_rendering import HTML, INLINE, tokens
from tests.unit.reports.plans import ATTACKS, changes, hostile

BUDGET = 9_000
LINKS = {"https://ci.example/1", "https://signin.aws.amazon.com/switchrole"}
OURS = re.compile(r"[\w\s.,;:()\"'/%+~→·…⏸⚙◆◇✅⏳❌🔄⌛☑?-]*")
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
    assert not any(line.lstrip().startswith("::") for line in body.splitlines())  # a command to GitHub's runner
    assert "##[" not in body  # one to that of Azure DevOps
    assert all(char.isprintable() or char == "\n" for char in body)
    outside = "".join(token.content for token in inline if token.type == "text")
    assert not re.search(r"@\w|https?:|www\.|#\d", outside)  # what a forge mentions or links by itself


_resources = st.lists(st.builds(ResourceChange, address=hostile, action=hostile, reason=hostile), max_size=3).map(tuple)


@FEW
@given(
    plans, plans, st.lists(_findings, max_size=5), st.dictionaries(st.tuples(hostile, hostile), _resources, max_size=3)
)
def test_the_comment_with_the_plan_keeps_to_its_budget_and_says_nothing_of_its_own(
    yours: Plan, drift: Plan, warnings: list[Finding], drifted: pull_request.Drifted
) -> None:
    notes = ("Planned from the branch.",)
    body = pull_request.as_markdown(yours, drift, budget=BUDGET, warnings=warnings, notes=notes, drifted=drifted)
    assert size(body) <= BUDGET - pull_request.ORDER_ROOM
    assert_harmless(body, "<!-- vend:plan: -->")


@FEW
@given(st.lists(_findings, min_size=1, max_size=40))
def test_the_comment_with_findings_keeps_to_its_budget(findings: list[Finding]) -> None:
    body = pull_request.findings_as_markdown(findings, budget=BUDGET)
    assert size(body) <= BUDGET - pull_request.ORDER_ROOM
    assert_harmless(body, "<!-- vend:plan: -->")


@FEW
@given(st.lists(_outcomes, max_size=40), hostile, plans)
def test_the_comment_with_the_result_keeps_to_its_budget(outcomes: list[Outcome], text: str, left: Plan) -> None:
    holds = tuple(Hold(change=each, guard="guard", reason=text, release=text) for each in left.changes)
    result = Result(
        outcomes=tuple(outcomes), left=Plan(holds=holds), vanished=(Gone(kind=text, subject=text, account_id=text),)
    )
    page = Page(budget=BUDGET, link="https://ci.example/1", doors=Doors(role="Role Name/x"), again=text)
    on_the_way = [OnTheWay(kind=text, subject=text, account_id=text, has_begun=bool(outcomes))] * 60
    for body in (
        merged.ended(result, text, page),
        merged.running([text] * 30, text, page),
        merged.running((), text, page, [*outcomes, *on_the_way]),
        merged.stopped(text, text, page),
    ):
        assert size(body) <= BUDGET - pull_request.ORDER_ROOM
        assert_harmless(body, "<!-- vend:apply: -->")


def test_what_was_changed_outside_of_terraform_is_folded_and_not_part_of_what_is_reviewed() -> None:
    drifted = {("billing", "network"): (ResourceChange(address="aws_vpc.main", action="update"),)}
    body = pull_request.as_markdown(Plan(), Plan(), drifted=drifted)
    yours, _, rest = body.partition("<details><summary>1 difference without this branch")
    assert "aws_vpc" not in yours
    assert "- network of billing: `aws_vpc.main` was changed outside of Terraform (update)" in rest


def test_failed_accounts_come_first_and_the_requester_is_mentioned_once() -> None:
    outcomes = [
        Outcome(digest="d", kind="create", subject=status.value, status=status, message="m", account_id="222233334444")
        for status in Status
    ]
    page = Page(doors=Doors(role="OrgRole"), again="by noon, or at the next merge")
    body = merged.ended(Result(outcomes=tuple(outcomes), left=Plan()), "", page, requester="octavia")
    rows = [line for line in body.splitlines() if line.startswith("| ") and "create" in line]
    assert [row.split(" | ")[2].split(" ")[0] for row in rows] == ["failed", "pending", "skipped", "applied"]
    assert body.count("@octavia") == 1
    assert "account=222233334444&roleName=OrgRole" in body
    assert "pending: m · looked at again by noon, or at the next merge |" in body
    assert "by noon" not in next(row for row in rows if "failed" in row)


def test_a_running_comment_says_how_far_each_change_is_and_mentions_nobody() -> None:
    ended = Outcome(
        digest="d", kind="create", subject="orders", status=Status.APPLIED, message="m", account_id="222233334444"
    )
    rows = [
        ended,
        OnTheWay(kind="move", subject="billing"),
        OnTheWay(kind="create", subject="invoices", has_begun=True),
    ]
    body = merged.running(["orders"], "", Page(doors=Doors(portal="https://acme.awsapps.com/start/")), rows)
    assert "### vend apply: running, 1 of 3 changes ended" in body
    assert [line.split(" | ")[2] for line in body.splitlines() if line.startswith(("| 🔄", "| ⌛"))] == [
        "invoices",
        "billing",
    ]
    assert "[222233334444](<https://acme.awsapps.com/start/#/console?account_id=222233334444>)" in body
    assert "@" not in body


def test_what_an_earlier_run_has_done_is_told_with_its_account() -> None:
    gone = (Gone(kind="create", subject="orders", account_id="222233334444"), Gone(kind="create-unit", subject="Dev"))
    body = merged.ended(Result(left=Plan(), vanished=gone), "", Page())
    assert "| ☑ | create | orders 222233334444 | done already, or no longer asked for |" in body
    assert "| ☑ | create unit | Dev | done already" in body


def test_a_portal_goes_before_a_role_and_without_either_the_id_stands_alone() -> None:
    outcome = Outcome(
        digest="d", kind="move", subject="a", status=Status.APPLIED, message="", account_id="222233334444"
    )

    def shown(doors: Doors) -> str:
        return merged.ended(Result(outcomes=(outcome,), left=Plan()), "", Page(doors=doors))

    assert "awsapps" in shown(Doors(portal="https://acme.awsapps.com/start", role="OrgRole"))
    assert "switchrole?account=222233334444&roleName=OrgRole" in shown(Doors(role="OrgRole"))
    assert "| a 222233334444 |" in shown(Doors())


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
