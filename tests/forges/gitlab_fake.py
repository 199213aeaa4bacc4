"""A stateful GitLab. There is no description of its API to be had from a package registry, so what it takes is checked against
the lists of attributes in python-gitlab (they follow GitLab's documentation), and what it answers against the fields that
GitLab documents for the objects we read.
"""

# ruff: noqa: ARG002 - every operation is asked in the same way
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from gitlab.v4 import objects

from tests.forges.serving import Answer, Fake, Request, Route, paged, pattern_of, served
from tests.forges.world import PEOPLE, REPOSITORY, Pull, World, sha

LONGEST, DESCRIPTION = 1_000_000, 255
PROJECT = f"/api/v4/projects/{quote(REPOSITORY, safe='')}"
USERS = {name: number for number, name in enumerate(PEOPLE.values(), start=41)}

# https://docs.gitlab.com/api/merge_requests/ notes/ commits/ issues/
FIELDS: dict[str, dict[str, Any]] = {
    "merge request": {"iid": int, "title": str, "state": str, "author": dict, "web_url": str, "sha": str, "source_branch": str,
                      "target_branch": str, "source_project_id": int, "target_project_id": int},
    "note": {"id": int, "body": str, "author": dict, "system": bool},
    "status": {"id": int, "sha": str, "name": str, "status": str, "description": (str, type(None)), "author": dict},
    "issue": {"iid": int, "title": str, "description": str, "state": str, "author": dict, "web_url": str},
    "commit": {"id": str, "parent_ids": list},
    "diff": {"old_path": str, "new_path": str},
    "user": {"id": int, "username": str},
}  # fmt: skip
PAGES = {"page", "per_page", "order_by", "sort"}


