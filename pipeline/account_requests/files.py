"""Which files there are below `account-requests/`, and what each is for."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.account_requests import yaml
from pipeline.account_requests.suggestions import did_you_mean
from pipeline.account_requests.written import Document
from pipeline.model.finding import Finding, Location

FOLDER: Final = "account-requests"
DEFAULTS: Final = "_defaults"
ORGANIZATION: Final = "_organization"
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """A file to read. `name` is its path below the root, as findings show it; `folder` that of its folder."""

    name: str
    folder: str
    path: Path

    @property
    def stem(self) -> str:
        return self.name.rpartition("/")[2].rpartition(".")[0]

    def read(self) -> Document | tuple[Finding, ...]:
        """The document, or all that is wrong with the file; never raises."""
        try:
            with self.path.open("rb") as stream:
                data = stream.read(yaml.MAX_BYTES + 1)
        except OSError as error:
            return (_unreadable(self.name, error),)
        return yaml.read(data, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTree:
    """All files, sorted. `defaults` are by folder; `organization` is None if there is none.

    `is_there` is false if there is no folder to read at all.
    """

    requests: tuple[SourceFile, ...] = ()
    defaults: Mapping[str, SourceFile] = field(default_factory=dict)
    organization: SourceFile | None = None
    findings: tuple[Finding, ...] = ()
    is_there: bool = True


def find_files(root: Path) -> SourceTree:
    """The files below `root/account-requests`. Hidden files and folders, and those that are not YAML, are not ours."""
    top = root / FOLDER
    if not top.is_dir() or not _is_within(top, root):
        hint = "create it, with a _organization.yaml; --root names the folder that it is in"
        finding = _finding(FOLDER, "no-requests", f'there is no folder "{FOLDER}"', hint)
        return SourceTree(findings=(finding,), is_there=False)
    found: list[SourceFile] = []
    findings: list[Finding] = []
    for entry in _walk(top):
        match entry:
            case Finding():
                findings.append(entry)
            case SourceFile():
                found.append(entry)
    return _sorted_out(sorted(found), findings)


def _walk(top: Path) -> Iterator[SourceFile | Finding]:
    folders = [(top, FOLDER)]
    while folders:
        folder, name = folders.pop()
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        except OSError as error:
            yield _unreadable(name, error)
            continue
        for entry in entries:
            shown = f"{name}/{_shown(entry.name)}"
            if entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), shown))
                continue
            try:
                what = _look(entry, shown, name, top)
            except OSError as error:
                what = _unreadable(shown, error)
            if what is not None:
                yield what


def _look(entry: os.DirEntry[str], shown: str, folder: str, top: Path) -> SourceFile | Finding | None:
    path = Path(entry.path)
    if entry.is_symlink():
        if not _is_within(path, top):
            message = f'the symbolic link does not lead to a file in "{FOLDER}"'
            return _finding(shown, "file-link", message, "put the file here in its place")
        if path.is_dir():
            return _finding(shown, "file-link", "a symbolic link to a folder is not followed", "put the files here")
    if not entry.name.lower().endswith(_SUFFIXES):
        return None
    if not entry.is_file():
        return _finding(shown, "file-kind", "this is not an ordinary file", "remove it")
    return SourceFile(shown, folder, path)


def _is_within(path: Path, folder: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link that leads back to itself
        return False


def _sorted_out(found: list[SourceFile], findings: list[Finding]) -> SourceTree:
    requests: list[SourceFile] = []
    defaults: dict[str, SourceFile] = {}
    organization: SourceFile | None = None
    for file in found:
        if not file.stem.startswith("_"):
            requests.append(file)
        elif file.stem == DEFAULTS and file.folder not in defaults:
            defaults[file.folder] = file
        elif file.stem == ORGANIZATION and file.folder == FOLDER and organization is None:
            organization = file
        else:
            findings.append(_misplaced(file))
    return SourceTree(
        requests=tuple(requests), defaults=defaults, organization=organization, findings=tuple(sorted(findings))
    )


def _misplaced(file: SourceFile) -> Finding:
    message = f'"{file.stem}" has no meaning here: only {DEFAULTS} and, at the top, {ORGANIZATION} begin with "_"'
    if file.stem in (DEFAULTS, ORGANIZATION):
        message = f'there is another "{file.stem}" in this folder, or it belongs to the top of "{FOLDER}"'
        return _finding(file.name, "file-name", message, "keep one of the two, at its place")
    hint = did_you_mean(file.stem, (DEFAULTS, ORGANIZATION), "rename it: a request does not begin with an underscore")
    return _finding(file.name, "file-name", message, hint)


def _shown(name: str) -> str:
    """A file name that can be shown: what is not printable, or not UTF-8, is escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _unreadable(name: str, error: OSError) -> Finding:
    reason = error.strerror or type(error).__name__
    return _finding(name, "file-unreadable", f"it cannot be read: {reason}", "make it readable, or remove it")


def _finding(name: str, rule: str, message: str, hint: str) -> Finding:
    return Finding(location=Location(name), rule=rule, message=message, hint=hint)
