"""The Temporal engine: throughput with 1, 2 and 4 workers, and what a run of many accounts costs.

    python -m benchmarks.machines scaling
    python -m benchmarks.machines accounts 2000

Throughput is that of operations that wait: the engine is measured, and not AWS. Accounts are created for real, in the throttling
sandbox, whose time and that of the workers run 200 times as fast.
"""

import json
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from pipeline.app.clock import SystemClock
from pipeline.model.operation import Done, Facts, Lane, Operation, Result
from pipeline.model.outcome import Status
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.temporal.connection import Server
from pipeline.reconcile.temporal.engine import TemporalEngine
from pipeline.reconcile.temporal.fleet import Post, work
from pipeline.reconcile.temporal.names import Timing
from pipeline.reconcile.temporal.turn import Hands, Turns
from tests.many_accounts import vend
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


def accounts(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vended = vend(Path(folder), number)
    assert vended.created == number
    figures = {
        "accounts": number,
        "exit_code": vended.exit_code,
        "nothing_is_left": vended.left is not None and vended.left.is_empty,
        "seconds": round(vended.seconds),
        "worker_cpu_s_per_account": round(sum(each.cpu for each in vended.workers) / number, 3),
        "server_cpu_s_per_account": round(vended.server.cpu / number, 3),
        "job_cpu_s": round(vended.job.cpu, 1),
        "worker_memory_mb": max(each.memory for each in vended.workers),
        "job_memory_mb": vended.job.memory,
        "server_memory_mb": vended.server.memory,
        "database_kb_per_account": vended.database // number // 1000,
        "run_executions": len(vended.run),
        "run_most_events": max(each.events for each in vended.run),
        "run_most_bytes": max(each.size for each in vended.run),
        "account_events": max(each.events for each in vended.account),
        "account_bytes": max(each.size for each in vended.account),
    }
    print(json.dumps({"benchmark": "machines", **figures}))


def end(processes: list[BaseProcess]) -> None:
    for each in processes:
        each.terminate()
        each.join()


def main() -> None:
    if sys.argv[1:2] == ["accounts"]:
        accounts(int(sys.argv[2]))
        return
    server = TemporalServer()
    server.start()
    try:
        scaling(server.address)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
