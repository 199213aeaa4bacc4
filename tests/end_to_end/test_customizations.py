"""Customizations from the pull request to the account, with a program that plays Terraform."""

import json
import os
from pathlib import Path

import pytest

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from tests.end_to_end.conftest import Aws
from tests.unit.customizations.terraform_bench import FakeTerraform, diagnostic

BILLING, SEARCH = "210000000006", "210000000007"
SETTINGS = """
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-account-requests
tags: {mode: additive}
guards: {max_changed_share: 1}
customizations:
  state: {local: .vend/state}
  layers:
    - {name: base}
    - {name: network, keys: [billing], inputs: {cidr: 10.0.0.0/20}, depends_on: [base]}
"""
FOLDER = 'variable "account" {\n  type = object({ id = string, name = string })\n}\n'
NETWORK = 'variable "cidr" {\n  type = string\n}\n'


class Organization:
    """A workspace of two accounts that are as asked for, but for their customizations."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.terraform = FakeTerraform(root / "program")
        self.terraform.plays("version", json.dumps({"terraform_version": "1.11.4"}))
        self.terraform.plans(("create", "aws_vpc.main"))
        (root / ".git").mkdir()
        self.write("vending.yaml", SETTINGS)
        self.write("account-requests/_organization.yaml", "units: {Workloads: {units: {Prod: }}}\n")
        for key in ("billing", "search-prod"):
            self.request(key)
        self.write("terraform/base/main.tf", FOLDER)
        self.write("terraform/network/main.tf", NETWORK)

    def request(self, key: str) -> None:
        text = f"name: {key}\nemail: aws+{key}@example.com\norganizational_unit: Workloads/Prod\n"
        self.write(f"account-requests/{key}.yaml", text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def vend(self, *arguments: str) -> int:
        return main(["--root", str(self.root), *arguments], Parts(clock=ScaledClock(10)))

    def apply(self) -> int:
        assert self.vend("plan") == 0
        return self.vend("apply", "--reviewed", str(self.root / "plan.json"))

    def runs(self, verb: str) -> list[tuple[str, str]]:
        """Account and customization of each run of this verb, sorted."""
        told = [each for each in self.terraform.record if each["verb"] == verb]
        return sorted(
            (str(each["environment"]["TF_WORKSPACE"]), Path(str(each["directory"])).name)  # type: ignore[index, call-overload]
            for each in told
        )


@pytest.fixture
def organization(tmp_path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Organization:
    monkeypatch.setenv("COLUMNS", "1000")  # what is said stands in one line
    made = Organization(tmp_path)
    monkeypatch.setenv("PATH", f"{made.terraform.folder}{os.pathsep}{os.environ['PATH']}")
    return made


def test_what_is_reviewed_is_applied_and_then_nothing_is_started_any_more(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.apply() == 0
    assert [account for account, _ in organization.runs("apply")] == [BILLING, BILLING, SEARCH]
    begun = len(organization.terraform.record)
    capsys.readouterr()

    assert organization.vend("plan") == 0
    assert "no changes" in capsys.readouterr().out
    assert {each["verb"] for each in organization.terraform.record[begun:]} <= {"version"}


def test_a_changed_input_touches_only_its_accounts(organization: Organization) -> None:
    assert organization.apply() == 0
    before = len(organization.runs("apply"))
    settings = (organization.root / "vending.yaml").read_text()
    organization.write("vending.yaml", settings.replace("10.0.0.0/20", "10.1.0.0/20"))

    assert organization.apply() == 0
    assert [account for account, _ in organization.runs("apply")[before - 3 :]].count(SEARCH) == 1
    assert len(organization.runs("apply")) == before + 1


def test_an_account_is_customized_after_it_is_created_with_its_own_id(organization: Organization) -> None:
    assert organization.apply() == 0
    organization.request("orders")

    assert organization.apply() == 0
    ran = organization.terraform.record[-1]
    assert ran["verb"] == "apply"
    plan = [each for each in organization.terraform.record if each["verb"] == "plan"][-1]
    assert plan["inputs"]["account"]["name"] == "orders"  # type: ignore[index, call-overload]
    assert plan["inputs"]["account"]["id"] == ran["environment"]["TF_WORKSPACE"]  # type: ignore[index, call-overload]


def test_a_new_account_is_customized_as_soon_as_it_can_be_entered(
    organization: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS lets nobody into an account for some time after it has created it."""
    state = tmp_path / "slow.json"
    slow = control.start(state, Options(creation_delay=0.03, role_delay=2.0))
    try:
        for name, value in control.environment(slow.url).items():
            monkeypatch.setenv(name, value)
        organization.request("orders")

        assert organization.apply() == 0
    finally:
        control.stop(state)


