"""A customization from git, from `vend validate` without a network to the account."""

from pathlib import Path

import pytest

from tests.end_to_end.test_customizations import BILLING, SEARCH, Organization, organization
from tests.unit.customizations.git_server import Repository

__all__ = ["organization"]  # the fixture


@pytest.fixture
def repository(organization: Organization, tmp_path: Path) -> Repository:
    """The layer `network` comes from git."""
    made = Repository(tmp_path / "elsewhere")
    settings = (organization.root / "vending.yaml").read_text()
    layer = f'{{name: network, source: "{made.source}v1.0", keys: [billing]'
    settings = settings.replace("{name: network, keys: [billing]", layer)
    organization.write("vending.yaml", settings + "  git_protocols: [https, file]\n")
    return made


def test_validate_asks_nobody_and_says_what_it_has_not_checked(
    organization: Organization, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (organization.root / "vending.yaml").read_text()
    organization.write("vending.yaml", settings.replace("cidr: 10.0.0.0/20", "cird: 10.0.0.0/20"))

    assert organization.vend("validate") == 0
    said = capsys.readouterr().out
    assert "vending.yaml:10:" in said
    assert f'{repository.source}v1.0" is not fetched, so its inputs are not checked' in said
    assert "vend validate --fetch" in said

    assert organization.vend("validate", "--fetch") == 3
    assert '"cird" is not a variable of .vend/git/elsewhere-' in capsys.readouterr().out
    assert organization.vend("validate") == 3  # now without a network


def test_what_was_fetched_runs_like_a_folder_of_the_workspace(
    organization: Organization, repository: Repository
) -> None:
    assert organization.apply() == 0
    assert [account for account, _ in organization.runs("apply")] == [BILLING, BILLING, SEARCH]
    begun = len(organization.terraform.record)

    repository.commits({"network/main.tf": 'variable "cidr" {}\n'}, tag="v1.1")
    assert organization.apply() == 0
    assert {each["verb"] for each in organization.terraform.record[begun:]} <= {"version"}

    settings = (organization.root / "vending.yaml").read_text()
    organization.write("vending.yaml", settings.replace("ref=v1.0", "ref=v1.1"))
    assert organization.apply() == 0
    assert len(organization.runs("apply")) == 4


def test_a_tag_that_moves_stops_the_run_before_anything_is_done(
    organization: Organization, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert organization.vend("plan") == 0
    repository.commits({"network/main.tf": 'resource "aws_iam_user" "backdoor" {}\n'}, tag="v1.0")
    capsys.readouterr()

    assert organization.vend("apply", "--reviewed", str(organization.root / "plan.json")) == 3
    assert "has moved" in capsys.readouterr().err
    assert organization.runs("apply") == []


@pytest.mark.parametrize(
    ("files", "source", "expected"),
    [
        ({}, "//elsewhere?ref=v1.0", 'has no folder "elsewhere" at the commit'),
        ({"network/README.md": "x"}, "//empty?ref=v2.0", "holds no Terraform"),
        ({"link": "x"}, "//network?ref=main", 'names the ref "main", which may move'),
        (
            {"network/main.tf": 'module "m" {\n  source = "../../../../../../terraform/base"\n}\n'},
            "//network?ref=v2.0",
            "leads out of the repository",
        ),
    ],
)
def test_what_is_wrong_with_a_source_is_a_finding_where_it_is_named(
    organization: Organization,
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    *,
    files: dict[str, str],
    source: str,
    expected: str,
) -> None:
    repository.commits({**files, "empty/README.md": "nothing"}, tag="v2.0")
    settings = (organization.root / "vending.yaml").read_text()
    organization.write("vending.yaml", settings.replace("//network?ref=v1.0", source))

    assert organization.vend("validate", "--fetch") in {2, 3}
    told = capsys.readouterr()
    assert expected in told.out + told.err
