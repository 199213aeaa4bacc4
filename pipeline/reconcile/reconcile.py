"""Carry out changes: take them apart, hand them to an engine."""

from collections.abc import Sequence

from pipeline.model.change import Change
from pipeline.model.outcome import Outcome
from pipeline.provisioners.protocol import Provisioner
from pipeline.reconcile.engine import Engine, Listener, Stop
from pipeline.reconcile.tasks import tasks_of


def reconcile(
    changes: Sequence[Change], provisioner: Provisioner, engine: Engine, listener: Listener, stop: Stop
) -> tuple[Outcome, ...]:
    """What became of each change, in the order of `changes`."""
    return engine.run(tasks_of(changes, provisioner.expand), provisioner.perform, listener, stop)
