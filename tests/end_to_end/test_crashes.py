"""A run may die between any two lines: the next one goes on, nothing is done twice, nothing is lost."""

from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.model.account import AccountState
from pipeline.model.observed import ObservedState
from pipeline.reconcile.record import RunState
from pipeline.reconcile.recorder import read_record
from pipeline.settings import load_settings
from tests.end_to_end import organization
from tests.end_to_end.conftest import Aws
from tests.end_to_end.processes import Death, MortalParts, launch, run

KILLED = -9
SHARES = range(8)
"""The kill points are dealt out to as many tests, so that they run side by side."""

HALF = [pytest.param(share, marks=pytest.mark.soak if share % 2 else ()) for share in SHARES]
"""Most operations end with a write, after which a run dies here as well: every other one is enough for each change."""

WRITES = 58
OPERATIONS = 62
"""At least as many there are in the plan: the last test of this file counts them."""

FURTHER = 2 * organization.NEW
"""Deaths, at least, of the run that dies at every write."""


def observed(root: Path) -> ObservedState:
    return MortalParts().observer(load_settings(root), "test").observe()


def assert_as_asked_for(root: Path, url: str) -> None:
    """The plan is empty, each request has exactly one account, and each account was created once."""
    planned = plan(Workspace(root), MortalParts())
    assert planned.plan is not None
    assert planned.plan.is_empty, (planned.plan.changes, planned.plan.holds)
    state = observed(root)
    assert Counter(account.spec.name for account in state.accounts).most_common(1)[0][1] == 1
    assert len(state.accounts) == 13 + organization.NEW
    assert sum(account.state is AccountState.ACTIVE for account in state.accounts) >= 11 + organization.NEW - 1
    created = [error for service, operation, error in organization.calls(url) if operation == "CreateAccount"]
    assert created.count(None) == organization.NEW


@pytest.mark.parametrize("share", SHARES)
def test_a_run_that_is_killed_at_any_write_is_finished_by_the_next(share: int, twenty_accounts: Path, aws: Aws) -> None:
    """Killed right after AWS has carried out the n-th write and before anything of ours knows of it."""
    for number in range(1 + share, WRITES + 1, len(SHARES)):
        _die_and_go_on(twenty_accounts, aws, Death("after-write", number))


@pytest.mark.parametrize("share", HALF)
def test_a_run_that_is_killed_before_any_operation_is_finished_by_the_next(
    share: int, twenty_accounts: Path, aws: Aws
) -> None:
    """Killed between two operations."""
    for number in range(1 + share, OPERATIONS + 1, len(SHARES)):
        _die_and_go_on(twenty_accounts, aws, Death("before-operation", number))


def _die_and_go_on(root: Path, aws: Aws, death: Death) -> None:
    organization.reset(aws.url)
    record = root / f"{death.where}-{death.count}.json"
    assert run(root, aws.environment, record, death) == KILLED, f"{death} did not come"
    assert read_record(record).state is RunState.RUNNING
    assert run(root, aws.environment, root / "second.json") == 0
    assert_as_asked_for(root, aws.url)


def test_a_run_may_die_after_every_single_write_and_still_arrives(twenty_accounts: Path, aws: Aws) -> None:
    """Every run gets a write or a few further (threads write side by side) and dies; at last there is nothing left to do."""
    deaths = 0
    for attempt in count():
        code = run(twenty_accounts, aws.environment, twenty_accounts / f"{attempt}.json", Death("after-write", 1))
        if code != KILLED:
            break
        deaths += 1

    assert code == 0
    assert deaths >= FURTHER
    assert_as_asked_for(twenty_accounts, aws.url)


def test_two_runs_at_the_same_time_create_no_account_twice(twenty_accounts: Path, aws: Aws) -> None:
    both = [launch(twenty_accounts, aws.environment, twenty_accounts / f"run-{number}.json") for number in range(2)]
    for each in both:
        each.join(timeout=120)

    assert all(each.exitcode in {0, 6} for each in both), [each.exitcode for each in both]
    assert run(twenty_accounts, aws.environment, twenty_accounts / "third.json") == 0
    state = observed(twenty_accounts)
    assert (
        len({account.spec.email.lower() for account in state.accounts}) == len(state.accounts) == 13 + organization.NEW
    )


def test_the_kill_points_are_all_writes_and_operations_of_the_plan(twenty_accounts: Path, aws: Aws) -> None:
    """And at least a hundred of them."""
    record = twenty_accounts / "whole.json"

    assert run(twenty_accounts, aws.environment, record) == 0
    assert len(read_record(record).writes) >= WRITES
    assert WRITES + OPERATIONS // 2 + FURTHER >= 100
