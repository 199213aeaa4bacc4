"""Which files are read, and what lies around them."""

import os
from pathlib import Path

import pytest

from pipeline.account_requests.loading import load
from pipeline.account_requests.rules import Rules
from tests.unit.account_requests.workspace import TODAY, a_file, lines, load_files, write


def test_a_missing_folder_is_a_finding(tmp_path: Path) -> None:
    loaded = load(tmp_path, Rules(today=TODAY))
    assert [(each.rule, str(each.location)) for each in loaded.findings] == [("no-requests", "account-requests:1:1")]
    assert loaded.desired.requests == ()


def test_hidden_files_and_what_is_not_yaml_are_not_read(tmp_path: Path) -> None:
    files = {".web.yaml": "{", ".git/x.yaml": "{", "README.md": "{", "web.yaml": a_file("web"), "a/notes.txt": "\0"}
    loaded = load_files(tmp_path, files)
    assert not loaded.findings
    assert [each.key for each in loaded.desired.requests] == ["web"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("_default.yaml", 'did you mean "_defaults"?'),
        ("_organisation.yaml", 'did you mean "_organization"?'),
        ("_x.yaml", "rename it: a request does not begin with an underscore"),
        ("a/_organization.yaml", "keep one of the two, at its place"),
        ("_organization.yml", "keep one of the two, at its place"),
    ],
)
def test_other_files_with_an_underscore_are_findings(tmp_path: Path, name: str, hint: str) -> None:
    loaded = load_files(tmp_path, {name: "units: {}\n"})
    assert [(each.rule, each.location.file, each.hint) for each in loaded.findings] == [
        ("file-name", f"account-requests/{name}", hint)
    ]


def test_two_defaults_in_one_folder_are_a_finding(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"a/_defaults.yaml": "owner: x\n", "a/_defaults.yml": "owner: y\n"})
    assert [(each.rule, each.location.file) for each in loaded.findings] == [
        ("file-name", "account-requests/a/_defaults.yml")
    ]


def test_a_link_within_the_folder_is_read(tmp_path: Path) -> None:
    root = write(tmp_path, {"a/_defaults.yaml": "owner: shared\n", "b/web.yaml": a_file("web")})
    (root / "account-requests/b/_defaults.yaml").symlink_to("../a/_defaults.yaml")
    loaded = load(root, Rules(today=TODAY))
    assert not loaded.findings
    assert loaded.desired.requests[0].spec.owner == "shared"


@pytest.mark.parametrize("target", ["../secret.yaml", "/etc/passwd", "nowhere.yaml", "web.yaml", ".."])
def test_a_link_that_leaves_the_folder_or_leads_nowhere_is_a_finding(tmp_path: Path, target: str) -> None:
    root = write(tmp_path, {})
    (root / "secret.yaml").write_text(a_file("secret"))
    (root / "account-requests/web.yaml").symlink_to(target)
    loaded = load(root, Rules(today=TODAY))
    assert [(each.rule, each.location.file) for each in loaded.findings] == [("file-link", "account-requests/web.yaml")]


def test_a_link_to_a_folder_is_not_followed_and_said_to_be(tmp_path: Path) -> None:
    root = write(tmp_path, {"a/web.yaml": a_file("web")})
    (root / "account-requests/b").symlink_to("a", target_is_directory=True)
    (root / "account-requests/a/round").symlink_to("..", target_is_directory=True)
    loaded = load(root, Rules(today=TODAY))
    assert [(each.rule, each.location.file) for each in loaded.findings] == [
        ("file-link", "account-requests/a/round"),
        ("file-link", "account-requests/b"),
    ]
    assert [each.key for each in loaded.desired.requests] == ["web"]


def test_the_folder_itself_may_not_lead_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, {"web.yaml": a_file("web")})
    (inner := tmp_path / "inner").mkdir()
    (inner / "account-requests").symlink_to("../account-requests", target_is_directory=True)
    assert [each.rule for each in load(inner, Rules(today=TODAY)).findings] == ["no-requests"]


def test_what_is_no_ordinary_file_is_a_finding_and_never_opened(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    os.mkfifo(root / "account-requests/pipe.yaml")
    assert [each.rule for each in load(root, Rules(today=TODAY)).findings] == ["file-kind"]


def test_a_folder_may_be_named_like_a_file(tmp_path: Path) -> None:
    assert [each.key for each in load_files(tmp_path, {"x.yaml/web.yaml": a_file("web")}).desired.requests] == ["web"]


def test_a_file_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    root = write(tmp_path, {"a\nb\x1b.yaml": a_file("web")})
    (Path(os.fsdecode(os.fsencode(root) + b"/account-requests/\xff.yaml"))).write_text(a_file("x"))
    found = lines(load(root, Rules(today=TODAY)))
    assert len(found) == 2
    assert all(line.isprintable() and line.encode() for line in found)


def test_a_file_over_a_megabyte_is_a_finding(tmp_path: Path) -> None:
    assert [each.rule for each in load_files(tmp_path, {"big.yaml": "#" * 1_000_001}).findings] == ["file-size"]


def test_defaults_that_nothing_inherits_are_checked_too(tmp_path: Path) -> None:
    assert [each.rule for each in load_files(tmp_path, {"a/_defaults.yaml": "x: 1\n"}).findings] == [
        "schema-additional-properties"
    ]


def test_links_that_lead_round_in_a_circle_are_findings(tmp_path: Path) -> None:
    root = write(tmp_path, {})
    path = root / "account-requests" / "web.yaml"
    path.symlink_to("web2.yaml")
    (root / "account-requests" / "web2.yaml").symlink_to("web.yaml")
    assert {each.rule for each in load(root, Rules(today=TODAY)).findings} == {"file-link"}


@pytest.mark.parametrize("name", ["_default.yaml", "_defaults.yaml"])
def test_where_defaults_are_not_clear_no_request_is_taken(tmp_path: Path, name: str) -> None:
    """A misspelt name or a link that leads away may hide that accounts are protected."""
    root = write(tmp_path, {"a/b/web.yaml": a_file("web"), "c.yaml": a_file("c")})
    (root / "protected.yaml").write_text("protected: true\n")
    (root / "account-requests/a" / name).symlink_to("../../protected.yaml")
    loaded = load(root, Rules(today=TODAY))
    assert [each.rule for each in loaded.findings] == ["file-link"]
    assert [each.key for each in loaded.desired.requests] == ["c"]
    assert loaded.refused == {"web"}
