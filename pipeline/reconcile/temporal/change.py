"""The workflow of one change: takes turns on lanes, one after the other, whenever its run says so."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception
from temporalio.workflow import ActivityCancellationType, ActivityHandle

from pipeline.model.outcome import Status
from pipeline.reconcile.course import CONTINUES, INTERRUPTED, Ending
from pipeline.reconcile.temporal.documents import (
    Document,
    course_from_json,
    course_to_json,
    ending_from_json,
    ending_to_json,
    task_from_json,
    timing_from_json,
)
from pipeline.reconcile.temporal.names import CHANGE, TURN, lane_queue

_MOST_REPORTS: Final = 100
"""Of one change, that are kept: what a person sees of it while it runs."""


@workflow.defn(name=CHANGE)
class ChangeWorkflow:
    """Carries out one task. Answers how it ended, with what was reported on the way and every write to AWS."""

    @workflow.init
    def __init__(self, order: Document) -> None:
        self._order = order
        self._task = task_from_json(order["task"])
        self._course = course_from_json(self._task, order["course"])
        self._timing = timing_from_json(order["timing"])
        self._seconds = 0.0
        self._reported = 0
        self._reports: list[Any] = []
        self._writes: list[Any] = []
        self._may_go = True
        self._cancelled = False
        self._turn: ActivityHandle[Any] | None = None
        self._curious: list[Document] = []

    @workflow.run
    async def run(self, order: Document) -> Document:  # noqa: ARG002 - `__init__` has read it
        ending = await self._walk()
        await self._tell_run(ending)
        while self._curious:
            asker = self._curious.pop()
            answer = {"task": asker["task"], "digest": self._task.change_digest, "ending": ending_to_json(ending)}
            answer |= {"facts": dict(self._course.facts), "run": self._order["run"]}
            await _send(asker["workflow"], "over_elsewhere", answer)
        return {
            "run": self._order["run"],
            "ending": ending_to_json(ending),
            "reports": self._reports,
            "writes": self._writes,
        }

    @workflow.signal
    def go(self, how: Document) -> None:
        """The run has a place on the lane that comes next."""
        if how["position"] == self._course.position:
            self._may_go = True
        if how["cancelled"]:
            self.stop()

    @workflow.signal
    def stop(self) -> None:
        """End at the next wait, or at the end of the operation that is performed."""
        self._cancelled = True
        if self._turn is not None:
            self._turn.cancel()

    @workflow.signal
    def inform(self, asker: Document) -> None:
        """Another run waits for the end of this change: `{"workflow": its id, "task": its task}`."""
        if asker not in self._curious:
            self._curious.append(asker)

    async def _walk(self) -> Ending:
        try:
            while True:
                if self._cancelled:
                    return INTERRUPTED
                if (ending := await self._take_turn()) is not None:
                    return ending
                if not self._may_go and not await self._tell_run(None):
                    return _run_is_gone(self._order["run"])
                await self._wait_for_place()
        except asyncio.CancelledError:
            # Somebody has cancelled this very workflow, for example on Temporal's web page.
            return INTERRUPTED

    async def _take_turn(self) -> Ending | None:
        """None after a turn that ends with the lane, or was handed back by a worker that shuts down."""
        if (lane := self._course.lane) is None:
            return self._course.applied()
        order = {name: self._order[name] for name in ("run", "version", "task")}
        order |= {"course": course_to_json(self._course), "reported": self._reported}
        order |= {"timing": asdict(self._timing)}
        self._turn = workflow.start_activity(
            TURN,
            order,
            task_queue=lane_queue(self._order["scope"], lane),
            start_to_close_timeout=timedelta(seconds=self._timing.turn),
            heartbeat_timeout=timedelta(seconds=self._timing.heartbeat),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=self._timing.again), maximum_interval=timedelta(seconds=30)
            ),
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        try:
            result = await self._turn
        except ActivityError as error:
            return INTERRUPTED if is_cancelled_exception(error) else _failed(error)
        finally:
            self._turn = None
        return self._take_in(result, lane_before=lane)

    def _take_in(self, result: Document, *, lane_before: object) -> Ending | None:
        self._course = course_from_json(self._task, result["course"])
        self._seconds += result["seconds"]
        self._reported = result["reported"]
        self._reports = [*self._reports, *result["reports"]][-_MOST_REPORTS:]
        self._writes += result["writes"]
        # A worker that hands a turn back has left the place of the lane to the next worker.
        self._may_go = self._course.lane is lane_before
        return None if result["ending"] is None else ending_from_json(result["ending"])

    async def _wait_for_place(self) -> None:
        """Reminds the run from time to time: whoever does not answer may be gone."""
        while not self._may_go and not self._cancelled:
            try:
                await workflow.wait_condition(
                    lambda: self._may_go or self._cancelled, timeout=timedelta(seconds=self._timing.nudge)
                )
            except TimeoutError:
                if not await self._tell_run(None):
                    self._cancelled = True

    async def _tell_run(self, ending: Ending | None) -> bool:
        """Whether the run was told; it may have been terminated at the server."""
        report = {
            "task": self._task.id,
            "child": [workflow.info().workflow_id, workflow.info().run_id],
            "course": course_to_json(self._course),
            "seconds": self._seconds,
            "ending": None if ending is None else ending_to_json(ending),
        }
        return await _send(self._order["owner"], "turn_over", report)


async def _send(receiver: str, signal: str, what: Document) -> bool:
    """False if there is no such workflow any more."""
    try:
        await workflow.get_external_workflow_handle(receiver).signal(signal, what)
    except ApplicationError:
        return False
    return True


def _run_is_gone(run: str) -> Ending:
    return Ending(status=Status.PENDING, message=f'not finished: run "{run}" is gone', hint=CONTINUES)


def _failed(error: ActivityError) -> Ending:
    cause = error.cause or error
    return Ending(status=Status.FAILED, message=f"unexpected: {type(cause).__name__}: {cause}", hint=CONTINUES)
