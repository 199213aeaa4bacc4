"""The base branch of what is checked out, as a workspace of its own: to tell what a branch changes from what differs anyway."""

import io
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pipeline.app.workspace import Workspace
from pipeline.errors import UsageError

_MERGE: Final = 2
_FETCH: Final = (
    "fetch more of the history: fetch-depth: 2 for the merge commit of GitHub, GIT_DEPTH: 0 on GitLab, or --base COMMIT"
)


def prefix_of(workspace: Workspace) -> str:
    """The workspace's folder below the git top level, with a slash at the end; empty at the top, or outside of git."""
    repository = repository_of(workspace)
    if repository is None:
        return ""
    inside = workspace.root.resolve().relative_to(Path(str(repository.working_tree_dir)).resolve())
    return "" if inside == Path() else f"{inside.as_posix()}/"


def base_commit(workspace: Workspace, head: str, base_ref: str, given: str | None) -> tuple[str, bool]:
    """The commit that the pull request is compared with, and whether a merge result is checked out.

    A merge of the head into the base has the base as its first parent; of anything else, it is where the branch began.
    Raises `UsageError` if git does not know it.
    """
    repository = repository_of(workspace)
    if repository is None:
        raise UsageError(f"{workspace.root}: this is not in a git repository", hint="check the repository out with git")
    import git  # noqa: PLC0415 - GitPython costs 0.1 s, and looks for the program git when it is imported

    try:
        commit = repository.head.commit
        if given is not None:
            return repository.commit(given).hexsha, commit.hexsha != head
        parents = [each.hexsha for each in commit.parents]
        if len(parents) == _MERGE and parents[1] == head:
            repository.commit(parents[0]).tree  # noqa: B018 - raises where the clone is too shallow to have it
            return parents[0], True
        found = repository.merge_base(commit, f"origin/{base_ref}") if base_ref else []
        if found:
            return str(found[0].hexsha), False
    except (git.GitError, ValueError, OSError) as error:
        raise UsageError(
            f'git does not know the base of the pull request, "{given or base_ref}"', hint=_FETCH
        ) from error
    raise UsageError(f'git does not know where the branch left "{base_ref}"', hint=_FETCH)


@contextmanager
def base_workspace(workspace: Workspace, commit: str) -> Iterator[Workspace]:
    """The workspace as it is at the commit, in a folder that lives as long as the context. Raises `UsageError`."""
    import git  # noqa: PLC0415 - as above

    repository: Any = repository_of(workspace)
    with tempfile.TemporaryDirectory(prefix="vend-base-") as folder:
        stream = io.BytesIO()
        try:
            repository.archive(stream, treeish=commit, format="tar")
            stream.seek(0)
            with tarfile.open(fileobj=stream) as archive:
                archive.extractall(folder, filter="data")
        except (git.GitError, tarfile.TarError, OSError) as error:
            raise UsageError(
                f"the base branch at {commit} cannot be read: {type(error).__name__}", hint=_FETCH
            ) from error
        root = Path(folder) / prefix_of(workspace)
        root.mkdir(parents=True, exist_ok=True)
        yield Workspace(root)


def repository_of(workspace: Workspace) -> Any:
    """GitPython's view of the repository; None outside of one."""
    try:
        import git  # noqa: PLC0415 - as above
    except ImportError:  # there is no git
        return None
    try:
        return git.Repo(workspace.root, search_parent_directories=True)
    except git.GitError:
        return None
