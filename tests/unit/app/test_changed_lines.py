"""Lines that a branch changes, told by real git."""

from pathlib import Path

import git
import pytest

from pipeline.app.changed_lines import changed_lines
from pipeline.app.workspace import Workspace
from pipeline.errors import UsageError

TWENTY = [f"line {number}" for number in range(1, 21)]


def text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> git.Repo:
    """A branch that changes a file in every way, beside one that it leaves alone."""
    root = tmp_path_factory.mktemp("repository")
    made = git.Repo.init(root, initial_branch="main")
    with made.config_writer() as config:
        config.set_value("user", "name", "Octavia")
        config.set_value("user", "email", "octavia@example.com")
        config.set_value("diff", "noprefix", "true")
    before = {"edited.yaml": TWENTY, "shorter.yaml": TWENTY, "top.yaml": TWENTY, "same.yaml": TWENTY}
    before |= {"renamed.yaml": TWENTY, "gone.yaml": TWENTY, "no end.yaml": TWENTY}
    write(root, before)
    (root / "no end.yaml").write_text("a\nb")
    made.git.add(A=True)
    made.git.commit("-m", "before")
    edited = [*TWENTY[:2], "changed", *TWENTY[3:10], "++ b/same.yaml", "@@ -1 +1 @@", *TWENTY[10:19], "changed"]
    write(root, {"edited.yaml": edited, "shorter.yaml": [*TWENTY[:4], *TWENTY[6:]], "top.yaml": TWENTY[3:]})
    write(root, {'tab\t"q" é.yaml': ["new"], "new.yaml": ["a", "b"]})
    (root / "no end.yaml").write_text("a\nc")
    (root / "renamed.yaml").rename(root / "other.yaml")
    (root / "gone.yaml").unlink()
    made.git.add(A=True)
    made.git.commit("-m", "after")
    return made


def write(root: Path, files: dict[str, list[str]]) -> None:
    for name, lines in files.items():
        (root / name).write_text(text(lines))


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("edited.yaml", {3, 11, 12, 22}),
        ("shorter.yaml", {4}),
        ("top.yaml", {1}),
        ("new.yaml", {1, 2}),
        ("other.yaml", set(range(1, 21))),
        ('tab\t"q" é.yaml', {1}),
        ("no end.yaml", {2}),
        ("same.yaml", None),
        ("renamed.yaml", None),
        ("gone.yaml", None),
    ],
)
def test_the_lines_of_a_file_that_a_branch_changes(repository: git.Repo, path: str, lines: set[int] | None) -> None:
    """Whatever the user's own git is set to, and whatever the changed text looks like."""
    changed = changed_lines(Workspace(Path(str(repository.working_tree_dir))), "HEAD^")
    assert changed.get(path) == (None if lines is None else frozenset(lines))


def test_a_base_that_git_does_not_have_is_told(repository: git.Repo) -> None:
    with pytest.raises(UsageError, match="cannot compare"):
        changed_lines(Workspace(Path(str(repository.working_tree_dir))), "0" * 40)
