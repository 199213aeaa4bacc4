"""The choice of real parts: which clock, which backend, which engine."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from pipeline.app.clock import SystemClock
from pipeline.model.clock import Clock
from pipeline.model.landing_zone import Mode
from pipeline.model.operation import Lane
from pipeline.provisioners import control_tower, organizations
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.writes import ApiWrite
from pipeline.provisioners.protocol import Observer, Provisioner
from pipeline.reconcile.engine import Engine, Stop
from pipeline.reconcile.inline import InlineEngine
from pipeline.reconcile.patience import StoppableClock
from pipeline.reconcile.record import run_id
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.reconcile.recorder import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a verb works with. Tests give another clock; everything else follows from the settings."""

    clock: Clock = field(default_factory=SystemClock)
    token: Callable[[], str] = field(default=lambda: secrets.token_hex(3))

    def today(self) -> date:
        return self.clock.now().date()

    def new_run_id(self) -> str:
        return run_id(self.clock.now(), self.token())

    def observer(self, settings: Settings, run: str) -> Observer:
        """A backend on a client that cannot write."""
        connection = self.connection(settings, run, role=settings.roles.plan, read_only=True)
        return self._backend(settings, connection)

    def provisioner(
        self, settings: Settings, run: str, on_write: Callable[[ApiWrite], None], stop: Stop
    ) -> Provisioner:
        """A backend that can write, tells of each write, and waits no longer once the run is cancelled."""
        connection = self.connection(
            settings,
            run,
            role=settings.roles.apply,
            read_only=False,
            clock=StoppableClock(self.clock, stop),
            on_write=on_write,
        )
        return self._backend(settings, connection)

    def engine(self, settings: Settings, run: str, on_write: "Callable[[Write], None]") -> Engine:
        """What carries out a plan. `on_write` takes the writes to AWS that were made elsewhere."""
        if settings.engine.kind == "temporal":
            from pipeline.app.machines import temporal_engine  # noqa: PLC0415 - only where it is chosen

            return temporal_engine(settings, run, on_write)
        lanes = {Lane.CREATION: settings.engine.accounts, Lane.TERRAFORM: terraform_places(settings)}
        return InlineEngine(clock=self.clock, lanes=lanes)

    def connection(
        self,
        settings: Settings,
        run: str,
        *,
        role: str | None,
        read_only: bool,
        clock: Clock | None = None,
        on_write: Callable[[ApiWrite], None] | None = None,
    ) -> Connection:
        """A way into AWS; makes no call."""
        return Connection(
            region=settings.organization.home_region,
            role_arn=role,
            run_id=run,
            read_only=read_only,
            clock=clock or self.clock,
            on_write=on_write,
        )

    def _backend(self, settings: Settings, connection: Connection) -> Provisioner:
        role = member_role(settings, connection)
        if settings.provisioner != "control_tower":
            return organizations.connect(connection, execution_role=role, repository=settings.repository)
        mode = settings.control_tower.mode
        return control_tower.connect(
            connection,
            execution_role=role,
            repository=settings.repository,
            mode=None if mode == "auto" else Mode(mode),
            launch_role=settings.roles.apply,
        )


def member_role(settings: Settings, connection: Connection) -> str:
    """The role that a run assumes inside accounts: plans get along with less, if the settings name it."""
    reads = settings.plan_execution_role if connection.read_only else None
    return reads or settings.execution_role


def terraform_places(settings: Settings) -> int:
    """How many runs of Terraform at a time: as many as there are cores, unless the settings say otherwise."""
    return settings.engine.customizations or os.cpu_count() or 1
