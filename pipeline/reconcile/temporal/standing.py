"""Where the changes of one subject stand, from what its run and its workflow say."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError

from pipeline.errors import TemporaryServiceError
from pipeline.model.standing import Standing
from pipeline.reconcile.temporal.documents import Document
from pipeline.reconcile.temporal.names import run_workflow
from pipeline.reconcile.temporal.pending import Attempt, attempt_of

_PATIENCE = timedelta(seconds=15)
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)


async def standings(client: Client, scope: str, run: str, subject: str) -> list[Standing]:
    """Of one run, in the order of its plan. Raises `RPCError` if the run cannot be asked."""
    rows = await _whereabouts(client.get_workflow_handle(run_workflow(scope, run)), subject)
    return [_standing(run, subject, row, await _attempt(client, row)) for row in rows]


async def _whereabouts(run: WorkflowHandle[Any, Any], subject: str) -> list[Document]:
    """A run that is about to decide refuses to answer, for a moment."""
    for pause in (*_PAUSES, None):
        try:
            return list(await run.query("whereabouts", subject, result_type=list, rpc_timeout=_PATIENCE))
        except WorkflowQueryFailedError as error:
            if pause is None:
                hint = "ask again, or see the run on Temporal's web page"
                raise TemporaryServiceError(f'"{run.id}" does not answer: {error}', hint=hint) from error
            await asyncio.sleep(pause)
    raise AssertionError("the last of the tries answers or raises")


async def _attempt(client: Client, row: Document) -> Attempt | None:
    if not row["works"] or row["child"] is None:
        return None
    return await attempt_of(client, *row["child"])


def _standing(run: str, subject: str, row: Document, attempt: Attempt | None) -> Standing:
    position, operations = row["position"], row["operations"]
    if attempt is not None and attempt.words is not None:
        position = attempt.words["course"]["position"]
    is_over = position >= len(operations) or row["ending"] is not None
    return Standing(
        run=run,
        kind=row["kind"],
        subject=subject,
        state=_state(row, attempt, operations, position),
        step="" if is_over else operations[position][0],
        number=0 if is_over else position + 1,
        steps=len(operations),
        attempt=1 if attempt is None else attempt.number,
        error="" if attempt is None else attempt.error,
        worker="" if attempt is None else attempt.worker,
        since=None if attempt is None else attempt.since,
        seconds_left=_left(row),
    )


def _state(row: Document, attempt: Attempt | None, operations: Sequence[Sequence[str]], position: int) -> str:
    if row["ending"] is not None:
        return f"{row['ending']['status']}: {row['ending']['message']}"
    if attempt is not None:
        return _in_progress(attempt, operations[min(position, len(operations) - 1)][1])
    if row["works"]:
        return "waits for another run that is at work on the same account" if row["child"] is None else "in progress"
    return _waiting(row, operations, position)


def _in_progress(attempt: Attempt, lane: str) -> str:
    if attempt.since is None:
        return f'waits for a worker of the lane "{lane}"'
    reports = [] if attempt.words is None else attempt.words["reports"]
    return f"in progress: {reports[-1][2]}" if reports and reports[-1][1] != "step" else "in progress"


def _waiting(row: Document, operations: Sequence[Sequence[str]], position: int) -> str:
    if row["waits_for"]:
        return f"not begun: waits for {', '.join(row['waits_for'])}"
    if row["begun"] is not None:
        return f'waits for a place on the lane "{operations[position][1]}"'
    return f"not begun: {row['queue']} changes of the plan stand before it"


def _left(row: Document) -> float | None:
    """At the pace of its kind in this run, from when it began; None where nothing can be said."""
    if row["alike"] is None or row["begun"] is None or row["ending"] is not None:
        return None
    return float(max(0.0, row["alike"] - (datetime.now(UTC).timestamp() - row["begun"])))
