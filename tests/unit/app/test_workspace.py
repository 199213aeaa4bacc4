"""Where a run works."""

from pathlib import Path

import pytest

from pipeline.app.workspace import find_workspace
from pipeline.errors import UsageError


def test_the_given_folder_is_the_workspace(tmp_path: Path) -> None:
    assert find_workspace(tmp_path, Path("/")).root == tmp_path.resolve()


def test_without_one_the_git_top_level_is(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    below = tmp_path / "account-requests" / "workloads"
    below.mkdir(parents=True)

    assert find_workspace(None, below).root == tmp_path.resolve()


def test_a_git_worktree_is_a_top_level_too(tmp_path: Path) -> None:
    """There, `.git` is a file."""
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")

    assert find_workspace(None, tmp_path).root == tmp_path.resolve()


def test_outside_of_git_it_is_the_working_directory(tmp_path: Path) -> None:
    assert find_workspace(None, tmp_path).root == tmp_path.resolve()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        find_workspace(tmp_path / "missing", tmp_path)
