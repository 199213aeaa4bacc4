"""Workers die, and others read from the history what was decided: it has to lead them to the same decisions."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.api.command.v1 import Command
from temporalio.api.enums.v1 import CommandType, TaskQueueKind
from temporalio.api.taskqueue.v1 import StickyExecutionAttributes, TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollWorkflowTaskQueueRequest,
    PollWorkflowTaskQueueResponse,
    RespondWorkflowTaskCompletedRequest,
)
from temporalio.client import Client, WorkflowHandle, WorkflowHistory, WorkflowQueryFailedError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from pipeline.model.operation import Lane
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.documents import Order, order_to_json
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.names import DRAIN, RUN, run_workflow, runs_queue
from pipeline.reconcile.temporal.runner import CautiousRunner
from tests.temporal_bench import QUICK, Crew, TemporalServer
from tests.unit.reconcile.fakes import Notes, a_task

UNREADABLE = "111122223333/unreadable"
QUEUE = "curious"
OF_THE_DEAD = "curious-of-the-dead"
STICKY = timedelta(seconds=2)
"""For so long the server waits for a dead worker: from the query on with the query, from the first event on with the decision."""

SHORTEST = timedelta(seconds=2.5)
"""That the server allows for waiting for work is 2 s."""


@workflow.defn(name="Sorting")
class Sorting:
    """Decides on all that has come at once, the greatest first, as a run prefers what it prefers."""

    def __init__(self) -> None:
        self._inbox: list[int] = []
        self._deeds: list[workflow.ActivityHandle[None]] = []

    @workflow.run
    async def run(self) -> None:
        left = 2
        while left:
            await workflow.wait_condition(lambda: bool(self._inbox))
            for number in sorted(self._inbox, reverse=True):
                left -= 1
                hour = timedelta(hours=1)
                deed = workflow.start_activity(f"a{number}", task_queue="nobody", start_to_close_timeout=hour)
                self._deeds.append(deed)
            self._inbox.clear()

    @workflow.signal
    def come(self, number: int) -> None:
        self._inbox.append(number)

    @workflow.query
    def waiting(self) -> int:
        return len(self._inbox)


def test_a_query_between_two_events_of_one_decision_leaves_a_history_that_can_be_replayed(
    temporal_server: TemporalServer,
) -> None:
    """Without the caution, the worker decides on the first event for the query's sake, and on the second one apart."""
    history = asyncio.run(_history(temporal_server))

    replayer = Replayer(workflows=[Sorting], workflow_runner=UnsandboxedWorkflowRunner())
    asyncio.run(replayer.replay_workflow(history))
    types = [each.activity_task_scheduled_event_attributes.activity_type.name for each in history.events]
    assert [name for name in types if name] == ["a2", "a1"]


async def _history(server: TemporalServer) -> WorkflowHistory:
    """Of a run whose worker dies before anything has come; of two events another worker sees the first one with a query."""
    client = await connect(Server(address=server.address), "test")
    handle = await client.start_workflow("Sorting", id="sorting", task_queue=QUEUE)
    await _decide_and_die(client)
    query = asyncio.create_task(_ask(handle))
    await asyncio.sleep(STICKY.total_seconds() / 2)
    await handle.signal("come", 1)
    async with Worker(client, task_queue=QUEUE, workflows=[Sorting], workflow_runner=CautiousRunner()):
        await query
        await handle.signal("come", 2)
        await handle.result()
    return await handle.fetch_history()


def test_a_run_that_no_worker_can_follow_any_more_ends_and_what_it_left_is_pending(crew: Crew) -> None:
    """It would be tried for ever otherwise, and whoever follows it would wait for ever; the next run does what is left."""
    address = Server(address=crew.server.address)
    engine = TemporalEngine(address, UNREADABLE, "r", "1.0", PLACES, on_write=lambda _: None, timing=QUICK)
    asyncio.run(_decide_what_nobody_would(address))

    worker = Crew(crew.server, {Lane.ORGANIZATIONS: 1}, UNREADABLE)
    outcomes = engine.attach("r", Notes(), Stop())
    worker.stop()

    assert [(each.subject, each.status) for each in outcomes] == [("a", Status.PENDING)]
    assert engine.unfinished() == ()


async def _decide_what_nobody_would(server: Server) -> None:
    """A run whose first decision is to set a timer; then something happens."""
    client = await connect(server, "test")
    order = Order(
        run="r",
        scope=UNREADABLE,
        version="1.0",
        tasks=(a_task("a", "x"),),
        places=PLACES,
        failure_budget=None,
        timing=QUICK,
    )
    document = {"order": order_to_json(order), "stop": None}
    queue = runs_queue(UNREADABLE)
    handle = await client.start_workflow(RUN, document, id=run_workflow(UNREADABLE, "r"), task_queue=queue)
    task = await _first_task(client, queue)
    timer = Command(command_type=CommandType.COMMAND_TYPE_START_TIMER)
    timer.start_timer_command_attributes.timer_id = "1"
    timer.start_timer_command_attributes.start_to_fire_timeout.FromTimedelta(timedelta(hours=1))
    await client.workflow_service.respond_workflow_task_completed(
        RespondWorkflowTaskCompletedRequest(namespace=client.namespace, task_token=task.task_token, commands=[timer])
    )
    await handle.signal("stop", DRAIN)


async def _first_task(client: Client, queue: str) -> PollWorkflowTaskQueueResponse:
    return await client.workflow_service.poll_workflow_task_queue(
        PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue))
    )


async def _decide_and_die(client: Client) -> None:
    """The first decision of a worker, that there is nothing to do yet; it is still listening when it dies."""
    service = client.workflow_service
    task = await _first_task(client, QUEUE)
    own = TaskQueue(name=OF_THE_DEAD, kind=TaskQueueKind.TASK_QUEUE_KIND_STICKY, normal_name=QUEUE)
    sticky = StickyExecutionAttributes(worker_task_queue=own)
    sticky.schedule_to_start_timeout.FromTimedelta(STICKY)
    await service.respond_workflow_task_completed(
        RespondWorkflowTaskCompletedRequest(
            namespace=client.namespace, task_token=task.task_token, sticky_attributes=sticky
        )
    )
    listening = PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=own, identity="the dead")
    nothing = await service.poll_workflow_task_queue(listening, timeout=SHORTEST)
    assert not nothing.task_token


async def _ask(handle: WorkflowHandle[Any, Any]) -> None:
    """As a follower does: whoever is refused asks again, some time later."""
    with suppress(WorkflowQueryFailedError):
        await handle.query("waiting")
