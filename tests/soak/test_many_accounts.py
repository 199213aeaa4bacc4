"""Two thousand accounts, a Temporal server and four workers: it ends, nothing is left to do, no history grows. `make soak`."""

from pathlib import Path

import pytest

from pipeline.model.outcome import Status
from tests import many_accounts

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3500)]

ACCOUNTS = 2000
EVENTS, BYTES = 10_240, 10_000_000
"""From these on, the server warns of a history (`limit.historyCount.warn`, `limit.historySize.warn`)."""

CPU_SECONDS, MEGABYTES = 0.6, 400
"""Of all workers for each account, and of one worker."""


def test_two_thousand_accounts_are_vended_by_four_workers_with_bounded_histories(tmp_path: Path) -> None:
    vended = many_accounts.vend(tmp_path, ACCOUNTS)

    assert vended.exit_code == 0
    assert vended.created == ACCOUNTS
    assert dict(vended.statuses) == {Status.APPLIED: ACCOUNTS + many_accounts.TEAMS + 1}
    assert vended.left is not None
    assert vended.left.is_empty
    assert len(vended.run) > 1
    assert max(each.events for each in (*vended.run, *vended.account)) < EVENTS
    assert max(each.size for each in (*vended.run, *vended.account)) < BYTES
    assert sum(each.cpu for each in vended.workers) / ACCOUNTS < CPU_SECONDS
    assert max(each.memory for each in vended.workers) < MEGABYTES
