"""The engine of many machines: submits a run to the Temporal server, and follows it."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from pipeline.errors import TemporaryServiceError, UsageError, VendError
from pipeline.model.operation import Lane
from pipeline.model.outcome import Outcome, Status
from pipeline.model.standing import Standing
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.course import CONTINUES, Ending
from pipeline.reconcile.engine import Engine, Listener, Perform, Stop, Task
from pipeline.reconcile.listening import tell
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.connection import Server, connect, is_gone, translated
from pipeline.reconcile.temporal.documents import Order, order_from_json, order_to_json, outcome_of
from pipeline.reconcile.temporal.following import Following, Rest
from pipeline.reconcile.temporal.names import CANCEL, DRAIN, RUN, Timing, run_of, run_workflow, runs_queue
from pipeline.reconcile.temporal.parts import (
    LARGEST,
    Past,
    Size,
    carried,
    memory_of,
    parts_of,
    without_work,
)
from pipeline.reconcile.temporal.serving import Lookout
from pipeline.reconcile.temporal.standing import standings

_AWAY: Final = 10.0
"""Seconds that a server may be away when somebody begins to talk to it."""

_PAUSE: Final = 0.5

_GONE: Final = Ending(
    status=Status.SKIPPED, message="not started: the run was ended at the Temporal server", hint=CONTINUES
)
_INTERRUPTED: Final = Ending(
    status=Status.SKIPPED, message="not started: interrupted; the next run does it", hint=CONTINUES
)

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class TemporalEngine(Engine):
    """Submits to `server` what `vend worker` processes of the same scope carry out.

    `run_id` becomes that of the run, `version` is the program's, `places` those of all workers together. `on_write` takes every
    write to AWS, with the subject that it was for as the ambient one. `rest` waits, in seconds; `now` is the time of this
    machine. A plan that is larger than `largest` goes in parts, one run each: RUN, RUN-2, RUN-3.
    """

    def __init__(
        self,
        server: Server,
        scope: str,
        run_id: str,
        version: str,
        places: Mapping[Lane, int],
        *,
        on_write: Callable[[Write], None],
        timing: Timing | None = None,
        rest: Rest = asyncio.sleep,
        largest: Size = LARGEST,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._largest = largest
        self._now = now
        self._server = server
        self._scope = scope
        self._run_id = run_id
        self._version = version
        self._places = places
        self._on_write = on_write
        self._timing = timing or Timing()
        self._rest = rest

    def run(
        self,
        tasks: Sequence[Task],
        perform: Perform,  # noqa: ARG002 - workers have their own
        listener: Listener,
        stop: Stop,
        *,
        failure_budget: int | None = None,
    ) -> tuple[Outcome, ...]:
        """As every engine; raises `VendError` if the run cannot be submitted: nothing has begun then."""
        Agenda(tasks, self._places, stop, failure_budget)  # raises what cannot be ordered
        if not tasks:
            return ()
        return self._until_the_end(self._in_parts(tasks, failure_budget, listener, stop), stop)

    def unfinished(self) -> tuple[str, ...]:
        return asyncio.run(self._unfinished())

    def attach(self, run: str, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:
        return self._until_the_end(self._attach(run, listener, stop), stop)

    def standings(self, subject: str) -> tuple[Standing, ...]:
        return asyncio.run(self._standings(subject))

    def _until_the_end(self, following: Coroutine[Any, Any, T], stop: Stop) -> T:
        try:
            return asyncio.run(following)
        except BaseException:
            # Whoever follows gives up; the run itself goes on at the server, and can be attached to.
            stop.cancel()
            raise

    async def _in_parts(
        self, tasks: Sequence[Task], failure_budget: int | None, listener: Listener, stop: Stop
    ) -> tuple[Outcome, ...]:
        parts = parts_of(tasks, self._largest)
        client = await self._connect()
        await self._wait_for_workers(client, tasks)
        tell(listener.planned, tasks)
        outcomes: dict[str, Outcome] = {}
        past: dict[str, Past] = {}
        obstacle: Ending | None = None
        for number, part in enumerate(parts, 1):
            known = carried(part, past, failure_budget)
            order = self._order(number, (*map(without_work, known), *part), failure_budget)
            if number == 1:
                await self._submit(client, order, known, stop)
            else:
                obstacle = obstacle or await self._submit_later(client, order, known, stop)
            if obstacle is not None:
                outcomes |= _left(part, obstacle, listener)
                continue
            following = self._following(client, order.run, order.tasks, listener, stop, known=outcomes)
            outcomes |= await following.to_the_end()
            past |= {id_: Past(task=following.tasks[id_], row=row) for id_, row in following.rows.items()}
            obstacle = _GONE if following.is_given_up else None
        return tuple(outcomes[task.id] for task in tasks)

    def _order(self, number: int, tasks: tuple[Task, ...], failure_budget: int | None) -> Order:
        return Order(
            run=self._run_id if number == 1 else f"{self._run_id}-{number}",
            scope=self._scope,
            version=self._version,
            tasks=tasks,
            places=self._places,
            failure_budget=failure_budget,
            timing=self._timing,
        )

    async def _submit(self, client: Client, order: Order, known: Sequence[Past], stop: Stop) -> None:
        """Raises `VendError`."""
        stopped = CANCEL if stop.is_cancelled else DRAIN if stop.is_draining else None
        document = {"order": order_to_json(order), "stop": stopped}
        try:
            await client.start_workflow(
                RUN,
                document if not known else {**document, "ledger": memory_of(known)},
                id=run_workflow(self._scope, order.run),
                task_queue=runs_queue(self._scope),
                task_timeout=timedelta(seconds=self._timing.decision),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            pass  # the first request had arrived; only its answer was lost
        except RPCError as error:
            raise translated(error, self._server) from error

    async def _submit_later(self, client: Client, order: Order, known: Sequence[Past], stop: Stop) -> Ending | None:
        """A part that is not the first: others have ended, so that nothing may be raised. What stands in its way, if anything."""
        while not stop.is_draining:
            try:
                await self._submit(client, order, known, stop)
            except TemporaryServiceError as error:
                _logger.info("%s cannot be submitted at present: %s", order.run, error)
                await self._rest(self._timing.poll)
            except VendError as error:
                return Ending(status=Status.SKIPPED, message=f"not started: {error}", hint=error.hint)
            else:
                return None
        return _INTERRUPTED

    def _following(
        self,
        client: Client,
        run: str,
        tasks: Sequence[Task],
        listener: Listener,
        stop: Stop,
        *,
        known: Mapping[str, Outcome] | None = None,
    ) -> Following:
        return Following(
            client,
            run_workflow(self._scope, run),
            tasks,
            listener=listener,
            stop=stop,
            on_write=self._on_write,
            timing=self._timing,
            rest=self._rest,
            known=known,
        )

    async def _attach(self, run: str, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:
        client = await self._connect()
        try:
            order = await _order_of(client, run_workflow(self._scope, run))
        except RPCError as error:
            if is_gone(error):
                hint = "vend status lists the runs that go on"
                raise UsageError(f'there is no run "{run}" at the Temporal server', hint=hint) from error
            raise translated(error, self._server) from error
        tell(listener.planned, order.tasks)
        outcomes = await self._following(client, run, order.tasks, listener, stop).to_the_end()
        return tuple(outcomes[task.id] for task in order.tasks)

    async def _unfinished(self) -> tuple[str, ...]:
        client = await self._connect()
        wanted = f"TaskQueue = '{runs_queue(self._scope)}' AND WorkflowType = '{RUN}' AND ExecutionStatus = 'Running'"
        try:
            return tuple(sorted([run_of(each.id) async for each in client.list_workflows(wanted)]))
        except RPCError as error:
            raise translated(error, self._server) from error

    async def _standings(self, subject: str) -> tuple[Standing, ...]:
        client = await self._connect()
        found: list[Standing] = []
        try:
            for run in await self._unfinished():
                found += await standings(client, self._scope, run, subject)
        except RPCError as error:
            raise translated(error, self._server) from error
        return tuple(found)

    async def _connect(self) -> Client:
        """Waits for a server that is away for a moment: it may be about to begin anew."""
        waited = 0.0
        while True:
            try:
                return await connect(self._server, f"vend apply {self._run_id} {os.getpid()}")
            except TemporaryServiceError as error:
                if waited >= min(_AWAY, self._timing.workers):
                    raise
                _logger.info("%s", error)
            await self._rest(max(_PAUSE, self._timing.poll))
            waited += max(_PAUSE, self._timing.poll)

    async def _wait_for_workers(self, client: Client, tasks: Sequence[Task]) -> None:
        lookout = Lookout(
            client=client,
            scope=self._scope,
            version=self._version,
            places=self._places,
            timing=self._timing,
            rest=self._rest,
            now=self._now,
        )
        try:
            await lookout.wait_for(operation.lane for task in tasks for operation in task.operations)
        except RPCError as error:
            raise translated(error, self._server) from error


async def _order_of(client: Client, workflow_id: str) -> Order:
    """What a run was ordered with; no worker has to be there to tell. Raises `RPCError`."""
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events(page_size=1):
        (document,) = await client.data_converter.decode(
            event.workflow_execution_started_event_attributes.input.payloads
        )
        return order_from_json(document["order"])
    raise RuntimeError(f'the history of "{workflow_id}" is empty')


def _left(tasks: Sequence[Task], ending: Ending, listener: Listener) -> dict[str, Outcome]:
    """The outcomes of tasks that were not submitted."""
    outcomes = {task.id: outcome_of(task, ending, account_id=None, seconds=0.0) for task in tasks}
    for task in tasks:
        tell(listener.finished, task, outcomes[task.id])
    return outcomes
