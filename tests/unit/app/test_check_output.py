"""What a check shows of foreign text, in every field that a forge renders or a runner reads: nothing of it acts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.app.apply import Applied
from pipeline.app.landed import Merged, Reviewed
from pipeline.app.merged import MergedRun
from pipeline.app.plan import Planned
from pipeline.app.pull_request import BranchPlan, Desk, publish
from pipeline.errors import PermanentServiceError
from pipeline.forges.protocol import Forge
from pipeline.forges.surroundings import Surroundings
from pipeline.forges.values import Comment, Limits, Posted, Posting, PullRequest, Verdict
from pipeline.model.change import MoveAccount
from pipeline.model.finding import Finding, Location
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Plan
from pipeline.planning.review import Review
from pipeline.planning.yours import Apart
from tests.forges.world import sha
from tests.unit.reports.plans import changes, hostile
from tests.unit.reports.test_pull_request import assert_harmless

FEW = settings(deadline=None, max_examples=25)
HEAD = sha("head7")
CALL = re.compile(r"\n@[A-Za-z0-9._-]+, this is what became of it\.\n\Z")
"""The only mention: of the author's login, where it is one."""

plans = st.builds(Plan, changes=st.lists(changes, max_size=4).map(tuple))
found = st.builds(
    Finding,
    location=st.builds(Location, hostile, st.integers(0, 9)),
    rule=st.just("rule"),
    message=hostile,
    hint=hostile,
)
outcomes = st.builds(
    Outcome,
    digest=st.just("d"),
    kind=hostile,
    subject=hostile,
    status=st.sampled_from(Status),
    message=hostile,
    hint=hostile,
)


def pull(author: str) -> PullRequest:
    return PullRequest(number=7, title="t", author=author, url="u", head_sha=HEAD, head_ref="b", base_ref="main")


@dataclass
class Slate(Forge):
    """A forge that takes everything and keeps it as it came."""

    bodies: list[str] = field(default_factory=list)
    set_verdicts: list[Verdict] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        return Limits(comment=65_536, text=65_535)

    def token_lacks(self) -> str:
        return ""

    def pull_request(self, number: int) -> PullRequest:  # noqa: ARG002 - there is one
        return pull("octavia")

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        return ()

    def changed_files(self, number: int) -> tuple[str, ...]:  # noqa: ARG002 - as above
        return ()

    def merged_pull_requests(self, commit: str) -> tuple[PullRequest, ...]:  # noqa: ARG002 - as above
        return ()

    def newest(self, branch: str) -> str:  # noqa: ARG002 - as above
        return sha("merge")

    def history(self, commit: str, limit: int) -> Iterator[str]:  # noqa: ARG002 - as above
        yield commit

    def comment(self, number: int, marker: str) -> Comment | None:  # noqa: ARG002 - as above
        return None

    def upsert_comment(self, number: int, marker: str, body: str, order: str = "") -> Posted:  # noqa: ARG002 - as above
        self.bodies.append(body)
        return Posted(posting=Posting.CREATED, url="")

    def delete_comment(self, number: int, marker: str) -> bool:  # noqa: ARG002 - as above
        return False

    def set_verdict(self, verdict: Verdict) -> None:
        self.set_verdicts.append(verdict)

    def verdicts(self, sha: str, name: str) -> tuple[Verdict, ...]:  # noqa: ARG002 - as above
        return ()

    def upsert_issue(self, marker: str, title: str, body: str, labels: Sequence[str] = ()) -> Posted:
        raise NotImplementedError

    def close_issue(self, marker: str, body: str) -> bool:
        raise NotImplementedError

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        raise NotImplementedError


def assert_one_harmless_line(text: str) -> None:
    assert text.isprintable()
    assert not text.startswith("::")
    assert "##[" not in text


@FEW
@given(plans, st.lists(found, max_size=4))
def test_the_check_of_a_plan_shows_hostile_text_and_does_nothing_that_it_says(
    plan: Plan, findings: list[Finding]
) -> None:
    slate = Slate()
    where = Surroundings(forge="github", repository="example/accounts", head=HEAD, run_url="https://ci.example/1")
    desk = Desk(forge=slate, where=where, number=7, prefix="", order="1")
    changed = {each.location.file: frozenset({1, 5}) for each in findings}
    for plans_apart in (Apart(yours=plan, drift=plan), None):
        publish(desk, BranchPlan(planned=Planned(findings=tuple(findings)), plans=plans_apart), changed)
    for verdict in slate.set_verdicts:
        assert_one_harmless_line(verdict.title)
        assert_harmless(verdict.summary, "<!-- vend:plan: -->")
        for each in verdict.annotations:
            assert_one_harmless_line(each.message)
    assert [each.summary for each in slate.set_verdicts] == slate.bodies
    assert sum(len(each.annotations) for each in slate.set_verdicts) == 2 * len(findings)


@FEW
@given(st.lists(outcomes, max_size=6), plans, hostile, hostile)
def test_the_check_of_a_run_shows_hostile_text_and_does_nothing_that_it_says(
    ended: list[Outcome], left: Plan, text: str, author: str
) -> None:
    slate = Slate()
    where = Surroundings(forge="github", repository="example/accounts", commit=HEAD, run_url="https://ci.example/1")
    run = MergedRun(forge=slate, where=where, prefix="", order="1")
    moves = tuple(MoveAccount(key=each.subject, account_id="1", name="n", before="a", after="b") for each in ended)
    reviewed = Plan(changes=(*left.changes, *moves))
    merged = Merged(reviewed=(Reviewed(pull_request=pull(author), plan=reviewed, why=text),), direct=(HEAD,))
    run.begin(merged)
    run.end(merged, Applied(review=Review(plan=left, vanished=left.changes), outcomes=tuple(ended), remaining=left))
    run.stop(merged, PermanentServiceError(text, hint=text))
    for verdict in slate.set_verdicts:
        assert_one_harmless_line(verdict.title)
    assert_harmless(slate.set_verdicts[1].summary, "<!-- vend:apply: -->")
    for body in slate.bodies:
        assert_harmless(CALL.sub("\n", body), "<!-- vend:apply: -->")
