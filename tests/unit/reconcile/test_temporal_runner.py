"""A worker goes on from no state that only a query has led it to."""

import logging
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from pipeline.reconcile.temporal.connection import is_news
from pipeline.reconcile.temporal.runner import CautiousInstance

BY_ITSELF = "legacy_query"
WITH_A_DECISION = "4b0e"


class Recording(WorkflowInstance):
    """Notes what reaches the workflow, and commands at every decision as many activities as it is told."""

    def __init__(self, commands: int = 0) -> None:
        self.seen: list[WorkflowActivation] = []
        self._commands = commands

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        self.seen.append(act)
        completion = WorkflowActivationCompletion()
        completion.successful.SetInParent()
        for _ in range(self._commands):
            completion.successful.commands.add().schedule_activity.seq = 1
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        raise NotImplementedError

    def get_external_store_context(self, command_info: Any) -> Any:
        raise NotImplementedError

    def get_info(self) -> Any:
        raise NotImplementedError


def past(length: int) -> WorkflowActivation:
    """What was decided before, by whomever."""
    return _events(length, time=length, replayed=True)


def decision(length: int) -> WorkflowActivation:
    """Events that the worker has to decide on: the server has set the time for it."""
    return _events(length, time=length)


def foresight(length: int, *, time: int) -> WorkflowActivation:
    """Events that the SDK applies for the sake of a query: nobody has set a time yet."""
    return _events(length, time=time)


def _events(length: int, *, time: int, replayed: bool = False) -> WorkflowActivation:
    act = WorkflowActivation(run_id="r", history_length=length, is_replaying=replayed)
    act.timestamp.FromSeconds(time)
    act.jobs.add().signal_workflow.signal_name = "turn_over"
    return act


def query(length: int, id_: str = BY_ITSELF) -> WorkflowActivation:
    """The SDK calls every query a replay."""
    act = WorkflowActivation(run_id="r", history_length=length, is_replaying=True)
    act.jobs.add().query_workflow.query_id = id_
    return act


def is_refused(instance: WorkflowInstance, act: WorkflowActivation) -> bool:
    return instance.activate(act).HasField("failed")


@pytest.mark.parametrize("commands", [0, 1])
def test_a_query_that_comes_with_events_nobody_decides_on_yet_is_refused(commands: int) -> None:
    """The events up to 17 are applied for the query alone: the next thing that happens is not the worker's decision."""
    inner = Recording(commands)
    instance = CautiousInstance(inner)

    assert not is_refused(instance, past(14))
    assert not is_refused(instance, foresight(17, time=14))
    assert is_refused(instance, query(17))
    assert [act.history_length for act in inner.seen] == [14, 17]


def test_a_query_that_comes_with_events_another_worker_decides_on_is_refused_if_they_lead_to_anything() -> None:
    instance = CautiousInstance(Recording(commands=1))

    assert not is_refused(instance, past(14))
    assert not is_refused(instance, decision(18))
    assert is_refused(instance, query(18))


@pytest.mark.parametrize(
    ("commands", "before", "asked"),
    [
        (1, [past(14)], query(14)),
        (1, [past(14)], query(16)),
        (1, [past(14), decision(18)], query(20)),
        (0, [past(14), decision(18)], query(18)),
        (1, [past(14), decision(18)], query(18, WITH_A_DECISION)),
        (1, [past(14), foresight(17, time=14), past(18)], query(18)),
    ],
    ids=[
        "of the past",
        "after the last decision",
        "after its own decision",
        "after its own decision to do nothing",
        "with a decision that is taken",
        "of what was read anew",
    ],
)
def test_a_query_of_what_is_decided_is_answered(
    commands: int, before: list[WorkflowActivation], asked: WorkflowActivation
) -> None:
    instance = CautiousInstance(Recording(commands))

    assert not any(is_refused(instance, act) for act in before)
    assert not is_refused(instance, asked)


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from([past, decision, query])), max_size=20))
def test_of_a_history_that_grows_everything_reaches_the_workflow_in_its_order(
    steps: list[tuple[int, Callable[[int], WorkflowActivation]]],
) -> None:
    inner = Recording(commands=1)
    instance = CautiousInstance(inner)
    lengths = list(accumulate(more for more, _ in steps))
    acts = [make(length) for length, (_, make) in zip(lengths, steps, strict=True)]

    assert not any(is_refused(instance, act) for act in acts)
    assert inner.seen == acts


def test_that_a_query_was_refused_is_not_told_and_everything_else_is() -> None:
    def said(text: str) -> logging.LogRecord:
        return logging.LogRecord("core", logging.WARNING, __file__, 1, text, None, None)

    assert not is_news(said("Failing legacy query request {'run_id': '1'}"))
    assert is_news(said("Failing workflow task {'run_id': '1'}"))
