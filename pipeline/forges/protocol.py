"""What every forge does. All of it raises `ServiceError`: temporary when asking again may help, else permanent, with a remedy."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from pipeline.forges.values import Comment, Limits, Posted, PullRequest, Verdict


class Forge(Protocol):
    """One repository on one forge, with one token.

    A `marker` is the hidden first line of what we post (`reports.markdown.marker`); `body` begins with it. An `order` sorts
    runs by text: what a later one has written is never overwritten by an earlier one.
    """

    @property
    def limits(self) -> Limits: ...

    def token_lacks(self) -> str:
        """What the token is known to lack, in words; empty if nothing, or if the forge does not tell its scopes."""
        ...

    def pull_request(self, number: int) -> PullRequest: ...

    def open_pull_requests(self) -> tuple[PullRequest, ...]: ...

    def changed_files(self, number: int) -> tuple[str, ...]:
        """The paths that the pull request adds, changes, renames (both names) or removes, sorted."""
        ...

    def merged_pull_requests(self, commit: str) -> tuple[PullRequest, ...]:
        """Those that brought the commit to their base branch, by squash, rebase, merge commit or queue."""
        ...

    def newest(self, branch: str) -> str:
        """The commit that the branch points to now."""
        ...

    def history(self, commit: str, limit: int) -> Iterator[str]:
        """The commit and its first parents, newest first, at most `limit`."""
        ...

    def comment(self, number: int, marker: str) -> Comment | None:
        """Our own comment with the marker; never somebody else's."""
        ...

    def upsert_comment(self, number: int, marker: str, body: str, order: str = "") -> Posted:
        """Have exactly one comment of ours with the marker, and this body in it, unless a later run has written it."""
        ...

    def delete_comment(self, number: int, marker: str) -> bool:
        """Whether there was one of ours."""
        ...

    def set_verdict(self, verdict: Verdict) -> None: ...

    def verdicts(self, sha: str, name: str) -> tuple[Verdict, ...]:
        """Ours only, the newest order last; without annotations."""
        ...

    def upsert_issue(self, marker: str, title: str, body: str, labels: Sequence[str] = ()) -> Posted:
        """Have exactly one open issue of ours with the marker, with this title and body."""
        ...

    def close_issue(self, marker: str, body: str) -> bool:
        """Close ours with a last body; whether there was an open one."""
        ...

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """The open pull request from `branch` to `base`; one that is there is adopted as it is."""
        ...
