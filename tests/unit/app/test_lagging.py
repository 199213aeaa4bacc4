"""What a plan after the run may still show only because listings lag behind."""

import pytest

from pipeline.app.apply import lags
from pipeline.model.change import Change, CustomizeAccount, MoveAccount
from pipeline.model.effect import digest_of
from pipeline.model.outcome import Outcome, Status

MOVE = MoveAccount(key="pay", account_id="210000000001", name="pay", before="/", after="Workloads")
BASE = CustomizeAccount(key="pay", account_id="210000000001", name="pay", customization="base", fingerprint="1")
NETWORK = CustomizeAccount(key="pay", account_id="210000000001", name="pay", customization="network", fingerprint="1")


def applied(kind: str, subject: str = "pay", digest: str = "d") -> Outcome:
    return Outcome(digest=digest, kind=kind, subject=subject, status=Status.APPLIED, message="done")


@pytest.mark.parametrize(
    ("change", "done", "expected"),
    [
        (MOVE, applied("create"), True),
        (MOVE, applied("move"), True),
        (MOVE, applied("move", subject="other"), False),
        (MOVE, applied("customize"), False),
        (BASE, applied("update"), False),
        (BASE, applied("customize", digest=digest_of(BASE)), True),
        (NETWORK, applied("customize", digest=digest_of(BASE)), False),
    ],
)
def test_only_what_this_run_has_done_can_lag(change: Change, done: Outcome, *, expected: bool) -> None:
    assert lags(change, [done]) is expected
