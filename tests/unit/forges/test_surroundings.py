"""Where a run is, by the variables of the CI."""

import json
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.forges.connecting import connect
from pipeline.forges.surroundings import Given, surroundings, token_of

SHA, OTHER = "a" * 40, "b" * 40
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "example/accounts", "GITHUB_RUN_ID": "17", "GITHUB_SHA": OTHER}
GITLAB = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "group/accounts", "CI_COMMIT_SHA": OTHER, "CI_MERGE_REQUEST_IID": "7"}


def event(folder: Path, **facts: object) -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps(facts))
    return {**GITHUB, "GITHUB_EVENT_PATH": str(folder / "event.json")}


def test_a_pull_request_on_github(tmp_path: Path) -> None:
    pull = {"number": 7, "head": {"sha": SHA}, "base": {"ref": "main"}}
    found = surroundings(event(tmp_path, pull_request=pull), Given())
    assert (found.forge, found.repository, found.number) == ("github", "example/accounts", 7)
    assert (found.head, found.commit, found.base_ref, found.run) == (SHA, OTHER, "main", "17.1")
    assert found.run_url == "https://github.com/example/accounts/actions/runs/17"


def test_a_merge_queue_on_github_has_a_commit_and_no_number(tmp_path: Path) -> None:
    found = surroundings(event(tmp_path, merge_group={"head_sha": SHA, "base_sha": OTHER}), Given())
    assert (found.is_queued, found.number, found.head, found.base) == (True, None, SHA, OTHER)


def test_a_merge_request_on_gitlab_is_known_by_its_head_and_not_by_the_merge_result() -> None:
    found = surroundings({**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": SHA}, Given())
    assert (found.forge, found.number, found.head, found.commit) == ("gitlab", 7, SHA, OTHER)
    assert surroundings(GITLAB, Given()).head == OTHER


def test_a_merge_train_on_gitlab_is_judged_by_its_own_commit() -> None:
    train = {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": SHA, "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}
    found = surroundings({**GITLAB, **train}, Given())
    assert (found.is_queued, found.head) == (True, OTHER)


def test_arguments_go_before_variables() -> None:
    given = Given(forge="gitlab", repository="a/b", number=9, head=SHA)
    found = surroundings(GITHUB, given)
    assert (found.forge, found.repository, found.number, found.head, found.run_url) == ("gitlab", "a/b", 9, SHA, "")


@pytest.mark.parametrize(
    ("environment", "given"), [({}, Given()), ({}, Given(forge="github")), (GITHUB, Given(head="main"))]
)
def test_what_is_not_known_is_asked_for(environment: dict[str, str], given: Given) -> None:
    with pytest.raises(UsageError, match=r"forge|commit"):
        surroundings(environment, given)


def test_a_missing_token_is_named_by_the_variables_that_hold_it() -> None:
    with pytest.raises(UsageError) as caught:
        connect(surroundings(GITHUB, Given()), {})
    assert "GITHUB_TOKEN" in caught.value.hint
    assert token_of({"VEND_FORGE_TOKEN": "a", "GITHUB_TOKEN": "b"}, "github") == "a"
