"""Where a customization's Terraform may be, and what stands still."""

from pathlib import Path

import pytest

from pipeline.customizations.sources import (
    GitFolder,
    LocalFolder,
    Unusable,
    customization_folders,
    is_pinned_module,
    read_source,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_folder_is_below_the_workspace() -> None:
    assert read_source("terraform/network/") == LocalFolder("terraform/network")
    for text in ("/etc", "../elsewhere", "terraform/../..", ".", "terraform\\network"):
        assert isinstance(read_source(text), Unusable), text


@pytest.mark.parametrize("ref", ["v1.2.3", "1.0", "network-v2.4.0", "releases/2026.11", COMMIT])
def test_a_git_reference_is_pinned_to_a_release_or_a_whole_commit(ref: str) -> None:
    found = read_source(f"git::https://example.com/customizations.git//aws/network?ref={ref}")
    assert found == GitFolder(url="https://example.com/customizations.git", folder="aws/network", ref=ref)


@pytest.mark.parametrize("ref", ["", "?ref=main", "?ref=v1", f"?ref={COMMIT[:12]}", "?ref=HEAD", "?ref=feature/x"])
def test_a_git_reference_that_may_move_is_refused(ref: str) -> None:
    found = read_source(f"git::https://example.com/customizations.git//network{ref}")
    assert isinstance(found, Unusable)
    assert "pin it" in found.hint


@pytest.mark.parametrize(
    "text",
    [
        "git::ext::sh -c id//x?ref=v1.0",
        "git::http://example.com/x.git?ref=v1.0",
        "https://example.com/x.zip",
        "git::https://user:secret@example.com/x.git?ref=v1.0",
        "git::https://example.com/x.git//../y?ref=v1.0",
        "git::--upload-pack=x://y?ref=v1.0",
    ],
)
def test_what_could_run_something_or_leak_a_secret_is_refused(text: str) -> None:
    found = read_source(text)
    assert isinstance(found, Unusable)
    assert "secret@" not in found.problem


@pytest.mark.parametrize(
    ("source", "version", "expected"),
    [
        ("./modules/x", None, True),
        ("../x", None, True),
        ("terraform-aws-modules/vpc/aws", "5.8.1", True),
        ("terraform-aws-modules/vpc/aws", "= 5.8.1", True),
        ("registry.example.com/net/vpc/aws//sub", "1.0.0", True),
        ("terraform-aws-modules/vpc/aws", "~> 5.8", False),
        ("terraform-aws-modules/vpc/aws", None, False),
        ("git::https://example.com/vpc.git?ref=v1.2.0", None, True),
        (f"github.com/example/vpc?ref={COMMIT}", None, True),
        ("git@github.com:example/vpc.git?depth=1&ref=v1.2.0", None, True),
        ("github.com/example/vpc?ref=main", None, False),
        ("git::https://example.com/vpc.git", None, False),
        ("https://example.com/vpc.zip", None, False),
        ("s3::https://s3.amazonaws.com/bucket/vpc.zip", "1.0.0", False),
        ("", None, False),
    ],
)
def test_a_module_is_pinned_if_every_init_finds_the_same(source: str, version: str | None, *, expected: bool) -> None:
    assert is_pinned_module(source, version) is expected


def test_the_folders_of_a_workspace_are_listed_without_what_is_no_customization(tmp_path: Path) -> None:
    assert customization_folders(tmp_path) == ()
    for folder in ("bootstrap", "global-customizations", "account-customizations/network", ".hidden"):
        (tmp_path / "terraform" / folder).mkdir(parents=True)
    (tmp_path / "terraform" / "README.md").touch()
    assert customization_folders(tmp_path) == (
        "terraform/account-customizations/network",
        "terraform/global-customizations",
    )
