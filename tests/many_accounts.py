"""A whole organization vended on a Temporal server by workers in processes of their own, and what that has cost."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.machines import Serving, scope_of, serve
from pipeline.app.parts import Parts
from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.model.operation import Lane
from pipeline.model.outcome import Status
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_from_json, plan_to_json
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.recorder import read_record
from pipeline.reconcile.temporal.names import account_workflow, run_workflow
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from pipeline.settings import load_settings
from tests.end_to_end import machines, organization
from tests.figures import NOTHING, Cost, History, cost_of, histories
from tests.temporal_bench import TemporalServer

FASTER = 200.0
"""The time of AWS, for the sandbox and for those who work: AWS takes 5.5 hours to create 2,000 accounts at its rate."""

TEAMS = 20
CREATION_SECONDS = 20.0
AT_AWS = {Lane.ORGANIZATIONS: 8, Lane.CREATION: 5}
INSIDE = {Lane.MEMBER: 4}
WORKERS = (AT_AWS, INSIDE, INSIDE, INSIDE)
"""One does what has AWS's limits for the whole organization; three work inside of the accounts."""

REQUEST = """
name: many-{number}
email: aws+many-{number}@example.com
organizational_unit: Workloads/Team-{team}
tags: {{CostCenter: "{number}", Team: team-{team}}}
settings: {{password_policy: {{minimum_length: 24}}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vended:
    """What became of it. `created` counts the calls that AWS did not refuse; `left` is the plan that remains.

    `seconds` are ours, of the job. `database` is in bytes. `run` has an entry for each execution; `account` is one account's.
    """

    exit_code: int | None
    statuses: Mapping[Status, int]
    created: int
    left: Plan | None
    seconds: float
    workers: tuple[Cost, ...]
    job: Cost
    server: Cost
    database: int
    run: tuple[History, ...]
    account: tuple[History, ...]


def parts() -> Parts:
    return Parts(clock=ScaledClock(FASTER))


def work(root: Path, environment: Mapping[str, str], places: Mapping[Lane, int]) -> None:
    os.environ.update(environment)
    serve(Workspace(root), parts(), Serving(places=places), Stop())


def submit(root: Path, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    reviewed = plan_from_json((root / "plan.json").read_text())
    wish = Applying(approve=lambda _: reviewed, listener=Silent(), record=root / "record.json")
    raise SystemExit(int(apply(Workspace(root), parts(), wish).exit_code))


def vend(folder: Path, number: int) -> Vended:
    """Creates so many accounts in an empty organization; takes minutes for thousands."""
    root, database = folder / "workspace", folder / "temporal.db"
    server = TemporalServer(database=database)
    with _sandbox(folder / "sandbox.json") as url, _started(server):
        _request(root, number, server.address)
        workers = [machines.launch(work, root, control.environment(url), places) for places in WORKERS]
        job = machines.launch(submit, root, control.environment(url))
        begun = time.monotonic()
        with _ended((*workers, job)):
            cost = _followed(job)
            seconds = time.monotonic() - begun
            costs = tuple(cost_of(each.pid) for each in workers if each.pid is not None)
        calls = Counter(operation for _, operation, error in organization.calls(url) if error is None)
        record = read_record(root / "record.json")
        scope = scope_of(load_settings(root))
        return Vended(
            exit_code=job.exitcode,
            statuses=Counter(outcome.status for outcome in record.outcomes),
            created=calls["CreateAccount"],
            left=plan(Workspace(root), parts()).plan,
            seconds=seconds,
            workers=costs,
            job=cost,
            server=cost_of(server.process),
            database=sum(each.stat().st_size for each in folder.glob("temporal.db*")),
            run=asyncio.run(histories(server.address, run_workflow(scope, record.run_id))),
            account=asyncio.run(histories(server.address, account_workflow(scope, f"many-{number // 2}"))),
        )


def _request(root: Path, number: int, address: str) -> None:
    folder = root / "account-requests"
    folder.mkdir(parents=True)
    engine = f'engine: {{kind: temporal, address: "{address}"}}\n'
    (root / "vending.yaml").write_text(organization.SETTINGS + engine)
    teams = "".join(f"      Team-{team}:\n" for team in range(TEAMS))
    (folder / "_organization.yaml").write_text(f"units:\n  Workloads:\n    units:\n{teams}")
    for each in range(number):
        (folder / f"many-{each}.yaml").write_text(REQUEST.format(number=each, team=each % TEAMS))
    planned = plan(Workspace(root), parts()).plan
    if planned is None or planned.holds:
        raise AssertionError("the requests are not as they should be")
    (root / "plan.json").write_text(plan_to_json(planned))


def _followed(job: BaseProcess) -> Cost:
    """What a process has cost just before its end."""
    cost = NOTHING
    while job.pid is not None and job.is_alive():
        now = cost_of(job.pid)
        cost = cost if now == NOTHING else now
        job.join(1)
    return cost


@contextmanager
def _sandbox(state: Path) -> Iterator[str]:
    options = Options(seed="empty", creation_delay=CREATION_SECONDS, throttle=True, time_scale=FASTER)
    running = control.start(state, options)
    before = dict(os.environ)
    for name in control.UNSET:
        os.environ.pop(name, None)
    os.environ.update(control.environment(running.url))
    try:
        yield running.url
    finally:
        os.environ.clear()
        os.environ.update(before)
        control.stop(state)


@contextmanager
def _started(server: TemporalServer) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.kill()


@contextmanager
def _ended(processes: tuple[BaseProcess, ...]) -> Iterator[None]:
    try:
        yield
    finally:
        for each in processes:
            each.kill()
            each.join()
