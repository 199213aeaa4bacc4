"""The record of a run: when it begins, what is written into it, and how it ends."""

import logging
from pathlib import Path

from pipeline.app.parts import Parts
from pipeline.errors import ExitCode, UsageError
from pipeline.reconcile.record import RunRecord
from pipeline.reconcile.recorder import Recorder, Write

_logger = logging.getLogger(__name__)


class Notes:
    """Leads the backend's notes of its writes to the record, which begins after the backend was made."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None

    def wrote(self, write: Write) -> None:
        if self.recorder is None:
            raise RuntimeError(f"{write.service} {write.operation} was called before the run record began")
        answer = write.error or "done"
        _logger.debug("AWS %s %s: %s, request id %s", write.service, write.operation, answer, write.request_id)
        self.recorder.wrote(write)


def begin(path: Path, record: RunRecord, parts: Parts) -> Recorder:
    """Raises `UsageError` if the record cannot be written: then nothing has happened yet."""
    try:
        return Recorder(path, record, parts.clock)
    except OSError as error:
        raise UsageError(
            f'"{path}" cannot be written: {error.strerror}', hint="name another file with --record; nothing was changed"
        ) from error


def end(recorder: Recorder, path: Path, code: ExitCode, *, interrupted: bool) -> None:
    """A disk that is full now must not hide what the run has done: the journal has every line of it."""
    try:
        recorder.close(exit_code=code, interrupted=interrupted)
    except OSError as error:
        _logger.error("%s: cannot be completed: %s; see its journal beside it", path, error.strerror)  # noqa: TRY400 - no defect
