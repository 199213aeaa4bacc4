"""The workflow of one run: decides who goes next, by the same agenda as the inline engine."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

from pipeline.model.outcome import Status
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.course import CONTINUES, INTERRUPTED, Course, Ending
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.temporal.documents import (
    Document,
    course_from_json,
    course_to_json,
    ending_from_json,
    ending_to_json,
    order_from_json,
    task_to_json,
)
from pipeline.reconcile.temporal.ledger import Ledger
from pipeline.reconcile.temporal.names import CANCEL, CHANGE, DRAIN, RUN, change_workflow

_GONE: Final = Ending(
    status=Status.PENDING, message="not finished: its workflow was ended at the Temporal server", hint=CONTINUES
)
_WATCH: Final = timedelta(minutes=10)
"""Between two looks whether a change is still there."""


@workflow.defn(name=RUN)
class RunWorkflow:
    """Carries out the tasks of one run. Answers how many ended how; each ending is in `progress`."""

    @workflow.init
    def __init__(self, document: Document) -> None:
        self._document = document
        self._order = order_from_json(document["order"])
        self._stop = Stop()
        if (stopped := document.get("stop")) is not None:
            self._heed(stopped)
        self._ledger = Ledger(self._order.tasks, document.get("ledger"))
        self._courses = self._ledger.courses
        self._agenda = Agenda(
            self._order.tasks,
            self._order.places,
            self._stop,
            self._order.failure_budget,
            memory=self._ledger.memory(),
        )
        self._inbox: deque[Document] = deque()
        self._turned = False
        self._talking = 0
        self._deeds: set[asyncio.Task[object]] = set()
        self._answered: set[str] = set()
        self._latest: dict[str, ChildWorkflowHandle[Any, Any]] = {}

    @workflow.run
    async def run(self, document: Document) -> Document:  # noqa: ARG002 - `__init__` has read it
        for course in self._ledger.without_workflow():
            self._do(self._start(course))
        for course in self._ledger.with_workflow():
            self._do(self._watch(course))
        while True:
            self._advance()
            if self._ledger.is_complete and not self._talking:
                return self._ledger.counts()
            await workflow.wait_condition(lambda: bool(self._inbox) or self._turned)
            self._turned = False
            while self._inbox:
                self._receive(self._inbox.popleft())
            # What is on its way to a change would be lost with this execution; so nothing new is sent before the next one.
            if workflow.info().is_continue_as_new_suggested() and not self._talking:
                workflow.continue_as_new(self._as_document())

    @workflow.signal
    def turn_over(self, report: Document) -> None:
        """From a change: where it stands, and how it ended if it did."""
        self._inbox.append(report)

    @workflow.signal
    def over_elsewhere(self, answer: Document) -> None:
        """From a change of another run, for which one of this run has waited."""
        self._inbox.append(answer)

    @workflow.signal
    def stop(self, how: str) -> None:
        """`drain`: begin nothing more. `cancel`: end at the next wait."""
        self._heed(how)
        if how == CANCEL:
            for workflow_id, execution in self._ledger.children():
                self._say(self._signal(workflow_id, execution, "stop"))
        self._turned = True

    @workflow.query
    def progress(self, since: int) -> Document:
        """What has begun and ended since row `since`, and what is at work now."""
        return self._ledger.page(since)

    @workflow.query
    def whereabouts(self, subject: str) -> list[Document]:
        """How the changes of one subject stand, in their order."""
        return self._ledger.whereabouts(subject)

    def _heed(self, how: str) -> None:
        if how == CANCEL:
            self._stop.cancel()
        else:
            self._stop.drain()

    def _advance(self) -> None:
        while not workflow.info().is_continue_as_new_suggested() and (step := self._agenda.next()) is not None:
            course, ending = step
            if ending is not None:
                self._dismiss(course)
                self._finish(course, ending)
            elif course.lane is not None:
                self._agenda.occupy(course.lane)
                self._ledger.works(course.task.id)
                self._send(course)

    def _send(self, course: Course) -> None:
        """On its way, on the place that it holds."""
        if course.begun is None:
            course.begun = workflow.time()
            self._do(self._start(course))
        else:
            self._say(self._say_go(course))

    def _dismiss(self, course: Course) -> None:
        """Its workflow, if it has begun, waits for a place that does not come."""
        if self._ledger.has_child(course.task.id):
            self._say(self._signal(*self._ledger.child(course.task.id), "stop"))

    async def _say_go(self, course: Course) -> None:
        workflow_id, execution = self._ledger.child(course.task.id)
        how = {"position": course.position, "cancelled": self._stop.is_cancelled}
        if not await self._signal(workflow_id, execution, "go", how):
            self._inbox.append(self._as_report(course, _GONE))

    async def _watch(self, course: Course) -> None:
        """A change that an earlier execution has started: of its end from outside, nobody tells this one."""
        while self._ledger.is_working(course.task.id):
            await workflow.sleep(_WATCH)
            if self._ledger.is_working(course.task.id):
                await self._say_go(course)

    async def _start(self, course: Course) -> None:
        """Start the workflow of a change; if another run is at it, wait for that one instead."""
        task = course.task
        workflow_id = change_workflow(self._order.scope, task.kind, task.subject)
        if (before := self._latest.get(workflow_id)) is not None:
            await workflow.wait_condition(before.done)
        while self._ledger.is_working(task.id):
            if self._stop.is_cancelled:
                self._inbox.append(self._as_report(course, INTERRUPTED))
                return
            if await self._try_to_start(course, workflow_id):
                return
            asker = {"workflow": workflow.info().workflow_id, "task": task.id}
            self._answered.discard(task.id)
            if await self._signal(workflow_id, None, "inform", asker):
                await self._rest_unless(lambda: self._stop.is_cancelled or task.id in self._answered)

    async def _try_to_start(self, course: Course, workflow_id: str) -> bool:
        self._talking += 1
        try:
            child = await workflow.start_child_workflow(
                CHANGE,
                self._change_order(course),
                id=workflow_id,
                task_timeout=timedelta(seconds=self._order.timing.decision),
                parent_close_policy=ParentClosePolicy.ABANDON,
            )
        except WorkflowAlreadyStartedError:
            return False
        finally:
            self._talking -= 1
            self._turned = True
        self._latest[workflow_id] = child
        child.add_done_callback(lambda _: self._closed(course, child))
        self._ledger.begun(course.task.id, [child.id, child.first_execution_run_id or ""])
        if self._stop.is_cancelled:
            await self._signal(child.id, child.first_execution_run_id, "stop")
        return True

    def _closed(self, course: Course, child: "ChildWorkflowHandle[Any, Any]") -> None:
        """A change tells of its end before it closes; one that has not was ended from outside."""
        if child.exception() is not None and self._ledger.is_working(course.task.id):
            self._inbox.append(self._as_report(course, _GONE))

    async def _rest_unless(self, condition: Callable[[], bool]) -> None:
        try:
            await workflow.wait_condition(condition, timeout=timedelta(seconds=self._order.timing.nudge))
        except TimeoutError:
            return

    async def _signal(self, workflow_id: str, execution: str | None, signal: str, *what: Document) -> bool:
        """False if there is no such workflow any more."""
        handle = workflow.get_external_workflow_handle(workflow_id, run_id=execution)
        self._talking += 1
        try:
            await handle.signal(signal, args=what)
        except ApplicationError:
            return False
        finally:
            self._talking -= 1
            self._turned = True
        return True

    def _receive(self, report: Document) -> None:
        id_ = report["task"]
        if not self._ledger.is_working(id_):
            return  # said twice
        course = self._courses[id_]
        if "digest" in report:
            self._answered.add(id_)
            if report["run"] != self._order.run:
                self._end_elsewhere(course, report)
            return
        if "child" in report:
            # A change may tell of its first turn before we are told that it was started.
            self._ledger.begun(id_, report["child"])
        now = course_from_json(course.task, report["course"])
        if report["ending"] is None and now.position <= course.position:
            return  # said twice
        self._agenda.release(self._ledger.rests(id_))
        course.position, course.messages = now.position, now.messages
        course.facts.update(now.facts)
        self._ledger.took(id_, report["seconds"])
        if report["ending"] is None:
            self._agenda.queue(course)
        else:
            self._finish(course, ending_from_json(report["ending"]))

    def _end_elsewhere(self, course: Course, answer: Document) -> None:
        """Another run has ended a change of the subject: the same one, or one that this run knows nothing of."""
        self._agenda.release(self._ledger.rests(course.task.id))
        if answer["digest"] == course.task.change_digest:
            course.facts.update(answer["facts"])
            self._finish(course, ending_from_json(answer["ending"]))
        else:
            self._finish(course, _busy(answer["run"]))

    def _finish(self, course: Course, ending: Ending) -> None:
        self._agenda.end(course, ending)
        self._ledger.ended(course.task.id, ending)

    def _as_report(self, course: Course, ending: Ending) -> Document:
        return {
            "task": course.task.id,
            "course": course_to_json(course),
            "seconds": self._ledger.seconds(course.task.id),
            "ending": ending_to_json(ending),
        }

    def _change_order(self, course: Course) -> Document:
        return {
            "run": self._order.run,
            "scope": self._order.scope,
            "version": self._order.version,
            "owner": workflow.info().workflow_id,
            "task": task_to_json(course.task),
            "course": course_to_json(course),
            "timing": asdict(self._order.timing),
        }

    def _as_document(self) -> Document:
        """For the execution that goes on: histories have a limit, runs have none."""
        stopped = CANCEL if self._stop.is_cancelled else DRAIN if self._stop.is_draining else None
        return {"order": self._document["order"], "stop": stopped, "ledger": self._ledger.as_document()}

    def _say(self, deed: "Coroutine[Any, Any, object]") -> None:
        """What must have arrived before this execution may end."""
        self._talking += 1
        self._do(self._said(deed))

    async def _said(self, deed: "Coroutine[Any, Any, object]") -> None:
        try:
            await deed
        finally:
            self._talking -= 1
            self._turned = True

    def _do(self, deed: "Coroutine[Any, Any, object]") -> None:
        task = asyncio.create_task(deed)
        self._deeds.add(task)
        task.add_done_callback(self._deeds.discard)


def _busy(run: str) -> Ending:
    why = f'not started: run "{run}" was at work on the same account, with another change; it is planned again'
    return Ending(status=Status.SKIPPED, message=why, hint="see what the next plan says")
