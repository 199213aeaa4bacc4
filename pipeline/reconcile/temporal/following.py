"""Follow a run from outside: tell a listener what becomes of it, and tell it when a person wants it to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError

from pipeline.model.operation import Operation
from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.course import CONTINUES, Ending
from pipeline.reconcile.engine import Listener, Stop, Task
from pipeline.reconcile.listening import tell
from pipeline.reconcile.record import ApiWrite
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.subject import acting_for
from pipeline.reconcile.temporal.connection import is_gone
from pipeline.reconcile.temporal.documents import Document, ending_from_json, outcome_of
from pipeline.reconcile.temporal.names import CANCEL, DRAIN, Timing
from pipeline.reconcile.temporal.pending import attempt_of

_AT_A_TIME: Final = 20
"""Requests to the server at a time."""

_GONE: Final = Ending(
    status=Status.PENDING, message="not finished: the run was ended at the Temporal server", hint=CONTINUES
)

Rest = Callable[[float], Awaitable[None]]

_logger = logging.getLogger(__name__)


class Following:
    """One run, by its tasks. `on_write` takes the writes to AWS of each change, when it has ended.

    `known`: outcomes that were told already. `rows`: what the run has told of each end, by task, in the order of the ends.
    `is_given_up`: somebody has ended the run at the server.
    """

    def __init__(
        self,
        client: Client,
        workflow_id: str,
        tasks: Sequence[Task],
        *,
        listener: Listener,
        stop: Stop,
        on_write: Callable[[Write], None],
        timing: Timing,
        rest: Rest = asyncio.sleep,
        known: Mapping[str, Outcome] | None = None,
    ) -> None:
        self.rows: dict[str, Document] = {}
        self.is_given_up = False
        self._client = client
        self._handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
        self.tasks = {task.id: task for task in tasks}
        self._listener = listener
        self._stop = stop
        self._on_write = on_write
        self._timing = timing
        self._rest = rest
        self._said: str | None = None
        self._children: dict[str, list[str]] = {}
        self._heard: dict[str, int] = {}
        self._attempts: dict[str, int] = {}
        self._outcomes: dict[str, Outcome] = dict(known or {})
        self._room = asyncio.Semaphore(_AT_A_TIME)

    async def to_the_end(self) -> Mapping[str, Outcome]:
        """The outcome of each task, by its id."""
        since, silent, looked = 0, 0.0, 0.0
        while True:
            page = await self._ask(since)
            if page is not None and await self._hear(page["rows"]):
                since = page["next"]
                if page["over"]:
                    return self._outcomes
            await self._heed_stop()
            silent, looked = silent + self._timing.poll, looked + self._timing.poll
            if page is not None and looked >= self._timing.look:
                looked = 0.0
                await self._look(page["working"])
            if page is None or silent >= self._timing.workers:
                silent = 0.0
                if await self._is_gone():
                    return self._give_up()
            await self._rest(self._timing.poll)

    async def _ask(self, since: int) -> Document | None:
        """None if nobody answers at present: the run goes on as soon as a worker and the server do."""
        try:
            page: Document = await self._handle.query("progress", since, result_type=dict)
        except (RPCError, WorkflowQueryFailedError) as error:
            _logger.info("the run does not answer at present: %s", error)
            return None
        return page

    async def _hear(self, rows: Sequence[Document]) -> bool:
        """False if the server does not tell all of it at present: then the rows are to be asked for again."""
        ended = [row for row in rows if "ended" in row and row["ended"] not in self._outcomes]
        results = await asyncio.gather(*(self._result(row["child"]) for row in ended))
        told = {row["ended"]: result for row, result in zip(ended, results, strict=True) if result is not None}
        for row in rows:
            if "begun" in row:
                self._begin(row)
            elif row["ended"] in told:
                self._finish(row, told.pop(row["ended"]))
        return None not in results

    def _begin(self, row: Document) -> None:
        if row["begun"] not in self._children:
            self._children[row["begun"]] = row["child"]
            tell(self._listener.started, self.tasks[row["begun"]])

    def _finish(self, row: Document, result: Document) -> None:
        task = self.tasks[row["ended"]]
        self.rows[task.id] = row
        self._report(task, result["reports"])
        with acting_for(task.subject):
            for each in result["writes"]:
                self._on_write(_as_write(each))
        ending = ending_from_json(row["ending"])
        self._end(task, outcome_of(task, ending, account_id=row["account_id"], seconds=row["seconds"]))

    def _end(self, task: Task, outcome: Outcome) -> None:
        self._outcomes[task.id] = outcome
        tell(self._listener.finished, task, outcome)

    def _report(self, task: Task, reports: Sequence[Any]) -> None:
        """Tell of what was not told yet; reports are numbered."""
        for number, kind, what, more in reports:
            if number < self._heard.get(task.id, 0):
                continue
            self._heard[task.id] = number + 1
            if kind == "step":
                operation = next((each for each in task.operations if each.kind == what), None)
                tell(self._listener.step, task, operation or _unknown(task, what), more)
            elif kind == "waiting":
                tell(self._listener.waiting, task, what, more)
            else:
                tell(self._listener.retrying, task, what, more)

    async def _result(self, child: list[str] | None) -> Document | None:
        """What a change has answered; nothing if it never began, or its history is gone. None if nobody can tell at present."""
        nothing: Document = {"reports": [], "writes": []}
        if child is None:
            return nothing
        handle: WorkflowHandle[Any, Any] = self._client.get_workflow_handle(child[0], run_id=child[1])
        async with self._room:
            try:
                return dict(await asyncio.wait_for(handle.result(), self._timing.workers))
            except (RPCError, WorkflowFailureError, TimeoutError) as error:
                _logger.info("%s: its answer cannot be read: %s", child[0], error)
                return None if isinstance(error, RPCError) and not is_gone(error) else nothing

    async def _look(self, working: Sequence[str]) -> None:
        """What goes on inside of the changes that are at work."""
        await asyncio.gather(*(self._look_at(id_) for id_ in working if id_ in self._children))

    async def _look_at(self, id_: str) -> None:
        workflow_id, execution = self._children[id_]
        async with self._room:
            attempt = await attempt_of(self._client, workflow_id, execution)
        if attempt is None:
            return
        task = self.tasks[id_]
        if attempt.error and attempt.number > self._attempts.get(id_, 1):
            tell(self._listener.retrying, task, attempt.error, 0.0)
        self._attempts[id_] = attempt.number
        self._report(task, attempt.words["reports"] if attempt.words is not None else [])

    async def _heed_stop(self) -> None:
        wanted = CANCEL if self._stop.is_cancelled else DRAIN if self._stop.is_draining else None
        if wanted == self._said:
            return
        try:
            await self._handle.signal("stop", wanted)
            self._said = wanted
        except RPCError as error:
            _logger.info("the run cannot be told to stop at present: %s", error)

    async def _is_gone(self) -> bool:
        """Whether somebody has ended the run at the server; it ends by itself only when everything has its outcome."""
        try:
            description = await self._handle.describe()
        except RPCError as error:
            return is_gone(error)
        running = {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW}
        return description.status not in {*running, WorkflowExecutionStatus.COMPLETED}

    def _give_up(self) -> Mapping[str, Outcome]:
        self.is_given_up = True
        for task in self.tasks.values():
            if task.id not in self._outcomes:
                self._end(task, outcome_of(task, _GONE, account_id=None, seconds=0.0))
        return self._outcomes


def _as_write(value: Document) -> Write:
    """As a backend tells of it: there, `subject` is what the request named."""
    return ApiWrite(**{**value, "subject": value["target"]})


def _unknown(task: Task, kind: str) -> Operation:
    return Operation(kind=kind, lane=task.operations[0].lane)
