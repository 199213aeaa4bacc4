"""What a run leaves behind: asked by whom, reviewed as what, written to AWS with which request ids, ended how.

The published shape is `schemas/run.schema.json`. Nothing that AWS or a person keeps secret has a field here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from pipeline.model.outcome import Outcome

FORMAT: Final = "vend-run/1"


class RunState(StrEnum):
    RUNNING = "running"
    """At work, or dead without a word: a killed process can no longer write."""
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    """Ended early by a person, in good order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """Who asked: the file of a request and its last commit; None for a file that is not committed. `date` is ISO 8601."""

    file: str
    commit: str | None = None
    author: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiWrite:
    """One request to AWS that may have changed something.

    `subject` is the change it was made for (a request's key or a unit's path), `target` what the request named (an id, a
    name). Without a `request_id` no answer came back, and AWS may have carried it out all the same. `error` is AWS's code.
    """

    at: str
    service: str
    operation: str
    request_id: str | None = None
    error: str | None = None
    subject: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run. `version` is the program's; times are ISO 8601 in UTC; `reviewed` is the digest of the reviewed plan.

    `requests` holds, by key, the requests that the run was about.
    """

    run_id: str
    version: str
    verb: str
    started: str
    finished: str | None = None
    state: RunState = RunState.RUNNING
    reviewed: str | None = None
    requests: Mapping[str, RequestOrigin] = field(default_factory=dict)
    writes: tuple[ApiWrite, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    exit_code: int | None = None


def run_id(now: datetime, token: str) -> str:
    """`20261122T130501Z-3f9a1c`: sorts by time, and is valid in the name of an AWS session.

    `token` tells runs of one second apart: a few hexadecimal characters.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (RoleSessionName)
    """
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}"


def record_to_json(record: RunRecord) -> str:
    """The record as text, with a newline at its end. Text that is not valid Unicode is kept as JSON escapes."""
    document: dict[str, Any] = {"format": FORMAT}
    document |= {each.name: getattr(record, each.name) for each in fields(record)}
    document["requests"] = {key: asdict(origin) for key, origin in sorted(record.requests.items())}
    document["writes"] = [asdict(write) for write in record.writes]
    document["outcomes"] = [asdict(outcome) for outcome in record.outcomes]
    return to_text(document, indent=2)


def to_text(document: Mapping[str, Any], *, indent: int | None = None) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode() + "\n"
