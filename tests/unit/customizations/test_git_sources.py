"""A source in git is fetched once, checked out at its commit, and is nobody's way around the rules."""

import json
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.app.clock import SystemClock
from pipeline.customizations.git_sources import Checkout, GitSources, Unavailable
from pipeline.customizations.processes import Patience
from pipeline.customizations.sources import GitFolder, read_source
from tests.unit.customizations.git_server import VARIABLE, Repository, served

_RECORDER = """#!{python} -IS
import json, os, sys
with open({record!r}, "a") as record:
    record.write(json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ)}}) + "\\n")
os.environ["PATH"] = {path!r}
os.execvp("git", ["git", *sys.argv[1:]])
"""
_NETWORK_VERBS = {"fetch", "ls-remote"}


@dataclass
class Bench:
    """A workspace, a repository, and a git that notes what it is asked."""

    root: Path
    ours: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.repository = Repository(self.root / "served" / "customizations")
        self.workspace = self.root / "workspace"
        self.workspace.mkdir()
        program = self.root / "bin" / "git"
        program.parent.mkdir()
        record = str(self.root / "record")
        program.write_text(_RECORDER.format(python=sys.executable, record=record, path=os.environ["PATH"]))
        program.chmod(0o755)
        self.ours = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(self.root), **self.ours}

    def sources(self, *protocols: str) -> GitSources:
        patience = Patience(clock=SystemClock(), grace=5)
        return GitSources(self.workspace, ours=self.ours, patience=patience, protocols=protocols or ("file",))

    def folder(self, ref: str, source: str = "") -> GitFolder:
        read = read_source((source or self.repository.source) + ref)
        assert isinstance(read, GitFolder), read
        return read

    def fetched(self, ref: str) -> Checkout:
        found = self.sources().fetched(self.folder(ref))
        assert isinstance(found, Checkout), found
        return found

    def refused(self, ref: str) -> str:
        found = self.sources().fetched(self.folder(ref))
        assert isinstance(found, Unavailable), found
        assert found.hint
        return found.problem

    @property
    def calls(self) -> list[dict[str, object]]:
        path = self.root / "record"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def over_the_network(self) -> list[str]:
        said = [argument for each in self.calls for argument in each["arguments"]]  # type: ignore[attr-defined]
        return [argument for argument in said if argument in _NETWORK_VERBS]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("by_commit", [True, False])
def test_a_reference_is_fetched_once_and_checked_out_at_its_commit(bench: Bench, *, by_commit: bool) -> None:
    ref = bench.repository.commit if by_commit else "v1.0"
    bench.repository.commits({"network/main.tf": "changed"})
    assert bench.sources().cached(bench.folder(ref)) is None

    found = bench.fetched(ref)
    assert found.commit == bench.repository.commit
    assert (bench.workspace / found.path / "network/main.tf").read_text() == VARIABLE
    assert not list(bench.workspace.rglob(".git"))
    again = bench.fetched(ref)
    assert again == found
    assert bench.sources().cached(bench.folder(ref)) == found
    assert bench.over_the_network == (["fetch"] if by_commit else ["fetch", "ls-remote"])


def test_a_tag_that_has_moved_is_refused_and_both_commits_are_named(bench: Bench) -> None:
    bench.fetched("v1.0")
    moved = bench.repository.commits({"network/main.tf": "other"}, tag="v1.0")

    said = bench.refused("v1.0")
    assert said.startswith(f'has moved: the tag "v1.0" is the commit {moved}, and was {bench.repository.commit}')


def test_without_its_server_a_tag_is_used_as_it_was_fetched_and_says_so(bench: Bench) -> None:
    found = bench.fetched("v1.0")
    bench.repository.place.rename(bench.root / "elsewhere")

    offline = bench.fetched("v1.0")
    assert (offline.path, offline.commit) == (found.path, found.commit)
    assert "git ls-remote says" in offline.doubt


def test_a_tag_that_is_gone_is_used_as_it_was_fetched_and_says_so(bench: Bench) -> None:
    bench.fetched("v1.0")
    bench.repository.git("tag", "--delete", "v1.0")

    assert bench.fetched("v1.0").doubt == "the tag is not there any more"


def test_a_commit_that_the_server_does_not_give_by_its_name_is_found_in_its_branches(bench: Bench) -> None:
    """The first try is refused by a server that speaks the older protocol; older servers do."""
    bench.repository.commits({"network/main.tf": "later"})
    script = (bench.root / "bin" / "git").read_text()
    refusing = 'if "--depth=1" in sys.argv:\n    sys.exit("fatal: unadvertised object")\nos.environ["PATH"] = '
    (bench.root / "bin" / "git").write_text(script.replace('os.environ["PATH"] = ', refusing))

    found = bench.fetched(bench.repository.commit)
    assert (bench.workspace / found.path / "network/main.tf").read_text() == VARIABLE


@pytest.mark.parametrize("ref", ["v9.9", "0" * 40])
def test_what_is_not_there_is_told_in_gits_words_and_leaves_nothing(bench: Bench, ref: str) -> None:
    assert "git " in bench.refused(ref)
    assert not list(bench.workspace.glob(".vend/git/*/commits/*"))
    assert not list(bench.workspace.glob(".vend/git/*/unfinished"))


def test_a_branch_with_the_name_of_a_release_is_no_release(bench: Bench) -> None:
    bench.repository.git("branch", "v2.0")

    assert "v2.0" in bench.refused("v2.0")


