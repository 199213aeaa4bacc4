"""Whole runs of `vend apply` in processes of their own, which may be killed at a chosen point."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.model.change import OrganizationChange
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Facts, Operation, Result
from pipeline.planning.documents import plan_from_json
from pipeline.provisioners.aws.writes import ApiWrite
from pipeline.provisioners.protocol import Provisioner
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.listening import Silent
from pipeline.settings import Settings

TIMES_FASTER = 200.0
"""AWS's rates are minutes long; this clock makes them fractions of a second, for the run and nobody else."""


@dataclass(frozen=True)
class Death:
    """Die by SIGKILL: `where` is `before-operation` or `after-write`, `count` the how-manieth of them."""

    where: str
    count: int


class Countdown:
    """Kills this process at its last call."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Announcing(Provisioner):
    """A provisioner that tells of each operation before it is performed."""

    def __init__(self, inner: Provisioner, announce: Callable[[], None]) -> None:
        self.inner, self.announce = inner, announce

    def observe(self) -> ObservedState:
        return self.inner.observe()

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        return self.inner.observe_details(observed, wanted)

    def expand(self, change: OrganizationChange) -> tuple[Operation, ...]:
        return self.inner.expand(change)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        self.announce()
        return self.inner.perform(operation, facts)


@dataclass(frozen=True, kw_only=True)
class MortalParts(Parts):
    death: Death | None = None
    clock: ScaledClock = field(default_factory=lambda: ScaledClock(TIMES_FASTER))

    def provisioner(
        self, settings: Settings, run: str, on_write: Callable[[ApiWrite], None], stop: Stop
    ) -> Provisioner:
        if self.death is None:
            return Parts.provisioner(self, settings, run, on_write, stop)
        die = Countdown(self.death.count)
        if self.death.where == "before-operation":
            return Announcing(Parts.provisioner(self, settings, run, on_write, stop), die)

        def write_and_die(write: ApiWrite) -> None:
            die()
            on_write(write)

        return Parts.provisioner(self, settings, run, write_and_die, stop)


def apply_reviewed(root: Path, environment: Mapping[str, str], record: Path, death: Death | None) -> None:
    """One `vend apply --reviewed plan.json`; the process ends with its exit code."""
    os.environ.update(environment)
    reviewed = plan_from_json((root / "plan.json").read_text())
    wish = Applying(approve=lambda _: reviewed, listener=Silent(), record=record)
    raise SystemExit(int(apply(Workspace(root), MortalParts(death=death), wish).exit_code))


def launch(root: Path, environment: Mapping[str, str], record: Path, death: Death | None = None) -> BaseProcess:
    """Start a run; forked from a clean server process that has everything imported, so a run costs no start-up."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.end_to_end.processes", "tests.end_to_end.warm", "git"])
    process = context.Process(target=apply_reviewed, args=(root, dict(environment), record, death))
    process.start()
    return process


def run(root: Path, environment: Mapping[str, str], record: Path, death: Death | None = None) -> int:
    """A whole run; its exit code, -9 if it was killed."""
    process = launch(root, environment, record, death)
    process.join(timeout=120)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError("a run of vend apply does not end")
    return process.exitcode
