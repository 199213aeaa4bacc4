"""A worker: serves the queues of its lanes, and the decisions of runs."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.worker import Worker as TemporalWorker
from temporalio.workflow import NondeterminismError

from pipeline.model.operation import Lane
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.temporal.change import ChangeWorkflow
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.names import lane_queue, runs_queue
from pipeline.reconcile.temporal.run import RunWorkflow
from pipeline.reconcile.temporal.runner import CautiousRunner
from pipeline.reconcile.temporal.serving import worker_identity
from pipeline.reconcile.temporal.turn import Turns

_LISTEN: Final = 0.2
"""Seconds between two looks whether to leave."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a worker serves: `places` turns at a time, by lane.

    `grace`: seconds to finish in when it is told to leave; after them, what is at work is handed back as soon as it can be.
    `throttle`: seconds between two signs of life that are really sent. `sticky`: seconds after which what a silent worker had
    to decide goes to another one.
    """

    server: Server
    scope: str
    places: Mapping[Lane, int]
    grace: float = 30.0
    throttle: float = 2.0
    sticky: float = 5.0


def work(post: Post, turns: Turns, leave: Stop, begun: Callable[[], None] = lambda: None) -> None:
    """Serve until `leave` drains; `begun` is called as soon as it takes work. Raises as `connect`."""
    asyncio.run(_work(post, turns, leave, begun))


async def _work(post: Post, turns: Turns, leave: Stop, begun: Callable[[], None]) -> None:
    client = await connect(post.server, worker_identity(turns.version, socket.gethostname(), os.getpid()))
    async with AsyncExitStack() as stack:
        workers = [_decider(client, post)]
        for lane, number in post.places.items():
            pool = stack.enter_context(ThreadPoolExecutor(number, f"turn-{lane}"))
            workers.append(_performer(client, post, lane, turns, pool))
        lanes = ", ".join(f"{lane}={number}" for lane, number in post.places.items())
        _logger.info("worker of %s begins: %s", post.scope, lanes)
        begun()
        await _run_all(workers, leave)
    _logger.info("worker of %s has ended", post.scope)


def _decider(client: Client, post: Post) -> TemporalWorker:
    """A run whose history it cannot follow is ended, not tried again for ever: the next apply goes on from what AWS says."""
    return TemporalWorker(
        client,
        task_queue=runs_queue(post.scope),
        workflows=[RunWorkflow, ChangeWorkflow],
        workflow_runner=CautiousRunner(),
        workflow_failure_exception_types=[NondeterminismError],
        max_concurrent_workflow_task_polls=2,
        max_cached_workflows=500,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=post.sticky),
    )


def _performer(client: Client, post: Post, lane: Lane, turns: Turns, pool: ThreadPoolExecutor) -> TemporalWorker:
    throttle = timedelta(seconds=post.throttle)
    return TemporalWorker(
        client,
        task_queue=lane_queue(post.scope, lane),
        activities=[turns.turn],
        activity_executor=pool,
        max_concurrent_activities=post.places[lane],
        max_concurrent_activity_task_polls=1,
        graceful_shutdown_timeout=timedelta(seconds=post.grace),
        max_heartbeat_throttle_interval=throttle,
        default_heartbeat_throttle_interval=throttle,
    )


async def _run_all(workers: list[TemporalWorker], leave: Stop) -> None:
    """One that fails ends all; then whoever watches the process starts it anew."""
    running = [asyncio.create_task(worker.run()) for worker in workers]
    while not leave.is_draining and not any(each.done() for each in running):
        await asyncio.wait(running, timeout=_LISTEN, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*running)
