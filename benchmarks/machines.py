"""The Temporal engine: throughput with 1, 2 and 4 workers, and what a run of many accounts costs.

    python -m benchmarks.machines scaling
    python -m benchmarks.machines accounts 2000

The operations are waits, or nothing at all: the engine is measured, and not AWS.
"""

import asyncio
import json
import multiprocessing
import resource
import sys
import time
from multiprocessing.process import BaseProcess
from typing import Any

from pipeline.app.clock import SystemClock
from pipeline.model.operation import Done, Facts, Lane, Operation, Result
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.temporal.connection import Server, connect
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.fleet import Post, work
from pipeline.reconcile.temporal.names import Timing, account_workflow, run_workflow
from pipeline.reconcile.temporal.turn import Hands, Turns
from tests.temporal_bench import TemporalServer

SCOPE = "111122223333/benchmark"
WAIT = 2.0


def perform(operation: Operation, _: Facts) -> Result:
    time.sleep(float(str(operation.arguments["seconds"])))
    return Done(message="done")


def worker(address: str, scope: str, places: dict[Lane, int]) -> None:
    hands = Hands(perform=perform, clock=SystemClock(), jitter=lambda: 0.5)
    post = Post(server=Server(address=address), scope=scope, places=places)
    work(post, Turns(lambda _, __, ___: hands, "1"), Stop())


def start(number: int, address: str, scope: str, places: dict[Lane, int]) -> list[BaseProcess]:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=worker, args=(address, scope, places)) for _ in range(number)]
    for each in processes:
        each.start()
    return list(processes)


def an_engine(address: str, scope: str) -> TemporalEngine:
    places = dict(PLACES) | {Lane.MEMBER: 500}
    server = Server(address=address)
    return TemporalEngine(server, scope, "measured", "1", places, on_write=lambda _: None, timing=Timing(look=60.0))


def a_task(key: str, *steps: tuple[Lane, float]) -> Task:
    operations = tuple(Operation(kind="wait", lane=lane, arguments={"seconds": seconds}) for lane, seconds in steps)
    return Task(id=key, change_digest=key, kind="update", subject=key, operations=operations)


def scaling(address: str) -> None:
    """Two places for each worker, sixteen turns for each worker, of 2 s each."""
    rates: dict[int, float] = {}
    for number in (1, 2, 4):
        scope = f"{SCOPE}-{number}"
        processes = start(number, address, scope, {Lane.MEMBER: 2})
        engine = an_engine(address, scope)
        time.sleep(8)  # imports are not what is measured
        tasks = [a_task(f"a-{each}", (Lane.MEMBER, WAIT)) for each in range(16 * number)]
        begun = time.monotonic()
        outcomes = engine.run(tasks, perform, Silent(), Stop())
        rates[number] = len(tasks) / (time.monotonic() - begun)
        assert {each.status for each in outcomes} == {Status.APPLIED}
        end(processes)
        ratio = rates[number] / rates[1]
        print(json.dumps({"workers": number, "turns_per_s": round(rates[number], 2), "times_one": round(ratio, 2)}))


def accounts(address: str, number: int) -> None:
    processes = start(2, address, SCOPE, dict.fromkeys((Lane.CREATION, Lane.ORGANIZATIONS, Lane.MEMBER), 8))
    engine = an_engine(address, SCOPE)
    time.sleep(5)
    steps = ((Lane.CREATION, 0.0), (Lane.CREATION, 0.0), (Lane.ORGANIZATIONS, 0.0))
    begun = time.monotonic()
    outcomes = engine.run([a_task(f"a-{each}", *steps) for each in range(number)], perform, Silent(), Stop())
    seconds = time.monotonic() - begun
    assert {each.status for each in outcomes} == {Status.APPLIED}
    sizes = asyncio.run(histories(address))
    end(processes)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "accounts": number,
        "seconds": round(seconds, 1),
        "worker_cpu_s_per_account": round((spent.ru_utime + spent.ru_stime) / number, 3),
        "worker_memory_mb": spent.ru_maxrss // 1024,
        **sizes,
    }
    print(json.dumps(figures))


async def histories(address: str) -> dict[str, Any]:
    """Of the last execution of the run, and of one change."""
    client = await connect(Server(address=address), "benchmark")
    run = await client.get_workflow_handle(run_workflow(SCOPE, "measured")).describe()
    change = await client.get_workflow_handle(account_workflow(SCOPE, "a-0")).describe()
    executions = [each async for each in client.list_workflows(f"WorkflowId = '{run_workflow(SCOPE, 'measured')}'")]
    return {
        "run_executions": len(executions),
        "run_events": [each.history_length for each in executions],
        "change_events": change.history_length,
        "change_bytes": change.raw_description.workflow_execution_info.history_size_bytes,
        "run_bytes": run.raw_description.workflow_execution_info.history_size_bytes,
    }


def end(processes: list[BaseProcess]) -> None:
    for each in processes:
        each.terminate()
        each.join()


def main() -> None:
    server = TemporalServer()
    server.start()
    try:
        if sys.argv[1:2] == ["accounts"]:
            accounts(server.address, int(sys.argv[2]))
        else:
            scaling(server.address)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
