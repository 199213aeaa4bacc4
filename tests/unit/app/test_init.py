"""A new workspace is valid as it is, asks for what nobody knows, and takes nothing away."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.init import GITHUB, GITLAB, Answers, find_out, init, problem_of
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.errors import UsageError

ANSWERS = Answers(account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main")
GIT = str(shutil.which("git"))
FLAGS = ("--account", "111122223333", "--region", "eu-west-1", "--domain", "example.org", "--repository", "acme")


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no Region, and nobody's configuration of git."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("forge", [GITHUB, GITLAB, ""])
@pytest.mark.parametrize("control_tower", [False, True])
def test_a_new_workspace_is_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], forge: str, *, control_tower: bool
) -> None:
    init(tmp_path / "new", replace(ANSWERS, forge=forge, control_tower=control_tower))

    assert main(["--root", str(tmp_path / "new"), "validate"]) == 0, capsys.readouterr()


def test_nothing_is_left_to_be_filled_in(tmp_path: Path) -> None:
    for forge in (GITHUB, GITLAB):
        init(tmp_path / forge, replace(ANSWERS, forge=forge))
    for path in tmp_path.rglob("*"):
        if path.is_file() and "schemas" not in path.parts:
            text = path.read_text()
            assert not [
                word for word in ("@ACCOUNT@", "@REGION@", "@PACKAGE@", "@BRANCH@", "@SCHEMAS@") if word in text
            ]


def test_the_schemas_are_where_the_editor_looks_for_them(tmp_path: Path) -> None:
    init(tmp_path, ANSWERS)
    for path in (tmp_path / "vending.yaml", *(tmp_path / "account-requests").glob("*.yaml")):
        line = path.read_text().splitlines()[0]
        assert (path.parent / line.partition("$schema=")[2]).is_file()
    for schema in json.loads((tmp_path / ".vscode/settings.json").read_text())["yaml.schemas"]:
        assert (tmp_path / schema).is_file()


def changed(name: str, value: str) -> Answers:
    more: dict[str, Any] = {name: value}
    return replace(ANSWERS, **more)


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "vending.yaml").write_text("mine")
    made = init(tmp_path, ANSWERS)
    again = init(tmp_path, ANSWERS)

    assert made.kept == again.kept == ("vending.yaml",)
    assert (tmp_path / "vending.yaml").read_text() == "mine"
    assert again.written == ()
    assert again.unchanged == made.written


def test_a_link_that_leads_elsewhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "vending.yaml").symlink_to(tmp_path / "elsewhere")

    assert "vending.yaml" in init(tmp_path / "new", ANSWERS).kept
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("remote", "forge", "repository"),
    [
        ("git@github.com:acme/account-requests.git", GITHUB, "account-requests"),
        ("https://github.example.com/acme/requests", GITHUB, "requests"),
        ("ssh://git@gitlab.example.com:2222/group/sub/requests.git", GITLAB, "requests"),
        ("https://example.com/acme/requests.git", "", "requests"),
    ],
)
def test_git_tells_the_forge_the_repository_the_branch_and_the_domain(
    tmp_path: Path, remote: str, forge: str, repository: str
) -> None:
    for command in (
        ("init", "--quiet", "--initial-branch=trunk"),
        ("remote", "add", "origin", remote),
        ("config", "user.email", "ada@Example.com"),
    ):
        subprocess.run([GIT, *command], cwd=tmp_path, check=True)

    found = find_out(tmp_path / "below", Answers(), Parts())

    assert (found.forge, found.repository, found.branch, found.domain) == (forge, repository, "trunk", "example.com")
    assert found.missing == ("account", "region")
    assert find_out(tmp_path, Answers(repository="mine", forge=GITLAB), Parts()).repository == "mine"


def test_what_nobody_knows_is_named_at_once_where_nobody_can_be_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "new"]) == 2

    assert "--account, --region, --repository, --domain" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_flags_answer_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "new", "--gitlab", *FLAGS]) == 0

    out, err = capsys.readouterr()
    assert "written    ci/gitlab/plan.gitlab-ci.yml" in out
    assert "the pipelines for GitLab" in err
    assert "email_domains: [example.org]" in (tmp_path / "new" / "vending.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account", "1234"),
        ("account", '111122223333"\nroles: {}'),
        ("region", "eu-west-1\n"),
        ("repository", "a b"),
        ("domain", "example.com]"),
        ("branch", "main\n- x"),
        ("branch", "${{ github.token }}"),
    ],
)
def test_an_answer_that_is_more_than_it_should_be_is_refused(tmp_path: Path, name: str, value: str) -> None:
    assert problem_of(name, value)
    with pytest.raises(UsageError, match=f"--{name}"):
        init(tmp_path / "new", changed(name, value))
    assert not (tmp_path / "new").exists()
