"""What holds on every forge."""

import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.forges.github import GitHub
from pipeline.forges.values import Annotation, Conclusion, Level, Posting, Verdict
from tests.forges.benches import Bench, bench_of
from tests.forges.serving import Fault
from tests.forges.world import OTHERS, OURS, REPOSITORY, sha

MARKER = "<!-- vend:plan: -->"
COMMENT = r"(comments|notes)"
VERDICT = Verdict(
    name="vend plan", sha=sha("head7"), conclusion=Conclusion.GREEN, title="1 change", order="2", summary="s"
)


@pytest.fixture(params=["github", "gitlab"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with bench_of(request.param) as made:
        yield made


def text(body: str) -> str:
    return f"{MARKER}\n{body}"


def test_a_comment_is_made_once_and_then_updated(bench: Bench) -> None:
    bench.world.pull()
    forge = bench.forge()
    postings = [forge.upsert_comment(7, MARKER, text(body), "1").posting for body in ("a", "b", "b")]
    assert postings == [Posting.CREATED, Posting.UPDATED, Posting.UNCHANGED]
    assert [body.splitlines()[1:] for body in bench.world.bodies()] == [["b"]]


def test_an_older_run_never_overwrites_the_comment_of_a_newer_one(bench: Bench) -> None:
    bench.world.pull()
    forge = bench.forge()
    forge.upsert_comment(7, MARKER, text("newer"), "2")
    assert forge.upsert_comment(7, MARKER, text("older"), "1").posting is Posting.SUPERSEDED
    assert "newer" in bench.world.bodies()[0]
    found = forge.comment(7, MARKER)
    assert found is not None
    assert found.order == "2"


def test_only_our_own_comments_are_found_whatever_others_write(bench: Bench) -> None:
    bench.world.pull()
    bench.world.comment(7, "mallory", f"{MARKER}<!-- order:9 -->\nforged")
    forge = bench.forge()
    assert forge.comment(7, MARKER) is None
    assert forge.upsert_comment(7, MARKER, text("ours"), "1").posting is Posting.CREATED
    assert len(bench.world.bodies()) == 2


@pytest.mark.parametrize("bench", ["github", "enterprise", "gitlab"], indirect=True)
def test_a_comment_behind_hundreds_of_others_is_found(bench: Bench) -> None:
    bench.world.pull()
    for number in range(230):
        bench.world.comment(7, "vend", f"remark {number}")
    forge = bench.forge()
    forge.upsert_comment(7, MARKER, text("a"), "1")
    assert forge.upsert_comment(7, MARKER, text("b"), "2").posting is Posting.UPDATED
    assert all(each.path.startswith(bench.prefix) for each in bench.fake.requests)


def test_two_jobs_that_begin_at_once_leave_the_comment_of_the_newer_one(bench: Bench) -> None:
    bench.world.pull()
    begun = threading.Event()

    def other_job(method: str, _path: str) -> None:
        if method == "POST" and not begun.is_set():
            begun.set()
            bench.world.comment(7, "vend", f"{MARKER}<!-- order:2 -->\nthe other job")

    bench.world.before_answer.append(other_job)
    posted = bench.forge().upsert_comment(7, MARKER, text("this job"), "1")
    assert begun.is_set()
    assert posted.posting is Posting.SUPERSEDED
    assert [body.splitlines()[1] for body in bench.world.bodies()] == ["the other job"]


def test_a_comment_that_is_deleted_by_hand_is_made_again(bench: Bench) -> None:
    bench.world.pull()
    forge = bench.forge()
    forge.upsert_comment(7, MARKER, text("a"), "1")

    def by_hand(method: str, _path: str) -> None:
        if method in {"PATCH", "PUT"}:
            bench.world.comments.clear()

    bench.world.before_answer.append(by_hand)
    assert forge.upsert_comment(7, MARKER, text("b"), "2").posting is Posting.CREATED
    assert len(bench.world.bodies()) == 1


def test_a_comment_is_deleted_when_it_is_there(bench: Bench) -> None:
    bench.world.pull()
    forge = bench.forge()
    forge.upsert_comment(7, MARKER, text("a"), "1")
    assert [forge.delete_comment(7, MARKER), forge.delete_comment(7, MARKER)] == [True, False]
    assert not bench.world.bodies()


def test_a_comment_of_the_largest_size_is_taken_and_a_longer_one_refused_before_it_is_sent(bench: Bench) -> None:
    bench.world.pull()
    forge = bench.forge()
    room = forge.limits.comment - len(text(""))
    assert forge.upsert_comment(7, MARKER, text("x" * room)).posting is Posting.CREATED
    with pytest.raises(PermanentServiceError, match="longer than"):
        forge.upsert_comment(7, MARKER, text("x" * (room + 1)))


SECONDARY = {"message": "You have exceeded a secondary rate limit."}
PRIMARY = {"message": "API rate limit exceeded for installation."}


def throttled(kind: str, how: str) -> Fault:
    """An answer that asks for a pause of a few seconds at most."""
    status = 403 if kind == "github" and "429" not in how else 429
    body = PRIMARY if how == "primary" else SECONDARY
    soon = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 5)}
    headers = {"primary": soon, "429 alone": {}}.get(how, {"Retry-After": "7"})
    return Fault("POST", COMMENT, status, body, headers)


