"""Who changed each file last, by one walk through the log."""

import json
from collections.abc import Callable
from pathlib import Path

import git
import pytest

from pipeline.account_requests.history import last_changes

Commit = Callable[[str, dict[str, str]], str]


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commit:
    """Commits files as somebody, and returns the commit."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    runner = git.Git(tmp_path)
    runner.init("--initial-branch=main")

    def make(author: str, files: dict[str, str]) -> str:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        runner.add("--all")
        given = ("-c", f"user.name={author}", "-c", f"user.email={author}@example.com")
        runner.execute(["git", *given, "commit", "-q", "-m", "change", "--date=2026-11-22T12:00:00+01:00"])
        return str(runner.rev_parse("HEAD"))

    return make


def test_each_file_has_its_own_last_change(tmp_path: Path, commit: Commit) -> None:
    first = commit("ada", {"a/x.yaml": "1", "a/y.yaml": "1", "z": "1"})
    second = commit("grace", {"a/x.yaml": "2"})
    found = last_changes(tmp_path, ["a/x.yaml", "a/y.yaml", "a/none.yaml"])
    assert {name: (each.commit, each.author, each.date) for name, each in found.items()} == {
        "a/x.yaml": (second, "grace <grace@example.com>", "2026-11-22T12:00:00+01:00"),
        "a/y.yaml": (first, "ada <ada@example.com>", "2026-11-22T12:00:00+01:00"),
    }


def test_paths_are_relative_to_the_root_even_inside_a_larger_repository(tmp_path: Path, commit: Commit) -> None:
    commit("ada", {"deep/below/a/x.yaml": "1", "a/x.yaml": "1"})
    commit("grace", {"a/x.yaml": "2"})
    assert last_changes(tmp_path / "deep/below", ["a/x.yaml"])["a/x.yaml"].author == "ada <ada@example.com>"


def test_names_that_git_would_quote_are_found(tmp_path: Path, commit: Commit) -> None:
    commit("ada", {'a/ö "x".yaml': "1"})
    assert list(last_changes(tmp_path, ['a/ö "x".yaml'])) == ['a/ö "x".yaml']


def test_what_is_not_committed_has_no_author(tmp_path: Path, commit: Commit) -> None:
    commit("ada", {"a/x.yaml": "1", "a/y.yaml": "1", "a/gone.yaml": "1"})
    (tmp_path / "a/x.yaml").write_text("2")
    (tmp_path / "a/gone.yaml").unlink()
    (tmp_path / "a/new.yaml").write_text("1")
    assert list(last_changes(tmp_path, ["a/x.yaml", "a/y.yaml", "a/new.yaml", "a/gone.yaml"])) == ["a/y.yaml"]


def test_outside_a_repository_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("1")
    assert last_changes(tmp_path, ["x.yaml"]) == {}
    assert last_changes(tmp_path / "nowhere", ["x.yaml"]) == {}


def test_a_repository_without_commits_knows_nothing(tmp_path: Path, commit: Commit) -> None:
    assert commit is not None
    assert last_changes(tmp_path, ["x.yaml"]) == {}


def test_a_shallow_clone_does_not_name_the_wrong_person(tmp_path: Path, commit: Commit) -> None:
    commit("ada", {"a/x.yaml": "1", "a/y.yaml": "1"})
    commit("grace", {"a/z.yaml": "1"})
    commit("linus", {"a/x.yaml": "2"})
    clone = tmp_path / "clone"
    git.Git(tmp_path).clone("--quiet", "--depth=2", f"file://{tmp_path}", str(clone))
    found = last_changes(clone, ["a/x.yaml", "a/y.yaml", "a/z.yaml"])
    assert {name: each.author for name, each in found.items()} == {"a/x.yaml": "linus <linus@example.com>"}


def test_the_log_is_walked_once_for_all_files(tmp_path: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a/{number}.yaml" for number in range(30)]
    for name in names[:5]:
        commit("ada", {name: "1"})
    commit("ada", dict.fromkeys(names[5:], "1"))
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    assert len(last_changes(tmp_path, names)) == 30
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    commands = [each["argv"] for each in events if each["event"] == "start"]
    assert sum("log" in command for command in commands) == 1
