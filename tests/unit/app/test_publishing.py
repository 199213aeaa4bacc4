"""Two runs on one pull request, in every order of their writes: the comment shows the later one."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.app.plan import Planned
from pipeline.app.pull_request import BranchPlan, Desk, publish
from pipeline.forges.surroundings import Surroundings
from pipeline.model.change import MoveAccount
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.plan import Plan
from pipeline.planning.yours import Apart
from tests.forges.benches import Bench, bench_of
from tests.forges.world import sha


@pytest.fixture
def bench() -> Iterator[Bench]:
    with bench_of("github") as made:
        made.world.pull(7)
        yield made


def made(key: str) -> BranchPlan:
    move = MoveAccount(key=key, account_id="222233334444", name=key, before="Sandbox", after="Prod")
    return BranchPlan(planned=Planned(findings=()), plans=Apart(yours=Plan(changes=(move,)), drift=Plan()))


def desk(bench: Bench, order: str, head: str = "") -> Desk:
    where = Surroundings(forge="github", repository="example/accounts", head=head or sha("head7"))
    return Desk(forge=bench.forge(), where=where, number=7, prefix="", order=order)


def shown(bench: Bench) -> str:
    (body,) = bench.world.bodies()
    return "later" if "later" in body else "earlier"


def test_the_run_that_began_later_is_shown_whichever_ends_first(bench: Bench) -> None:
    publish(desk(bench, "2"), made("later"))
    published = publish(desk(bench, "1"), made("earlier"))
    assert shown(bench) == "later"
    assert "a later run" in published.notes[0]


def test_an_earlier_run_that_overwrites_at_the_last_moment_puts_back_what_the_later_one_said(bench: Bench) -> None:
    """It has looked when nothing was there yet; before it writes, the later run does all of its own."""
    publish(desk(bench, "0"), made("first"))
    edits: list[str] = []

    def later_run(method: str, path: str) -> None:
        if method == "PATCH" and "/comments/" in path and not edits:
            edits.append(path)
            publish(desk(bench, "2"), made("later"))

    bench.world.before_answer.append(later_run)
    publish(desk(bench, "1"), made("earlier"))
    assert edits
    assert shown(bench) == "later"


def test_a_run_on_a_commit_that_is_not_the_newest_any_more_leaves_the_comment_alone(bench: Bench) -> None:
    published = publish(desk(bench, "1", sha("former")), made("earlier"))
    assert not bench.world.comments
    assert "newer commits" in published.notes[0]
    assert bench.world.verdicts[0]["head_sha"] == sha("former")


def test_a_plan_too_large_for_the_check_says_that_its_artifact_is_needed(bench: Bench) -> None:
    moves = tuple(
        MoveAccount(key=f"{number:x}" * 9, account_id=f"{number:012}", name="n", before="Sandbox", after="Prod")
        for number in range(2_000)
    )
    large = BranchPlan(planned=Planned(findings=()), plans=Apart(yours=Plan(changes=moves), drift=Plan()))
    published = publish(desk(bench, "1"), large)
    assert "--plans" in published.notes[0]
    assert len(bench.world.bodies()[0]) <= 65_536
    assert bench.world.verdicts[0]["external_id"].startswith("1 sha256:")


def finding(line: int, severity: Severity = Severity.ERROR, file: str = "account-requests/a.yaml") -> Finding:
    return Finding(
        location=Location(file, line, 1), rule="rule", message="::error::it is so\nand so", severity=severity
    )


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (finding(4), [(4, "")]),
        (finding(9), [(4, "line 9: ")]),
        (finding(4, Severity.WARNING), [(4, "")]),
        (finding(9, Severity.WARNING), []),
        (finding(4, file="account-requests/b.yaml"), []),
    ],
)
def test_findings_stand_beside_changed_lines_and_errors_of_changed_files_beside_the_first_of_them(
    bench: Bench, found: Finding, shown: list[tuple[int, str]]
) -> None:
    """What was there before is told in the comment, and blames no line of the branch."""
    failed = BranchPlan(planned=Planned(findings=(found,)))
    below = replace(desk(bench, "1"), prefix="infra/")
    publish(
        below, failed, {"infra/account-requests/a.yaml": frozenset({4, 5}), "account-requests/b.yaml": frozenset({4})}
    )
    (verdict,) = bench.world.verdicts
    told = [(each["start_line"], each["message"]) for each in verdict["annotations"]]
    assert told == [(line, front + "\\u{3A}:error::it is so\\u{A}and so") for line, front in shown]
    assert "so and so" in bench.world.bodies()[0]
