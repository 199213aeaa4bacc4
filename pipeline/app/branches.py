"""A change to the workspace as a commit on a branch of our own, pushed; what is checked out stays as it is.

The token for the push goes to git in its environment, never as an argument or into a file. A branch that somebody else has
committed to is left alone.
"""

import base64
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.errors import PermanentServiceError, ServiceError, UsageError

AUTHOR: Final = "account-vending"
ADDRESS: Final = "account-vending@users.noreply.invalid"
"""Our commits are known by it."""

_REMOTE: Final = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`files`: texts by path below the workspace. `base`: the branch that it is to be merged into."""

    branch: str
    base: str
    message: str
    files: Mapping[str, str]


def push(root: Path, proposal: Proposal, token: str | None) -> str:
    """Have the branch hold the base and one commit with the files; the id of that commit.

    The same proposal on the same base gives the same commit, so a repetition changes nothing. Raises `UsageError` outside of a
    git repository, `PermanentServiceError` if the remote refuses or the branch is somebody else's.
    """
    git = _git(root)
    environment = _environment(git, token)
    try:
        _fetch(git, proposal.base, environment)
        commit = _commit(git, proposal, git.execute(["git", "rev-parse", _kept(proposal.base)]))
        target = f"refs/heads/{proposal.branch}"
        there = git.execute(["git", "ls-remote", _REMOTE, target], env=environment).partition("\t")[0]
        if there == commit:
            return commit
        if there:
            _check_ours(git, proposal.branch, environment)
        lease = f"--force-with-lease={target}:{there}"
        git.execute(["git", "push", "--quiet", lease, _REMOTE, f"{commit}:{target}"], env=environment)
    except ServiceError:
        raise
    except _errors() as error:
        raise _refused(proposal, error) from None
    return commit


def keep(root: Path, proposal: Proposal) -> str:
    """As `push`, here and on top of the commit that is checked out (`base` says nothing); the id of the commit.

    Raises `UsageError` outside of a git repository, `PermanentServiceError` if the branch is somebody else's.
    """
    git = _repository(root)
    ref = f"refs/heads/{proposal.branch}"
    try:
        commit = _commit(git, proposal, git.execute(["git", "rev-parse", "HEAD"]))
        there = git.execute(["git", "for-each-ref", "--format=%(objectname) %(committeremail:trim)", ref])
        known, _, committer = there.partition(" ")
        if known not in {"", commit} and committer != ADDRESS:
            raise _somebody_elses(proposal.branch)
        git.execute(["git", "update-ref", ref, commit, known or "0" * len(commit)])
    except _errors() as error:
        raise UsageError(
            f'git: the branch "{proposal.branch}" cannot be made: {type(error).__name__}',
            hint="give it another name with --branch; something must be committed already",
        ) from None
    return commit


def changed_at_base(root: Path, base: str, files: Mapping[str, bytes], token: str | None) -> tuple[str, ...]:
    """Those of `files` (by path below the workspace) that the branch of the remote has otherwise by now.

    Raises `UsageError` outside of a git repository, or where the remote has no such branch.
    """
    git = _git(root)
    try:
        fetch = ["git", "fetch", "--quiet", _REMOTE, f"+refs/heads/{base}:{_kept(base)}"]
        git.execute(fetch, env=_environment(git, token))
        prefix = git.execute(["git", "rev-parse", "--show-prefix"])
        command = ["git", "ls-tree", "-z", "--full-tree", _kept(base), "--", *(f"{prefix}{name}" for name in files)]
        there = {line.partition("\t")[2]: line.split()[2] for line in git.execute(command).split("\0") if line}
        with tempfile.TemporaryDirectory(prefix="vend-") as folder:
            return tuple(
                name
                for name, data in sorted(files.items())
                if there.get(f"{prefix}{name}") != _digest(git, data, Path(folder) / "blob")
            )
    except _errors() as error:
        raise UsageError(
            f'git: the branch "{base}" cannot be fetched: {type(error).__name__}',
            hint="name the branch to merge into with --base",
        ) from None


def _digest(git: Any, data: bytes, blob: Path) -> str:
    blob.write_bytes(data)
    return str(git.execute(["git", "hash-object", "--no-filters", "--", str(blob)]))


def _somebody_elses(branch: str) -> PermanentServiceError:
    return PermanentServiceError(
        f'branch "{branch}": somebody else has committed to it, so it is left alone',
        hint="go on in its pull request, or remove the branch and run again",
    )


def _commit(git: Any, proposal: Proposal, base: str) -> str:
    prefix = git.execute(["git", "rev-parse", "--show-prefix"])
    with tempfile.TemporaryDirectory(prefix="vend-") as folder:
        own = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.execute(["git", "read-tree", base], env=own)
        for number, (path, text) in enumerate(sorted(proposal.files.items())):
            blob = Path(folder) / str(number)
            blob.write_text(text, encoding="utf-8", newline="\n")
            # Without filters: what is committed is what was checked, whatever .gitattributes says.
            digest = git.execute(["git", "hash-object", "-w", "--no-filters", "--", str(blob)])
            git.execute(["git", "update-index", "--add", "--cacheinfo", f"100644,{digest},{prefix}{path}"], env=own)
        tree = git.execute(["git", "write-tree"], env=own)
    when = git.execute(["git", "show", "--no-patch", "--format=%cI", base])
    identity = {
        **{f"GIT_{who}_NAME": AUTHOR for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": ADDRESS for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_DATE": when for who in ("AUTHOR", "COMMITTER")},
    }
    command = ["git", "commit-tree", "--no-gpg-sign", tree, "-p", base, "-m", proposal.message]
    return str(git.execute(command, env=identity))


def _fetch(git: Any, branch: str, environment: Mapping[str, str]) -> None:
    git.execute(["git", "fetch", "--quiet", _REMOTE, f"+refs/heads/{branch}:{_kept(branch)}"], env=dict(environment))


def _check_ours(git: Any, branch: str, environment: Mapping[str, str]) -> None:
    _fetch(git, branch, environment)
    committer = git.execute(["git", "show", "--no-patch", "--format=%ce", _kept(branch)])
    if committer != ADDRESS:
        raise _somebody_elses(branch)


def _environment(git: Any, token: str | None) -> dict[str, str]:
    """Settings of git for one command, of which the token is a header for the remote's host and no other."""
    settings = {"GIT_TERMINAL_PROMPT": "0"}
    url = urlsplit(git.execute(["git", "remote", "get-url", _REMOTE]))
    if token and url.scheme == "https":
        header = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.https://{url.hostname}{'' if url.port is None else f':{url.port}'}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
        }
    return settings


