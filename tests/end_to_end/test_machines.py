"""Many machines, any of which may die at any moment: nothing is lost, nothing is done twice."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate, count, cycle
from multiprocessing.process import BaseProcess
from pathlib import Path

import boto3
import pytest
from temporalio.service import RPCError

from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.errors import VendError
from pipeline.model.operation import Lane
from pipeline.planning.documents import plan_to_json
from pipeline.reconcile.inline import PLACES
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from pipeline.settings import load_settings
from tests.end_to_end import machines, organization
from tests.end_to_end.conftest import Aws
from tests.end_to_end.machines import DistributedParts
from tests.end_to_end.processes import Death
from tests.temporal_bench import TemporalServer

ACCOUNTS = 60
DEATHS = 30
"""Of workers. The server dies twice, and the submitting process three times, besides."""

KILLED = -9
WITHIN = 300.0
NOTICED = 60.0
"""Seconds after which nobody may believe any more that a dead worker is at work."""

LOOK = 2.0


@pytest.fixture
def throttling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A sandbox that throttles as AWS documents, in a time of its own."""
    state = tmp_path / "sandbox.json"
    options = Options(seed="empty", creation_delay=20, closing_delay=20, throttle=True, time_scale=machines.FASTER)
    running = control.start(state, options)
    environment = control.environment(running.url)
    for name in control.UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield Aws(running.url, environment)
    control.stop(state)


@pytest.fixture
def durable_server(tmp_path: Path) -> Iterator[TemporalServer]:
    server = TemporalServer(database=tmp_path / "temporal.db")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def sixty_accounts(tmp_path: Path, throttling: Aws, durable_server: TemporalServer) -> Path:
    root = tmp_path / "workspace"
    folder = root / "account-requests"
    folder.mkdir(parents=True)
    engine = f'engine: {{kind: temporal, address: "{durable_server.address}"}}\n'
    (root / "vending.yaml").write_text(organization.SETTINGS + engine)
    (folder / "_organization.yaml").write_text("units:\n  Workloads:\n    units:\n      Dev:\n")
    for number in range(ACCOUNTS):
        text = f"name: new-{number}\nemail: aws+new-{number}@example.com\norganizational_unit: Workloads/Dev\n"
        (folder / f"new-{number}.yaml").write_text(text)
    planned = plan(Workspace(root), DistributedParts())
    assert planned.plan is not None
    assert len(planned.plan.changes) == ACCOUNTS + 2
    (root / "plan.json").write_text(plan_to_json(planned.plan))
    return root


class Mortality:
    """Keeps three workers and a submitting process alive, in a manner of speaking."""

    def __init__(self, root: Path, aws: Aws, server: TemporalServer) -> None:
        self.root, self.aws, self.server = root, aws, server
        self.deaths = 0
        self.longest_unnoticed = 0.0
        self._dead: dict[int | None, float] = {}
        self._looked = time.monotonic()
        self._fates = cycle((where, number) for number in (1, 3, 2, 5) for where in ("after-write", "before-operation"))
        self._workers: list[BaseProcess] = []
        self._numbers = count()
        self.job = self._submit()

    def go_on(self) -> bool:
        """One look; False when the submitting process has done its work."""
        for worker in [each for each in self._workers if not each.is_alive()]:
            self._workers.remove(worker)
            # One that finds no server when it begins ends with an error; whoever watches it starts it anew, as here.
            if worker.exitcode == KILLED:
                self.deaths += 1
                self._dead[worker.pid] = time.monotonic()
        self._look()
        while len(self._workers) < 3:
            fate = Death(*next(self._fates)) if self.deaths + len(self._workers) < DEATHS else None
            self._workers.append(machines.launch(machines.work, self.root, self.aws.environment, fate))
        return self.job.is_alive()

    def _look(self) -> None:
        """Whether a dead worker is still taken for one that is at work, and for how long now."""
        if time.monotonic() - self._looked < LOOK:
            return
        with suppress(VendError, RPCError):  # the server is mortal, too
            believed = asyncio.run(machines.at_work(self.server.address))
            unnoticed = [time.monotonic() - died for process, died in self._dead.items() if process in believed]
            self.longest_unnoticed = max([self.longest_unnoticed, *unnoticed])
        self._looked = time.monotonic()

    def kill_job(self) -> None:
        self.job.kill()
        self.job.join()
        self.job = self._submit()

    def end(self) -> None:
        for each in (*self._workers, self.job):
            each.kill()
            each.join()

    def _submit(self) -> BaseProcess:
        record = self.root / f"run-{next(self._numbers)}.json"
        return machines.launch(machines.submit, self.root, self.aws.environment, record)


def most_creations_at_a_time() -> int:
    """That AWS has seen."""
    pages = boto3.client("organizations").get_paginator("list_create_account_status").paginate()
    creations = [each for page in pages for each in page["CreateAccountStatuses"]]
    edges = sorted(
        [(each["CompletedTimestamp"], -1) for each in creations]
        + [(each["RequestedTimestamp"], 1) for each in creations]
    )
    return max(accumulate(change for _, change in edges))


@pytest.mark.timeout(WITHIN + 60)
def test_workers_server_and_submitting_process_may_die_all_the_time(
    sixty_accounts: Path, throttling: Aws, durable_server: TemporalServer
) -> None:
    mortality = Mortality(sixty_accounts, throttling, durable_server)
    killings = {5: mortality.kill_job, 10: durable_server.kill, 15: mortality.kill_job, 20: durable_server.kill}
    killings |= {25: mortality.kill_job}
    until = time.monotonic() + WITHIN
    try:
        while mortality.go_on() and time.monotonic() < until:
            for number in [each for each in killings if each <= mortality.deaths]:
                killings.pop(number)()
                if number in {10, 20}:
                    durable_server.start()
            time.sleep(0.05)
        assert mortality.job.exitcode == 0, (mortality.job.exitcode, mortality.deaths)
    finally:
        mortality.end()

    assert mortality.deaths >= DEATHS
    assert killings == {}
    created = [error for _, operation, error in organization.calls(throttling.url) if operation == "CreateAccount"]
    assert created.count(None) == ACCOUNTS
    assert 1 < most_creations_at_a_time() <= PLACES[Lane.CREATION]
    assert mortality.longest_unnoticed < NOTICED
    state = DistributedParts().observer(load_settings(sixty_accounts), "test").observe()
    assert Counter(account.spec.organizational_unit for account in state.accounts)["Workloads/Dev"] == ACCOUNTS
    left = plan(Workspace(sixty_accounts), DistributedParts()).plan
    assert left is not None
    assert left.is_empty
