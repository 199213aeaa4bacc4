"""GitLab, through python-gitlab. A merge request is a pull request here, a note a comment, a commit status a verdict.

A commit status has no room but a description of 255 characters, and everybody with the role Developer can set one under any
name. GitLab says of each one whose it is, so those of our own user are told from others; order and seal stand in the description.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import gitlab
from requests.exceptions import RequestException

from pipeline.forges import sticky
from pipeline.forges.failures import refusal, too_long, unreachable
from pipeline.forges.orders import told_time
from pipeline.forges.size import size
from pipeline.forges.sticky import Posts
from pipeline.forges.values import Comment, Conclusion, Limits, Posted, Posting, PullRequest, Verdict

URL: Final = "https://gitlab.com"

LIMITS: Final = Limits(comment=1_000_000, text=0)
SCOPES: Final = "a project access token with the role Developer and the scope api"
_NAME: Final = "GitLab"
_TIMEOUT: Final = 30
_DESCRIPTION: Final = 255
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries while another job sets a status of the same commit."""

_BAD, _CONFLICT = 400, 409
_NO_TOKEN_OF_A_USER: Final = frozenset({401, 403, 404})
_STATES: Final = {
    Conclusion.RUNNING: "running",
    Conclusion.GREEN: "success",
    Conclusion.ON_HOLD: "success",
    Conclusion.FAILED: "failed",
}
_ON_HOLD: Final = "on hold: "
"""A status knows no third verdict; what is on hold says so in front."""

_SEALED: Final = re.compile(r"(?P<title>.*?) ?\[(?P<order>[^\[\] ]*)(?: (?P<seal>[^\[\]]*))?\]", re.DOTALL)

Attributes = Mapping[str, Any]


