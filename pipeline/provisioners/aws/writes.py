"""What was written to AWS, one note per request sent, for the run record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.clock import Clock
from pipeline.provisioners.aws.read_only import is_read


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiWrite:
    """One request that may have changed something; every attempt of a call is one.

    `at` is ISO 8601 in UTC. `request_id` is None when no answer came back: then AWS may have carried it out all the same.
    `error` is the error code of the answer, or the name of what went wrong on the way. `subject` is the account or
    resource id, or the name of what is created.
    """

    service: str
    operation: str
    at: str
    request_id: str | None = None
    error: str | None = None
    subject: str | None = None


_SUBJECTS = ("AccountId", "ResourceId", "Email", "Name")
_SUBJECT_KEY = "vend_subject"


def remember_subject(*, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Keep what the call is about with the call (botocore event `provide-client-params`)."""
    context[_SUBJECT_KEY] = next((str(params[name]) for name in _SUBJECTS if name in params), None)


def remember(subject: Callable[[], str | None]) -> Callable[..., None]:
    """The same for calls that do not name what they are about: `subject` does."""

    def keep(*, context: dict[str, Any], **_: Any) -> None:
        context[_SUBJECT_KEY] = subject()

    return keep


class WriteNotes:
    """Tells `on_write` of every answer to a request that is not a known read (botocore event `response-received`)."""

    def __init__(self, service: str, on_write: Callable[[ApiWrite], None], clock: Clock) -> None:
        self._service = service
        self._on_write = on_write
        self._clock = clock

    def response_received(
        self,
        *,
        event_name: str,
        parsed_response: Mapping[str, Any] | None,
        context: Mapping[str, Any],
        exception: Exception | None,
        **_: Any,
    ) -> None:
        operation = event_name.rsplit(".", 1)[-1]
        if is_read(self._service, operation):
            return
        answer = parsed_response or {}
        self._on_write(
            ApiWrite(
                service=self._service,
                operation=operation,
                at=self._clock.now().isoformat(),
                request_id=answer.get("ResponseMetadata", {}).get("RequestId"),
                error=type(exception).__name__ if exception else answer.get("Error", {}).get("Code"),
                subject=context.get(_SUBJECT_KEY),
            )
        )
