"""Where a customization's Terraform is: a folder of the workspace, or a pinned git reference."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

TERRAFORM: Final = "terraform"
NAMED: Final = "terraform/account-customizations"
_NOT_CUSTOMIZATIONS: Final = frozenset({NAMED, "terraform/bootstrap", "terraform/modules"})

_GIT = re.compile(r"git::(?P<url>(?:https|ssh|file)://[^?\s]+?)(?://(?P<folder>[^?\s]*))?(?:\?ref=(?P<ref>[^&\s]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_RELEASE = re.compile(r"(?:[A-Za-z0-9._/-]*[-_/])?v?[0-9]+(?:\.[0-9]+)+(?:[-+.][A-Za-z0-9.-]+)?")
_EXACT_VERSION = re.compile(r"=?\s*v?[0-9]+(?:\.[0-9]+){2}(?:[-+][A-Za-z0-9.-]+)?")
_REGISTRY = re.compile(r"(?:[A-Za-z0-9.-]+\.[A-Za-z]+(?::[0-9]+)?/)?[\w-]+/[\w-]+/[\w-]+(?://\S*)?", re.ASCII)
_FORGES: Final = ("github.com/", "bitbucket.org/", "git@")


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """`path` is relative to the workspace."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFolder:
    """`folder` within the repository (empty for its top) at `ref`, a release tag or a full commit."""

    url: str
    folder: str
    ref: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """`problem` says what is true of the source, `hint` what to do."""

    problem: str
    hint: str


def read_source(text: str) -> LocalFolder | GitFolder | Unusable:
    """What the text of a source stands for. It is not looked up."""
    if "::" in text or "://" in text:
        return _git(text)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in text:
        return Unusable(
            "is not a folder below the workspace", "write a path like terraform/account-customizations/network"
        )
    return LocalFolder(str(path))


def _git(text: str) -> GitFolder | Unusable:
    match = _GIT.fullmatch(text)
    if match is None:
        return Unusable(
            "is not a git reference that can be used",
            "write git::https://HOST/REPOSITORY.git//FOLDER?ref=v1.2.3, over https, ssh or file",
        )
    url, folder, ref = match["url"], match["folder"] or "", match["ref"]
    host = url.partition("://")[2].removeprefix("git@")
    if host.startswith("-") or (ref or "").startswith("-"):
        return Unusable("would be read as an option of git", "write the host and the tag as they are called")
    if "@" in url.partition("://")[2].partition("/")[0] and not url.startswith("ssh://git@"):
        return Unusable("carries a user or a secret", "leave it out; git's own credential store has it")
    if ".." in PurePosixPath(folder).parts:
        return Unusable("leads out of its repository", "name a folder within it")
    if ref is None or not is_pinned(ref):
        what = "names no ref" if ref is None else f'names the ref "{ref}", which may move'
        return Unusable(what, "pin it: ?ref= and a release tag like v1.2.3, or a commit with all of its 40 digits")
    return GitFolder(url=url, folder=folder.strip("/"), ref=ref)


def is_pinned(ref: str) -> bool:
    """Whether a git reference stands still: a full commit, or a name like a release's. Branches are not told by name."""
    return is_commit(ref) or _RELEASE.fullmatch(ref) is not None


def is_commit(ref: str) -> bool:
    """Whether it is the full name of a commit, and not a tag or a branch."""
    return _COMMIT.fullmatch(ref) is not None


def is_pinned_module(source: str, version: str | None) -> bool:
    """Whether a module is the same at every `init`: a local path, an exact registry version, or a pinned git reference.

    https://developer.hashicorp.com/terraform/language/modules/sources. Archives over HTTP, S3 and the like are not.
    """
    if is_local_module(source):
        return True
    if source.startswith(("git::", *_FORGES)):
        ref = re.search(r"[?&]ref=([^&\s]+)", source)
        return ref is not None and is_pinned(ref[1])
    is_registry = _REGISTRY.fullmatch(source) is not None
    return is_registry and version is not None and _EXACT_VERSION.fullmatch(version.strip()) is not None


def is_local_module(source: str) -> bool:
    return source.startswith(("./", "../"))


def shown(source: str) -> str:
    """The source for messages: without a user or secret that stands before its host."""
    return re.sub(r"//[^/@\s]*@", "//…@", source)


def customization_folders(root: Path) -> tuple[str, ...]:
    """The folders of the workspace that may be customizations, sorted, relative to `root`."""
    return tuple(sorted({*_below(root, TERRAFORM), *_below(root, NAMED)} - _NOT_CUSTOMIZATIONS))


def _below(root: Path, folder: str) -> Iterator[str]:
    try:
        found = sorted((root / folder).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (f"{folder}/{path.name}" for path in found if path.is_dir() and not path.name.startswith("."))


def default_source(name: str, folders: Collection[str]) -> str:
    """The folder that a customization without a source stands for: `terraform/NAME`, or the one of that name for accounts."""
    shared = f"{TERRAFORM}/{name}"
    return shared if shared in folders else f"{NAMED}/{name}"