class GitLab:
    """One project, by its path or number. Makes no call."""

    def __init__(self, project: str, token: str, *, url: str = URL) -> None:
        self._client = gitlab.Gitlab(
            url, private_token=token, timeout=_TIMEOUT, retry_transient_errors=True, per_page=100, keep_base_url=True
        )
        self._path = f"/projects/{quote(project, safe='')}"

    @property
    def limits(self) -> Limits:
        return LIMITS

    def token_lacks(self) -> str:
        """GitLab tells a token of its own scopes, but for job tokens and for those with granular permissions."""
        with _translated("the token's scopes"):
            try:
                told: Any = self._client.http_get("/personal_access_tokens/self")
            except gitlab.exceptions.GitlabError as error:
                if error.response_code in _NO_TOKEN_OF_A_USER:
                    return ""
                raise
        return "" if "api" in told["scopes"] or told.get("granular") else 'the scope "api"'

    def pull_request(self, number: int) -> PullRequest:
        with _translated(f"merge request {number}"):
            return _pull_request(self._get(f"/merge_requests/{number}"))

    def open_pull_requests(self) -> tuple[PullRequest, ...]:
        with _translated("open merge requests"):
            return tuple(map(_pull_request, self._list("/merge_requests", state="opened")))

    def changed_files(self, number: int) -> tuple[str, ...]:
        with _translated(f"files of merge request {number}"):
            found = self._list(f"/merge_requests/{number}/diffs")
            return tuple(sorted({each[name] for each in found for name in ("old_path", "new_path")}))

    def merged_pull_requests(self, commit: str) -> tuple[PullRequest, ...]:
        with _translated(f"merge requests of commit {commit}"):
            found = map(_pull_request, self._list(f"/repository/commits/{commit}/merge_requests"))
            return tuple(each for each in found if each.is_merged)

    def newest(self, branch: str) -> str:
        with _translated(f'branch "{branch}"'):
            return str(next(self._list("/repository/commits", ref_name=branch, first_parent="true"))["id"])

    def history(self, commit: str, limit: int) -> Iterator[str]:
        with _translated(f"history of {commit}"):
            listed = self._list("/repository/commits", ref_name=commit, first_parent="true")
            for _, each in zip(range(limit), listed, strict=False):
                yield each["id"]

    def comment(self, number: int, marker: str) -> Comment | None:
        with _translated(f"notes of {number}"):
            found = sticky.marked(self._notes(number), marker)
            return found[-1] if found else None

    def upsert_comment(self, number: int, marker: str, body: str, order: str = "") -> Posted:
        with _translated(f"note on {number}"):
            return sticky.upsert(self._posts(number), marker, body, order)

    def delete_comment(self, number: int, marker: str) -> bool:
        with _translated(f"note on {number}"):
            return sticky.delete(self._posts(number), marker)

    def set_verdict(self, verdict: Verdict) -> None:
        """Annotations are not posted: GitLab shows them from the job's Code Quality report."""
        with _translated(f'status "{verdict.name}" of {verdict.sha}'):
            wanted = {"state": _STATES[verdict.conclusion], "description": _description(verdict)}
            given = {**wanted, "name": verdict.name, **({"target_url": verdict.url} if verdict.url else {})}
            for pause in (*_PAUSES, None):
                if any(_is_as(each, wanted) for each in self._statuses(verdict.sha, verdict.name)):
                    return
                try:
                    self._post(f"/statuses/{verdict.sha}", given)
                except gitlab.exceptions.GitlabError as error:
                    if pause is None or not _is_overtaken(error):
                        raise
                    time.sleep(pause)
                else:
                    return

    def verdicts(self, sha: str, name: str) -> tuple[Verdict, ...]:
        with _translated(f'statuses "{name}" of {sha}'):
            found = [(each["id"], _verdict(each)) for each in self._statuses(sha, name)]
            return tuple(each for _, each in sorted(found, key=lambda pair: (pair[1].order, pair[0])))

    def upsert_issue(self, marker: str, title: str, body: str, labels: Sequence[str] = ()) -> Posted:
        _check_length(body)
        with _translated("issue"):
            found, posting = self._issues(marker), Posting.UNCHANGED
            if not found:
                made = self._post("/issues", {"title": title, "description": body, "labels": ",".join(labels)})
                found, posting = self._issues(marker) or [made], Posting.CREATED
            kept, *others = found
            for each in others:
                self._put(f"/issues/{each['iid']}", {"state_event": "close"})
            if (kept["title"], kept["description"]) != (title, body):
                self._put(f"/issues/{kept['iid']}", {"title": title, "description": body})
                posting = Posting.UPDATED
            return Posted(posting=posting, url=kept["web_url"])

    def close_issue(self, marker: str, body: str) -> bool:
        _check_length(body)
        with _translated("issue"):
            found = self._issues(marker)
            for each in found:
                self._put(f"/issues/{each['iid']}", {"description": body, "state_event": "close"})
            return bool(found)

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        with _translated(f'merge request of branch "{branch}"'):
            found = list(self._list("/merge_requests", state="opened", source_branch=branch, target_branch=base))
            if found:
                return _pull_request(found[0])
            given = {"source_branch": branch, "target_branch": base, "title": title, "description": body}
            return _pull_request(self._post("/merge_requests", given))

    @cached_property
    def _user(self) -> int:
        """Who we are: the user behind the token."""
        answer: Any = self._client.http_get("/user")
        return int(answer["id"])

    def _statuses(self, sha: str, name: str) -> list[Attributes]:
        found = self._list(f"/repository/commits/{sha}/statuses", name=name, all="true")
        return [each for each in found if each["author"]["id"] == self._user and each["name"] == name]

    def _issues(self, marker: str) -> list[Attributes]:
        found = self._list(
            "/issues", state="opened", scope="all", author_id=self._user, order_by="created_at", sort="asc"
        )
        return [
            each
            for each in found
            if each["author"]["id"] == self._user and (each["description"] or "").startswith(marker)
        ]

    def _notes(self, number: int) -> list[Comment]:
        found = self._list(f"/merge_requests/{number}/notes", sort="asc")
        return [_comment(each) for each in found if not each["system"] and each["author"]["id"] == self._user]

    def _posts(self, number: int) -> Posts:
        path = f"/merge_requests/{number}/notes"

        def create(body: str) -> Comment:
            _check_length(body)
            return _comment(self._post(path, {"body": body}))

        def edit(comment: Comment, body: str) -> Comment:
            _check_length(body)
            with _translated(f"note {comment.number}"):
                return _comment(self._put(f"{path}/{comment.number}", {"body": body}))

        def delete(comment: Comment) -> None:
            with _translated(f"note {comment.number}"):
                self._client.http_delete(f"{self._path}{path}/{comment.number}")

        return Posts(ours=lambda: self._notes(number), create=create, edit=edit, delete=delete)

    def _get(self, path: str) -> Any:
        return self._client.http_get(self._path + path)

    def _list(self, path: str, **query: Any) -> Iterator[Any]:
        return iter(self._client.http_list(self._path + path, query_data=query, iterator=True))

    def _post(self, path: str, given: Attributes) -> Any:
        return self._client.http_post(self._path + path, post_data=dict(given))

    def _put(self, path: str, given: Attributes) -> Any:
        return self._client.http_put(self._path + path, post_data=dict(given))


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except gitlab.exceptions.GitlabError as error:
        raise refusal(_NAME, what, error.response_code or 0, str(error.error_message), SCOPES) from None
    except RequestException as error:
        raise unreachable(_NAME, what, error) from None


