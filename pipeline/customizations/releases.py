"""The Terraform of one customization at one moment: its files, those of the local modules it names, and their digests."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from pipeline.customizations.executables import Executables
from pipeline.customizations.folder import Folder
from pipeline.errors import PermanentServiceError

LOCK_FILE: Final = ".terraform.lock.hcl"
_UNUSED_FOLDERS: Final = frozenset({".terraform", ".git", "__pycache__"})
_UNUSED_ENDINGS: Final = (".tfstate", ".tfstate.backup", ".tfplan", ".tftest.hcl", ".tftest.json", ".lock.info", ".pyc")
"""Left by a person who tried the folder out, or read by `terraform test` alone; Terraform does not plan by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the running half needs to know of a customization's folder.

    `modules`: every local module that the folder names, and those that these name. `providers`: local name and alias (None:
    the default) of each configuration of the AWS provider in the folder; `entering`: those that would assume the role that
    they have. `variables`: what it declares. `pinned`: every module from elsewhere has an exact version. `home`: the
    customization's own folder, None if that is `folder`, where the Terraform is. `rendered`: names and texts of the files that
    its templates become; `executables`: what runs before and after.
    """

    name: str
    folder: Path
    home: Path | None = None
    modules: tuple[Path, ...] = ()
    providers: tuple[tuple[str, str | None], ...] = (("aws", None),)
    variables: frozenset[str] = frozenset()
    pinned: bool = True
    entering: tuple[tuple[str, str | None], ...] = ()
    rendered: tuple[tuple[str, str], ...] = ()
    executables: Executables = field(default_factory=Executables)


def release_of(name: str, folder: Folder, root: Path) -> Release:
    """The release of a customization whose folder was read; `root`: what the folder's path is relative to."""
    return Release(
        name=name,
        folder=root / folder.path,
        modules=tuple(root / path for path in folder.local_modules),
        providers=folder.aws_providers,
        variables=frozenset(folder.variables),
        pinned=not folder.unpinned,
        home=root / folder.home if folder.home not in {"", folder.path} else None,
        entering=folder.entering,
        rendered=folder.rendered,
        executables=folder.executables,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Files by their path below `root`, with the digest of each.

    `folder` is where the Terraform is, below `root`, and `home` the customization's own folder, which holds it. `root` is the
    lowest folder that holds the customization and its modules, so that `../module` stays true in a copy.
    """

    root: Path
    folder: str
    files: Mapping[str, str]
    home: str = ""


def read_tree(release: Release) -> Tree:
    """The files of the release. Raises `PermanentServiceError` for what cannot be read, or leads out by a symbolic link."""
    home = release.home or release.folder
    folders = tuple(path.resolve() for path in dict.fromkeys((release.folder, home, *release.modules)))
    missing = next((path for path in folders if not path.is_dir()), None)
    if missing is not None:
        raise PermanentServiceError(
            f'customization "{release.name}": there is no folder "{missing}"',
            hint="restore it, or correct the source in vending.yaml or the request",
        )
    root = Path(os.path.commonpath(folders))
    try:
        paths = sorted({path for folder in folders for path in _files(folder, root)})
        files = {path.relative_to(root).as_posix(): _digest(path) for path in paths}
    except OSError as error:
        raise PermanentServiceError(
            f'customization "{release.name}": "{error.filename}" cannot be read: {error.strerror}',
            hint="make it a readable file",
        ) from error
    below = home.resolve().relative_to(root).as_posix()
    return Tree(root=root, folder=folders[0].relative_to(root).as_posix(), files=files, home=below)


def copy_tree(tree: Tree, destination: Path) -> Path:
    """Write the files below `destination`; the customization's folder there.

    Raises `PermanentServiceError` if a file has changed since `read_tree`: what is copied is what has the fingerprint.
    """
    for name in tree.files:
        source, written = tree.root / name, destination / name
        content = source.read_bytes()
        if _digest_of(content, _is_executable(source)) != tree.files[name]:
            raise PermanentServiceError(
                f'"{source}": it was changed while it was being read', hint="run again when nobody edits it"
            )
        written.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written.write_bytes(content)
        written.chmod(0o700 if _is_executable(source) else 0o600)
    folder = destination / tree.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _files(folder: Path, root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _UNUSED_FOLDERS)
        for name in (*folders, *names):
            path = Path(parent, name)
            if path.is_symlink():
                _refuse_strangers(path, folder, root)
            if name in names and not name.endswith(_UNUSED_ENDINGS):
                yield path


def _refuse_strangers(path: Path, folder: Path, root: Path) -> None:
    target = path.resolve()
    if path.is_dir() or not target.is_file() or not target.is_relative_to(folder):
        raise PermanentServiceError(
            f'"{path.relative_to(root)}": it is a symbolic link to "{path.readlink()}", which is no file of its folder',
            hint="put a copy there, or make it a module that is named by its path",
        )


def _digest(path: Path) -> str:
    return _digest_of(path.read_bytes(), _is_executable(path))


def _digest_of(content: bytes, executable: bool) -> str:  # noqa: FBT001 - a property of the file, always given by name of a function
    return sha256(b"x" * executable + b"\0" + content).hexdigest()


def _is_executable(path: Path) -> bool:
    return os.access(path, os.X_OK)
