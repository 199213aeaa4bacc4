"""Drift by hand, in the sandbox: reported with who did it, accepted by a commit, or repaired by the next apply."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from pipeline.app.clock import ScaledClock
from pipeline.app.drift import Drifted, Looking, drift
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.cli import main
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_to_json
from tests.end_to_end import organization
from tests.end_to_end.conftest import Aws
from tests.end_to_end.test_customizations import SEARCH, Organization
from tests.end_to_end.test_customizations import organization as workspace
from tests.forges.benches import bench_of
from tests.unit.customizations.terraform_bench import planned

__all__ = ["workspace"]  # the fixture

PAYMENTS_DEV, SEARCH_PROD = "210000000005", "210000000007"
FILE = "account-requests/workloads/payments-dev.yaml"
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")


SETTINGS = """\
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-account-requests
drift: {repair: safe, who: true}
"""
UNITS = "units: {Workloads: {units: {Prod: null}}, Sandbox: null}\n"
REQUEST = """\
name: {key} # its name
email: aws+{key}@example.com
organizational_unit: {unit}
tags:
  CostCenter: "{cost}" # who pays
  Owner: {owner}
"""


@pytest.fixture
def settled(tmp_path: Path, aws: Aws) -> Path:
    """Two requests that are as the sample is sown, committed."""
    folder = tmp_path / "account-requests" / "workloads"
    folder.mkdir(parents=True)
    dev = REQUEST.format(key="payments-dev", unit="Sandbox", cost="4711", owner="payments")
    (folder / "payments-dev.yaml").write_text(dev)
    prod = REQUEST.format(key="search-prod", unit="Workloads/Prod", cost="4712", owner="search")
    (folder / "search-prod.yaml").write_text(prod)
    (folder.parent / "_organization.yaml").write_text(UNITS)
    (tmp_path / "vending.yaml").write_text(SETTINGS)
    (tmp_path / ".gitignore").write_text("*.json\nruns/\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "--template=")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message=as it is")
    return tmp_path


def git(root: Path, *arguments: str) -> str:
    return subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def vend(root: Path, verb: str, *arguments: str) -> int:
    given = [str(root / each) if each.endswith(".json") else each for each in arguments]
    return main(["--root", str(root), verb, *given], Parts(clock=ScaledClock(50)))


def by_hand() -> Callable[[], None]:
    """A tag and a unit that nobody asked for; what is returned takes both back."""
    organizations: Any = boto3.client("organizations", region_name="us-east-1")

    def tag(value: str) -> None:
        organizations.tag_resource(ResourceId=PAYMENTS_DEV, Tags=[{"Key": "CostCenter", "Value": value}])

    tag("9999")
    parent = organizations.list_parents(ChildId=SEARCH_PROD)["Parents"][0]["Id"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    sandbox = next(each["Id"] for each in units if each["Name"] == "Sandbox")
    organizations.move_account(AccountId=SEARCH_PROD, SourceParentId=parent, DestinationParentId=sandbox)

    def back() -> None:
        tag("4711")
        organizations.move_account(AccountId=SEARCH_PROD, SourceParentId=sandbox, DestinationParentId=parent)

    return back


def reported(root: Path, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The drift, by key and attribute."""
    assert vend(root, "drift", "--report", "report.json", *arguments) in {0, 10}
    items = json.loads((root / "report.json").read_text())["items"]
    bystanders = {"orphans", "unmanaged", "closed"}
    return {(each["subject"], each["path"][0]): each for each in items if each["section"] not in bystanders}


def test_what_was_done_by_hand_is_reported_with_its_author_and_keeps_its_first_moment(settled: Path) -> None:
    assert vend(settled, "drift") == 0
    by_hand()

    assert vend(settled, "drift") == 10
    first = reported(settled)
    (settled / "report.json").rename(settled / "first.json")
    again = reported(settled, "--previous", "first.json")
    assert not looked_again(settled).is_news

    assert set(first) == {("payments-dev", "tags"), ("search-prod", "organizational_unit")}
    tag, move = first["payments-dev", "tags"], first["search-prod", "organizational_unit"]
    assert (tag["wanted"], tag["found"], tag["repair"]["by"]) == ("4711", "9999", "next-apply")
    assert (tag["author"]["event"], move["author"]["event"]) == ("TagResource", "MoveAccount")
    assert tag["author"]["who"] == "arn:aws:iam::111122223333:user/administrator"
    assert move["repair"]["by"] in {"hold", "review"}
    assert {name: each["since"] for name, each in again.items()} == {n: each["since"] for n, each in first.items()}


def test_accepted_by_a_commit_on_a_branch_it_is_drift_no_more(settled: Path, capfd: pytest.CaptureFixture[str]) -> None:
    by_hand()

    assert vend(settled, "drift", "--accept", "payments-dev") == 0
    assert vend(settled, "drift", "--accept", "payments-dev") == 0
    assert git(settled, "status", "--porcelain") == ""
    assert git(settled, "diff", "--numstat", "main", "vend/accept-payments-dev").split() == ["1", "1", FILE]
    assert git(settled, "rev-list", "--count", "main..vend/accept-payments-dev").strip() == "1"
    git(settled, "merge", "--quiet", "vend/accept-payments-dev")

    assert set(reported(settled)) == {("search-prod", "organizational_unit")}
    assert vend(settled, "drift", "--accept", "nobody") == 2
    assert 'nothing of "nobody" is adrift' in capfd.readouterr().err


