"""What a forge knows, as frozen values: pull requests (GitLab: merge requests), comments, verdicts on commits."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """`head_sha`: the newest commit, or the one that was merged. `author` is the login, `is_fork` whether its head is elsewhere.

    `merged_at`: when, as `orders.order_time` writes it; empty if it is not merged.
    """

    number: int
    title: str
    author: str
    url: str
    head_sha: str
    head_ref: str
    base_ref: str
    is_fork: bool = False
    is_merged: bool = False
    merged_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment (or an issue) of ours. `order`: that of the run that has written it; empty if it had none."""

    number: int
    body: str
    url: str
    order: str = ""


class Conclusion(StrEnum):
    """What a verdict says of a commit."""

    RUNNING = "running"
    GREEN = "green"
    ON_HOLD = "on hold"
    """Something waits for a person; does not stand in the way of a merge."""
    FAILED = "failed"


class Level(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Annotation:
    """A remark beside a line of a file; lines count from 1."""

    path: str
    line: int
    level: Level
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What we say of a commit under a name: a check run on GitHub, a commit status on GitLab.

    `order` names the run; a verdict of the same name, commit and order takes the place of the one before. `title` is one line.
    `summary` is Markdown and `text` is for machines; GitLab keeps neither, so what has to be trusted there is `seal`, at most
    `SEAL_LIMIT` characters that only our own token can have written. `ended`: when, as the forge tells and `orders.order_time`
    writes it; empty while it is running, and where the forge does not say.
    """

    name: str
    sha: str
    conclusion: Conclusion
    title: str
    order: str = ""
    seal: str = ""
    summary: str = ""
    text: str = ""
    url: str = ""
    annotations: tuple[Annotation, ...] = ()
    ended: str = ""


class Posting(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    """A newer run has written already; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    posting: Posting
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Characters (as `reports.budget.size` counts) that the forge takes; `text` 0: it keeps no text with a verdict."""

    comment: int
    text: int


SEAL_LIMIT = 100
