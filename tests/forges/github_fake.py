"""A stateful GitHub: answers are the published examples with our facts in them, checked against the published schemas."""

# ruff: noqa: ARG002 - every operation is asked in the same way
import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.forges.serving import Answer, Fake, Request, Route, paged, pattern_of, served
from tests.forges.world import PEOPLE, REPOSITORY, Pull, World, sha

PUBLISHED = json.loads((Path(__file__).parent / "github.openapi.json").read_text())
LONGEST = 65_536
REPO = f"/repos/{REPOSITORY}"

MADE = "2026-11-22T06:00:00Z"
"""When everything in it is of."""


@cache
def _validator(place: int, part: str) -> Draft202012Validator | None:
    schema = PUBLISHED["operations"][place][part]
    return None if schema is None else Draft202012Validator({**schema, "schemas": PUBLISHED["schemas"]})


def _problem(place: int, part: str, value: Any) -> str:
    validator = _validator(place, part)
    errors = [] if validator is None else list(validator.iter_errors(value))
    return f"{errors[0].json_path}: {errors[0].message[:300]}" if errors else ""


class _GitHub:
    def __init__(self, world: World) -> None:
        self.world = world

    def fill(self, path: str, method: str, **facts: Any) -> dict[str, Any]:
        """The published example of an operation's answer, with these facts in place of its own."""
        found = next(each for each in PUBLISHED["operations"] if (each["method"], each["path"]) == (method, path))
        example = found["example"]
        return {**copy.deepcopy(example[0] if isinstance(example, list) else example), **facts}

    def listed(self, request: Request, items: list[Any], wrap: str = "") -> Answer:
        some, page, last = paged(request, items)
        link = f'<http://{request.headers["host"]}{request.path}?{_query({**request.query, "page": str(page + 1)})}>; rel="next"'
        body: Any = {"total_count": len(items), wrap: some} if wrap else some
        return Answer(200, body, {"Link": link} if page < last else {})

    def pull(self, pull: Pull) -> dict[str, Any]:
        made = self.fill("/repos/{owner}/{repo}/pulls/{pull_number}", "GET")
        made |= {"number": pull.number, "title": pull.title, "state": pull.state, "merged_at": pull.merged_at}
        made["user"]["login"] = pull.author or "ghost"
        made["requested_teams"] = []  # the published example's is not as the published schema has it
        for side, ref, commit, name in (
            ("head", pull.branch, pull.head, "mallory/fork" if pull.fork else REPOSITORY),
            ("base", pull.base, sha("base"), REPOSITORY),
        ):
            made[side] |= {"ref": ref, "sha": commit}
            made[side]["repo"]["full_name"] = name
        return made

    def short_pull(self, pull: Pull) -> dict[str, Any]:
        made, whole = self.fill("/repos/{owner}/{repo}/pulls", "GET"), self.pull(pull)
        return {name: whole.get(name, value) for name, value in made.items()} | ({} if pull.author else {"user": None})

    def comment(self, each: dict[str, Any]) -> dict[str, Any]:
        made = self.fill("/repos/{owner}/{repo}/issues/comments/{comment_id}", "GET", id=each["id"], body=each["body"])
        made["user"] = {**made["user"], "login": _login(each["author"])} if each["author"] else None
        made["url"] = f"{self.api}/issues/comments/{each['id']}"
        made["html_url"] = f"https://github.example/{REPOSITORY}/pull/{each['number']}#issuecomment-{each['id']}"
        return made

    def run(self, each: dict[str, Any]) -> dict[str, Any]:
        made = self.fill("/repos/{owner}/{repo}/check-runs", "POST")
        made |= {name: each.get(name) for name in ("id", "name", "head_sha", "external_id", "status", "conclusion")}
        made["details_url"] = each.get("details_url")
        made["completed_at"] = each.get("ended", MADE) if each.get("status") == "completed" else None
        made["app"]["slug"] = _app(each["author"])
        made["url"] = f"{self.api}/check-runs/{each['id']}"
        output = each.get("output", {})
        made["output"] |= {name: output.get(name) for name in ("title", "summary", "text")}
        made["output"]["annotations_count"] = len(each["annotations"])
        return made

    def issue(self, each: dict[str, Any]) -> dict[str, Any]:
        made = self.fill("/repos/{owner}/{repo}/issues", "GET")
        made.pop("pull_request", None)
        made |= {"number": each["number"], "title": each["title"], "body": each["body"], "state": each["state"]}
        made["url"] = f"{self.api}/issues/{each['number']}"
        made["user"]["login"] = _login(each["author"])
        return made

    host = ""
    api = ""

    # operations, by method and path

    def get_pulls(self, request: Request, **_: str) -> Answer:
        query = request.query
        found = [
            self.short_pull(each)
            for each in self.world.pulls.values()
            if each.state == query.get("state", "open")
            and query.get("head") in {None, f"example:{each.branch}"}
            and query.get("base") in {None, each.base}
        ]
        return self.listed(request, found)

    def post_pulls(self, request: Request, **_: str) -> Answer:
        given = request.body
        number = max(self.world.pulls, default=0) + 1
        pull = self.world.pull(
            number,
            title=given["title"],
            branch=given["head"],
            base=given["base"],
            body=given["body"],
            author=request.author,
        )
        return Answer(201, self.pull(pull))

    def get_pull(self, request: Request, pull_number: str, **_: str) -> Answer:
        return Answer(200, self.pull(self.world.pulls[int(pull_number)]))

    def get_files(self, request: Request, pull_number: str, **_: str) -> Answer:
        path = "/repos/{owner}/{repo}/pulls/{pull_number}/files"
        found = []
        for new, old in self.world.pulls[int(pull_number)].files:
            renamed = {"status": "renamed", "previous_filename": old} if old != new else {}
            found.append(self.fill(path, "GET", filename=new, **renamed))
        return self.listed(request, found)

    def get_commits(self, request: Request, **_: str) -> Answer:
        """Every ancestor, those of merged branches among them, the newest first."""
        wanted, found = [self.world.resolved(request.query["sha"])], []
        for name, parents in reversed(self.world.commits.items()):
            if name in wanted:
                made = self.fill("/repos/{owner}/{repo}/commits", "GET", sha=name)
                made["parents"] = [{**made["parents"][0], "sha": parent} for parent in parents]
                found.append(made)
                wanted += parents
        return self.listed(request, found)

    def get_commit_pulls(self, request: Request, commit_sha: str, **_: str) -> Answer:
        numbers = self.world.brought.get(commit_sha, [])
        return self.listed(request, [self.short_pull(self.world.pulls[number]) for number in numbers])

    def get_check_runs(self, request: Request, ref: str, **_: str) -> Answer:
        query = request.query
        found = [
            self.run(each)
            for each in self.world.verdicts
            if each["head_sha"] == ref and query.get("check_name") in {None, each["name"]}
        ]
        return self.listed(request, found, "check_runs")

    def post_check_run(self, request: Request, **_: str) -> Answer:
        made = {"id": next(self.world.numbers), "author": request.author, "annotations": [], **request.body}
        self.world.verdicts.append(made)
        return Answer(201, self._kept(made, request))

    def patch_check_run(self, request: Request, check_run_id: str, **_: str) -> Answer:
        made = next(each for each in self.world.verdicts if each["id"] == int(check_run_id))
        if made["author"] != request.author:
            return Answer(
                403, {"message": "Invalid app_id - check run can only be modified by the GitHub App that created it."}
            )
        made.update(request.body)
        return Answer(200, self._kept(made, request))

    def _kept(self, made: dict[str, Any], request: Request) -> dict[str, Any]:
        made["annotations"] += request.body.get("output", {}).get("annotations", [])
        return self.run(made)

    def get_issues(self, request: Request, **_: str) -> Answer:
        found = [self.issue(each) for each in self.world.issues if each["state"] == request.query.get("state", "open")]
        return self.listed(request, found)

    def post_issues(self, request: Request, **_: str) -> Answer:
        made = {"number": next(self.world.numbers), "state": "open", "author": request.author, **request.body}
        self.world.issues.append(made)
        return Answer(201, self.issue(made))

    def patch_issue(self, request: Request, issue_number: str, **_: str) -> Answer:
        made = next(each for each in self.world.issues if each["number"] == int(issue_number))
        made.update(request.body)
        return Answer(200, self.issue(made))

    def get_comments(self, request: Request, issue_number: str, **_: str) -> Answer:
        found = [self.comment(each) for each in self.world.comments if each["number"] == int(issue_number)]
        return self.listed(request, found)

    def post_comment(self, request: Request, issue_number: str, **_: str) -> Answer:
        if (problem := _too_long(request)) is not None:
            return problem
        return Answer(201, self.comment(self.world.comment(int(issue_number), request.author, request.body["body"])))

    def get_comment(self, request: Request, comment_id: str, **_: str) -> Answer:
        found = self._found(comment_id)
        return _not_found() if found is None else Answer(200, self.comment(found))

    def patch_comment(self, request: Request, comment_id: str, **_: str) -> Answer:
        found = self._found(comment_id)
        if found is None or (problem := _too_long(request)) is not None:
            return _not_found() if found is None else problem or _not_found()
        found["body"] = request.body["body"]
        return Answer(200, self.comment(found))

    def delete_comment(self, request: Request, comment_id: str, **_: str) -> Answer:
        found = self._found(comment_id)
        if found is None:
            return _not_found()
        self.world.comments.remove(found)
        return Answer(204)

    def _found(self, comment_id: str) -> dict[str, Any] | None:
        return next((each for each in self.world.comments if each["id"] == int(comment_id)), None)