def test_what_is_not_committed_yet_does_not_slip_into_an_acceptance(
    settled: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    by_hand()
    (settled / FILE).write_text((settled / FILE).read_text() + "# a thought\n")

    assert vend(settled, "drift", "--accept", "payments-dev") == 2
    assert "it is not as it was committed" in capfd.readouterr().err


def test_a_branch_of_somebody_else_is_left_alone(settled: Path, capfd: pytest.CaptureFixture[str]) -> None:
    by_hand()
    git(settled, "branch", "vend/accept-payments-dev")

    assert vend(settled, "drift", "--accept", "payments-dev") == 7
    assert "somebody else has committed to it" in capfd.readouterr().err


def test_the_next_apply_repairs_what_is_safe_and_moves_nothing(settled: Path) -> None:
    by_hand()
    (settled / "nothing.json").write_text(plan_to_json(Plan()))

    vend(settled, "apply", "--reviewed", "nothing.json")

    assert set(reported(settled)) == {("search-prod", "organizational_unit")}


def test_what_is_written_and_not_committed_is_no_repair(settled: Path) -> None:
    request = settled / FILE
    request.write_text(request.read_text().replace("4711", "4712"))
    (settled / "nothing.json").write_text(plan_to_json(Plan()))

    assert vend(settled, "apply", "--reviewed", "nothing.json") == 5

    assert reported(settled)["payments-dev", "tags"]["found"] == "4711"


def test_a_report_needs_no_credentials_where_somebody_has_observed(settled: Path, aws: Aws) -> None:
    by_hand()
    assert vend(settled, "observe", "-o", str(settled / "observed.json")) == 0
    before = len(calls(aws))

    found = reported(settled, "--observed", "observed.json")

    assert set(found) == {("payments-dev", "tags"), ("search-prod", "organizational_unit")}
    assert len(calls(aws)) == before


def outside(address: str) -> dict[str, Any]:
    return {"type": "resource_drift", "change": {"resource": {"addr": address}, "action": "update"}}


def customized(workspace: Organization, *arguments: str) -> dict[str, Any]:
    file = workspace.root / "report.json"
    assert workspace.vend("drift", "--report", str(file), *arguments) in {0, 10}
    report: dict[str, Any] = json.loads(file.read_text())
    report["items"] = {each["account_id"]: each for each in report["items"] if each["section"] == "customizations"}
    return report


def test_terraform_looks_for_drift_in_the_accounts_that_have_their_turn(workspace: Organization) -> None:
    """What it would put right is drift, in a section of its own; what its plan leaves alone is a note."""
    settings = (workspace.root / "vending.yaml").read_text().partition("    - {name: network")[0]
    workspace.write("vending.yaml", settings + "drift: {who: true}\n")
    (workspace.root / "account-requests" / "billing.yaml").unlink()
    assert workspace.apply() == 0
    row = ("update", "aws_vpc.main")
    workspace.terraform.plays("plan", outside("aws_vpc.main"), planned(*row), code=2)
    before = len(workspace.runs("plan"))

    assert customized(workspace, "--customizations", "0")["items"] == {}
    assert len(workspace.runs("plan")) == before

    report = customized(workspace, "--customizations", "1")
    item = report["items"][SEARCH]
    assert item["path"] == ["customizations", "base"]
    assert item["found"] == [["aws_vpc.main", "update"]]
    assert item["reason"] == "Terraform would update aws_vpc.main; changed outside of Terraform: update aws_vpc.main"
    assert item["author_words"].startswith("not looked up, since it is done inside the account")

    workspace.terraform.plays("plan", outside("aws_vpc.main"))
    report = customized(workspace, "--customizations", "1")
    assert (report["drift"], report["items"]) == (0, {})
    assert any(
        "changed outside of Terraform, whose plan leaves it: update aws_vpc.main" in each for each in report["notes"]
    )


def looked_again(root: Path) -> Drifted:
    return drift(Workspace(root), Parts(clock=ScaledClock(50)), Looking(previous=root / "first.json"))


def calls(aws: Aws) -> list[tuple[str, str, str | None]]:

    return organization.calls(aws.url)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_an_issue_follows_the_drift_and_a_pull_request_accepts_it(
    settled: Path, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    remote = tmp_path_factory.mktemp("remote")
    git(remote, "init", "--quiet", "--bare", "--initial-branch=main", "--template=")
    git(settled, "remote", "add", "origin", str(remote))
    git(settled, "push", "--quiet", "origin", "main")
    take_back = by_hand()
    with bench_of(kind) as bench:
        bench.world.pull(7, files=[(FILE, FILE)])
        bench.world.pull(8, files=[("README.md", "README.md")])
        for name, value in bench.environment.items():
            monkeypatch.setenv(name, value)

        assert vend(settled, "drift", "--publish") == 10
        assert vend(settled, "drift", "--publish") == 10
        (issue,) = bench.world.issues
        assert "payments-dev" in str(issue)
        (told,) = bench.world.bodies(7)
        assert "search-prod" not in told
        assert "4711" in told
        assert bench.world.bodies(8) == []

        for _ in range(2):
            assert vend(settled, "drift", "--accept", "payments-dev", "--open", "--base", "main") == 0
        assert git(remote, "diff", "--numstat", "main", "vend/accept-payments-dev").split() == ["1", "1", FILE]
        opened = [each for each in bench.forge().open_pull_requests() if each.head_ref == "vend/accept-payments-dev"]
        assert len(opened) == 1
        assert git(settled, "status", "--porcelain") == ""

        take_back()
        assert vend(settled, "drift", "--publish") == 0
        assert issue["state"] == "closed"
        assert bench.world.bodies(7) == []
