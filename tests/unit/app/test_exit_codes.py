"""The exit code of an apply is its most urgent answer."""

import pytest

from pipeline.app.apply import exit_code_of
from pipeline.errors import ExitCode
from pipeline.model.change import CloseAccount
from pipeline.model.finding import Finding, Location
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Hold, Plan
from pipeline.planning.review import NOT_REVIEWED

CHANGE = CloseAccount(key="a", account_id="123456789012", name="a")
HELD = Hold(change=CHANGE, guard="max-closures", reason="r", release="r")
UNREVIEWED = Hold(change=CHANGE, guard=NOT_REVIEWED, reason="r", release="r")
ERROR = Finding(location=Location("a.yaml"), rule="r", message="m")


def outcome(status: Status) -> Outcome:
    return Outcome(digest="d", kind="close", subject="a", status=status, message="m")


@pytest.mark.parametrize(
    ("left", "statuses", "expected"),
    [
        (Plan(), [], ExitCode.OK),
        (Plan(), [Status.APPLIED], ExitCode.OK),
        (Plan(), [Status.SKIPPED], ExitCode.OK),
        (Plan(), [Status.APPLIED, Status.FAILED], ExitCode.INCOMPLETE),
        (Plan(), [Status.PENDING], ExitCode.INCOMPLETE),
        (Plan(changes=(CHANGE,)), [Status.SKIPPED], ExitCode.INCOMPLETE),
        (Plan(holds=(HELD,)), [Status.APPLIED], ExitCode.ON_HOLD),
        (Plan(holds=(HELD, UNREVIEWED)), [Status.APPLIED], ExitCode.NOT_REVIEWED),
        (Plan(holds=(UNREVIEWED,)), [Status.FAILED], ExitCode.INCOMPLETE),
        (Plan(findings=(ERROR,), holds=(UNREVIEWED,)), [], ExitCode.FINDINGS),
    ],
)
def test_the_most_urgent_answer_wins(left: Plan, statuses: list[Status], expected: ExitCode) -> None:
    assert exit_code_of(left, [outcome(status) for status in statuses]) is expected
