"""What processes and histories have cost, read where it is kept: in /proc and at the Temporal server."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.reconcile.temporal.connection import Server, connect

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one process until now: CPU seconds, and the most memory that it has had, in MB."""

    cpu: float
    memory: int


NOTHING = Cost(cpu=0.0, memory=0)


def cost_of(process: int) -> Cost:
    """Of a process that runs, without its children; `NOTHING` of one that has just ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return NOTHING
    if "VmHWM:" not in status:
        return NOTHING
    peak = int(status.partition("VmHWM:")[2].split()[0])
    return Cost(cpu=(int(stat[11]) + int(stat[12])) / _TICKS, memory=peak // 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Of one execution of a workflow: its events, and their bytes at the server."""

    events: int
    size: int


async def histories(address: str, workflow_id: str) -> tuple[History, ...]:
    """Of each execution, the first one first."""
    client = await connect(Server(address=address), "figures")
    executions = [each async for each in client.list_workflows(f"WorkflowId = '{workflow_id}'")]
    found = []
    for each in sorted(executions, key=lambda execution: execution.start_time):
        described = await client.get_workflow_handle(workflow_id, run_id=each.run_id).describe()
        information = described.raw_description.workflow_execution_info
        found.append(History(events=information.history_length, size=information.history_size_bytes))
    return tuple(found)
