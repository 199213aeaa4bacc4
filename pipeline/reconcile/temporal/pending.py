"""The turn that a change takes just now, as the server knows it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.service import RPCError

from pipeline.reconcile.temporal.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`number`: 1 for the first. `error`: why the one before failed. `words`: what the last sign of life has said.

    `since`: when it began; None while it waits for a worker. `worker`: the identity of the one that has it.
    """

    number: int
    error: str
    words: Document | None
    since: datetime | None
    worker: str


async def attempt_of(client: Client, workflow_id: str, execution: str | None) -> Attempt | None:
    """None if it takes no turn just now, or nobody can tell."""
    try:
        description = await client.get_workflow_handle(workflow_id, run_id=execution).describe()
    except RPCError:
        return None
    pending = description.raw_description.pending_activities
    if not pending:
        return None
    turn = pending[0]
    details = (
        await client.data_converter.decode(turn.heartbeat_details.payloads) if turn.heartbeat_details.payloads else []
    )
    begun = turn.last_started_time.ToDatetime(UTC) if turn.HasField("last_started_time") else None
    return Attempt(
        number=max(1, turn.attempt),
        error=_readable(turn.last_failure.message),
        words=details[0] if details else None,
        since=begun,
        worker=turn.last_worker_identity,
    )


def _readable(failure: str) -> str:
    if "eartbeat timeout" in failure:
        return "its worker is silent; another one continues"
    return failure
