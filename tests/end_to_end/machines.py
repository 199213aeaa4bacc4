"""Workers and runs in processes of their own, on a Temporal server on loopback, to be killed."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from temporalio.api.enums.v1 import PendingActivityState

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.machines import Serving, serve, temporal_engine
from pipeline.app.workspace import Workspace
from pipeline.model.operation import Lane
from pipeline.planning.documents import plan_from_json
from pipeline.reconcile.engine import Engine, Stop
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.names import CHANGE, Timing
from pipeline.settings import Settings
from tests.end_to_end.processes import Death, MortalParts

TIMING = Timing(heartbeat=3.0, pulse=0.4, again=0.2, nudge=3.0, decision=4.0, look=2.0, poll=0.3, workers=20.0)
"""A dead worker is noticed within seconds, so that thirty deaths take no hour."""

FASTER = 40.0
"""How fast AWS's time runs: for the sandbox and for all who ask it, or they would ask ten times as often as it allows."""

LANES = {Lane.ORGANIZATIONS: 2, Lane.CREATION: 2}
"""All that units and accounts take."""


@dataclass(frozen=True, kw_only=True)
class DistributedParts(MortalParts):
    clock: ScaledClock = field(default_factory=lambda: ScaledClock(FASTER))

    def engine(self, settings: Settings, run: str, on_write: Callable[[Write], None]) -> Engine:
        return temporal_engine(settings, run, on_write, TIMING)


def work(root: Path, environment: Mapping[str, str], death: Death | None) -> None:
    os.environ.update(environment)
    serve(Workspace(root), DistributedParts(death=death), Serving(places=LANES, grace=2.0, sticky=1.0), Stop())


def submit(root: Path, environment: Mapping[str, str], record: Path) -> None:
    os.environ.update(environment)
    reviewed = plan_from_json((root / "plan.json").read_text())
    wish = Applying(approve=lambda _: reviewed, listener=Silent(), record=record)
    raise SystemExit(int(apply(Workspace(root), DistributedParts(), wish).exit_code))


def launch(what: Callable[..., None], *arguments: object) -> BaseProcess:
    """A process, forked from a clean one that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.end_to_end.machines", "pipeline.reconcile.temporal.fleet", "boto3", "git"])
    process = context.Process(target=what, args=arguments)
    process.start()
    return process


async def at_work(address: str) -> set[int]:
    """Processes of the workers that are performing something just now, as the server believes."""
    client = await connect(Server(address=address), "test")
    found = set()
    async for change in client.list_workflows(f"WorkflowType = '{CHANGE}' AND ExecutionStatus = 'Running'"):
        description = await client.get_workflow_handle(change.id, run_id=change.run_id).describe()
        for turn in description.raw_description.pending_activities:
            if turn.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED:
                found.add(int(turn.last_worker_identity.rpartition(" ")[2]))
    return found
