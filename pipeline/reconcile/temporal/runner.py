"""How workers run workflows: without a sandbox, and never on from a state that only a query has led to."""

from typing import TYPE_CHECKING, Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

if TYPE_CHECKING:
    from temporalio.converter import SerializationContext

_BY_ITSELF = "legacy_query"
"""What the SDK calls a query that comes without a decision to take."""


class CautiousRunner(WorkflowRunner):
    """Without the sandbox: our workflows are plain data and replay tests hold them to it; it costs far more than they do.

    A query may reach a worker while events wait for a decision that another worker, or nobody yet, has to take. The SDK
    (temporalio 1.35) applies these events so that the answer is fresh, and keeps the workflow as if it had decided on them. If
    this worker then gets the decision, with further events, it decides in two parts what every replay decides at once: in
    another order. The run can never go on from such a history. So such a query is refused, upon which the SDK forgets the
    workflow, and whoever asks asks again.
    """

    def __init__(self) -> None:
        self._plain = UnsandboxedWorkflowRunner()

    def prepare_workflow(self, defn: Any) -> None:
        self._plain.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return CautiousInstance(self._plain.create_instance(det))


class CautiousInstance(WorkflowInstance):
    """A workflow in the memory of a worker."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        self._time: int | None = None
        self._ahead_at: int | None = None
        """The length of the history with which it has last decided what nobody may have been told."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        queries = [job.query_workflow for job in act.jobs if job.HasField("query_workflow")]
        if self._ahead_at == act.history_length and any(query.query_id == _BY_ITSELF for query in queries):
            return _refusal()
        completion = self._inner.activate(act)
        if not queries:
            self._ahead_at = act.history_length if self._may_be_ahead(act, completion) else None
            self._time = act.timestamp.ToNanoseconds()
        return completion

    def _may_be_ahead(self, act: WorkflowActivation, completion: WorkflowActivationCompletion) -> bool:
        """Whether a query that comes with the same history shows that this was for its sake.

        To take a decision sets the time of the workflow; one that had reached the server would have left its commands in the
        history. Without any, nothing shows that it has reached it: then all is well, or another worker is about to say the same.
        """
        is_for_a_query = act.timestamp.ToNanoseconds() == self._time
        return not act.is_replaying and (is_for_a_query or bool(completion.successful.commands))

    def get_serialization_context(self, command_info: Any) -> "SerializationContext | None":
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def _refusal() -> WorkflowActivationCompletion:
    refusal = WorkflowActivationCompletion()
    refusal.failed.failure.message = "a decision is about to be taken; ask again"
    return refusal