_ANSWERS = {
    ("GET", "/pulls"): "get_pulls",
    ("POST", "/pulls"): "post_pulls",
    ("GET", "/pulls/{pull_number}"): "get_pull",
    ("GET", "/pulls/{pull_number}/files"): "get_files",
    ("GET", "/commits"): "get_commits",
    ("GET", "/commits/{commit_sha}/pulls"): "get_commit_pulls",
    ("GET", "/commits/{ref}/check-runs"): "get_check_runs",
    ("POST", "/check-runs"): "post_check_run",
    ("PATCH", "/check-runs/{check_run_id}"): "patch_check_run",
    ("GET", "/issues"): "get_issues",
    ("POST", "/issues"): "post_issues",
    ("PATCH", "/issues/{issue_number}"): "patch_issue",
    ("GET", "/issues/{issue_number}/comments"): "get_comments",
    ("POST", "/issues/{issue_number}/comments"): "post_comment",
    ("GET", "/issues/comments/{comment_id}"): "get_comment",
    ("PATCH", "/issues/comments/{comment_id}"): "patch_comment",
    ("DELETE", "/issues/comments/{comment_id}"): "delete_comment",
}


@contextmanager
def github(world: World, prefix: str = "") -> Iterator[Fake]:
    """`prefix`: where its API is below its address, as that of a GitHub Enterprise Server is below `/api/v3`."""
    forge = _GitHub(world)
    routes = []
    for place, operation in enumerate(PUBLISHED["operations"]):
        method, path = operation["method"], operation["path"]
        handler = getattr(forge, _ANSWERS[method, path.removeprefix("/repos/{owner}/{repo}")])
        routes.append(Route(method, pattern_of(prefix + path), handler, _request_check(place), _answer_check(place)))
    unauthorized = Answer(401, {"message": "Bad credentials"})
    with served(Fake(world, routes, unauthorized, _not_found()), _token) as fake:
        forge.host = fake.url.removeprefix("http://")
        forge.api = f"{fake.url}{prefix}{REPO}"
        yield fake


def _request_check(place: int) -> Any:
    known = PUBLISHED["operations"][place]["query"]

    def check(request: Request) -> str:
        if unknown := request.query.keys() - known.keys():
            return f"unknown in the query: {sorted(unknown)}"
        return _problem(place, "body", request.body) if request.method in {"POST", "PATCH"} else ""

    return check


def _answer_check(place: int) -> Any:
    expected = PUBLISHED["operations"][place]["status"]

    def check(answer: Answer) -> str:
        return f"status {answer.status}" if answer.status != expected else _problem(place, "answer", answer.body)

    return check


def _token(headers: dict[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("token ").removeprefix("Bearer ")


def _app(author: str) -> str:
    return "github-actions" if author == PEOPLE["token-of-vend"] else author


def _login(author: str) -> str:
    return "github-actions[bot]" if author == PEOPLE["token-of-vend"] else author


def _too_long(request: Request) -> Answer | None:
    if len(request.body["body"]) > LONGEST:
        return Answer(422, {"message": "Validation Failed: Body is too long (maximum is 65536 characters)"})
    return None


def _not_found() -> Answer:
    return Answer(404, {"message": "Not Found"})


def _query(query: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in query.items())
