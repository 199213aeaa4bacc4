"""Who changed each file last, as git tells."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK = "\x01"
_BLOCK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """`commit`: 40 hexadecimal characters; `author`: name and address; `date`: ISO 8601 with offset, the author's."""

    commit: str
    author: str
    date: str


def last_changes(root: Path, files: Iterable[str]) -> Mapping[str, Authorship]:
    """The last commit that changed each of `files` (paths below `root`, with "/").

    Absent are: files whose content is not what was committed; files that the oldest commit of a shallow clone has, because
    git shows that one as having added everything; and all of them outside a git repository. The log is walked once, and
    only as far back as is needed.
    """
    wanted = set(files)
    if not wanted:
        return {}
    try:
        import git  # noqa: PLC0415 - GitPython costs 0.1 s, and looks for the program git when it is imported
    except ImportError:  # there is no git
        return {}
    runner: Any = git.Git(root)
    try:
        folders = sorted({file.partition("/")[0] for file in wanted})
        return _walk(runner, folders, wanted - _uncommitted(runner, folders), _shallow(runner, root))
    except (git.GitError, OSError):  # not a repository, one without commits, or somebody else's
        return {}


def standing(root: Path, files: Iterable[str]) -> frozenset[str]:
    """Those of `files` (paths below `root`, with "/") that are as they were committed; none outside a git repository."""
    wanted = set(files)
    if not wanted:
        return frozenset()
    try:
        import git  # noqa: PLC0415 - as above
    except ImportError:  # there is no git
        return frozenset()
    runner: Any = git.Git(root)
    try:
        folders = sorted({file.partition("/")[0] for file in wanted})
        command = ["git", "--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *folders]
        committed = set(runner.execute(command).split("\0"))
        return frozenset(wanted & committed - _uncommitted(runner, folders))
    except (git.GitError, OSError):  # not a repository, one without commits, or somebody else's
        return frozenset()


def _uncommitted(runner: Any, folders: list[str]) -> set[str]:
    """The paths below the folders that differ from the last commit."""
    prefix = runner.rev_parse("--show-prefix")
    options = ["--porcelain", "-z", "--no-renames", "--untracked-files=all"]
    command = ["git", "--no-optional-locks", "--literal-pathspecs", "status", *options, "--", *folders]
    status: str = runner.execute(command)
    return {entry[3:].removeprefix(prefix) for entry in status.split("\0")}


def _shallow(runner: Any, root: Path) -> frozenset[str]:
    """The commits that a shallow clone ends with."""
    grafts = root / runner.rev_parse("--git-path", "shallow")
    return frozenset(grafts.read_text().split()) if grafts.is_file() else frozenset()


def _walk(runner: Any, folders: list[str], wanted: set[str], ends: frozenset[str]) -> dict[str, Authorship]:
    found: dict[str, Authorship] = {}
    options = ["-z", "--no-show-signature", f"--format={_MARK}%H %aI %an <%ae>", "--name-only", "--relative"]
    command = ["git", "-c", "log.showRoot=true", "--literal-pathspecs", "log", *options, "--", *folders]
    process = runner.execute(command, as_process=True)
    try:
        commit: Authorship | None = None
        for entry in _entries(process.stdout):
            if not wanted:
                break
            if entry.startswith(_MARK):
                commit = _authorship(entry, ends)
            elif (name := entry.removeprefix("\n")) in wanted:
                wanted.discard(name)
                if commit is not None:
                    found[name] = commit
    finally:
        process.terminate()
        process.stdout.close()
        process.stderr.close()
    return found


def _authorship(entry: str, ends: frozenset[str]) -> Authorship | None:
    commit, date, author = entry.removeprefix(_MARK).split(" ", 2)
    return None if commit in ends else Authorship(commit=commit, author=author, date=date)


def _entries(stream: Any) -> Iterator[str]:
    """What stands between the NUL characters of the stream."""
    rest = b""
    while block := stream.read1(_BLOCK):
        *whole, rest = (rest + block).split(b"\0")
        for entry in whole:
            yield entry.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")
