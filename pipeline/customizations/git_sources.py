"""Customizations from git: each reference is fetched once, checked out at its commit, and kept for the next run.

Below the workspace, `.vend/git/REPOSITORY/commits/COMMIT/` holds the files of a commit, and `tags/TAG` the commit that a tag
was when it was fetched. A checkout gets its name only when it is complete, so a killed run leaves none that is half done.

Git runs as the person's own git would, with its credential helpers and ssh agent, but nobody is asked for anything: there is
no terminal, and no program that asks (https://git-scm.com/docs/gitcredentials). Only protocols that the settings allow are
spoken, wherever a server or an `insteadOf` may lead (https://git-scm.com/docs/git#Documentation/git.txt-GITALLOWPROTOCOL).
"""

import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pipeline.customizations.log_tail import tail_of
from pipeline.customizations.processes import Command, Ended, Ending, Patience, run
from pipeline.customizations.sources import GitFolder, is_commit, shown
from pipeline.customizations.workspace import Workspace
from pipeline.errors import PermanentServiceError
from pipeline.model.json import digest

PLACE: Final = ".vend/git"
PROTOCOLS: Final = ("https", "ssh")

_FETCH: Final = 600.0
_ASK: Final = 60.0
_LOCAL: Final = 300.0
"""Seconds for a fetch, for the question what a tag is, and for what needs no network."""

_HANDED_ON: Final = ("GIT_CONFIG", "GIT_SSH", "GIT_SSL_", "GIT_PROXY_", "GIT_EXEC_PATH")
"""Of git's variables those that are about whom it trusts and how it gets there; others name another repository, or trace."""

_OPTIONS: Final = {
    "protocol.version": "2",
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.symlinks": "true",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "credential.interactive": "never",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "filter.lfs.process": "",
    "filter.lfs.smudge": "",
    "filter.lfs.clean": "",
    "filter.lfs.required": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
}
"""The same files on every machine, no hooks, nothing left running, and no connection that stands still for ever.

So with git-lfs, too, its pointers stay as they are.
"""

_HEADS_AND_TAGS: Final = ("+refs/heads/*:refs/remotes/heads/*", "+refs/tags/*:refs/remotes/tags/*")
_HINT: Final = "look that git can read it from here without asking for a password: git ls-remote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The files of a commit. `path`: its folder, relative to the workspace. `doubt`: why nobody knows whether the tag moved."""

    path: str
    commit: str
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """`problem` says what is true of the source, `hint` what to do."""

    problem: str
    hint: str


