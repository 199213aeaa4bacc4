"""The loop that the pictures in docs/ show: a pull request, its plan, the merge, the result, and drift, on the fake GitHub.

`tools/pictures.py` makes the pictures from what `walk` gives; `test_docs_pictures.py` says when they have become stale.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import boto3
import git

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.cli import main
from tests.forges.benches import Bench, bench_of
from tests.forges.world import Pull

SETTINGS: Final = """\
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-account-requests
tags: {mode: authoritative}
guards: {protected_units: [Security, Workloads/Prod], max_changed_share: 1}
drift: {repair: safe, who: true}
access_portal_url: https://example.awsapps.com/start
engine: {kind: inline, accounts: 1}
"""
UNITS: Final = "units: {Security: , Infrastructure: , Sandbox: , Workloads: {units: {Prod: }}}\n"
MORE_UNITS: Final = UNITS.replace("Prod: ", "Prod: , Dev: ")
NUMBER: Final = 7
_AS_IT_IS: Final = {
    "log-archive": ("log-archive", "Security", "1000", "security"),
    "audit": ("audit", "Security", "1000", "security"),
    "payments-dev": ("payments-dev", "Sandbox", "4711", "payments"),
    "shared-services": ("shared-services", "Infrastructure", "2000", "platform"),
    "network": ("network", "Infrastructure", "2000", "platform"),
    "billing": ("billing", "Workloads/Prod", "4711", "payments"),
    "search-dev": ("search-dev", "Sandbox", "4712", "search"),
    "search-prod": ("search-prod", "Workloads/Prod", "4712", "search"),
}
_BROUGHT: Final = {
    "payments-prod": ("payments-prod", "Workloads/Prod", "4711", "payments"),
    "search-staging": ("search-staging", "Workloads/Dev", "4712", "search"),
    "billing": ("billing-prod", "Workloads/Prod", "4711", "payments"),
    "network": ("network", "Infrastructure", "2100", "platform"),
    "search-dev": ("search-dev", "Workloads/Prod", "4712", "search"),
}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00)?")
_PEOPLE: Final = ("GIT_AUTHOR", "GIT_COMMITTER")


def walk(root: Path, url: str) -> dict[str, str]:
    """What stands on the forge at last, by the name of its picture, with one moment in place of all times.

    `root` is an empty folder. The sandbox at `url` is as the sample is sown, and the environment leads to it.
    """
    with bench_of("github") as bench, _job(bench.environment | _git_names()):
        repository = git.Repo.init(root, initial_branch="main")
        _write(root, _AS_IT_IS, {"vending.yaml": SETTINGS, "account-requests/_organization.yaml": UNITS})
        _commit(repository)
        pull = _planned(root, repository, bench)
        _next_creation_fails(url)
        _merged(root, repository, bench, pull)
        shown = {name: _comment(bench, verb) for name, verb in (("plan-comment", "plan"), ("result-comment", "apply"))}
        _merged(root, repository, bench, pull)
        _by_hand()
        _vend(root, "drift", "--publish")
        shown["drift-issue"] = bench.world.issues[0]["body"]
        repository.close()
    return {name: _settled(text) for name, text in shown.items()}


def _planned(root: Path, repository: git.Repo, bench: Bench) -> Pull:
    repository.git.checkout("-b", "payments-goes-live")
    _write(root, _BROUGHT, {"account-requests/_organization.yaml": MORE_UNITS})
    pull = bench.world.pull(NUMBER, _commit(repository), branch="payments-goes-live")
    event = root.parent / "event.json"
    event.write_text(
        json.dumps({"pull_request": {"number": NUMBER, "head": {"sha": pull.head}, "base": {"ref": "main"}}})
    )
    repository.git.checkout("main")
    repository.git.merge("--no-ff", "-m", "Merge", pull.head)
    with _job({"GITHUB_EVENT_PATH": str(event)}):
        _vend(root, "plan", "--pull-request", "-o", str(root.parent / "plan.json"))
    return pull


def _merged(root: Path, repository: git.Repo, bench: Bench, pull: Pull) -> None:
    landed = str(repository.head.commit.hexsha)
    for each in repository.iter_commits("main", reverse=True):
        bench.world.commits[each.hexsha] = tuple(parent.hexsha for parent in each.parents)
        bench.world.brought[each.hexsha] = [NUMBER]
    pull.merged_at, pull.state = (datetime.now(UTC) + timedelta(days=3000)).strftime("%Y-%m-%dT%H:%M:%SZ"), "closed"
    with _job({"GITHUB_SHA": landed, "GITHUB_REF_NAME": "main"}):
        _vend(root, "apply", "--merged", "--record", str(root.parent / "record.json"))


def _by_hand() -> None:
    """Somebody pays with another cost center, and moves an account out of production."""
    organizations: Any = boto3.client("organizations", region_name="us-east-1")
    accounts = {
        each["Name"]: each["Id"]
        for each in organizations.get_paginator("list_accounts").paginate().search("Accounts[]")
    }
    organizations.tag_resource(ResourceId=accounts["network"], Tags=[{"Key": "CostCenter", "Value": "9999"}])
    moved = accounts["search-prod"]
    parent = organizations.list_parents(ChildId=moved)["Parents"][0]["Id"]
    top = organizations.list_roots()["Roots"][0]["Id"]
    units = organizations.list_organizational_units_for_parent(ParentId=top)["OrganizationalUnits"]
    sandbox = next(each["Id"] for each in units if each["Name"] == "Sandbox")
    organizations.move_account(AccountId=moved, SourceParentId=parent, DestinationParentId=sandbox)


def _vend(root: Path, *arguments: str) -> None:
    main(["--root", str(root), *arguments], Parts(clock=ScaledClock(60)))


def _comment(bench: Bench, verb: str) -> str:
    (found,) = [each for each in bench.world.bodies(NUMBER) if each.startswith(f"<!-- vend:{verb}:")]
    return str(found)


def _settled(text: str) -> str:
    """Without what differs from run to run: times, the order of the run in the marker, and the name of the run."""
    text = re.sub(r"^<!--.*-->\n", "", text)
    return _TIME.sub(r"2026-03-02\g<1>09:14\g<4>", text)


def _write(root: Path, requests: Mapping[str, tuple[str, str, str, str]], others: Mapping[str, str]) -> None:
    folder = root / "account-requests"
    folder.mkdir(exist_ok=True)
    for path, text in others.items():
        (root / path).write_text(text)
    for key, (name, unit, cost, owner) in requests.items():
        (folder / f"{key}.yaml").write_text(
            f"name: {name}\nemail: aws+{key}@example.com\norganizational_unit: {unit}\n"
            f'tags: {{CostCenter: "{cost}", Owner: {owner}}}\n'
        )


def _commit(repository: git.Repo) -> str:
    repository.git.add(A=True)
    repository.git.commit("-m", "Account requests")
    return str(repository.head.commit.hexsha)


def _git_names() -> dict[str, str]:
    told = {
        f"{person}_{what}": value
        for person in _PEOPLE
        for what, value in (("NAME", "Octavia"), ("EMAIL", "octavia@example.com"))
    }
    return {**told, **{f"{person}_DATE": "2026-03-02T09:00:00+00:00" for person in _PEOPLE}}


def _next_creation_fails(url: str) -> None:
    fault = [{"kind": "creation-failure", "failure_reason": "EMAIL_ALREADY_EXISTS"}]
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{url}/_vend/faults", json.dumps(fault).encode(), headers, method="POST"), timeout=30):
        pass


@contextmanager
def _job(variables: Mapping[str, str]) -> Iterator[None]:
    """With these variables in the environment, and afterwards as before."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
