"""Benches for the contract of provisioners: one organization each, and provisioners on it that may die at any point."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG, AccountSpec
from pipeline.model.change import CreateAccount, OrganizationChange
from pipeline.model.clock import Clock
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.operation import Done, Facts, Operation, Result, Vanished, Waiting
from pipeline.provisioners import organizations
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.limits import Limits
from pipeline.provisioners.memory import MemoryAccount, MemoryOrganization, MemoryProvisioner
from pipeline.provisioners.protocol import Provisioner
from pipeline.sandbox import control
from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served, running

if TYPE_CHECKING:
    from pipeline.provisioners.aws.writes import ApiWrite

REPOSITORY = "example-account-requests"
RUN_ID = "20261122T130501Z-3f9a1c"
ROLE = "OrganizationAccountAccessRole"


class Died(BaseException):
    """The process is killed here. No error: nothing may catch it."""


class Bench(Protocol):
    """One organization, empty at first."""

    clock: Clock

    def begin_anew(self) -> None: ...

    def provisioner(self, *, repository: str = REPOSITORY, dies_after: int | None = None) -> Provisioner:
        """As a new process sees the organization; it dies after so many steps (effects, or calls). One lives at a time."""
        ...

    def unmanaged(self, name: str, email: str, tags: Mapping[str, str]) -> str:
        """The id of an account that was made without us."""
        ...


class MemoryBench:
    def __init__(self) -> None:
        self.clock: Clock = ScaledClock(0)
        self._organization = MemoryOrganization()

    def begin_anew(self) -> None:
        self._organization = MemoryOrganization()

    def provisioner(self, *, repository: str = REPOSITORY, dies_after: int | None = None) -> Provisioner:
        life = Life(dies_after)
        return MemoryProvisioner(self._organization, repository=repository, on_effect=lambda _kind: life.spend())

    def unmanaged(self, name: str, email: str, tags: Mapping[str, str]) -> str:
        account_id = f"4{len(self._organization.accounts):011d}"
        self._organization.add(MemoryAccount(account_id=account_id, name=name, email=email, tags=dict(tags)))
        return account_id


class Life:
    """So many steps, or any number; then death."""

    def __init__(self, steps: int | None = None) -> None:
        self._left = steps

    def spend(self) -> None:
        if self._left is not None:
            if self._left <= 0:
                raise Died
            self._left -= 1


class MortalLimits(Limits):
    """Dies instead of letting the call through that follows so many others."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.life = Life()

    def pay(self, service: str, operation: str) -> None:
        self.life.spend()
        super().pay(service, operation)


class SandboxBench:
    """AWS Organizations, as the sandbox imitates it, in the sandbox's own time.

    One connection serves all processes: what a process knows is in its provisioner, and clients take long to make.
    """

    def __init__(self, served: Served) -> None:
        self.served = served
        self.clock: Clock = served.clock
        self.writes: list[ApiWrite] = []
        self._limits = MortalLimits(self.clock)
        self.connection = Connection(
            region="eu-west-1", run_id=RUN_ID, clock=self.clock, on_write=self.writes.append, limits=self._limits
        )

    def begin_anew(self) -> None:
        self.served.reset()
        self._limits.life = Life()
        self.writes.clear()

    def provisioner(self, *, repository: str = REPOSITORY, dies_after: int | None = None) -> Provisioner:
        self._limits.life = Life(dies_after)
        return organizations.connect(self.connection, execution_role=ROLE, repository=repository)

    def unmanaged(self, name: str, email: str, tags: Mapping[str, str]) -> str:
        self._limits.life = Life()
        client = self.connection.organizations
        status = client.create_account(
            AccountName=name, Email=email, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )
        self.clock.sleep(60)
        answer = client.describe_create_account_status(CreateAccountRequestId=status["CreateAccountStatus"]["Id"])
        return answer["CreateAccountStatus"]["AccountId"]


@contextmanager
def sandbox(options: Options, clock: ScaledClock | None = None) -> Iterator[Served]:
    """A sandbox that the SDK finds by the environment, and nothing of this machine's own AWS settings."""
    with running(options, clock or ScaledClock(0)) as served, pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        for name, value in control.environment(served.url).items():
            environment.setenv(name, value)
        yield served


def perform(bench: Bench, provisioner: Provisioner, operation: Operation, facts: Facts) -> tuple[Result, Facts]:
    """One operation, performed until AWS is no longer at it."""
    while isinstance(result := provisioner.perform(operation, facts), Waiting):
        facts = {**facts, **result.facts}
        bench.clock.sleep(result.delay)
    return result, {**facts, **result.facts} if isinstance(result, Done) else facts


def carry_out(
    bench: Bench, provisioner: Provisioner, change: OrganizationChange, *, twice: bool = False
) -> list[Result]:
    """Every operation of a change until one vanishes; `twice`: each is performed again at once, as if it had not been."""
    facts: Facts = {}
    results: list[Result] = []
    for operation in provisioner.expand(change):
        if twice:
            perform(bench, provisioner, operation, facts)
        result, facts = perform(bench, provisioner, operation, facts)
        results.append(result)
        if isinstance(result, Vanished):
            break
    return results


def creation(key: str, unit: str = "/", **spec: Any) -> CreateAccount:
    wanted = AccountSpec(name=key, email=f"aws+{key}@example.com", organizational_unit=unit, **spec)
    return CreateAccount(key=key, repository=REPOSITORY, spec=wanted)


def ownership(key: str, repository: str = REPOSITORY) -> dict[str, str]:
    return {REQUEST_TAG: key, REPOSITORY_TAG: repository}


def account(observed: ObservedState, email: str) -> ObservedAccount:
    """The one account of that address."""
    (found,) = [each for each in observed.accounts if each.spec.email == email]
    return found
