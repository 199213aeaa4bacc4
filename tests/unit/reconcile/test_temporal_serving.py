"""Which lanes nobody serves, and what starts workers of theirs."""

import asyncio
from collections.abc import Iterable

import pytest
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse

from pipeline.errors import TemporaryServiceError
from pipeline.model.operation import Lane
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.temporal.names import Timing
from pipeline.reconcile.temporal.serving import Lookout

ROLE = "; if roles.apply may not close accounts, with VEND_APPLY_ROLE=ARN of the role that may"


class Deserted:
    """A server that no worker has ever asked for work."""

    namespace = "default"

    @property
    def workflow_service(self) -> "Deserted":
        return self

    async def describe_task_queue(self, _request: object, *, retry: bool) -> DescribeTaskQueueResponse:
        assert retry
        return DescribeTaskQueueResponse()


def hint_for(lanes: Iterable[Lane]) -> str:
    async def rest(_: float) -> None:
        return

    lookout = Lookout(
        client=Deserted(),  # type: ignore[arg-type]  # what a lookout asks of a client
        scope="111122223333/r",
        version="1",
        places=PLACES,
        timing=Timing(),
        rest=rest,
    )
    with pytest.raises(TemporaryServiceError, match="nothing was submitted") as caught:
        asyncio.run(lookout.wait_for(lanes))
    return caught.value.hint


@pytest.mark.parametrize(
    ("lanes", "hint"),
    [
        ([Lane.TERRAFORM, Lane.ACCESS], "start one with: vend worker --lane access=10 --lane terraform=2"),
        ([Lane.CLOSING], f"start one with: vend worker --lane closing=3{ROLE}"),
        (
            [Lane.CLOSING, Lane.MEMBER],
            f"start one with: vend worker --lane member=8, and one with: vend worker --lane closing=3{ROLE}",
        ),
    ],
)
def test_closures_are_asked_of_workers_of_their_own_with_the_role_that_closes(lanes: list[Lane], hint: str) -> None:
    assert hint_for(lanes) == hint
