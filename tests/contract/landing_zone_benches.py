"""Benches for the contract of provisioners in a landing zone, on which processes may die after any write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.model.account import AccountSpec
from pipeline.model.change import CreateAccount, CreateUnit, OrganizationChange, RegisterUnit, UnitAction
from pipeline.model.landing_zone import Mode, product_name
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit
from pipeline.model.operation import Done, Result
from pipeline.provisioners import control_tower
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.read_only import is_read
from pipeline.provisioners.control_tower.provisioner import ControlTowerProvisioner
from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.control_tower.by_hand import cause
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served
from tests.contract.provisioner_benches import (
    REPOSITORY,
    RUN_ID,
    Died,
    MortalLimits,
    SandboxBench,
    carry_out,
    sandbox,
)

HOME = "eu-west-1"
VERSION = "4.0"
"""Of the baseline that goes with the sandbox's landing zone."""

USER = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
OTHER_USER = {"email": "grace@example.com", "first_name": "Grace", "last_name": "Hopper"}
CONTROL = f"arn:aws:controltower:{HOME}::control/AWS-GR_ENCRYPTED_VOLUMES"


class WriteLimits(MortalLimits):
    """Dies at the first call that follows so many writes: right after the last of them was carried out."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.writes_left: int | None = None

    def pay(self, service: str, operation: str) -> None:
        if self.writes_left is not None:
            if self.writes_left < 0:
                raise Died
            if not is_read(service, operation):
                self.writes_left -= 1
                if self.writes_left < 0:
                    raise Died
        super().pay(service, operation)


class LandingZoneBench(SandboxBench):
    """A landing zone in the sandbox, in the sandbox's own time."""

    def __init__(self, served: Served, mode: Mode) -> None:
        super().__init__(served)
        self.mode = mode
        self._writes = WriteLimits(self.clock)
        self._limits = self._writes
        self.connection = Connection(
            region=HOME, run_id=RUN_ID, clock=self.clock, on_write=self.writes.append, limits=self._writes
        )

    def begin_anew(self) -> None:
        super().begin_anew()
        self._writes.writes_left = None

    def provisioner(self, *, repository: str = REPOSITORY, dies_after: int | None = None) -> ControlTowerProvisioner:
        """As a new process sees the landing zone; it dies after so many writes."""
        self._writes.writes_left = dies_after
        return control_tower.connect(
            self.connection, execution_role=control_tower_role(), repository=repository, mode=self.mode
        )

    def unmanaged(self, name: str, email: str, tags: Any) -> str:
        self._writes.writes_left = None
        return super().unmanaged(name, email, tags)

    def drift(self, kind: str, target: str = "") -> None:
        """As if somebody had done it by hand, past Control Tower."""
        organization = self.served.sandbox.organization
        with organization.lock:
            organization.advance()
            assert organization.landing_zone is not None
            cause(organization.landing_zone, kind, target)


def control_tower_role() -> str:
    return "AWSControlTowerExecution"


def options(mode: Mode, **more: Any) -> Options:
    settings: dict[str, Any] = {
        "seed": "empty",
        "landing_zone": True,
        "home_region": HOME,
        "auto_enroll": mode is Mode.AUTO_ENROLL,
        "creation_delay": 5.0,
        "closing_delay": 20.0,
        "baseline_delay": 60.0,
        "control_delay": 10.0,
        "enrolment_delay": 30.0,
        **more,
    }
    return Options(**settings)


@contextmanager
def landing_zone(mode: Mode, clock: ScaledClock | None = None, **more: Any) -> Iterator[LandingZoneBench]:
    with sandbox(options(mode, **more), clock) as served:
        yield LandingZoneBench(served, mode)


def account_named(key: str, mode: Mode, unit: str = "Workloads", **spec: Any) -> CreateAccount:
    """The creation of an account, as a plan of this mode has it."""
    wanted = AccountSpec(
        name=key, email=f"aws+{key}@example.com", organizational_unit=unit, **{"sso_user": USER, **spec}
    )
    product = product_name(key, REPOSITORY) if mode is Mode.SERVICE_CATALOG else None
    return CreateAccount(key=key, repository=REPOSITORY, spec=wanted, product=product)


def registered(path: str) -> tuple[OrganizationChange, ...]:
    register = RegisterUnit(path=path, action=UnitAction.REGISTER, before=None, after=VERSION)
    return (CreateUnit(path=path), register)


def make(bench: LandingZoneBench, *changes: OrganizationChange) -> None:
    for change in changes:
        for result in carry_out(bench, bench.provisioner(), change):
            assert isinstance(result, Done), result


def dies(bench: LandingZoneBench, change: OrganizationChange, writes: int) -> bool:
    """Whether a new process that may write so often dies over this change, which others have begun."""
    try:
        results: list[Result] = carry_out(bench, bench.provisioner(dies_after=writes), change)
    except Died:
        return True
    assert all(isinstance(result, Done) for result in results), results
    return False


def found(observed: ObservedState, account_id: str) -> ObservedAccount:
    (one,) = [each for each in observed.accounts if each.account_id == account_id]
    return one


def unit_of(observed: ObservedState, path: str) -> ObservedUnit:
    (one,) = [each for each in observed.units if each.path == path]
    return one
