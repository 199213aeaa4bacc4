"""The engine of many machines: submits a run to the Temporal server, and follows it."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from pipeline.errors import TemporaryServiceError, UsageError
from pipeline.model.operation import Lane
from pipeline.model.outcome import Outcome
from pipeline.model.standing import Standing
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.engine import Engine, Listener, Perform, Stop, Task
from pipeline.reconcile.listening import tell
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.connection import Server, connect, translated
from pipeline.reconcile.temporal.documents import Order, order_from_json, order_to_json
from pipeline.reconcile.temporal.following import Following, Rest
from pipeline.reconcile.temporal.names import CANCEL, DRAIN, RUN, Timing, lane_queue, run_of, run_workflow, runs_queue
from pipeline.reconcile.temporal.standing import standings

_FRESH: Final = timedelta(seconds=90)
"""A worker asks for work at least once a minute."""

T = TypeVar("T")


class TemporalEngine(Engine):
    """Submits to `server` what `vend worker` processes of the same scope carry out.

    `run_id` becomes that of the run, `version` is the program's, `places` those of all workers together. `on_write` takes every
    write to AWS, with the subject that it was for as the ambient one. `rest` waits, in seconds.
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
    ) -> None:
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
        """As every engine; raises `SettingsError` or `ServiceError` if the run cannot be submitted: nothing has begun then."""
        Agenda(tasks, self._places, stop, failure_budget)  # raises what cannot be ordered
        order = Order(
            run=self._run_id,
            scope=self._scope,
            version=self._version,
            tasks=tuple(tasks),
            places=self._places,
            failure_budget=failure_budget,
            timing=self._timing,
        )
        return self._until_the_end(self._submit_and_follow(order, listener, stop), stop) if tasks else ()

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

    async def _submit_and_follow(self, order: Order, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:
        client = await self._connect()
        await self._wait_for_workers(client, order.tasks)
        tell(listener.planned, order.tasks)
        workflow_id = run_workflow(self._scope, self._run_id)
        stopped = CANCEL if stop.is_cancelled else DRAIN if stop.is_draining else None
        try:
            await client.start_workflow(
                RUN,
                {"order": order_to_json(order), "stop": stopped},
                id=workflow_id,
                task_queue=runs_queue(self._scope),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            pass  # the first request had arrived; only its answer was lost
        except RPCError as error:
            raise translated(error, self._server) from error
        return await self._follow(client, workflow_id, order.tasks, listener, stop)

    async def _follow(
        self, client: Client, workflow_id: str, tasks: Sequence[Task], listener: Listener, stop: Stop
    ) -> tuple[Outcome, ...]:
        following = Following(
            client,
            workflow_id,
            tasks,
            listener=listener,
            stop=stop,
            on_write=self._on_write,
            timing=self._timing,
            rest=self._rest,
        )
        outcomes = await following.to_the_end()
        return tuple(outcomes[task.id] for task in tasks)

    async def _attach(self, run: str, listener: Listener, stop: Stop) -> tuple[Outcome, ...]:
        client = await self._connect()
        workflow_id = run_workflow(self._scope, run)
        try:
            document = await client.get_workflow_handle(workflow_id).query("order", result_type=dict)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                hint = "vend status lists the runs that go on"
                raise UsageError(f'there is no run "{run}" at the Temporal server', hint=hint) from error
            raise translated(error, self._server) from error
        tasks = order_from_json(document).tasks
        tell(listener.planned, tasks)
        return await self._follow(client, workflow_id, tasks, listener, stop)

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
        return await connect(self._server, f"vend apply {self._run_id} {os.getpid()}")

    async def _wait_for_workers(self, client: Client, tasks: Sequence[Task]) -> None:
        """Raises `TemporaryServiceError` that names every lane without a worker, and the command that starts one."""
        lanes = sorted({operation.lane for task in tasks for operation in task.operations})
        missing = await self._without_worker(client, lanes)
        waited = 0.0
        while missing and waited < self._timing.workers:
            await self._rest(self._timing.poll)
            waited += self._timing.poll
            missing = await self._without_worker(client, missing)
        if missing:
            names = ", ".join(f'"{lane}"' for lane in missing)
            what = f"no worker serves the lane {names}" if len(missing) == 1 else f"no worker serves the lanes {names}"
            command = "".join(f" --lane {lane}={self._places[lane]}" for lane in missing)
            hint = f"start one with: vend worker{command}"
            raise TemporaryServiceError(f"engine: {what} of {self._scope}; nothing was submitted", hint=hint)

    async def _without_worker(self, client: Client, lanes: Iterable[Lane]) -> list[Lane]:
        return [lane for lane in lanes if not await self._is_served(client, lane_queue(self._scope, lane))]

    async def _is_served(self, client: Client, queue: str) -> bool:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        try:
            answer = await client.workflow_service.describe_task_queue(request)
        except RPCError as error:
            raise translated(error, self._server) from error
        since = datetime.now(UTC) - _FRESH
        return any(poller.last_access_time.ToDatetime(UTC) > since for poller in answer.pollers)
