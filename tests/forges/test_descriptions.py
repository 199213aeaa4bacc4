"""The fake forges refuse what the published descriptions do not have."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.forges.gitlab_fake import AS_IT_IS, NEEDED, PUBLISHED, gitlab
from tests.forges.serving import Fake
from tests.forges.world import OURS, World

PROJECT = "/api/v4/projects/example%2Faccounts"


@pytest.fixture
def fake() -> Iterator[Fake]:
    world = World()
    world.pull(7)
    with gitlab(world) as served:
        yield served


def ask(fake: Fake, method: str, path: str, body: Any = None) -> int:
    connection = HTTPConnection(urlsplit(fake.url).netloc, timeout=5)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), {"Private-Token": OURS})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{PROJECT}/merge_requests?state=open", None),  # it is "opened"
        ("GET", f"{PROJECT}/merge_requests?per_page=many", None),
        ("GET", f"{PROJECT}/issues?creator=7", None),
        ("POST", f"{PROJECT}/merge_requests", {"title": "t", "source_branch": "b"}),
        ("POST", f"{PROJECT}/statuses/abc", {"state": "green"}),
        ("POST", f"{PROJECT}/merge_requests/7/notes", {"body": "b", "order": 1}),
        ("PUT", f"{PROJECT}/issues/7", {"state_event": "closed"}),
        ("GET", "/api/v4/projects/somebody%2Felse/issues", None),
        ("PATCH", f"{PROJECT}/issues/7", {"title": "t"}),
    ],
)
def test_a_request_that_gitlab_does_not_describe_is_a_violation(fake: Fake, method: str, path: str, body: Any) -> None:
    assert ask(fake, method, path, body) in {404, 422}
    assert len(fake.violations) == 1


def test_an_answer_that_gitlab_does_not_describe_is_a_violation(fake: Fake) -> None:
    fake.world.pulls[7].title = 7  # type: ignore[assignment]  # a title is a text

    assert ask(fake, "GET", f"{PROJECT}/merge_requests/7") == 200
    assert fake.violations == [f"answer to GET {PROJECT}/merge_requests/7: answer: $.title: 7 is not of type 'string'"]


def test_the_tables_beside_the_description_are_about_what_is_in_it() -> None:
    operations = {(each["method"], each["path"]) for each in PUBLISHED["operations"]}

    assert AS_IT_IS.keys() <= operations
    for name, members in NEEDED.items():
        assert members <= PUBLISHED["schemas"][name]["properties"].keys(), name
