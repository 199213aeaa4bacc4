"""Carry out changes: take them apart, hand them to an engine."""

from collections.abc import Sequence
from typing import Protocol

from pipeline.model.change import Change
from pipeline.model.operation import Facts, Operation, Result
from pipeline.model.outcome import Outcome
from pipeline.model.plan import RollOut
from pipeline.reconcile.engine import Engine, Listener, Stop
from pipeline.reconcile.tasks import tasks_of


class Carrier(Protocol):
    """Takes changes apart and carries out what they consist of, as a provisioner does."""

    def expand(self, change: Change) -> tuple[Operation, ...]: ...

    def perform(self, operation: Operation, facts: Facts) -> Result: ...


def reconcile(
    changes: Sequence[Change],
    carrier: Carrier,
    engine: Engine,
    listener: Listener,
    stop: Stop,
    *,
    roll_out: RollOut | None = None,
) -> tuple[Outcome, ...]:
    """What became of each change, in the order of `changes`. `roll_out`: that of the customizations among them."""
    tasks = tasks_of(changes, carrier.expand, roll_out)
    budget = None if roll_out is None else roll_out.failure_budget
    return engine.run(tasks, carrier.perform, listener, stop, failure_budget=budget)