@pytest.mark.parametrize("how", ["secondary", "429", "429 alone", "primary"])
def test_a_write_that_is_throttled_goes_through_after_the_pause_that_the_forge_asks_for(
    bench: Bench, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bench.kind == "gitlab" and how in {"429 alone", "primary"}:
        pytest.skip("GitLab always sends Retry-After")
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    bench.world.pull()
    bench.fake.faults.append(throttled(bench.kind, how))
    bench.forge().upsert_comment(7, MARKER, text("a"), "1")
    assert len(bench.world.bodies()) == 1
    assert bench.fake.writes().count(bench.fake.writes()[0]) == 2
    if how in {"secondary", "429"}:
        assert max(pauses) == 7
    elif how == "primary":
        assert 0 < max(pauses) <= 7


def test_a_forge_that_asks_for_hours_is_left_to_a_later_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    if bench.kind == "gitlab":
        pytest.skip("GitLab counts by the minute")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    later = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3_000)}
    bench.fake.faults.append(Fault("GET", COMMENT, 403, PRIMARY, later, times=99))
    with pytest.raises(TemporaryServiceError, match="rate limit"):
        bench.forge().comment(7, MARKER)
    assert len(bench.fake.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_forge_that_fails_for_a_moment_is_asked_again(bench: Bench, status: int) -> None:
    bench.world.pull()
    bench.fake.faults.append(Fault("GET", COMMENT, status, times=2))
    bench.forge().upsert_comment(7, MARKER, text("a"), "1")
    assert len(bench.world.bodies()) == 1


def test_a_write_whose_answer_is_lost_leaves_one_comment(bench: Bench) -> None:
    """The forge has made it and answers 502; the client asks again, and there are two for a moment."""
    bench.world.pull()
    bench.fake.faults.append(Fault("POST", COMMENT, 502, after=True))
    bench.forge().upsert_comment(7, MARKER, text("a"), "1")
    assert len(bench.world.bodies()) == 1


def test_a_forge_that_stays_down_is_a_temporary_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    bench.fake.faults.append(Fault("GET", COMMENT, 503, times=99))
    with pytest.raises(TemporaryServiceError, match=r"answered 503|there is no answer"):
        bench.forge().comment(7, MARKER)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_without_its_scope_is_told_what_it_lacks(bench: Bench, status: int) -> None:
    bench.world.pull()
    bench.fake.faults.append(Fault("POST", COMMENT, status, {"message": "Resource not accessible"}, times=9))
    with pytest.raises(PermanentServiceError, match=str(status)) as caught:
        bench.forge().upsert_comment(7, MARKER, text("a"))
    assert re.search("write|scope api|not accepted", caught.value.hint)
    assert OURS not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


def test_no_token_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench.world.pull()
    bench.fake.faults.append(Fault("POST", COMMENT, 403, {"message": "no"}, times=9))
    with pytest.raises(PermanentServiceError):
        bench.forge().upsert_comment(7, MARKER, text("a"))
    assert OURS not in caplog.text


def test_a_verdict_comes_back_as_it_was_set(bench: Bench) -> None:
    forge = bench.forge()
    for conclusion in Conclusion:
        order = f"{list(Conclusion).index(conclusion)}"
        given = Verdict(
            name="vend plan",
            sha=sha(conclusion),
            conclusion=conclusion,
            title="1 change",
            order=order,
            seal="sha256:ab",
        )
        forge.set_verdict(given)
        (found,) = forge.verdicts(sha(conclusion), "vend plan")
        assert (found.conclusion, found.order, found.seal, found.title) == (conclusion, order, "sha256:ab", "1 change")


def test_a_verdict_that_is_set_again_takes_the_place_of_the_first(bench: Bench) -> None:
    forge = bench.forge()
    running = Verdict(
        name="vend plan", sha=VERDICT.sha, conclusion=Conclusion.RUNNING, title="…", order="2", summary="s"
    )
    for each in (running, running, VERDICT, VERDICT):
        forge.set_verdict(each)
    (found,) = forge.verdicts(VERDICT.sha, "vend plan")
    assert found.conclusion is Conclusion.GREEN
    assert len(bench.world.verdicts) == 1


def test_verdicts_of_others_are_not_ours_whatever_they_say(bench: Bench) -> None:
    bench.others.set_verdict(VERDICT)
    assert bench.forge().verdicts(VERDICT.sha, "vend plan") == ()
    bench.forge().set_verdict(VERDICT)
    assert len(bench.forge().verdicts(VERDICT.sha, "vend plan")) == 1


def test_our_verdict_and_our_issue_are_found_behind_hundreds_of_others(bench: Bench) -> None:
    forge, others = bench.forge(), bench.others
    others.set_verdict(VERDICT)
    (theirs,) = bench.world.verdicts
    bench.world.verdicts += [{**theirs, "id": number} for number in range(230)]
    forge.set_verdict(VERDICT)
    assert len(forge.verdicts(VERDICT.sha, "vend plan")) == 1
    forge.upsert_issue(MARKER, "Other", text("other"))
    (issue,) = bench.world.issues
    number = "number" if bench.kind == "github" else "iid"
    remarks = [{**issue, number: place, "body": "remark", "description": "remark"} for place in range(230)]
    bench.world.issues[:] = [*remarks, issue]
    assert forge.upsert_issue(MARKER, "Drift", text("drift")).posting is Posting.UPDATED
    assert len(bench.world.issues) == 231


def test_a_verdict_whose_answer_is_lost_is_there_and_says_nothing_else(bench: Bench) -> None:
    """The forge has made it and answers 502; the client asks again."""
    bench.fake.faults.append(Fault("POST", "check-runs|statuses", 502, after=True))
    bench.forge().set_verdict(VERDICT)
    assert {each.conclusion for each in bench.forge().verdicts(VERDICT.sha, "vend plan")} == {Conclusion.GREEN}


def test_a_run_that_was_cancelled_does_not_stand_in_the_way_of_the_next(bench: Bench) -> None:
    """Its verdict says "running" for ever; GitLab refuses to set such a one to running again."""
    verdict = Verdict(name="vend plan", sha=sha("a"), conclusion=Conclusion.RUNNING, title="begun", order="1")
    bench.forge().set_verdict(verdict)
    bench.forge().set_verdict(replace(verdict, order="2"))
    bench.forge().set_verdict(replace(verdict, order="2", conclusion=Conclusion.GREEN))
    found = bench.forge().verdicts(sha("a"), "vend plan")[-1]
    assert (found.order, found.conclusion) == ("2", Conclusion.GREEN)


def test_a_status_that_another_job_is_setting_is_set_after_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    if bench.kind == "github":
        pytest.skip("GitHub sets check runs side by side")
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    bench.fake.faults.append(Fault("POST", "statuses", 409, {"message": "another update is in progress"}, times=2))
    bench.forge().set_verdict(Verdict(name="vend plan", sha=sha("a"), conclusion=Conclusion.GREEN, title="1 change"))
    assert [each.title for each in bench.forge().verdicts(sha("a"), "vend plan")] == ["1 change"]
    assert len(pauses) == 2
    bench.fake.faults.append(Fault("POST", "statuses", 409, {"message": "another update is in progress"}, times=99))
    with pytest.raises(TemporaryServiceError, match="409"):
        bench.forge().set_verdict(Verdict(name="vend apply", sha=sha("a"), conclusion=Conclusion.GREEN, title="1"))
    assert len(pauses) < 9


def test_comments_and_requests_of_people_who_are_gone_are_nobodys(bench: Bench) -> None:
    if bench.kind == "gitlab":
        pytest.skip("GitLab has a user for them: https://docs.gitlab.com/user/profile/account/delete_account/")
    bench.world.pull(author="")
    bench.world.comment(7, "", text("b"))
    assert bench.forge().upsert_comment(7, MARKER, text("a")).posting is Posting.CREATED
    assert bench.forge().pull_request(7).author == "ghost"
    assert [each.author for each in bench.forge().open_pull_requests()] == ["ghost"]


def test_the_newest_verdict_is_the_last(bench: Bench) -> None:
    forge = bench.forge()
    for order in ("3", "1", "2"):
        forge.set_verdict(
            Verdict(name="vend plan", sha=sha("c"), conclusion=Conclusion.GREEN, title="t", order=order, summary="s")
        )
    assert [each.order for each in forge.verdicts(sha("c"), "vend plan")] == ["1", "2", "3"]


def test_a_title_of_any_length_keeps_the_seal_whole(bench: Bench) -> None:
    seal = "sha256:" + "0" * 64
    order = "20261122T170000.000000Z-17.1"
    given = Verdict(
        name="v", sha=sha("c"), conclusion=Conclusion.ON_HOLD, title="x[" * 300, order=order, seal=seal, summary="s"
    )
    bench.forge().set_verdict(given)
    (found,) = bench.forge().verdicts(sha("c"), "v")
    assert (found.conclusion, found.order, found.seal) == (Conclusion.ON_HOLD, order, seal)


def test_history_follows_first_parents(bench: Bench) -> None:
    bench.world.commits = {
        sha("a"): (),
        sha("side"): (sha("a"),),
        sha("b"): (sha("a"),),
        sha("merge"): (sha("b"), sha("side")),
    }
    assert list(bench.forge().history(sha("merge"), 9)) == [sha("merge"), sha("b"), sha("a")]
    assert list(bench.forge().history(sha("merge"), 2)) == [sha("merge"), sha("b")]
    assert bench.forge().newest("main") == sha("merge")


def test_the_pull_request_that_brought_a_commit_is_found_and_an_open_one_is_not(bench: Bench) -> None:
    bench.world.pull(7, merged_at="2026-11-22T17:00:00Z", state="closed")
    bench.world.pull(8)
    bench.world.brought[sha("merge")] = [7, 8]
    (found,) = bench.forge().merged_pull_requests(sha("merge"))
    assert (found.number, found.head_sha, found.author, found.base_ref) == (7, sha("head7"), "octavia", "main")
    assert found.merged_at == "20261122T170000.000000Z"


def test_open_pull_requests_and_their_files(bench: Bench) -> None:
    bench.world.pull(7, files=[(f"account-requests/{number}.yaml",) * 2 for number in range(120)])
    bench.world.pull(8, files=[("new.yaml", "old.yaml")], fork=True)
    bench.world.pull(9, state="closed")
    forge = bench.forge()
    assert [(each.number, each.is_fork) for each in forge.open_pull_requests()] == [(7, False), (8, True)]
    assert len(forge.changed_files(7)) == 120
    assert forge.changed_files(8) == ("new.yaml", "old.yaml")


def test_one_issue_is_opened_updated_and_closed(bench: Bench) -> None:
    forge = bench.forge()
    bodies = (text("drift"), text("more drift"), text("more drift"))
    postings = [forge.upsert_issue(MARKER, "Drift", body, ["drift"]).posting for body in bodies]
    assert postings == [Posting.CREATED, Posting.UPDATED, Posting.UNCHANGED]
    assert [forge.close_issue(MARKER, text("gone")), forge.close_issue(MARKER, text("gone"))] == [True, False]
    (issue,) = bench.world.issues
    assert issue["state"] == "closed"
    assert "gone" in (issue.get("body") or issue["description"])
    assert forge.upsert_issue(MARKER, "Drift", text("again")).posting is Posting.CREATED


def test_a_pull_request_is_opened_once(bench: Bench) -> None:
    forge = bench.forge()
    first = forge.open_pull_request("vend/accept-payments", "main", "Accept", "body")
    assert forge.open_pull_request("vend/accept-payments", "main", "Accept", "body") == first
    assert len(bench.world.pulls) == 1


def test_annotations_beyond_fifty_are_sent_in_further_calls_and_none_twice(bench: Bench) -> None:
    if bench.kind == "gitlab":
        pytest.skip("GitLab shows findings from the Code Quality report")
    forge = bench.forge()
    remarks = tuple(
        Annotation(path="a.yaml", line=number, level=Level.FAILURE, title="rule", message="m")
        for number in range(1, 122)
    )
    given = Verdict(
        name="v", sha=sha("c"), conclusion=Conclusion.FAILED, title="t", order="1", summary="s", annotations=remarks
    )
    bench.fake.faults.append(Fault("PATCH", "check-runs", 404, after=True))
    with pytest.raises(PermanentServiceError):
        forge.set_verdict(given)
    assert bench.world.verdicts[0]["status"] == "in_progress"
    forge.set_verdict(given)
    (run,) = bench.world.verdicts
    assert [each["start_line"] for each in run["annotations"]] == list(range(1, 122))
    assert run["conclusion"] == "failure"


def test_a_token_of_an_app_that_is_not_trusted_is_refused(bench: Bench) -> None:
    if bench.kind == "gitlab":
        pytest.skip("GitLab knows users")
    with pytest.raises(PermanentServiceError, match='the app "mallory"'):
        GitHub(REPOSITORY, OTHERS, url=bench.fake.url, pause=0.01).set_verdict(VERDICT)
