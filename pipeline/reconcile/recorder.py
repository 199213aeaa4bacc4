"""Keeps the record of a run on disk while the run goes on.

`<record>` is written when the run begins (state `running`) and once more, complete, when it ends; both times whole, by a rename.
In between every API write and every outcome is appended to `<record>.journal`, one line and one system call each, and the
journal is folded into the record at the end. So 10,000 writes cost 10,000 short appends, and a process that is killed loses at
most the line that it was writing; `read_record` puts the two together. (No `fsync`: a power cut may lose the last seconds.)
"""

import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError

from pipeline.errors import DocumentError
from pipeline.model.clock import Clock
from pipeline.model.outcome import Outcome
from pipeline.reconcile.engine import Task
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.record import FORMAT, ApiWrite, RunRecord, RunState, record_to_json, to_text
from pipeline.reconcile.subject import current_subject

_logger = logging.getLogger(__name__)


class Write(Protocol):
    """What a backend tells of one write; `subject` is what the request to AWS named."""

    @property
    def at(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def request_id(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def subject(self) -> str | None: ...


class Recorder(Silent):
    """Collects from any thread.

    A disk that refuses is logged and never stops a run: what happened stays in memory for `close`.
    """

    def __init__(self, path: Path, record: RunRecord, clock: Clock) -> None:
        """Writes `record` to `path`. Raises `OSError` if that is not possible: then nothing has happened yet."""
        self._path = path
        self._record = record
        self._clock = clock
        self._lock = threading.Lock()
        self._writes: list[ApiWrite] = []
        self._outcomes: list[Outcome] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, record_to_json(record))
        self._journal = _journal_of(path).open("wb", buffering=0)

    def wrote(self, write: Write) -> None:
        """Note one write, for the change that this thread carries out."""
        noted = ApiWrite(
            at=write.at,
            service=write.service,
            operation=write.operation,
            request_id=write.request_id,
            error=write.error,
            subject=current_subject(),
            target=write.subject,
        )
        with self._lock:
            self._writes.append(noted)
            self._append({"write": asdict(noted)})

    def finished(self, task: Task, outcome: Outcome) -> None:  # noqa: ARG002 - the outcome says whose it is
        with self._lock:
            self._outcomes.append(outcome)
            self._append({"outcome": asdict(outcome)})

    def close(self, *, exit_code: int, interrupted: bool = False) -> RunRecord:
        """Write the complete record and remove the journal. Raises `OSError` if that fails; the journal is then still there."""
        with self._lock:
            self._journal.close()
            record = replace(
                self._record,
                finished=self._clock.now().isoformat(timespec="seconds"),
                state=RunState.INTERRUPTED if interrupted else RunState.FINISHED,
                writes=tuple(self._writes),
                outcomes=tuple(self._outcomes),
                exit_code=exit_code,
            )
            _replace(self._path, record_to_json(record))
            _journal_of(self._path).unlink(missing_ok=True)
        return record

    def _append(self, entry: Mapping[str, Any]) -> None:
        try:
            self._journal.write(to_text(entry).encode())
        except (OSError, ValueError) as error:
            _logger.error("%s: cannot be written: %s; the run goes on", self._journal.name, error)  # noqa: TRY400 - no defect


def read_record(path: Path) -> RunRecord:
    """The record, with what its journal holds beyond it. Raises `DocumentError` if it cannot be read."""
    try:
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
            raise DocumentError(f'{path}: is not a run record of format "{FORMAT}"')
        # A process that dies between writing the whole record and removing the journal leaves both: the record has it all.
        unfinished = document.get("state") == RunState.RUNNING
        for entry in _entries(_journal_of(path)) if unfinished else ():
            for kind, value in entry.items():
                document[f"{kind}s"].append(value)
        return _structured(document)
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, AttributeError) as error:
        raise DocumentError(f"{path}: is damaged: {error}", hint="restore it from where it was stored") from error


def _entries(journal: Path) -> list[dict[str, Any]]:
    """The whole lines of the journal; a last one without its end is what a killed process was writing."""
    if not journal.exists():
        return []
    return [json.loads(line) for line in journal.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def _structured(document: Mapping[str, Any]) -> RunRecord:
    try:
        return Converter().structure(document, RunRecord)
    except BaseValidationError as error:
        raise ValueError("; ".join(transform_error(error))) from error


def _journal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.journal")


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, also for a reader that looks just now."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
