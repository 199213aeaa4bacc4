"""A run tells how far it is: seldom, once something has happened, and whatever the forge does."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from pipeline.app.landed import Merged, Reviewed
from pipeline.app.merged import MergedRun
from pipeline.app.telling import Telling
from pipeline.forges.surroundings import Surroundings
from pipeline.forges.values import PullRequest
from pipeline.model.change import MoveAccount
from pipeline.model.operation import Operation
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Plan
from pipeline.reports.merged import OnTheWay, Row
from tests.forges.benches import bench_of
from tests.forges.serving import Fault
from tests.forges.world import sha
from tests.unit.reconcile.fakes import FakeClock, a_task


class Post(Executor):
    """Runs what it is given at once or, where it `is_slow`, not until it is told to."""

    def __init__(self, *, is_slow: bool = False) -> None:
        self.is_slow = is_slow
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except LookupError as error:
                future.set_exception(error)

        self.waiting.append(run)
        if not self.is_slow:
            self.catch_up()
        return future

    def catch_up(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


class Told:
    """What was told, and when."""

    def __init__(self, *, works: bool = True, is_slow: bool = False) -> None:
        self.clock = FakeClock()
        self.post = Post(is_slow=is_slow)
        self.works = works
        self.broken = False
        self.at: list[float] = []
        self.rows: list[tuple[Row, ...]] = []
        self.telling = Telling(self.tell, self.clock, every=60, post=self.post)
        self.tasks = [a_task("a", "x"), a_task("b", "x"), a_task("c", "x")]
        self.telling.planned(self.tasks)

    def tell(self, rows: Sequence[Row]) -> bool:
        self.at.append(self.clock.monotonic())
        self.rows.append(tuple(rows))
        if self.broken:
            raise LookupError("an answer that nobody understands")
        return self.works

    def finish(self, place: int) -> None:
        self.telling.finished(self.tasks[place], ended(self.tasks[place].subject))

    def wait(self, seconds: float) -> None:
        """Time passes, and AWS is looked at each second."""
        for _ in range(int(seconds)):
            self.clock.sleep(1)
            self.telling.waiting(self.tasks[0], "in progress", 1)


def ended(subject: str, status: Status = Status.APPLIED) -> Outcome:
    return Outcome(digest="d", kind="move", subject=subject, status=status, message="m", account_id="222233334444")


def test_nothing_is_told_before_the_first_interval_is_over_and_then_all_of_it_at_once() -> None:
    told = Told()
    told.telling.started(told.tasks[0])
    told.finish(0)
    told.telling.started(told.tasks[1])
    assert not told.at
    told.wait(100)
    assert told.at == [60]
    assert told.rows[0] == (
        ended("a"),
        OnTheWay(kind="move", subject="b", has_begun=True),
        OnTheWay(kind="move", subject="c"),
    )


def test_what_happens_many_times_in_an_interval_is_told_once_in_it() -> None:
    told = Told()
    for _ in range(600):
        told.clock.sleep(1)
        told.finish(0)
    assert told.at == [60.0 * number for number in range(1, 11)]


def test_no_news_is_not_told() -> None:
    told = Told()
    told.finish(0)
    told.wait(600)
    assert len(told.at) == 1


def test_every_event_is_an_occasion_to_tell_what_has_happened_before() -> None:
    for occasion in ("step", "retrying"):
        told = Told()
        told.finish(0)
        told.clock.sleep(61)
        if occasion == "step":
            told.telling.step(told.tasks[1], Operation(kind="x", lane=told.tasks[1].operations[0].lane), "done")
        else:
            told.telling.retrying(told.tasks[1], "busy", 1)
        assert len(told.at) == 1


def test_a_forge_that_takes_nothing_is_asked_less_and_less_often() -> None:
    told = Told(works=False)
    for _ in range(900):
        told.clock.sleep(1)
        told.finish(1)
    assert told.at == [60, 120, 240, 480]


def test_a_slow_forge_keeps_nobody_waiting_and_gets_one_telling_at_a_time() -> None:
    told = Told(is_slow=True)
    for _ in range(600):
        told.clock.sleep(1)
        told.finish(2)
    assert not told.at
    assert len(told.post.waiting) == 1
    told.post.catch_up()
    told.finish(1)
    assert len(told.post.waiting) == 1


def pull(number: int) -> PullRequest:
    head = sha(f"head{number}")
    return PullRequest(
        number=number, title="x", author="x", url="x", head_sha=head, head_ref="x", base_ref="main", is_merged=True
    )


def reviewed(number: int, key: str) -> Reviewed:
    move = MoveAccount(key=key, account_id="222233334444", name=key, before="Sandbox", after="Prod")
    return Reviewed(pull_request=pull(number), plan=Plan(changes=(move,)))


def test_each_pull_request_is_told_of_its_own_changes_and_one_that_cannot_be_told_keeps_none_from_it() -> None:
    rows = (ended("orders", Status.FAILED), OnTheWay(kind="create", subject="invoices", has_begun=True))
    merged = Merged(reviewed=(reviewed(7, "orders"), reviewed(8, "invoices"), reviewed(9, "unnamed")))
    with bench_of("github") as bench:
        for number in (7, 8, 9):
            bench.world.pull(number)
        where = Surroundings(forge="github", repository="example/accounts", commit=sha("merge"), branch="main")
        run = MergedRun(forge=bench.forge(), where=where, prefix="", order="2")
        assert run.tell(merged, rows)
        assert [len(bench.world.bodies(number)) for number in (7, 8, 9)] == [1, 1, 0]
        assert "❌ | move | orders" in bench.world.bodies(7)[0]
        assert "invoices" not in bench.world.bodies(7)[0]
        assert "🔄 | create | invoices" in bench.world.bodies(8)[0]

        bench.world.comments.clear()
        bench.fake.faults.append(Fault("POST", "issues/7/comments", 403, {"message": "no"}, times=9))
        assert not run.tell(merged, rows)
        assert [len(bench.world.bodies(number)) for number in (7, 8)] == [0, 1]


def test_a_forge_that_does_not_answer_is_not_asked_for_each_pull_request() -> None:
    """Each would wait as long, and the run waits for all of it when it ends."""
    rows = (ended("orders"), ended("invoices"))
    merged = Merged(reviewed=(reviewed(7, "orders"), reviewed(8, "invoices")))
    with bench_of("github") as bench:
        bench.world.pull(7)
        bench.world.pull(8)
        hours = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}
        bench.fake.faults.append(Fault("GET", "comments", 403, {"message": "API rate limit exceeded"}, hours, times=9))
        where = Surroundings(forge="github", repository="example/accounts", commit=sha("merge"), branch="main")
        assert not MergedRun(forge=bench.forge(), where=where, prefix="", order="2").tell(merged, rows)
        assert not any("issues/8" in each.path for each in bench.fake.requests)


def test_a_telling_that_breaks_is_one_that_failed() -> None:
    """Whatever breaks in it, the events of the run are heard, and it is tried again later."""
    told = Told()
    told.broken = True
    told.finish(0)
    told.wait(100)
    told.finish(1)
    told.broken = False
    told.wait(200)
    assert len(told.rows) == 2
