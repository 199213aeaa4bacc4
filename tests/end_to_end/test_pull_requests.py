"""The loop that users live in, with real git, on the sandbox, on a fake of each forge: plan on the pull request, merge, apply."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import git
import pytest

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.errors import ExitCode
from tests.end_to_end import organization
from tests.end_to_end.conftest import Aws
from tests.forges.benches import Bench, bench_of
from tests.forges.serving import Fault
from tests.forges.world import OTHERS, OURS, Pull
from tests.unit.customizations.terraform_bench import FakeTerraform

NEW = 'name: orders\nemail: aws+orders@example.com\norganizational_unit: Sandbox\ntags: {CostCenter: "4711"}\n'
BILLING = "name: billing-prod\nemail: aws+billing@example.com\norganizational_unit: Workloads/Prod\n"
UNITS = "units: {Security: , Infrastructure: , Sandbox: , Workloads: {units: {Prod: , Dev: }}}\n"
SETTINGS = organization.SETTINGS + "drift: {repair: never}\n"
CUSTOMIZATIONS = "customizations: {state: {local: .vend/state}, layers: [{name: base, keys: [billing]}]}\n"


@dataclass
class Team:
    """A repository, the forge that it lies on, and what CI does there, by one clock: of two runs, the second begins later."""

    root: Path
    bench: Bench
    repository: git.Repo
    monkeypatch: pytest.MonkeyPatch
    parts: Parts = field(default_factory=lambda: Parts(clock=ScaledClock(200)))

    def commit(self, *message: str, **files: str | None) -> str:
        for name, text in files.items():
            path = self.root / "account-requests" / f"{name.replace('_', '-')}.yaml"
            path.unlink() if text is None else path.write_text(text)
        self.repository.git.add(A=True)
        self.repository.git.commit("--allow-empty", "-m", " ".join(message) or "a commit")
        return str(self.repository.head.commit.hexsha)

    def branch(self, number: int = 7, **files: str | None) -> Pull:
        """A branch with these requests, and its pull request."""
        self.repository.git.checkout("-B", f"branch{number}", "main")
        return self.bench.world.pull(number, self.commit(**files), branch=f"branch{number}")

    def plan(self, pull: Pull, *more: str, head: str = "") -> int:
        """What CI runs for a pull request: on the merge of the branch into main."""
        self.repository.git.checkout("--detach", "main")
        self.repository.git.merge("--no-ff", "-m", "merge result", head or pull.head)
        where = {"CI_MERGE_REQUEST_IID": str(pull.number), "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": head or pull.head}
        where["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = "main"
        if self.bench.kind == "github":
            sides = {"head": {"sha": head or pull.head}, "base": {"ref": "main"}}
            event = self.root.parent / "event.json"
            event.write_text(json.dumps({"pull_request": {"number": pull.number, **sides}}))
            where = {"GITHUB_EVENT_PATH": str(event)}
        return self._run(where, "plan", "--pull-request", "-o", str(self.root.parent / "plan.json"), *more)

    def merge(self, pull: Pull, *, how: str = "merge") -> str:
        """Merge it; the answer is the commit of the main branch."""
        self.repository.git.checkout("main")
        if how == "squash":
            self.repository.git.merge("--squash", pull.head)
            self.repository.git.commit("-m", "squashed")
        elif how == "rebase":
            self.repository.git.cherry_pick(pull.head)
        else:
            self.repository.git.merge("--no-ff", "-m", "merged", pull.head)
        landed = str(self.repository.head.commit.hexsha)
        self.bench.world.brought[landed] = [pull.number]
        self._merged(pull)
        return landed

    def queue(self, *pulls: Pull) -> str:
        """What a merge queue or train makes, and CI runs for it: main with all of these merged, one after the other."""
        self.repository.git.checkout("-B", "queue", "main")
        for pull in pulls:
            self.repository.git.merge("--no-ff", "-m", f"queued {pull.number}", pull.head)
        head, base = str(self.repository.head.commit.hexsha), str(self.repository.commit("main").hexsha)
        event = self.root.parent / "event.json"
        event.write_text(json.dumps({"merge_group": {"head_sha": head, "base_sha": base}}))
        where = {"GITHUB_EVENT_PATH": str(event)}
        if self.bench.kind == "gitlab":
            self.repository.git.update_ref("refs/remotes/origin/main", base)
            where = {"CI_MERGE_REQUEST_EVENT_TYPE": "merge_train", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
            where |= {"CI_COMMIT_SHA": head, "CI_MERGE_REQUEST_IID": str(pulls[-1].number)}
        self._run(where, "plan", "--pull-request", "-o", str(self.root.parent / "queue.json"))
        return head

    def land(self, *pulls: Pull) -> None:
        """The queue moves main to its commit; each merge in it is of its pull request."""
        self.repository.git.checkout("main")
        self.repository.git.merge("--ff-only", "queue")
        commit = self.repository.head.commit
        for pull in reversed(pulls):
            self.bench.world.brought[commit.hexsha] = [pull.number]
            self._merged(pull)
            commit = commit.parents[0]

    def _merged(self, pull: Pull) -> None:
        pull.merged_at = (datetime.now(UTC) + timedelta(days=3000)).strftime("%Y-%m-%dT%H:%M:%SZ")
        pull.state = "closed"

    def apply(self, *more: str, at: str = "main") -> int:
        """What CI runs after a push to the main branch; `at`: the commit whose job is run again."""
        self.repository.git.checkout(at)
        landed = str(self.repository.head.commit.hexsha)
        for each in self.repository.iter_commits("main", reverse=True):
            self.bench.world.commits[each.hexsha] = tuple(parent.hexsha for parent in each.parents)
        variables = {
            "GITHUB_SHA": landed,
            "GITHUB_REF_NAME": "main",
            "CI_COMMIT_SHA": landed,
            "CI_COMMIT_BRANCH": "main",
        }
        return self._run(variables, "apply", "--merged", "--record", str(self.root.parent / "record.json"), *more)

    def _run(self, variables: dict[str, str], *arguments: str) -> int:
        with self.monkeypatch.context() as context:
            for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_EVENT_PATH", "CI_MERGE_REQUEST_IID"):
                context.delenv(name, raising=False)
            for name, value in {**self.bench.environment, **variables}.items():
                context.setenv(name, value)
            return main(["--root", str(self.root), *arguments], self.parts)

    def comment(self, verb: str, number: int = 7) -> str:
        (found,) = [each for each in self.bench.world.bodies(number) if each.startswith(f"<!-- vend:{verb}:")]
        return str(found)

    def tag(self, account: str, key: str) -> str | None:
        client = boto3.client("organizations", region_name="us-east-1")
        pages = client.get_paginator("list_accounts").paginate()
        (number,) = [each["Id"] for page in pages for each in page["Accounts"] if each["Name"] == account]
        tags = {each["Key"]: each["Value"] for each in client.list_tags_for_resource(ResourceId=number)["Tags"]}
        return tags.get(key)

    def accounts(self) -> set[str]:
        pages = boto3.client("organizations", region_name="us-east-1").get_paginator("list_accounts").paginate()
        return {account["Name"] for page in pages for account in page["Accounts"]}


@pytest.fixture(params=["github", "gitlab"])
def team(request: pytest.FixtureRequest, tmp_path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """On the main branch, `billing` is asked for under another name than it has: a difference that no branch brings."""
    root = tmp_path / "repository"
    (root / "account-requests").mkdir(parents=True)
    (root / "vending.yaml").write_text(SETTINGS)
    repository = git.Repo.init(root, initial_branch="main")
    with repository.config_writer() as config:
        config.set_value("user", "name", "Octavia")
        config.set_value("user", "email", "octavia@example.com")
    with bench_of(request.param) as bench:
        team = Team(root, bench, repository, monkeypatch)
        (root / "account-requests" / "_organization.yaml").write_text(UNITS)
        team.commit(billing=BILLING)
        yield team
    repository.close()


@pytest.mark.parametrize(
    ("team", "how"), [("github", "merge"), ("gitlab", "squash"), ("enterprise", "rebase")], indirect=["team"]
)
def test_what_the_comment_showed_is_applied_after_the_merge_and_nothing_else(team: Team, how: str) -> None:
    pull = team.branch(orders=NEW)
    assert team.plan(pull) == ExitCode.OK
    shown = team.comment("plan")
    assert "create" in shown.partition("<details>")[0]
    assert "billing-prod" not in shown.partition("without this branch")[0]
    assert "billing-prod" in shown
    team.merge(pull, how=how)
    assert team.apply() == ExitCode.NOT_REVIEWED  # that of billing, which nobody has reviewed
    assert "orders" in team.accounts()
    assert "billing-prod" not in team.accounts()
    told = team.comment("apply")
    assert re.search(r"✅ \| create \| orders \[\d{12}\]\(<https://signin.aws.amazon.com/", told)
    assert told.count("@octavia") == 1


def test_a_run_after_the_last_one_looks_at_nothing_that_was_done_before(team: Team) -> None:
    first, second = team.branch(7, orders=NEW), None
    team.plan(first)
    team.merge(first)
    team.apply()
    second = team.branch(8, invoices=NEW.replace("orders", "invoices"))
    team.plan(second)
    team.merge(second)
    team.bench.fake.requests.clear()
    team.apply()
    asked = [each.path for each in team.bench.fake.requests if each.path.endswith(("/pulls", "/merge_requests"))]
    assert len(asked) == 1
    assert "invoices" in team.accounts()
    assert "invoices" not in team.comment("apply", 7)


@pytest.mark.parametrize("team", ["github"], indirect=True)
def test_re_run_pressed_on_an_older_commit_undoes_nothing_of_the_newer_one(team: Team) -> None:
    """What the older commit asks for would be a repair of drift, if it were still wanted."""
    (team.root / "vending.yaml").write_text(organization.SETTINGS)
    team.commit()
    first = team.branch(7, orders=NEW)
    team.plan(first)
    landed = team.merge(first)
    team.apply()
    second = team.branch(8, orders=NEW.replace("4711", "4712"))
    team.plan(second)
    team.merge(second)
    team.apply()
    team.bench.fake.requests.clear()
    code = team.apply(at=landed)
    assert team.tag("orders", "CostCenter") == "4712"
    assert code == ExitCode.OK
    assert not team.bench.fake.writes()


def test_what_a_merge_queue_lands_is_applied_together_each_told_of_its_own_and_a_repeated_run_adds_nothing(
    team: Team,
) -> None:
    """The queue's own commit gets a verdict and nobody a comment; several land since the last run; re-run is pressed."""
    pulls = [team.branch(7, orders=NEW), team.branch(8, invoices=NEW.replace("orders", "invoices"))]
    for pull in pulls:
        team.plan(pull)
    shown = [team.comment("plan", pull.number) for pull in pulls]
    queued = team.queue(*pulls)
    (verdict,) = [each for each in team.bench.world.verdicts if queued in {each.get("sha"), each.get("head_sha")}]
    assert "2 changes" in json.dumps(verdict)
    assert [team.comment("plan", pull.number) for pull in pulls] == shown
    team.land(*pulls)
    team.apply()
    assert {"orders", "invoices"} <= team.accounts()
    assert "invoices" not in team.comment("apply", 7)
    assert "orders" not in team.comment("apply", 8)

    told = team.comment("apply", 7)
    team.bench.fake.requests.clear()
    assert team.apply() == ExitCode.NOT_REVIEWED  # that of billing, as before
    assert team.comment("apply", 7) == told
    assert not [each for each in team.bench.fake.writes() if re.search("comments|notes", each)]


