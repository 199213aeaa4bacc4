"""A stateful GitLab: what it receives and what it answers is checked against GitLab's own published description of its API.

`gitlab.openapi.json` holds the facts of that description for the operations we use. Where the description says nothing, or not
what GitLab does, one of these tables says what holds here:

| table | what the description says | what holds here |
| --- | --- | --- |
| `NEEDED` | no member of an answer is required | those are there that we read |
| `MAY_BE_NULL` | no member of an answer may be null | those may be |
| `AS_IT_IS` | notes and issues are listed as one object; a deletion answers the note; a new status is a 200 | as GitLab does it |
| `COMMA_SEPARATED` | labels are a list, "comma-separated" | GitLab takes a list and a text with commas |
| `LONGEST`, `DESCRIPTION` | nothing of lengths | GitLab's limits |

Sources: https://docs.gitlab.com/api/notes/ issues/ merge_requests/ commits/, and https://docs.gitlab.com/administration/instance_limits/
"""

# ruff: noqa: ARG002 - every operation is asked in the same way
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft202012Validator

from tests.forges.serving import Answer, Fake, Request, Route, paged, pattern_of, served
from tests.forges.world import PEOPLE, REPOSITORY, Pull, World, sha

PUBLISHED: Final = json.loads((Path(__file__).parent / "gitlab.openapi.json").read_text())
API: Final = "/api/v4"
PROJECT: Final = "/projects/{id}"
LONGEST, DESCRIPTION = 1_000_000, 255
USERS = {name: number for number, name in enumerate(PEOPLE.values(), start=41)}
MADE: Final = "2026-11-22T06:00:00.000Z"

_PERSON: Final = frozenset({"id", "username"})
_MERGE_REQUEST: Final = frozenset({"iid", "title", "state", "author", "web_url", "sha"}) | frozenset(
    {"source_branch", "target_branch", "source_project_id", "target_project_id"}
)
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "APIEntitiesUserBasic": _PERSON,
    "APIEntitiesMergeRequestAuthor": _PERSON,
    "APIEntitiesUserPublic": _PERSON,
    "APIEntitiesPersonalAccessToken": frozenset({"scopes"}),
    "APIEntitiesMergeRequestBasic": _MERGE_REQUEST,
    "APIEntitiesMergeRequest": _MERGE_REQUEST | {"diff_refs"},
    "APIEntitiesDiffRefs": frozenset({"base_sha", "head_sha", "start_sha"}),
    "APIEntitiesDiff": frozenset({"old_path", "new_path"}),
    "APIEntitiesNote": frozenset({"id", "body", "author", "system"}),
    "APIEntitiesCommit": frozenset({"id", "parent_ids"}),
    "APIEntitiesCommitStatus": frozenset({"id", "sha", "name", "status", "description", "author"}),
    "APIEntitiesIssue": frozenset({"iid", "title", "description", "state", "author", "web_url"}),
}
MAY_BE_NULL: Final = frozenset(
    {"merged_at", "finished_at", "sha", "diff_refs", "description", "target_url", "coverage", "type"}
)
"""Of what the fake answers; there are more in GitLab."""

COMMA_SEPARATED: Final = frozenset({"labels", "add_labels", "remove_labels"})


