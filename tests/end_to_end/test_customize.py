"""`vend customize`: only customizations, only of chosen accounts, under the same rules of review as an apply."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.test_customizations import BILLING, SEARCH, Organization, organization

__all__ = ["organization"]  # the fixture


def reviewed(organization: Organization, *arguments: str) -> int:
    """Plan, have it reviewed, carry it out."""
    file = str(organization.root / "chosen.json")
    assert organization.vend("customize", *arguments, "-o", file) == 0
    return organization.vend("customize", *arguments, "--reviewed", file)


def targets(organization: Organization, *include: object) -> list[str]:
    organization.write("targets.json", json.dumps({"include": include}))
    return ["--targets", str(organization.root / "targets.json")]


def test_only_the_customizations_of_the_chosen_accounts_run_and_nothing_else_is_changed(
    organization: Organization,
) -> None:
    organization.request("orders")  # a new account, which is none of its business

    assert reviewed(organization, "billing") == 0
    assert (
        organization.runs("apply") == [(BILLING, "base"), (BILLING, "network")] or len(organization.runs("apply")) == 2
    )
    record = json.loads(next((organization.root / "runs").glob("*.json")).read_text())
    assert record["verb"] == "customize"
    assert {each["kind"] for each in record["outcomes"]} == {"customize"}


def test_the_next_step_is_the_same_command_with_its_review(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(organization.root / "the chosen.json")
    assert organization.vend("customize", "billing", "--layer", "base", "--force", "-o", file) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert f"vend customize billing --layer base --force --reviewed '{file}' applies these changes" in said
    assert "vend apply" not in said


def test_what_was_not_reviewed_is_not_run(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(organization.root / "chosen.json")
    assert organization.vend("customize", "billing", "-o", file) == 0
    capsys.readouterr()

    assert organization.vend("customize", "--all", "--reviewed", file) == 5
    assert {account for account, _ in organization.runs("apply")} == {BILLING}
    assert organization.vend("customize", "--all") == 2
    assert "there is no reviewed plan" in capsys.readouterr().err


def test_a_review_of_everything_covers_a_part_and_the_rest_is_not_called_done(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.vend("plan") == 0
    capsys.readouterr()

    assert organization.vend("customize", "search-prod", "--reviewed", str(organization.root / "plan.json")) == 0
    assert {account for account, _ in organization.runs("apply")} == {SEARCH}
    assert "not to do any more" not in capsys.readouterr().err


def test_unchanged_and_verified_runs_again_by_force_alone(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.apply() == 0
    before = len(organization.runs("plan"))

    assert reviewed(organization, "billing") == 0
    assert len(organization.runs("plan")) == before
    capsys.readouterr()
    assert reviewed(organization, "billing", "--force") == 0
    assert "asked for with --force" in capsys.readouterr().out
    assert len(organization.runs("apply")) == 5


def test_a_layer_restricts_to_it(organization: Organization) -> None:
    assert reviewed(organization, "--all", "--layer", "base") == 0

    assert len(organization.runs("apply")) == 2
    assert organization.vend("plan") == 0
    assert "network" in (organization.root / "plan.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 2, "name the accounts in one way"),
        (["billing", "--all"], 2, "name the accounts in one way"),
        (["bililng", "-o", "x"], 2, 'did you mean "billing"?'),
        (["billing", "--layer", "newtork", "-o", "x"], 2, 'did you mean "network"?'),
        (["--targets", "nowhere.json"], 2, "cannot be read"),
    ],
)
def test_arguments_that_do_not_fit_say_so(
    organization: Organization, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, expected: str
) -> None:
    assert organization.vend("customize", *arguments) == code
    assert expected in capsys.readouterr().err


def test_a_choice_that_leaves_nothing_to_run_is_a_finding(
    organization: Organization, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = ["-o", str(tmp_path / "chosen.json")]

    assert organization.vend("customize", "search-prod", "--layer", "network", *out) == 3
    assert 'none of the chosen accounts gets the customization "network"' in capsys.readouterr().out
    organization.request("orders")
    assert organization.vend("customize", "orders", *out) == 3
    said = capsys.readouterr().out
    assert "account-requests/orders.yaml" in said
    assert "no account that is its own" in said
    assert organization.runs("plan") == []


def test_the_targets_of_aft_choose_accounts_as_they_are_in_aws(organization: Organization) -> None:
    by_tag = targets(organization, {"type": "tags", "target_value": [{"Owner": "search"}, {"CostCenter": "4712"}]})
    assert reviewed(organization, *by_tag) == 0
    assert {account for account, _ in organization.runs("apply")} == {SEARCH}

    assert reviewed(organization, *targets(organization, {"type": "ous", "target_value": ["Prod"]})) == 0
    assert {account for account, _ in organization.runs("apply")} == {SEARCH, BILLING}


def test_targets_that_name_nothing_are_findings_with_their_place_and_nothing_runs(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = targets(organization, {"type": "ous"})
    assert organization.vend("customize", *bad, "--reviewed", "plan.json") == 3
    assert 'targets.json:1:14: "target_value" is missing' in capsys.readouterr().err.replace(
        f"{organization.root}/", ""
    )

    wrong = targets(organization, {"type": "ous", "target_value": ["Wrokloads"]})
    assert organization.vend("plan") == 0
    capsys.readouterr()
    assert organization.vend("customize", *wrong, "--reviewed", str(organization.root / "plan.json")) == 3
    told = capsys.readouterr()
    assert 'there is no unit "Wrokloads"' in told.out + told.err
    assert organization.runs("apply") == []
