"""What an engine is: it gets tasks as plain data, carries them out, and answers one outcome each.

The contract, held for every engine by `tests/contract/test_engine.py`:

- every task ends in exactly one outcome, and the outcomes come back in the order of the tasks;
- nothing starts before everything in its `after` and `requires` has ended;
- a task of a wave starts only after every task of the waves before it has ended; it does not start at all once more tasks of
  waves have failed than the failure budget allows, or if anything of the first wave was not applied and it is of a later one;
- the operations of a task are performed in order; consecutive ones on one lane hold one place of it, waiting included;
- a task begins with the fact `account_id` that a task of its subject which it requires has found out;
- temporary errors are tried again, permanent ones never; no exception stops another task.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.model.operation import Facts, Operation, Result
from pipeline.model.outcome import Outcome
from pipeline.model.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One change, taken apart: plain data that may cross to another process.

    `after` and `requires` hold ids of other tasks of the same run. Both are ended before this one starts; those that it
    `requires` must also have been applied, otherwise it is skipped. `refusal` says why the change could not be taken apart:
    such a task has no operations and fails with that text. `wave`: its place in a roll-out, which begins with the lowest number;
    None for what takes no part in one.
    """

    id: str
    change_digest: str
    kind: str
    subject: str
    account_id: str | None = None
    operations: tuple[Operation, ...] = ()
    after: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    wave: int | None = None
    refusal: str = ""


Perform = Callable[[Operation, Facts], Result]
"""`Provisioner.perform`: called from several threads at once."""


class Listener(Protocol):
    """Hears what an engine does, one event at a time, in the thread that called `Engine.run`.

    An exception of a listener is logged and changes nothing.
    """

    def planned(self, tasks: Sequence[Task]) -> None:
        """Everything that this run will report as finished."""
        ...

    def started(self, task: Task) -> None: ...

    def step(self, task: Task, operation: Operation, message: str) -> None:
        """One operation of the task is done."""
        ...

    def waiting(self, task: Task, reason: str, delay: float) -> None:
        """AWS is still at it; the task looks again after `delay` seconds."""
        ...

    def retrying(self, task: Task, error: str, delay: float) -> None:
        """A temporary error; the operation is tried again after `delay` seconds."""
        ...

    def finished(self, task: Task, outcome: Outcome) -> None:
        """Told exactly once of every task, also of those that never started."""
        ...


class Stop:
    """How a person ends a run early. Safe to call from any thread and from a signal handler: it takes no lock."""

    def __init__(self) -> None:
        self._draining = False
        self._cancelled = False

    @property
    def is_draining(self) -> bool:
        """No further task may start."""
        return self._draining

    @property
    def is_cancelled(self) -> bool:
        """Nothing may go on beyond the next wait or the end of the operation that runs."""
        return self._cancelled

    def drain(self) -> None:
        self._draining = True

    def cancel(self) -> None:
        self._draining = True
        self._cancelled = True

    def interrupt(self) -> None:
        """The first interrupt drains, the second cancels."""
        if self._draining:
            self.cancel()
        else:
            self.drain()


class Engine(Protocol):
    """Carries out tasks."""

    def run(
        self,
        tasks: Sequence[Task],
        perform: Perform,
        listener: Listener,
        stop: Stop,
        *,
        failure_budget: int | None = None,
    ) -> tuple[Outcome, ...]:
        """One outcome per task, in the order of `tasks`.

        `failure_budget`: how many tasks of waves may fail before no other one of a wave starts; None for any number. Raises
        `ValueError`, before anything is performed, if two tasks have one id, or if their dependencies name a task that is not
        there, or go in a circle, waves included.
        """
        ...

    def unfinished(self) -> tuple[str, ...]:
        """Ids of runs of these accounts that go on without the process that began them, oldest first. Raises `VendError`."""
        ...

    def attach(self, run: str, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:
        """Follow a run that another process began, to its end; as `run`, but for what the listener has missed.

        Raises `UsageError` if there is no such run.
        """
        ...

    def standings(self, subject: str) -> tuple[Standing, ...]:
        """The changes of a subject in the runs that are unfinished. Raises `VendError`."""
        ...