def _many(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/schemas/{kind}"}}


AS_IT_IS: Final[Mapping[tuple[str, str], tuple[int, Mapping[str, Any] | None]]] = {
    ("GET", f"{PROJECT}/merge_requests/{{noteable_id}}/notes"): (200, _many("APIEntitiesNote")),
    ("DELETE", f"{PROJECT}/merge_requests/{{noteable_id}}/notes/{{note_id}}"): (204, None),
    ("GET", f"{PROJECT}/issues"): (200, _many("APIEntitiesIssue")),
    ("POST", f"{PROJECT}/statuses/{{sha}}"): (201, {"$ref": "#/schemas/APIEntitiesCommitStatus"}),
}


@cache
def _schemas() -> dict[str, Any]:
    """The published schemas, in which the members that are not in them are refused."""
    return {name: _answered(name, schema) for name, schema in PUBLISHED["schemas"].items()}


def _answered(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    members = {
        member: {"anyOf": [kind, {"type": "null"}]} if member in MAY_BE_NULL else kind
        for member, kind in schema["properties"].items()
    }
    return {**schema, "properties": members, "required": sorted(NEEDED.get(name, ())), "additionalProperties": False}


def _taken(schema: Mapping[str, Any]) -> dict[str, Any]:
    members = {
        member: {"anyOf": [kind, {"type": "string"}]} if member in COMMA_SEPARATED else kind
        for member, kind in schema["properties"].items()
    }
    return {**schema, "properties": members, "additionalProperties": False}


@cache
def _validator(place: int, part: str) -> Draft202012Validator | None:
    operation = PUBLISHED["operations"][place]
    if part == "query":
        schema: Any = {"type": "object", "properties": operation["query"], "additionalProperties": False}
    elif part == "body":
        schema = operation["body"] and _taken(operation["body"])
    else:
        _, schema = AS_IT_IS.get((operation["method"], operation["path"]), (0, operation["answer"]))
    return None if schema is None else Draft202012Validator({**schema, "schemas": _schemas()})


def _problem(place: int, part: str, value: Any) -> str:
    validator = _validator(place, part)
    if validator is None:
        return f"{part}: there is none" if value else ""
    errors = list(validator.iter_errors(value))
    return f"{part}: {errors[0].json_path}: {errors[0].message[:300]}" if errors else ""


def _typed(place: int, query: Mapping[str, str]) -> dict[str, Any]:
    """The query as what it is said to be: a number, a yes or no, a list."""
    known = PUBLISHED["operations"][place]["query"]
    return {name: _value(value, known.get(name, {}).get("type")) for name, value in query.items()}


def _value(text: str, kind: str | None) -> Any:
    if kind == "integer" and text.isdecimal():
        return int(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text.split(",") if kind == "array" else text


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

    def short_merge_request(self, pull: Pull) -> dict[str, Any]:
        """As lists have it: without the commits that are compared."""
        return {
            "id": 7000 + pull.number,
            "iid": pull.number,
            "project_id": 1,
            "title": pull.title,
            "description": pull.body or None,
            "state": "merged" if pull.merged_at else {"open": "opened"}.get(pull.state, pull.state),
            "created_at": MADE,
            "merged_at": pull.merged_at,
            "author": {**_user(pull.author), "bot": False},
            "web_url": f"https://gitlab.example/{REPOSITORY}/-/merge_requests/{pull.number}",
            "sha": pull.head,
            "source_branch": pull.branch,
            "target_branch": pull.base,
            "source_project_id": 2 if pull.fork else 1,
            "target_project_id": 1,
            "labels": [],
            "draft": False,
        }

    def merge_request(self, pull: Pull) -> dict[str, Any]:
        compared = {"base_sha": sha("base"), "head_sha": pull.head, "start_sha": sha("base")}
        return {**self.short_merge_request(pull), "diff_refs": compared}

    def note(self, each: dict[str, Any]) -> dict[str, Any]:
        about = {"noteable_type": "MergeRequest", "noteable_iid": each["number"], "project_id": 1}
        texts = {"body": each["body"].rstrip(), "type": None, "created_at": MADE, "updated_at": MADE}
        return {"id": each["id"], **texts, "author": _user(each["author"]), "system": False, "internal": False, **about}

    def status(self, each: dict[str, Any]) -> dict[str, Any]:
        kept = {name: each.get(name) for name in ("id", "sha", "name", "description", "target_url")}
        made = {"status": each["state"], "author": _user(each["author"]), "created_at": MADE, "coverage": None}
        ended = None if each["state"] in {"pending", "running"} else each.get("ended", MADE)
        return {**kept, **made, "ref": each.get("ref", "main"), "allow_failure": False, "finished_at": ended}

    def issue(self, each: dict[str, Any]) -> dict[str, Any]:
        url = f"https://gitlab.example/{REPOSITORY}/-/issues/{each['iid']}"
        kept = {name: each.get(name) for name in ("iid", "title", "description", "state")}
        labels = each.get("labels", "")
        listed = labels if isinstance(labels, list) else [name for name in labels.split(",") if name]
        made = {"id": 8000 + each["iid"], "project_id": 1, "created_at": MADE, "labels": listed, "type": "ISSUE"}
        return {**kept, **made, "author": _user(each["author"]), "web_url": url}

    # operations

    def get_user(self, request: Request) -> Answer:
        return Answer(200, {**_user(request.author), "created_at": MADE, "bot": True})

    def get_token(self, request: Request) -> Answer:
        about = {"id": 1, "name": "vend", "user_id": USERS[request.author], "active": True, "revoked": False}
        return Answer(200, {**about, "created_at": MADE, "scopes": self.world.scopes})

    def get_merge_requests(self, request: Request, **_: str) -> Answer:
        query = request.query
        found = [
            made
            for each in self.world.pulls.values()
            if (made := self.short_merge_request(each))["state"] == query.get("state", made["state"])
            and query.get("source_branch") in {None, each.branch}
            and query.get("target_branch") in {None, each.base}
        ]
        return self.listed(request, found)

    def post_merge_request(self, request: Request, **_: str) -> Answer:
        given, number = request.body, max(self.world.pulls, default=0) + 1
        branches = {"branch": given["source_branch"], "base": given["target_branch"]}
        for each in self.world.pulls.values():
            if each.state == "open" and (each.branch, each.base) == tuple(branches.values()):
                said = f"Another open merge request already exists for this source branch: !{each.number}"
                return Answer(409, {"message": [said]})
        pull = self.world.pull(
            number, title=given["title"], body=given.get("description") or "", author=request.author, **branches
        )
        return Answer(201, self.merge_request(pull))

    def get_merge_request(self, request: Request, merge_request_iid: str, **_: str) -> Answer:
        pull = self.world.pulls.get(int(merge_request_iid))
        return _not_found() if pull is None else Answer(200, self.merge_request(pull))

    def get_diffs(self, request: Request, merge_request_iid: str, **_: str) -> Answer:
        files = self.world.pulls[int(merge_request_iid)].files
        found = [
            {"new_path": new, "old_path": old, "renamed_file": new != old, "new_file": False, "deleted_file": False}
            for new, old in files
        ]
        return self.listed(request, found)

    def get_commits(self, request: Request, **_: str) -> Answer:
        """Only first parents: we ask for nothing else."""
        wanted: str | None = self.world.resolved(request.query["ref_name"])
        found = []
        while wanted in self.world.commits:
            parents = self.world.commits[wanted]
            found.append({"id": wanted, "short_id": wanted[:8], "parent_ids": list(parents), "created_at": MADE})
            wanted = parents[0] if parents else None
        return self.listed(request, found)

    def get_commit_merge_requests(self, request: Request, sha: str, **_: str) -> Answer:
        numbers = self.world.brought.get(sha, [])
        return self.listed(request, [self.short_merge_request(self.world.pulls[number]) for number in numbers])

    def get_statuses(self, request: Request, sha: str, **_: str) -> Answer:
        found = [each for each in self.world.verdicts if each["sha"] == sha and each["name"] == request.query["name"]]
        return self.listed(request, [self.status(each) for each in found])

    def post_status(self, request: Request, sha: str, **_: str) -> Answer:
        """A running status of the same user and name goes on; a finished one stays, and another one is made.

        https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/ci/create_commit_status_service.rb
        """
        if len(request.body.get("description", "")) > DESCRIPTION:
            return Answer(400, {"message": {"description": ["is too long (maximum is 255 characters)"]}})
        for each in self.world.verdicts:
            same = (each["sha"], each["name"], each["author"]) == (sha, request.body["name"], request.author)
            if same and each["state"] in {"pending", "running"}:
                if each["state"] == request.body["state"]:
                    return Answer(400, {"message": "Cannot transition status via :run from :running"})
                each.update(request.body)
                return Answer(201, self.status(each))
        made = {"id": next(self.world.numbers), "sha": sha, "author": request.author, **request.body}
        self.world.verdicts.append(made)
        return Answer(201, self.status(made))

    def get_issues(self, request: Request, **_: str) -> Answer:
        found = [
            self.issue(each)
            for each in self.world.issues
            if request.query.get("state", each["state"]) in {"all", each["state"]}
            and request.query.get("author_id") in {None, str(USERS[each["author"]])}
        ]
        return self.listed(request, found)

    def post_issue(self, request: Request, **_: str) -> Answer:
        made = {"iid": next(self.world.numbers), "state": "opened", "author": request.author, **request.body}
        self.world.issues.append(made)
        return Answer(201, self.issue(made))

    def put_issue(self, request: Request, issue_iid: str, **_: str) -> Answer:
        made = next(each for each in self.world.issues if each["iid"] == int(issue_iid))
        given = dict(request.body)
        if given.pop("state_event", None) == "close":
            made["state"] = "closed"
        made.update(given)
        return Answer(200, self.issue(made))

    def get_notes(self, request: Request, noteable_id: str, **_: str) -> Answer:
        found = [self.note(each) for each in self.world.comments if each["number"] == int(noteable_id)]
        return self.listed(request, found if request.query.get("sort", "desc") == "asc" else found[::-1])

    def post_note(self, request: Request, noteable_id: str, **_: str) -> Answer:
        if len(request.body["body"]) > LONGEST:
            return Answer(400, {"message": "400 Bad request - Note is too long"})
        return Answer(201, self.note(self.world.comment(int(noteable_id), request.author, request.body["body"])))

    def put_note(self, request: Request, note_id: str, **_: str) -> Answer:
        found = self._found(note_id)
        if found is None:
            return _not_found()
        found["body"] = request.body["body"]
        return Answer(200, self.note(found))

    def delete_note(self, request: Request, note_id: str, **_: str) -> Answer:
        found = self._found(note_id)
        if found is None:
            return _not_found()
        self.world.comments.remove(found)
        return Answer(204)

    def _found(self, note_id: str) -> dict[str, Any] | None:
        return next((each for each in self.world.comments if each["id"] == int(note_id)), None)


_ANSWERS: Final[Mapping[tuple[str, str], str]] = {
    ("GET", "/user"): "get_user",
    ("GET", "/personal_access_tokens/self"): "get_token",
    ("GET", f"{PROJECT}/merge_requests"): "get_merge_requests",
    ("POST", f"{PROJECT}/merge_requests"): "post_merge_request",
    ("GET", f"{PROJECT}/merge_requests/{{merge_request_iid}}"): "get_merge_request",
    ("GET", f"{PROJECT}/merge_requests/{{merge_request_iid}}/diffs"): "get_diffs",
    ("GET", f"{PROJECT}/merge_requests/{{noteable_id}}/notes"): "get_notes",
    ("POST", f"{PROJECT}/merge_requests/{{noteable_id}}/notes"): "post_note",
    ("PUT", f"{PROJECT}/merge_requests/{{noteable_id}}/notes/{{note_id}}"): "put_note",
    ("DELETE", f"{PROJECT}/merge_requests/{{noteable_id}}/notes/{{note_id}}"): "delete_note",
    ("GET", f"{PROJECT}/repository/commits"): "get_commits",
    ("GET", f"{PROJECT}/repository/commits/{{sha}}/merge_requests"): "get_commit_merge_requests",
    ("GET", f"{PROJECT}/repository/commits/{{sha}}/statuses"): "get_statuses",
    ("POST", f"{PROJECT}/statuses/{{sha}}"): "post_status",
    ("GET", f"{PROJECT}/issues"): "get_issues",
    ("POST", f"{PROJECT}/issues"): "post_issue",
    ("PUT", f"{PROJECT}/issues/{{issue_iid}}"): "put_issue",
}


@contextmanager
def gitlab(world: World) -> Iterator[Fake]:
    forge = _GitLab(world)
    routes = []
    for place, operation in enumerate(PUBLISHED["operations"]):
        method, path = operation["method"], operation["path"]
        handler = getattr(forge, _ANSWERS[method, path])
        routes.append(Route(method, pattern_of(API + path), handler, _request_check(place), _answer_check(place)))
    unauthorized = Answer(401, {"message": "401 Unauthorized"})
    fake = Fake(world, routes, unauthorized, _not_found())
    with served(fake, lambda headers: headers.get("private-token", "")):
        forge.host = fake.url.removeprefix("http://")
        yield fake


def _request_check(place: int) -> Any:
    def check(request: Request) -> str:
        project = request.path.removeprefix(f"{API}/projects/").partition("/")[0]
        if request.path.startswith(f"{API}/projects/") and unquote(project) != REPOSITORY:
            return f"project {project}"
        return _problem(place, "query", _typed(place, request.query)) or _problem(place, "body", request.body)

    return check


def _answer_check(place: int) -> Any:
    operation = PUBLISHED["operations"][place]
    expected, _ = AS_IT_IS.get((operation["method"], operation["path"]), (operation["status"], None))

    def check(answer: Answer) -> str:
        return f"status {answer.status}" if answer.status != expected else _problem(place, "answer", answer.body)

    return check


def _user(author: str) -> dict[str, Any]:
    number = USERS.get(author, 7)
    return {"id": number, "username": author, "name": author, "state": "active", "locked": False, "avatar_url": ""}


def _not_found() -> Answer:
    return Answer(404, {"message": "404 Not found"})
