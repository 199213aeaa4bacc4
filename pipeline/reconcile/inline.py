"""The engine of one machine: a thread pool per lane, and no state of its own.

AWS is the truth and every operation is idempotent, so a run that dies is repaired by observing again.

The thread that calls `run` decides everything (who starts, who is skipped, what the listener hears); workers only perform. What
workers have to say comes back through one queue, so no state is shared and no lock is needed.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from types import MappingProxyType
from typing import Final

from pipeline.errors import UsageError
from pipeline.model.clock import Clock
from pipeline.model.operation import Lane, Operation
from pipeline.model.outcome import Outcome
from pipeline.model.standing import Standing
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.course import Course, Ending, Reports, Worker
from pipeline.reconcile.engine import Engine, Listener, Perform, Stop, Task
from pipeline.reconcile.listening import tell
from pipeline.reconcile.patience import Patience

PLACES: Final[Mapping[Lane, int]] = MappingProxyType(
    {
        Lane.ORGANIZATIONS: 8,
        Lane.CREATION: 5,
        Lane.CLOSING: 3,
        Lane.CONTROL_TOWER: 5,
        Lane.LANDING_ZONE: 1,
        Lane.ACCESS: 10,
        Lane.MEMBER: 8,
        Lane.TERRAFORM: 2,
    }
)
"""Places per lane. AWS allows 5 creations and 3 closures in progress at once
(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html); 8 threads are enough to reach the
rates of its other operations."""


class InlineEngine(Engine):
    """`lanes` overrides `PLACES`; `jitter` gives numbers in [0, 1)."""

    def __init__(
        self,
        clock: Clock,
        lanes: Mapping[Lane, int] = PLACES,
        patience: Patience | None = None,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._places = {lane: lanes.get(lane, PLACES[lane]) for lane in Lane}
        self._patience = patience or Patience()
        self._jitter = jitter
        if few := [lane for lane, places in self._places.items() if places < 1]:
            raise ValueError(f"lanes without a place: {', '.join(few)}")

    def run(
        self,
        tasks: Sequence[Task],
        perform: Perform,
        listener: Listener,
        stop: Stop,
        *,
        failure_budget: int | None = None,
    ) -> tuple[Outcome, ...]:
        agenda = Agenda(tasks, self._places, stop, failure_budget)
        events: _Events = SimpleQueue()
        worker = Worker(
            perform=perform,
            clock=self._clock,
            patience=self._patience,
            jitter=self._jitter,
            stop=stop,
            reports=_reports_to(listener, events),
        )
        with ExitStack() as stack:
            pools = {
                lane: stack.enter_context(ThreadPoolExecutor(places, lane)) for lane, places in self._places.items()
            }
            walk = _Run(agenda=agenda, worker=worker, pools=pools, listener=listener, events=events, clock=self._clock)
            ended = walk.outcomes(tasks)
        return tuple(ended[task.id] for task in tasks)

    def unfinished(self) -> tuple[str, ...]:
        return ()

    def attach(self, run: str, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:  # noqa: ARG002 - there is nothing to follow
        raise UsageError(
            f'run "{run}" cannot be attached to: with engine.kind "inline", a run ends with its process',
            hint="run `vend apply --reviewed plan.json` again: it continues where that run stopped",
        )

    def standings(self, subject: str) -> tuple[Standing, ...]:  # noqa: ARG002 - there is nothing to look into
        return ()


class _Run:
    """One walk through the agenda. All of it happens in the thread that called `run`, but for `_work`."""

    def __init__(
        self,
        *,
        agenda: Agenda,
        worker: Worker,
        pools: Mapping[Lane, ThreadPoolExecutor],
        listener: Listener,
        events: "_Events",
        clock: Clock,
    ) -> None:
        self._agenda = agenda
        self._worker = worker
        self._pools = pools
        self._listener = listener
        self._events = events
        self._clock = clock
        self._working = 0
        self._outcomes: dict[str, Outcome] = {}

    def outcomes(self, tasks: Sequence[Task]) -> Mapping[str, Outcome]:
        """The outcome of every task, by its id."""
        tell(self._listener.planned, tasks)
        try:
            self._advance()
            while self._working:
                self._events.get()()
                self._advance()
        except BaseException:
            self._worker.stop.cancel()
            raise
        return self._outcomes

    def _advance(self) -> None:
        """Start, or end, every task that can be."""
        while (step := self._agenda.next()) is not None:
            course, ending = step
            if ending is not None:
                self._finish(course, ending)
            elif course.lane is not None:
                self._send(course, course.lane)

    def _send(self, course: Course, lane: Lane) -> None:
        if course.begun is None:
            course.begun = self._clock.monotonic()
            tell(self._listener.started, course.task)
        self._agenda.occupy(lane)
        self._working += 1
        self._pools[lane].submit(self._work, course, lane)

    def _work(self, course: Course, lane: Lane) -> None:
        """In a thread of the lane's pool."""
        ending = self._worker.proceed(course)
        self._events.put(partial(self._receive, course, lane, ending))

    def _receive(self, course: Course, lane: Lane, ending: Ending | None) -> None:
        self._agenda.release(lane)
        self._working -= 1
        if ending is None:
            self._agenda.queue(course)
        else:
            self._finish(course, ending)

    def _finish(self, course: Course, ending: Ending) -> None:
        self._agenda.end(course, ending)
        task = course.task
        outcome = Outcome(
            digest=task.change_digest,
            kind=task.kind,
            subject=task.subject,
            status=ending.status,
            message=ending.message,
            hint=ending.hint,
            account_id=course.facts.get("account_id", task.account_id),
            seconds=0.0 if course.begun is None else round(self._clock.monotonic() - course.begun, 3),
        )
        self._outcomes[task.id] = outcome
        tell(self._listener.finished, task, outcome)


_Events = SimpleQueue[Callable[[], None]]


def _reports_to(listener: Listener, events: _Events) -> Reports:
    """Workers put what they report into the queue, so that the listener hears it in the thread of the run."""

    def step(task: Task, operation: Operation, message: str) -> None:
        events.put(partial(tell, listener.step, task, operation, message))

    def waiting(task: Task, reason: str, delay: float) -> None:
        events.put(partial(tell, listener.waiting, task, reason, delay))

    def retrying(task: Task, error: str, delay: float) -> None:
        events.put(partial(tell, listener.retrying, task, error, delay))

    return Reports(step=step, waiting=waiting, retrying=retrying)
