"""Whoever follows a run loses nothing of it, however often the server is away."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import GrpcStatus
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure, NotFoundFailure
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from pipeline.model.outcome import Outcome, Status
from pipeline.reconcile.course import Ending
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.recorder import Write
from pipeline.reconcile.temporal.connection import is_gone
from pipeline.reconcile.temporal.documents import Document, ending_to_json
from pipeline.reconcile.temporal.following import Following
from pipeline.reconcile.temporal.names import Timing
from tests.unit.reconcile.fakes import Notes, a_task

Trouble = RPCError | WorkflowQueryFailedError
UNAVAILABLE = RPCError("tcp connect error", RPCStatusCode.UNAVAILABLE, b"")
REFUSED = WorkflowQueryFailedError("a decision is about to be taken; ask again")
TASKS = [a_task("a", "x"), a_task("b", "x")]


def not_found(detail: NotFoundFailure | NamespaceNotFoundFailure) -> RPCError:
    status = GrpcStatus(code=5)
    status.details.add().Pack(detail)
    return RPCError("not found", RPCStatusCode.NOT_FOUND, status.SerializeToString())


class FakeRun:
    """A run that has ended, and its changes; each call meets the next trouble, None for none, and none after the last."""

    def __init__(self, troubles: Mapping[str, list[Trouble | None]]) -> None:
        self._troubles = {call: list(each) for call, each in troubles.items()}

    def get_workflow_handle(self, workflow_id: str, *, run_id: str | None = None) -> Any:  # noqa: ARG002 - as the real one
        return SimpleNamespace(query=self.query, result=self.result, describe=self.describe, id=workflow_id)

    async def query(self, _: str, since: int, **__: object) -> Document:
        self._meet("query")
        rows = [row for task in TASKS for row in (_begun(task.id), _ended(task.id))]
        return {"rows": rows[since : since + 2], "next": since + 2, "working": [], "over": since + 2 >= len(rows)}

    async def result(self) -> Document:
        self._meet("result")
        write = {
            "at": "t",
            "service": "s",
            "operation": "o",
            "request_id": "i",
            "error": None,
            "subject": "a",
            "target": "t",
        }
        return {"reports": [], "writes": [write]}

    async def describe(self) -> Any:
        self._meet("describe")
        return SimpleNamespace(status=WorkflowExecutionStatus.RUNNING)

    def _meet(self, call: str) -> None:
        left = self._troubles.get(call, [])
        if left and (trouble := left.pop(0)) is not None:
            raise trouble


def _begun(id_: str) -> Document:
    return {"begun": id_, "child": [f"w/{id_}", "1"]}


def _ended(id_: str) -> Document:
    ending = ending_to_json(Ending(status=Status.APPLIED, message="done"))
    return {
        "ended": id_,
        "ending": ending,
        "account_id": None,
        "position": 1,
        "seconds": 1.0,
        "child": [f"w/{id_}", "1"],
    }


def follow(troubles: Mapping[str, list[Trouble | None]]) -> tuple[Mapping[str, Outcome], Notes, list[Write]]:
    notes, writes = Notes(), list[Write]()

    async def no_time(_: float) -> None:
        await asyncio.sleep(0)

    following = Following(
        cast("Client", FakeRun(troubles)),
        "run",
        TASKS,
        listener=notes,
        stop=Stop(),
        on_write=writes.append,
        timing=Timing(),
        rest=no_time,
    )
    return asyncio.run(following.to_the_end()), notes, writes


troubles = st.lists(st.sampled_from([UNAVAILABLE, None]), max_size=6)


@given(
    queries=st.lists(st.sampled_from([UNAVAILABLE, REFUSED, None]), max_size=6),
    results=troubles,
    descriptions=st.lists(
        st.sampled_from([UNAVAILABLE, not_found(NamespaceNotFoundFailure(namespace="default")), None]), max_size=6
    ),
)
def test_everything_is_heard_once_whenever_the_server_or_the_run_does_not_answer(
    queries: list[Trouble | None], results: list[Trouble | None], descriptions: list[Trouble | None]
) -> None:
    outcomes, notes, writes = follow({"query": queries, "result": results, "describe": descriptions})

    assert [each.status for each in outcomes.values()] == [Status.APPLIED, Status.APPLIED]
    assert notes.of("started") == [("a",), ("b",)]
    assert [name for name, *_ in notes.of("finished")] == ["a", "b"]
    assert len(writes) == len(TASKS), "every write is in the record, and no one twice"


def test_a_run_that_is_not_at_the_server_any_more_is_given_up() -> None:
    outcomes, notes, _ = follow({"query": [UNAVAILABLE], "describe": [not_found(NotFoundFailure())]})

    assert {each.status for each in outcomes.values()} == {Status.PENDING}
    assert len(notes.of("finished")) == len(TASKS)


def test_a_change_whose_history_is_gone_ends_without_its_writes() -> None:
    outcomes, _, writes = follow({"result": [not_found(NotFoundFailure())]})

    assert [each.status for each in outcomes.values()] == [Status.APPLIED, Status.APPLIED]
    assert len(writes) == 1


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (not_found(NotFoundFailure()), True),
        (RPCError("gone", RPCStatusCode.NOT_FOUND, b""), True),
        (not_found(NamespaceNotFoundFailure(namespace="default")), False),
        (UNAVAILABLE, False),
    ],
    ids=["not found", "not found, without more words", "a server without its namespaces yet", "away"],
)
def test_only_a_server_that_knows_its_namespaces_can_say_that_something_is_gone(error: RPCError, *, gone: bool) -> None:
    assert is_gone(error) is gone