class _GitLab:
    def __init__(self, world: World) -> None:
        self.world = world
        self.host = ""

    def listed(self, request: Request, items: list[Any]) -> Answer:
        some, page, last = paged(request, items)
        headers = {"X-Page": str(page), "X-Per-Page": request.query.get("per_page", "20"), "X-Total": str(len(items))}
        if page < last:
            query = "&".join(f"{name}={value}" for name, value in {**request.query, "page": str(page + 1)}.items())
            headers |= {"Link": f'<http://{self.host}{request.path}?{query}>; rel="next"', "X-Next-Page": str(page + 1)}
        return Answer(200, some, headers)

    def merge_request(self, pull: Pull) -> dict[str, Any]:
        return {
            "iid": pull.number,
            "title": pull.title,
            "state": "merged" if pull.merged_at else {"open": "opened"}.get(pull.state, pull.state),
            "merged_at": pull.merged_at,
            "author": {"username": pull.author, "id": 99},
            "web_url": f"https://gitlab.example/{REPOSITORY}/-/merge_requests/{pull.number}",
            "sha": pull.head,
            "source_branch": pull.branch,
            "target_branch": pull.base,
            "source_project_id": 2 if pull.fork else 1,
            "target_project_id": 1,
            "diff_refs": {"base_sha": sha("base"), "head_sha": pull.head},
        }

    def note(self, each: dict[str, Any]) -> dict[str, Any]:
        return {"id": each["id"], "body": each["body"].rstrip(), "author": _user(each["author"]), "system": False}

    def status(self, each: dict[str, Any]) -> dict[str, Any]:
        kept = {name: each.get(name) for name in ("id", "sha", "name", "description", "target_url")}
        return {**kept, "status": each["state"], "author": _user(each["author"])}

    def issue(self, each: dict[str, Any]) -> dict[str, Any]:
        url = f"https://gitlab.example/{REPOSITORY}/-/issues/{each['iid']}"
        kept = {name: each[name] for name in ("iid", "title", "description", "state")}
        return {**kept, "author": _user(each["author"]), "web_url": url}

    # operations

    def get_user(self, request: Request) -> Answer:
        return Answer(200, _user(request.author))

    def get_merge_requests(self, request: Request) -> Answer:
        query = request.query
        found = [
            self.merge_request(each)
            for each in self.world.pulls.values()
            if query.get("state") in {None, "all", self.merge_request(each)["state"]}
            and query.get("source_branch") in {None, each.branch}
            and query.get("target_branch") in {None, each.base}
        ]
        return self.listed(request, found)

    def post_merge_requests(self, request: Request) -> Answer:
        given, number = request.body, max(self.world.pulls, default=0) + 1
        branches = {"branch": given["source_branch"], "base": given["target_branch"]}
        pull = self.world.pull(
            number, title=given["title"], body=given["description"], author=request.author, **branches
        )
        return Answer(201, self.merge_request(pull))

    def get_merge_request(self, request: Request, iid: str) -> Answer:
        return Answer(200, self.merge_request(self.world.pulls[int(iid)]))

    def get_diffs(self, request: Request, iid: str) -> Answer:
        files = self.world.pulls[int(iid)].files
        return self.listed(request, [{"new_path": new, "old_path": old} for new, old in files])

    def get_commits(self, request: Request) -> Answer:
        """Only first parents: we ask for nothing else."""
        wanted: str | None = request.query["ref_name"]
        found = []
        while wanted in self.world.commits:
            parents = self.world.commits[wanted]
            found.append({"id": wanted, "parent_ids": list(parents)})
            wanted = parents[0] if parents else None
        return self.listed(request, found)

    def get_commit_merge_requests(self, request: Request, commit: str) -> Answer:
        numbers = self.world.brought.get(commit, [])
        return self.listed(request, [self.merge_request(self.world.pulls[number]) for number in numbers])

    def get_statuses(self, request: Request, commit: str) -> Answer:
        found = [
            each for each in self.world.verdicts if each["sha"] == commit and each["name"] == request.query["name"]
        ]
        return self.listed(request, [self.status(each) for each in found])

    def post_status(self, request: Request, commit: str) -> Answer:
        """A running status of the same user and name goes on; a finished one stays, and another one is made.

        https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/ci/create_commit_status_service.rb
        """
        if len(request.body.get("description", "")) > DESCRIPTION:
            return Answer(400, {"message": {"description": ["is too long (maximum is 255 characters)"]}})
        for each in self.world.verdicts:
            same = (each["sha"], each["name"], each["author"]) == (commit, request.body["name"], request.author)
            if same and each["state"] in {"pending", "running"}:
                if each["state"] == request.body["state"]:
                    return Answer(400, {"message": "Cannot transition status via :run from :running"})
                each.update(request.body)
                return Answer(201, self.status(each))
        made = {"id": next(self.world.numbers), "sha": commit, "author": request.author, **request.body}
        self.world.verdicts.append(made)
        return Answer(201, self.status(made))

    def get_issues(self, request: Request) -> Answer:
        found = [
            self.issue(each)
            for each in self.world.issues
            if each["state"] == request.query.get("state")
            and str(USERS[each["author"]]) == request.query.get("author_id")
        ]
        return self.listed(request, found)

    def post_issues(self, request: Request) -> Answer:
        made = {"iid": next(self.world.numbers), "state": "opened", "author": request.author, **request.body}
        self.world.issues.append(made)
        return Answer(201, self.issue(made))

    def put_issue(self, request: Request, iid: str) -> Answer:
        made = next(each for each in self.world.issues if each["iid"] == int(iid))
        given = dict(request.body)
        if given.pop("state_event", None) == "close":
            made["state"] = "closed"
        made.update(given)
        return Answer(200, self.issue(made))

    def get_notes(self, request: Request, iid: str) -> Answer:
        return self.listed(request, [self.note(each) for each in self.world.comments if each["number"] == int(iid)])

    def post_note(self, request: Request, iid: str) -> Answer:
        if len(request.body["body"]) > LONGEST:
            return Answer(400, {"message": "400 Bad request - Note is too long"})
        return Answer(201, self.note(self.world.comment(int(iid), request.author, request.body["body"])))

    def put_note(self, request: Request, iid: str, note: str) -> Answer:
        found = next((each for each in self.world.comments if each["id"] == int(note)), None)
        if found is None:
            return _not_found()
        found["body"] = request.body["body"]
        return Answer(200, self.note(found))

    def delete_note(self, request: Request, iid: str, note: str) -> Answer:
        found = next((each for each in self.world.comments if each["id"] == int(note)), None)
        if found is None:
            return _not_found()
        self.world.comments.remove(found)
        return Answer(204)


