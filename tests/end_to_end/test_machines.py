"""Many machines, any of which may die at any moment: nothing is lost, nothing is done twice."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.planning.documents import plan_to_json
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from pipeline.settings import load_settings
from tests.end_to_end import machines, organization
from tests.end_to_end.conftest import Aws
from tests.end_to_end.processes import Death, MortalParts
from tests.temporal_bench import TemporalServer

ACCOUNTS = 60
DEATHS = 30
"""Of workers. The server dies twice, and the submitting process three times, besides."""

KILLED = -9
WITHIN = 170.0


@pytest.fixture
def throttling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A sandbox that throttles as AWS documents, in a time of its own."""
    state = tmp_path / "sandbox.json"
    options = Options(seed="empty", creation_delay=4, closing_delay=4, throttle=True, time_scale=20.0)
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
    planned = plan(Workspace(root), Parts(clock=ScaledClock(200)))
    assert planned.plan is not None
    assert len(planned.plan.changes) == ACCOUNTS + 2
    (root / "plan.json").write_text(plan_to_json(planned.plan))
    return root


class Mortality:
    """Keeps three workers and a submitting process alive, in a manner of speaking."""

    def __init__(self, root: Path, aws: Aws, server: TemporalServer) -> None:
        self.root, self.aws, self.server = root, aws, server
        self.deaths = 0
        self._fates = cycle((where, number) for number in (1, 3, 2, 5) for where in ("after-write", "before-operation"))
        self._workers: list[BaseProcess] = []
        self._numbers = count()
        self.job = self._submit()

    def go_on(self) -> bool:
        """One look; False when the submitting process has done its work."""
        for worker in [each for each in self._workers if not each.is_alive()]:
            self._workers.remove(worker)
            # One that finds no server when it begins ends with an error; whoever watches it starts it anew, as here.
            self.deaths += worker.exitcode == KILLED
        while len(self._workers) < 3:
            fate = Death(*next(self._fates)) if self.deaths + len(self._workers) < DEATHS else None
            self._workers.append(machines.launch(machines.work, self.root, self.aws.environment, fate))
        return self.job.is_alive()

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


@pytest.mark.soak
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
    state = MortalParts().observer(load_settings(sixty_accounts), "test").observe()
    assert Counter(account.spec.organizational_unit for account in state.accounts)["Workloads/Dev"] == ACCOUNTS
    left = plan(Workspace(sixty_accounts), MortalParts()).plan
    assert left is not None
    assert left.is_empty