def _refused(proposal: Proposal, error: Exception) -> PermanentServiceError:
    told = str(getattr(error, "stderr", "")).strip().strip("'").splitlines()
    said = next((line for line in reversed(told) if line.strip()), type(error).__name__)
    return PermanentServiceError(
        f'git: the branch "{proposal.branch}" cannot be pushed: {said.strip()}',
        hint="let the token write contents of the repository, then run again",
    )


def _kept(branch: str) -> str:
    return f"refs/vend/{branch}"


def _repository(root: Path) -> Any:
    import git  # noqa: PLC0415 - as below

    runner: Any = git.Git(root)
    try:
        runner.execute(["git", "rev-parse", "--show-prefix"])
    except (git.GitError, OSError):
        raise UsageError(f'"{root}" is in no git repository', hint="run it in one") from None
    return runner


def _git(root: Path) -> Any:
    import git  # noqa: PLC0415 - GitPython costs 0.1 s, and looks for the program git when it is imported

    runner: Any = git.Git(root)
    try:
        runner.execute(["git", "remote", "get-url", _REMOTE])
    except (git.GitError, OSError):
        raise UsageError(
            f'"{root}" is no clone of a git repository: it has no remote "{_REMOTE}"', hint="run it in a clone"
        ) from None
    return runner


def _errors() -> tuple[type[Exception], ...]:
    import git  # noqa: PLC0415 - as above

    return (git.GitError, OSError)
