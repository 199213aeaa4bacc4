"""Which lines a branch changes: findings are shown beside those, and not beside what was there before."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.app.base_branch import repository_of
from pipeline.app.workspace import Workspace
from pipeline.errors import UsageError

Changed = Mapping[str, frozenset[int]]
"""Numbers of lines, from 1, by the path below the git top level. Lines that went leave the one before them."""

_HUNK: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NEW_NAME: Final = "+++ "


def changed_lines(workspace: Workspace, base: str) -> Changed:
    """The lines of the commit that is checked out that are not in `base`. Raises `UsageError` if git cannot tell."""
    import git  # noqa: PLC0415 - GitPython costs 0.1 s, and looks for the program git when it is imported

    repository: Any = repository_of(workspace)
    forms = {"unified": 0, "no_renames": True, "no_color": True, "no_ext_diff": True, "no_textconv": True}
    try:
        told = repository.git(c="core.quotepath=on").diff(base, "HEAD", src_prefix="a/", dst_prefix="b/", **forms)
    except git.GitError as error:
        raise UsageError(f"git cannot compare with {base}", hint="fetch more of the history") from error
    return _read(str(told))


def _read(told: str) -> Changed:
    changed: dict[str, frozenset[int]] = {}
    lines = iter(told.split("\n"))
    path = ""
    for line in lines:
        if line.startswith(_NEW_NAME):
            path = _path(line.removeprefix(_NEW_NAME).removesuffix("\t"))
        elif (hunk := _HUNK.match(line)) is not None:
            removed, start, added = (1 if number is None else int(number) for number in hunk.groups())
            _skip(lines, removed + added)
            changed[path] = changed.get(path, frozenset()) | frozenset(
                range(max(start, 1), max(start, 1) + (added or 1))
            )
    return changed


def _skip(lines: Iterator[str], number: int) -> None:
    """The text of a hunk may read like the name of a file, so it is never looked at."""
    for _, _ in zip(range(number), (line for line in lines if not line.startswith("\\")), strict=False):
        pass


def _path(written: str) -> str:
    """The path behind git's prefix and quotes: https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath."""
    if written.startswith('"'):
        written = ast.literal_eval(f"b{written}").decode("utf-8", "surrogateescape")
    return written.removeprefix("b/")