def _check_length(body: str) -> None:
    if (length := size(body)) > LIMITS.comment:
        raise too_long(_NAME, length, LIMITS.comment)


def _comment(each: Attributes) -> Comment:
    body = str(each["body"])
    return Comment(number=each["id"], body=body, url="", order=sticky.order_of(body))


def _pull_request(each: Attributes) -> PullRequest:
    return PullRequest(
        number=each["iid"],
        title=each["title"],
        author=each["author"]["username"],
        url=each["web_url"],
        head_sha=each["sha"] or "",
        head_ref=each["source_branch"],
        base_ref=each["target_branch"],
        is_fork=each["source_project_id"] != each["target_project_id"],
        is_merged=each["state"] == "merged",
        merged_at=told_time(each.get("merged_at")),
    )


def _is_as(status: Attributes, wanted: Attributes) -> bool:
    """Whether there is nothing to set. One that runs, if only for a run that was cancelled, cannot be set to run again."""
    state, description = str(wanted["state"]), str(wanted["description"])
    return state == status["status"] and (state == _STATES[Conclusion.RUNNING] or description == status["description"])


def _is_overtaken(error: gitlab.exceptions.GitlabError) -> bool:
    """Whether a status is refused because of what another job does with it; looking again tells what is left to do."""
    is_transition = error.response_code == _BAD and "cannot transition" in str(error.error_message).lower()
    return is_transition or error.response_code == _CONFLICT


def _description(verdict: Verdict) -> str:
    sealed = f" [{f'{verdict.order} {verdict.seal}'.rstrip()}]" if verdict.order else ""
    front = _ON_HOLD if verdict.conclusion is Conclusion.ON_HOLD else ""
    return f"{front}{verdict.title}"[: _DESCRIPTION - len(sealed)].replace("[", "(").replace("]", ")") + sealed


def _verdict(each: Attributes) -> Verdict:
    sealed = _SEALED.fullmatch(description := str(each["description"] or ""))
    title = sealed["title"] if sealed else description
    return Verdict(
        name=each["name"],
        sha=each["sha"],
        conclusion=_conclusion(str(each["status"]), title),
        title=title.removeprefix(_ON_HOLD),
        order=sealed["order"] if sealed else "",
        seal=(sealed["seal"] or "") if sealed else "",
        url=each.get("target_url") or "",
        ended=told_time(each.get("finished_at")),
    )


def _conclusion(status: str, title: str) -> Conclusion:
    match status:
        case "pending" | "running":
            return Conclusion.RUNNING
        case "success":
            return Conclusion.ON_HOLD if title.startswith(_ON_HOLD) else Conclusion.GREEN
        case _:
            return Conclusion.FAILED