def test_what_a_killed_run_has_left_is_made_anew(bench: Bench) -> None:
    found = bench.fetched("v1.0")
    kept = bench.workspace / found.path
    left = kept.parents[1] / "unfinished"
    kept.rename(left)  # killed before the checkout got its name
    (left / "network/main.tf").unlink()

    assert bench.fetched("v1.0").path == found.path
    assert (kept / "network/main.tf").read_text() == VARIABLE


def test_two_runs_at_once_fetch_it_once(bench: Bench) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: bench.sources().fetched(bench.folder(bench.repository.commit)), range(4)))

    assert len(set(found)) == 1
    assert bench.over_the_network == ["fetch"]


def test_kept_files_are_those_of_the_commit_and_not_to_be_written(bench: Bench) -> None:
    (bench.repository.place / "network" / "pre").write_text("#!/bin/sh\n")
    (bench.repository.place / "network" / "pre").chmod(0o755)
    (bench.repository.place / ".gitattributes").write_text("* text=auto\n")
    bench.ours["GIT_CONFIG_COUNT"] = "1"
    bench.ours |= {"GIT_CONFIG_KEY_0": "core.autocrlf", "GIT_CONFIG_VALUE_0": "true"}
    commit = bench.repository.commits({})

    folder = bench.workspace / bench.fetched(commit).path / "network"
    assert (folder / "main.tf").read_bytes() == VARIABLE.encode()
    assert not (folder / "main.tf").stat().st_mode & 0o222
    assert (folder / "pre").stat().st_mode & stat.S_IXUSR


def test_files_in_git_lfs_are_their_pointers_whether_or_not_it_is_installed(bench: Bench) -> None:
    """What `git lfs install` writes into a person's configuration, on a machine whose PATH has no git-lfs."""
    (bench.root / ".gitconfig").write_text(
        '[filter "lfs"]\n  clean = git-lfs-not-here clean -- %f\n  smudge = git-lfs-not-here smudge -- %f\n'
        "  process = git-lfs-not-here filter-process\n  required = true\n"
    )
    (bench.repository.place / ".gitattributes").write_text("*.zip filter=lfs diff=lfs merge=lfs -text\n")
    commit = bench.repository.commits({"network/code.zip": "version https://git-lfs.github.com/spec/v1\n"})

    folder = bench.workspace / bench.fetched(commit).path / "network"
    assert (folder / "code.zip").read_text() == "version https://git-lfs.github.com/spec/v1\n"


def test_a_protocol_that_is_not_allowed_is_refused_before_git_is_asked(bench: Bench) -> None:
    refused = bench.sources("https", "ssh").fetched(bench.folder("v1.0"))

    assert isinstance(refused, Unavailable)
    assert refused.problem == 'is reached over "file", and only https, ssh may be used'
    assert bench.calls == []


def test_git_leads_to_no_other_protocol_whatever_the_configuration_says(bench: Bench) -> None:
    """`insteadOf` would run a command here."""
    mark = bench.root / "ran"
    (bench.root / ".gitconfig").write_text(
        f'[url "ext::sh -c touch% {mark}"]\n  insteadOf = file://{bench.repository.place}\n'
        "[protocol]\n  allow = always\n"
    )

    assert "ext" in bench.refused("v1.0")
    assert not mark.exists()


def test_git_asks_nobody_runs_no_hooks_and_is_in_no_other_repository(bench: Bench) -> None:
    bench.ours |= {"GIT_DIR": "/nowhere", "GIT_TRACE": "1", "GIT_ASKPASS": "/bin/true", "SSH_AUTH_SOCK": "/agent"}

    bench.fetched("v1.0")
    for each in bench.calls:
        environment = each["environment"]
        assert isinstance(environment, dict)
        assert not {"GIT_DIR", "GIT_TRACE"} & set(environment)
        assert (environment["GIT_TERMINAL_PROMPT"], environment["GIT_ASKPASS"]) == ("0", "")
        assert environment["SSH_AUTH_SOCK"] == "/agent"
        assert "core.hooksPath=/dev/null" in each["arguments"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "source",
    [
        "git::ssh://-oProxyCommand=id/x.git?ref=v1.0",
        "git::ssh://git@-oProxyCommand=id/x.git?ref=v1.0",
        "git::https://example.com/x.git?ref=--upload-pack/1.0",
        "git::https://example.com/x.git?ref=-/1.0",
    ],
)
def test_a_source_that_git_would_read_as_an_option_is_refused(source: str) -> None:
    assert not isinstance(read_source(source), GitFolder)


def test_over_https_gits_own_credentials_are_used_and_without_them_nobody_is_asked(bench: Bench) -> None:
    with served(bench.root / "served", bench.root, password="the-secret-word") as (url, certificate):
        folder = bench.folder("v1.0", source=f"git::{url}/customizations//network?ref=")
        bench.ours["GIT_SSL_CAINFO"] = str(certificate)

        refused = bench.sources("https").fetched(folder)
        assert isinstance(refused, Unavailable)
        assert "could not read Username" in refused.problem

        helper = "!f() { echo username=vend; echo password=the-secret-word; }; f"
        (bench.root / ".gitconfig").write_text(f'[credential]\n  helper = "{helper}"\n')
        found = bench.sources("https").fetched(folder)
        assert isinstance(found, Checkout), found
        assert (bench.workspace / found.path / "network/main.tf").read_text() == VARIABLE
        assert not any(b"the-secret-word" in each.read_bytes() for each in bench.workspace.rglob("*") if each.is_file())


def test_a_missing_git_is_told(bench: Bench) -> None:
    bench.ours["PATH"] = str(bench.root)

    assert "no such program" in bench.refused("v1.0")