_NOTES, _REQUESTS = objects.ProjectMergeRequestNoteManager, objects.ProjectMergeRequestManager
_ISSUES, _STATUSES = objects.ProjectIssueManager, objects.ProjectCommitStatusManager
_STATUS_FILTERS = {"name", "all", "ref", "stage", "pipeline_id"}
_OPERATIONS: tuple[tuple[str, str, str, Any, str], ...] = (
    ("GET", "/api/v4/user", "get_user", set(), "user"),
    ("GET", f"{PROJECT}/merge_requests", "get_merge_requests", set(_REQUESTS._list_filters), "merge request"),
    ("POST", f"{PROJECT}/merge_requests", "post_merge_requests", _REQUESTS._create_attrs, "merge request"),
    ("GET", f"{PROJECT}/merge_requests/{{iid}}", "get_merge_request", set(), "merge request"),
    ("GET", f"{PROJECT}/merge_requests/{{iid}}/diffs", "get_diffs", set(), "diff"),
    ("GET", f"{PROJECT}/merge_requests/{{iid}}/notes", "get_notes", set(), "note"),
    ("POST", f"{PROJECT}/merge_requests/{{iid}}/notes", "post_note", _NOTES._create_attrs, "note"),
    ("PUT", f"{PROJECT}/merge_requests/{{iid}}/notes/{{note}}", "put_note", _NOTES._update_attrs, "note"),
    ("DELETE", f"{PROJECT}/merge_requests/{{iid}}/notes/{{note}}", "delete_note", set(), ""),
    ("GET", f"{PROJECT}/repository/commits", "get_commits", set(objects.ProjectCommitManager._list_filters), "commit"),
    (
        "GET",
        f"{PROJECT}/repository/commits/{{commit}}/merge_requests",
        "get_commit_merge_requests",
        set(),
        "merge request",
    ),
    ("GET", f"{PROJECT}/repository/commits/{{commit}}/statuses", "get_statuses", _STATUS_FILTERS, "status"),
    ("POST", f"{PROJECT}/statuses/{{commit}}", "post_status", _STATUSES._create_attrs, "status"),
    ("GET", f"{PROJECT}/issues", "get_issues", set(_ISSUES._list_filters), "issue"),
    ("POST", f"{PROJECT}/issues", "post_issues", _ISSUES._create_attrs, "issue"),
    ("PUT", f"{PROJECT}/issues/{{iid}}", "put_issue", _ISSUES._update_attrs, "issue"),
)


@contextmanager
def gitlab(world: World) -> Iterator[Fake]:
    forge = _GitLab(world)
    routes = [
        Route(method, pattern_of(path), getattr(forge, name), _request_check(takes), _answer_check(kind))
        for method, path, name, takes, kind in _OPERATIONS
    ]
    unauthorized = Answer(401, {"message": "401 Unauthorized"})
    fake = Fake(world, routes, unauthorized, _not_found())
    with served(fake, lambda headers: headers.get("private-token", "")):
        forge.host = fake.url.removeprefix("http://")
        yield fake


def _request_check(takes: Any) -> Any:
    def check(request: Request) -> str:
        if isinstance(takes, set):
            unknown = request.query.keys() - takes - PAGES
            return f"unknown in the query: {sorted(unknown)}" if unknown else ""
        missing = set(takes.required) - request.body.keys()
        alternatives = set(takes.exclusive)
        unknown = request.body.keys() - set(takes.required) - set(takes.optional) - alternatives
        return f"missing {sorted(missing)}, unknown {sorted(unknown)}" if missing or unknown else ""

    return check


def _answer_check(kind: str) -> Any:
    def check(answer: Answer) -> str:
        if not kind:
            return ""
        for each in answer.body if isinstance(answer.body, list) else [answer.body]:
            for name, type_of in FIELDS[kind].items():
                if not isinstance(each.get(name), type_of):
                    return f"{kind}: {name} is {each.get(name)!r}"
        return ""

    return check


def _user(author: str) -> dict[str, Any]:
    return {"id": USERS.get(author, 7), "username": author}


def _not_found() -> Answer:
    return Answer(404, {"message": "404 Not found"})