class GitSources:
    """The sources of one workspace. Safe for many threads, and for two runs at once."""

    def __init__(
        self,
        workspace: Path,
        *,
        ours: Mapping[str, str],
        patience: Patience,
        protocols: Collection[str] = PROTOCOLS,
    ) -> None:
        self._workspace = workspace
        self._ours = ours
        self._patience = patience
        self._protocols = frozenset(protocols)

    def refusal(self, source: GitFolder) -> Unavailable | None:
        """Why the source is not fetched, whatever is there; None if it may be."""
        protocol = source.url.partition("://")[0]
        if protocol in self._protocols:
            return None
        allowed = ", ".join(sorted(self._protocols))
        return Unavailable(
            problem=f'is reached over "{protocol}", and only {allowed} may be used',
            hint=f"use one of them, or add {protocol} to customizations.git_protocols in vending.yaml",
        )

    def cached(self, source: GitFolder) -> Checkout | None:
        """What is kept of the source; reads two files, and asks nobody."""
        commit = source.ref if is_commit(source.ref) else self._tagged(source)
        if commit is None or not (self._place(source) / "commits" / commit).is_dir():
            return None
        return Checkout(path=f"{PLACE}/{_name(source)}/commits/{commit}", commit=commit)

    def fetched(self, source: GitFolder) -> Checkout | Unavailable:
        """The source, fetched unless it is kept; of a tag that is kept the server is asked whether it has moved.

        Raises `TemporaryServiceError` if another process takes too long over the same repository.
        """
        if (refused := self.refusal(source)) is not None:
            return refused
        known = self.cached(source)
        if known is not None and is_commit(source.ref):
            return known
        if shutil.which("git", path=self._ours.get("PATH")) is None:
            return Unavailable(problem="needs git, and there is no such program in PATH", hint="install git")
        work = Workspace(self._workspace / PLACE, self._patience.clock)
        with work.alone(_name(source), _FETCH):
            try:
                return self._kept(source)
            except _GitFailedError as error:
                return Unavailable(problem=str(error), hint=f"{_HINT} {shown(source.url)}")
            except (PermanentServiceError, OSError) as error:
                return Unavailable(
                    problem=f"cannot be kept below {PLACE}: {error}", hint="check the disk and permissions"
                )

    def _kept(self, source: GitFolder) -> Checkout | Unavailable:
        """Another run may have fetched it while this one waited."""
        known = self.cached(source)
        if known is None:
            return self._fetch(source)
        return known if is_commit(source.ref) else self._confirmed(source, known)

    def _confirmed(self, source: GitFolder, known: Checkout) -> Checkout | Unavailable:
        """What is kept of a tag, unless the server says that the tag is another commit now."""
        tag = f"refs/tags/{source.ref}"
        try:
            self._git(source, _ASK, "ls-remote", "--quiet", "--", source.url, tag, f"{tag}^{{}}")
        except _GitFailedError as error:
            return replace(known, doubt=str(error))
        rows = [line.split("\t") for line in self._log(source).read_text(errors="replace").splitlines()]
        told = {row[1]: row[0] for row in rows if len(row) == len(("commit", "name"))}
        now = told.get(f"{tag}^{{}}") or told.get(tag)
        if now == known.commit:
            return known
        if now is None:
            return replace(known, doubt="the tag is not there any more")
        return Unavailable(
            problem=f'has moved: the tag "{source.ref}" is the commit {now}, and was {known.commit} when it was fetched',
            hint=f"ask its owner why; to take it as it is now, pin ?ref={now}, or remove {self._tag(source, PLACE)}",
        )

    def _fetch(self, source: GitFolder) -> Checkout:
        tree = self._place(source) / "unfinished"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True, mode=0o700)
        try:
            return self._checked_out(source, tree)
        finally:
            shutil.rmtree(tree, ignore_errors=True)

    def _checked_out(self, source: GitFolder, tree: Path) -> Checkout:
        self._git(source, _LOCAL, "init", "--quiet", "--template=", str(tree))
        commit = self._commit_in(source, tree)
        self._git(source, _LOCAL, "checkout", "--quiet", "--force", "--detach", commit, "--", directory=tree)
        shutil.rmtree(tree / ".git")
        for file in tree.rglob("*"):
            if file.is_file() and not file.is_symlink():
                file.chmod(file.stat().st_mode & 0o555)  # it is that commit; who wants to try a change copies it
        kept = self._place(source) / "commits" / commit
        kept.parent.mkdir(exist_ok=True, mode=0o700)
        if not kept.is_dir():
            tree.rename(kept)
        if not is_commit(source.ref):
            self._remember_tag(source, commit)
        return Checkout(path=f"{PLACE}/{_name(source)}/commits/{commit}", commit=commit)

    def _commit_in(self, source: GitFolder, tree: Path) -> str:
        """Fetch the reference into the new repository at `tree`; the full name of its commit."""
        pinned = is_commit(source.ref)
        wanted = source.ref if pinned else f"refs/tags/{source.ref}"
        options = ("fetch", "--quiet", "--no-tags")
        try:
            self._git(source, _FETCH, *options, "--depth=1", "--", source.url, wanted, directory=tree)
        except _GitFailedError:
            if not pinned:
                raise
            # Some servers give no commit by its name, but all of their branches.
            self._git(source, _FETCH, *options, "--", source.url, *_HEADS_AND_TAGS, directory=tree)
        found = source.ref if pinned else "FETCH_HEAD"
        self._git(source, _LOCAL, "rev-parse", "--verify", f"{found}^{{commit}}", directory=tree)
        commit = self._log(source).read_text(errors="replace").strip()
        if not is_commit(commit):
            raise _GitFailedError(f'git does not tell the commit of "{source.ref}"')
        return commit

    def _git(self, source: GitFolder, limit: float, *arguments: str, directory: Path | None = None) -> None:
        """Run git; what it says is in the log. Raises `_GitFailedError`, with the end of what it said."""
        options = (part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}"))
        place = self._place(source)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = Command(
            arguments=("git", *options, *arguments),
            directory=directory or place,
            environment=self._environment(),
            log=self._log(source),
            limit=limit,
        )
        ended = run(command, self._patience)
        if ended.ending is not Ending.EXITED or ended.code != 0:
            raise _GitFailedError(_words(arguments[0], ended, limit, self._log(source)))

    def _environment(self) -> dict[str, str]:
        ours = {
            name: value
            for name, value in self._ours.items()
            if not name.startswith(("GIT_", "GCM_")) or name.startswith(_HANDED_ON)
        }
        return {
            **ours,
            "LC_ALL": "C",
            "GIT_ALLOW_PROTOCOL": ":".join(sorted(self._protocols)),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS_REQUIRE": "never",
            "GCM_INTERACTIVE": "never",
        }

    def _place(self, source: GitFolder) -> Path:
        return self._workspace / PLACE / _name(source)

    def _log(self, source: GitFolder) -> Path:
        return self._place(source) / "git.log"

    def _tag(self, source: GitFolder, place: str | Path) -> Path:
        return Path(place, _name(source), "tags", quote(source.ref, safe=""))

    def _tagged(self, source: GitFolder) -> str | None:
        """The commit that the tag was when it was fetched."""
        try:
            commit = self._tag(source, self._workspace / PLACE).read_text().strip()
        except OSError:
            return None
        return commit if is_commit(commit) else None

    def _remember_tag(self, source: GitFolder, commit: str) -> None:
        path = self._tag(source, self._workspace / PLACE)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        unfinished = path.parents[1] / "unfinished.tag"
        unfinished.write_text(f"{commit}\n")
        unfinished.replace(path)


class _GitFailedError(Exception):
    """A command of git did not end well; the text says how."""


def _words(verb: str, ended: Ended, limit: float, log: Path) -> str:
    if ended.ending is Ending.TIMED_OUT:
        return f"cannot be read: git {verb} took longer than {limit:.0f} seconds"
    if ended.ending is Ending.CANCELLED:
        return f"was not read: git {verb} was interrupted"
    return f"cannot be read: git {verb} says: {shown(tail_of(log)) or f'nothing, and exits with {ended.code}'}"


def _name(source: GitFolder) -> str:
    """A folder for the repository: readable, and one for each URL."""
    last = source.url.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return f"{re.sub('[^A-Za-z0-9_-]', '-', last)[:40]}-{digest(source.url)[:16]}"