def test_an_account_that_aws_has_suspended_is_left_alone(organization: Organization) -> None:
    organization.write(
        "account-requests/old-experiment.yaml",
        "name: old-experiment\nemail: aws+old-experiment@example.com\norganizational_unit: Sandbox\n",
    )
    units = "units: {Sandbox: , Workloads: {units: {Prod: }}}\n"
    organization.write("account-requests/_organization.yaml", units)

    assert organization.apply() == 0
    assert "210000000010" not in {account for account, _ in organization.runs("plan")}


def test_another_difference_than_the_reviewed_one_is_not_applied(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.vend("plan") == 0
    organization.terraform.plans(("delete", "aws_vpc.main"))

    assert organization.vend("apply", "--reviewed", str(organization.root / "plan.json")) == 6
    assert organization.runs("apply") == []
    assert "delete aws_vpc.main" in capsys.readouterr().out


def test_what_terraform_refuses_is_on_hold_with_its_words_and_so_is_what_comes_after(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    organization.terraform.plays("plan", diagnostic("Invalid CIDR", "the prefix is too long"), code=1)

    assert organization.vend("plan") == 4
    said = capsys.readouterr().out
    assert "Invalid CIDR" in said
    assert "3 on hold" in said


def test_what_destroys_is_on_hold_until_the_settings_allow_it(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    organization.terraform.plans(("replace", "aws_vpc.main"))

    assert organization.vend("plan") == 4
    assert "max_destroys" in capsys.readouterr().out
    settings = (organization.root / "vending.yaml").read_text()
    organization.write("vending.yaml", settings.replace("customizations:\n", "customizations:\n  max_destroys: 1\n"))
    assert organization.apply() == 0


def test_a_failing_customization_stops_those_that_come_after_it_and_no_other(organization: Organization) -> None:
    """`base` fails in billing alone; `network` comes after it there."""
    assert organization.vend("plan") == 0
    script = f'sys.exit(1) if os.environ["TF_WORKSPACE"] == "{BILLING}" else None'
    organization.terraform.plays("apply", python=(script,))

    assert organization.vend("apply", "--reviewed", str(organization.root / "plan.json")) == 6
    assert [account for account, _ in organization.runs("apply")] == [BILLING, SEARCH]


def test_terraform_gets_a_session_of_the_account_and_no_credentials_of_ours(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "the-token")

    assert organization.apply() == 0
    for each in organization.terraform.record:
        assert not {"GITHUB_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(each["environment"])  # type: ignore[arg-type]


def test_a_wrong_input_is_a_finding_before_anything_runs(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (organization.root / "vending.yaml").read_text()
    organization.write("vending.yaml", settings.replace("cidr: 10.0.0.0/20", "cird: 10.0.0.0/20"))

    assert organization.vend("validate") == 3
    said = capsys.readouterr().out
    assert "cird" in said
    assert "terraform/network/main.tf:1" in said


def test_explain_shows_where_each_input_comes_from(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.vend("explain", "billing") == 0
    assert "customizations.network.inputs.cidr" in capsys.readouterr().out


def test_a_plan_from_an_observed_file_says_that_customizations_are_left_out(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(organization.root / "organization.json")

    assert organization.vend("observe", "-o", file) == 0
    assert organization.vend("plan", "--observed", file) == 0
    assert "customizations take no part" in capsys.readouterr().err
    assert organization.terraform.record == []


def rolled_out(organization: Organization, *lines: str) -> None:
    settings = (organization.root / "vending.yaml").read_text()
    more = "".join(f"  {line}\n" for line in lines)
    organization.write("vending.yaml", settings.replace("customizations:\n", f"customizations:\n{more}"))


def test_a_canary_that_fails_stops_what_comes_after_it_and_the_next_run_goes_on_from_there(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    rolled_out(organization, "canary: {keys: [search-*]}", "failure_budget: 5")
    plan = str(organization.root / "plan.json")
    assert organization.vend("plan") == 0
    assert "waves: 1 account (search-prod), then the last one; stops if the first" in capsys.readouterr().out
    organization.terraform.plays("apply", code=1)

    assert organization.vend("apply", "--reviewed", plan) == 6
    assert organization.runs("apply") == [(SEARCH, organization.runs("apply")[0][1])]
    said = capsys.readouterr().out
    assert 'the first wave did not succeed: customize "search-prod" is failed; repair what failed' in said.replace(
        "\n    ", "; "
    )

    organization.terraform.plays("apply")
    assert organization.vend("apply", "--reviewed", plan) == 0
    tried = [
        str(each["environment"]["TF_WORKSPACE"]) for each in organization.terraform.record if each["verb"] == "apply"
    ]  # type: ignore[index, call-overload]
    assert tried == [SEARCH, SEARCH, BILLING, BILLING]


def test_beyond_its_failure_budget_a_run_starts_no_customization_and_says_what_to_do(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    rolled_out(organization, "failure_budget: 0")
    settings = (organization.root / "vending.yaml").read_text()
    organization.write(
        "vending.yaml", settings.replace("customizations:\n", "engine: {customizations: 1}\ncustomizations:\n")
    )
    assert organization.vend("plan") == 0
    organization.terraform.plays("apply", code=1)
    capsys.readouterr()

    assert organization.vend("apply", "--reviewed", str(organization.root / "plan.json")) == 6
    assert len(organization.runs("apply")) == 1
    said = capsys.readouterr().out
    assert "1 customization failed, the budget is 0" in said
    assert "0 of 3 changes applied, 1 failed, 2 skipped" in said


def test_a_wave_that_is_verified_costs_nothing_in_the_next_run(organization: Organization) -> None:
    rolled_out(organization, "waves: [1]")
    assert organization.apply() == 0
    begun = len(organization.terraform.record)

    assert organization.apply() == 0
    assert {each["verb"] for each in organization.terraform.record[begun:]} <= {"version"}


def test_a_changed_source_names_its_files(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    assert organization.apply() == 0
    organization.write("terraform/network/more.tf", "# more\n")
    capsys.readouterr()

    assert organization.vend("plan") == 0
    assert "network: 1 to add · source changed (more.tf)" in capsys.readouterr().out


def test_a_customization_that_nobody_asks_for_any_more_is_told_and_left_alone(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.apply() == 0
    settings = (organization.root / "vending.yaml").read_text()
    without = "".join(line for line in settings.splitlines(keepends=True) if "{name: network" not in line)
    organization.write("vending.yaml", without)
    capsys.readouterr()

    assert organization.vend("plan") == 0
    said = capsys.readouterr().out
    assert f'customization "network" is in account "billing" {BILLING}, and nobody asks for it any more' in said
    assert f"rm -r .vend/state/network/{BILLING}" in said
    assert (organization.root / ".vend/state/network" / BILLING / "marks").is_dir()


def test_a_canary_that_selects_nobody_is_a_warning(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    rolled_out(organization, "canary: {keys: [nobody]}")

    assert organization.vend("validate") == 0
    assert "the canary selects no account that is customized" in capsys.readouterr().out


def test_a_stale_lock_leaves_its_account_for_the_next_run_and_says_how_to_release_it(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.vend("plan") == 0
    detail = (
        "Error message: PreconditionFailed\nLock Info:\n  ID:        1111-22\n  Path:      b/x.tfstate\n"
        "  Operation: OperationTypeApply\n  Who:       runner@host\n  Version:   1.11.4\n"
        "  Created:   2026-01-02 03:04:05.6 +0000 UTC\n  Info:      \n\n\nTerraform acquires"
    )
    organization.terraform.plays("plan", diagnostic("Error acquiring the state lock", detail), code=1)
    capsys.readouterr()

    clock = ScaledClock(10_000)
    arguments = ["apply", "--reviewed", str(organization.root / "plan.json")]
    assert main(["--root", str(organization.root), *arguments], Parts(clock=clock)) == 6
    said = capsys.readouterr().out
    assert 'locked by "runner@host" since 2026-01-02 03:04:05.6 +0000 UTC' in said
    assert "force-unlock 1111-22" in said
    assert "Begun and not finished" in said