def test_a_direct_push_is_not_reviewed_and_the_way_to_review_it_is_said(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    team.commit(orders=NEW)
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "orders" not in team.accounts()
    assert "vend apply --reviewed plan.json" in capsys.readouterr().err


def test_a_pull_request_merged_without_a_plan_waits(team: Team) -> None:
    team.merge(team.branch(orders=NEW))
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "orders" not in team.accounts()
    assert "no plan of ours" in team.comment("apply")


def test_a_plan_made_after_the_merge_was_not_reviewed(team: Team) -> None:
    pull = team.branch(orders=NEW)
    team.plan(pull)
    team.merge(pull)
    pull.merged_at = "2020-01-01T00:00:00Z"
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "orders" not in team.accounts()


def test_a_plan_that_ended_after_the_merge_was_seen_by_nobody(team: Team) -> None:
    pull = team.branch(orders=NEW)
    team.plan(pull)
    team.merge(pull)
    for each in team.bench.world.verdicts:
        each["ended"] = "2099-01-01T00:00:00Z"
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "orders" not in team.accounts()
    assert "ended after the merge" in team.comment("apply")


def test_a_push_after_the_last_plan_is_not_what_was_reviewed(team: Team) -> None:
    pull = team.branch(orders=NEW)
    team.plan(pull)
    pull.head = team.branch(7, orders=NEW.replace("Sandbox", "Security")).head
    team.merge(pull)
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "orders" not in team.accounts()


@pytest.mark.parametrize("team", ["gitlab"], indirect=True)
def test_of_customizations_what_terraform_said_on_the_pull_request_is_applied_and_nothing_else(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resource by resource, through comment, record and merge; while Terraform says something else, nothing is done."""
    terraform = FakeTerraform(team.root.parent / "program")
    monkeypatch.setenv("PATH", f"{terraform.folder}{os.pathsep}{os.environ['PATH']}")
    terraform.plays("version", json.dumps({"terraform_version": "1.11.4"}))
    terraform.plans(("create", "aws_vpc.main"))
    pull = team.branch()
    (team.root / "terraform" / "base").mkdir(parents=True)
    (team.root / "terraform" / "base" / "main.tf").write_text("")
    (team.root / "vending.yaml").write_text(SETTINGS + CUSTOMIZATIONS)
    (team.root / ".gitignore").write_text(".vend/\n")
    pull.head = team.commit()
    assert team.plan(pull) == ExitCode.OK
    assert re.search(r"customize \| billing .* \| base: 1 to add", team.comment("plan").partition("<details>")[0])
    team.merge(pull)

    terraform.plans(("create", "aws_vpc.main"), ("delete", "aws_vpc.old"))
    assert team.apply() == ExitCode.INCOMPLETE
    assert "not reviewed: delete `aws_vpc.old`" in team.comment("apply")
    assert "apply" not in terraform.verbs

    terraform.plans(("create", "aws_vpc.main"))
    assert team.apply() == ExitCode.NOT_REVIEWED  # that of billing's name, as ever
    assert terraform.verbs.count("apply") == 1
    assert re.search(r"✅ \| customize \| billing .* applied: .*base", team.comment("apply"))


def test_editing_a_comment_gets_nothing_applied(team: Team) -> None:
    """What somebody plans by himself and pastes, as a comment or a verdict, with every marker of ours, is not reviewed."""
    pull = team.branch(orders=NEW)
    team.plan(pull)
    forged = team.comment("plan")
    sealed = [dict(each) for each in team.bench.world.verdicts]
    pull.head = team.branch(7, orders=NEW.replace("4711", "9999")).head
    team.plan(pull)
    team.bench.world.verdicts[:] = [
        {**each, "author": "mallory", **{name: pull.head for name in ("sha", "head_sha") if name in each}}
        for each in sealed
    ]
    for comment in team.bench.world.comments:
        comment["body"] = forged
    team.merge(pull)
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "orders" not in team.accounts()


def test_a_record_that_was_changed_breaks_its_seal(team: Team) -> None:
    pull = team.branch(orders=NEW)
    team.plan(pull)
    for each in (*team.bench.world.verdicts, *team.bench.world.comments):
        for holder, name in ((each, "body"), (each.get("output", {}), "text")):
            if "reviewed-plan" in (holder.get(name) or ""):
                holder[name] = re.sub(r'("plan": ")(....)', r"\1eNoL", holder[name])
    team.merge(pull)
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert "is not to be found" in team.comment("apply")
    assert team.apply("--plans", str(team.root.parent)) == ExitCode.NOT_REVIEWED  # billing; the artifact has the rest
    assert "orders" in team.accounts()


def test_an_older_job_that_ends_later_changes_nothing_of_the_newer_one(team: Team) -> None:
    old = team.branch(orders=NEW)
    former = old.head
    new = team.branch(7, orders=NEW.replace("orders", "invoices"))
    assert team.plan(new) == ExitCode.OK
    assert team.plan(new, head=former) == ExitCode.OK
    assert "invoices" in team.comment("plan")
    assert "+orders@" not in team.comment("plan")


def test_findings_stand_in_the_comment_and_beside_their_lines(team: Team) -> None:
    pull = team.branch(orders=NEW.replace("Sandbox", "Sanbox"))
    assert team.plan(pull) == ExitCode.FINDINGS
    assert "orders.yaml:3" in team.comment("plan")
    (verdict,) = team.bench.world.verdicts
    if team.bench.kind == "github":
        assert verdict["conclusion"] == "failure"
        assert verdict["annotations"][0]["path"] == "account-requests/orders.yaml"
        assert verdict["annotations"][0]["start_line"] == 3
    else:
        assert verdict["state"] == "failed"


def test_nobody_is_mentioned_and_no_token_is_told_by_a_plan(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = NEW + 'purpose: "@octocat ::set-output name=x::y ```\\n</details> <!-- vend:plan: -->"\n'
    team.plan(team.branch(orders=hostile.replace('"4711"', '"@all ``` [x](https://evil.example) /close"')))
    shown = team.comment("plan")
    outside = re.sub(r"```.*?```|`[^`\n]*`", "", shown, flags=re.DOTALL)
    assert "@" not in outside
    assert "evil.example" not in outside
    assert not re.search(r"^\s*/", shown, re.MULTILINE)  # a quick action of GitLab
    captured = capsys.readouterr()
    assert not re.search(r"^::", captured.out + captured.err, re.MULTILINE)
    assert OURS not in captured.out + captured.err + shown
    assert OTHERS not in shown


def test_a_forge_that_takes_no_comment_does_not_keep_reviewed_changes_back(team: Team) -> None:
    pull = team.branch(orders=NEW)
    team.plan(pull)
    team.merge(pull)
    team.bench.fake.faults.append(Fault("POST", "(comments|notes)", 403, {"message": "no"}, times=99))
    assert team.apply() == ExitCode.SERVICE
    assert "orders" in team.accounts()
    team.bench.fake.faults.clear()
    assert team.apply() == ExitCode.NOT_REVIEWED
    assert re.search(r"☑ \| create \| orders \[\d{12}\]\(<https://signin.aws.amazon.com/", team.comment("apply"))
