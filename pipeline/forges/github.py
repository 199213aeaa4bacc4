"""GitHub and GitHub Enterprise, through PyGithub."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from github import Auth, Github, GithubException, GithubRetry
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.NamedUser import NamedUser
from github.Organization import Organization
from github.PullRequest import PullRequest as Pull
from requests.exceptions import RequestException

from pipeline.forges import github_checks, sticky
from pipeline.forges.failures import refusal, too_long, unreachable
from pipeline.forges.orders import order_time
from pipeline.forges.size import size
from pipeline.forges.sticky import Posts
from pipeline.forges.values import Comment, Limits, Posted, Posting, PullRequest, Verdict

if TYPE_CHECKING:
    from github.Repository import Repository

URL: Final = "https://api.github.com"

LIMITS: Final = Limits(comment=65_536, text=65_535)
"""A longer comment is refused ("body is too long"); so is a longer output of a check run."""

ACTIONS: Final = "github-actions"
"""The app whose token a workflow has as GITHUB_TOKEN."""

SCOPES: Final = "pull-requests: write, checks: write, issues: write, contents: read"
_NAME: Final = "GitHub"
_TIMEOUT: Final = 30
_RETRIES: Final = 6
_LONGEST_WAIT: Final = 600.0
"""Seconds for which a rate limit is waited out; after that the run says so."""

_FORBIDDEN: Final = 403
_THROTTLED: Final = 429
"""Both say that a rate limit is exceeded; 403 says other things, too, which PyGithub tells apart.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
"""

_LISTED_PER_STEP: Final = 20
"""Commits that are listed for one step along first parents: those of merged branches are listed as well."""


class GitHub:
    """One repository. `app`: the slug of the app that the token belongs to; only what it has written counts as ours.

    Makes no call. `pause`: seconds between tries where GitHub does not say how many.
    """

    def __init__(self, repository: str, token: str, *, url: str = URL, app: str = ACTIONS, pause: float = 60.0) -> None:
        self._client = _client(url, token, pause)
        self._repository: Repository = self._client.get_repo(repository)
        self._app = app
        self._author = f"{app}[bot]"

    @property
    def limits(self) -> Limits:
        return LIMITS

    def token_lacks(self) -> str:
        """GitHub tells the scopes of classic personal tokens only; those of apps and of workflows show when they write.

        https://docs.github.com/en/rest/checks/runs#create-a-check-run: "only GitHub Apps can create check runs".
        """
        with _translated("open pull requests"):
            next(iter(self._repository.get_pulls(state="open")), None)
        scopes = self._client.oauth_scopes
        if scopes is None:
            return ""
        repo = "" if "repo" in scopes else 'the scope "repo", and '
        return f"{repo}the right to write check runs, which a person's token never has"

    def pull_request(self, number: int) -> PullRequest:
        with _translated(f"pull request {number}"):
            pull = self._repository.get_pull(number)
            pull.update()
            return _pull_request(pull)

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        with _translated("open pull requests"):
            return tuple(_pull_request(each) for each in self._repository.get_pulls(state="open"))

    def changed_files(self, number: int) -> tuple[str, ...]:
        with _translated(f"files of pull request {number}"):
            files = self._repository.get_pull(number).get_files()
            names = {name for each in files for name in (each.filename, each.previous_filename) if name}
            return tuple(sorted(names))

    def merged_pull_requests(self, commit: str) -> tuple[PullRequest, ...]:
        with _translated(f"pull requests of commit {commit}"):
            found = (_pull_request(each) for each in self._repository.get_commit(commit).get_pulls())
            return tuple(each for each in found if each.is_merged)

    def newest(self, branch: str) -> str:
        with _translated(f'branch "{branch}"'):
            return self._repository.get_commits(sha=branch)[0].sha

    def history(self, commit: str, limit: int) -> Iterator[str]:
        with _translated(f"history of {commit}"):
            listed = islice(self._repository.get_commits(sha=commit), limit * _LISTED_PER_STEP)
            wanted: str | None = commit
            parents: dict[str, str | None] = {}
            for _ in range(limit):
                while wanted not in parents and (each := next(listed, None)) is not None:
                    parents[each.sha] = each.parents[0].sha if each.parents else None
                if wanted is None or wanted not in parents:
                    return
                yield wanted
                wanted = parents[wanted]

    def comment(self, number: int, marker: str) -> Comment | None:
        with _translated(f"comments of {number}"):
            found = sticky.marked(self._comments(number), marker)
            return found[-1] if found else None

    def upsert_comment(self, number: int, marker: str, body: str, order: str = "") -> Posted:
        with _translated(f"comment on {number}"):
            return sticky.upsert(self._posts(number), marker, body, order)

    def delete_comment(self, number: int, marker: str) -> bool:
        with _translated(f"comment on {number}"):
            return sticky.delete(self._posts(number), marker)

    def set_verdict(self, verdict: Verdict) -> None:
        with _translated(f'check run "{verdict.name}" on {verdict.sha}'):
            github_checks.set_verdict(self._repository, self._app, verdict)

    def verdicts(self, sha: str, name: str) -> tuple[Verdict, ...]:
        with _translated(f'check runs "{name}" on {sha}'):
            return github_checks.verdicts(self._repository, self._app, sha, name)

    def upsert_issue(self, marker: str, title: str, body: str, labels: Sequence[str] = ()) -> Posted:
        _check_length(body)
        with _translated(f'issue "{title}"'):
            found = self._issues(marker)
            if not found:
                made = self._repository.create_issue(title=title, body=body, labels=list(labels))
                found, posting = [made], Posting.CREATED
                found = self._issues(marker) or found
            else:
                posting = Posting.UNCHANGED
            kept, *others = found
            for each in others:
                each.edit(state="closed", state_reason="not_planned")
            if (kept.title, (kept.body or "").replace("\r\n", "\n")) != (title, body):
                kept.edit(title=title, body=body)
                posting = Posting.UPDATED
            return Posted(posting=posting, url=kept.html_url)

    def close_issue(self, marker: str, body: str) -> bool:
        _check_length(body)
        with _translated("issue"):
            found = self._issues(marker)
            for each in found:
                each.edit(body=body, state="closed", state_reason="completed")
            return bool(found)

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        with _translated(f'pull request of branch "{branch}"'):
            owner = self._repository.full_name.partition("/")[0]
            found = list(self._repository.get_pulls(state="open", head=f"{owner}:{branch}", base=base))
            made = found[0] if found else self._repository.create_pull(base, branch, title=title, body=body)
            return _pull_request(made)

    def _issues(self, marker: str) -> list[Issue]:
        """Ours with the marker that are open, the oldest first; pull requests are issues to GitHub, and none of these.

        They are told by their address: PyGithub asks once more for each issue that has no `pull_request`.
        """
        found = self._repository.get_issues(state="open", sort="created", direction="asc")
        return [
            each
            for each in found
            if _login(each.user) == self._author
            and (each.body or "").startswith(marker)
            and "/pull/" not in each.html_url
        ]

    def _comments(self, number: int) -> list[Comment]:
        found = self._repository.get_issue(number).get_comments()
        return [_comment(each) for each in found if _login(each.user) == self._author]

    def _posts(self, number: int) -> Posts:
        issue = self._repository.get_issue(number)

        def create(body: str) -> Comment:
            _check_length(body)
            return _comment(issue.create_comment(body))

        def edit(comment: Comment, body: str) -> Comment:
            _check_length(body)
            with _translated(f"comment {comment.number}"):
                there = issue.get_comment(comment.number)
                there.edit(body)
                return _comment(there)

        def delete(comment: Comment) -> None:
            with _translated(f"comment {comment.number}"):
                issue.get_comment(comment.number).delete()

        return Posts(ours=lambda: self._comments(number), create=create, edit=edit, delete=delete)


def _client(url: str, token: str, pause: float) -> Github:
    methods = frozenset({"GET", "POST", "PATCH", "DELETE"})
    retry = GithubRetry(
        total=_RETRIES,
        secondary_rate_wait=pause,
        max_rate_limit_wait=_LONGEST_WAIT,
        backoff_factor=min(pause, 1.0),
        allowed_methods=methods,
        status_forcelist=[*range(500, 600), _FORBIDDEN, _THROTTLED],
        retry_after_max=int(_LONGEST_WAIT),
    )
    return Github(
        auth=Auth.Token(token),
        base_url=url.rstrip("/"),
        timeout=_TIMEOUT,
        per_page=100,
        retry=retry,
        seconds_between_requests=0,
        seconds_between_writes=0,
        lazy=True,
        user_agent="account-vending",
    )


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except GithubException as error:
        data: Any = error.data
        message = str(data.get("message", "")) if isinstance(data, dict) else ""
        raise refusal(_NAME, what, error.status, message, SCOPES) from None
    except RequestException as error:
        raise unreachable(_NAME, what, error) from None


def _check_length(body: str) -> None:
    if (length := size(body)) > LIMITS.comment:
        raise too_long(_NAME, length, LIMITS.comment)


def _login(user: NamedUser | Organization | None) -> str:
    """GitHub's description allows for none, where the account is deleted; PyGithub's types do not say so."""
    return "ghost" if user is None else user.login


def _comment(each: IssueComment) -> Comment:
    body = each.body or ""
    return Comment(number=each.id, body=body, url=each.html_url, order=sticky.order_of(body))


def _pull_request(pull: Pull) -> PullRequest:
    head, base = pull.head, pull.base
    source: Repository | None = head.repo  # None when the fork was deleted, which PyGithub's types do not say
    return PullRequest(
        number=pull.number,
        title=pull.title,
        author=_login(pull.user),
        url=pull.html_url,
        head_sha=head.sha,
        head_ref=head.ref,
        base_ref=base.ref,
        is_fork=source is None or source.full_name != base.repo.full_name,
        is_merged=pull.merged_at is not None,
        merged_at=order_time(pull.merged_at) if pull.merged_at is not None else "",
    )
