"""The work directory: Terraform runs in copies that we made, never in the repository.

`prepared/NAME-DIGEST` a release, copied, overridden and initialized once for all accounts and all processes;
`runs/ACCOUNT/NAME` what one run needs and leaves (its inputs, its plan); `logs/ACCOUNT/NAME.COMMAND.log`.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.customizations.overrides import FILE, Backend, override, refuse_later_overrides
from pipeline.customizations.releases import LOCK_FILE, Release, Tree, copy_tree
from pipeline.customizations.terraform import Program
from pipeline.errors import TemporaryServiceError
from pipeline.model.clock import Clock
from pipeline.model.customization import Target
from pipeline.model.json import Json, digest

_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A release in a directory of its own; `locked`: the folder brings a lock file."""

    directory: Path
    locked: bool


class Workspace:
    """The work directory at `root`, made if it is not there; readable for its owner only. Safe for many threads and processes."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root.absolute()
        self._clock = clock
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def cli_config(self) -> Path:
        return self.root / "terraform.rc"

    @property
    def downloads(self) -> Path:
        return self.root / "providers"

    def log(self, target: Target, verb: str) -> Path:
        return self.root / "logs" / target.account_id / f"{target.customization}.{verb}.log"

    def write_cli_config(self, text: str) -> None:
        """Write it if it is not as it should be: others may be reading it."""
        if self.cli_config.is_file() and self.cli_config.read_text() == text:
            return
        self.downloads.mkdir(exist_ok=True, mode=0o700)
        written = self.root / f"terraform.rc.{os.getpid()}"
        write_private(written, text)
        written.replace(self.cli_config)

    @contextmanager
    def preparing(
        self, release: Release, tree: Tree, backend: Backend, program: Program, *, patience: float
    ) -> Iterator[tuple[Prepared, bool]]:
        """The prepared directory of a release, and whether it still has to be initialized, inside the context.

        It counts as initialized once the context ends well. One at a time: Terraform's store of downloaded providers takes no
        two `init` at once. Raises `TemporaryServiceError` if another takes longer than `patience` seconds.
        """
        overriding = override(release, backend)
        providers = self.cli_config.read_text() if self.cli_config.is_file() else ""
        made = [list(each) for each in release.rendered]
        text = digest([tree.folder, dict(tree.files), made, overriding, program.product, program.version, providers])
        place = self.root / "prepared" / f"{release.name}-{text[:16]}"
        ready = place.with_suffix(".ready")
        prepared = Prepared(directory=place / tree.folder, locked=_path_of_lock(tree) in tree.files)
        if ready.exists():
            yield prepared, False
            return
        with self.alone("init", patience):
            if ready.exists():
                yield prepared, False
                return
            _write_release(place, tree, release.rendered, overriding)
            yield prepared, True
            ready.touch(mode=0o600)

    @contextmanager
    def run_folder(self, target: Target, *, patience: float) -> Iterator[Path]:
        """The folder of one run, empty, and nobody else's. Whatever a run that was killed has left there is removed.

        It is removed after the run. If the run fails, the inputs stay, for repeating the command by hand; they come from git.
        """
        with self.alone(f"{target.account_id}-{target.customization}", patience):
            folder = self.root / "runs" / target.account_id / target.customization
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, mode=0o700)
            try:
                yield folder
            except BaseException:
                (folder / "plan").unlink(missing_ok=True)
                raise
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def alone(self, name: str, patience: float) -> Iterator[None]:
        """One process and thread at a time for this name; a killed one is none."""
        folder = self.root / "locks"
        folder.mkdir(exist_ok=True, mode=0o700)
        deadline = self._clock.monotonic() + patience
        with (folder / name).open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if self._clock.monotonic() > deadline:
                        raise TemporaryServiceError(
                            f'work directory "{self.root}": another process has been using "{name}" for {patience:.0f} seconds',
                            hint="wait until it ends, then run again",
                        ) from None
                    self._clock.sleep(_PAUSE)
            yield


def write_inputs(folder: Path, inputs: Mapping[str, Json]) -> Path:
    """The values for Terraform's `-var-file`. They are literal there: nothing is escaped."""
    path = folder / "inputs.tfvars.json"
    write_private(path, json.dumps(inputs, indent=2, sort_keys=True) + "\n")
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first moment on."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)


def _path_of_lock(tree: Tree) -> str:
    return LOCK_FILE if tree.folder == "." else f"{tree.folder}/{LOCK_FILE}"


def _write_release(
    place: Path, tree: Tree, rendered: Iterable[tuple[str, str]], overriding: Mapping[str, Json]
) -> None:
    prefix = "" if tree.folder == "." else f"{tree.folder}/"
    own = (name.removeprefix(prefix) for name in tree.files if name.startswith(prefix))
    refuse_later_overrides(name for name in (*own, *dict(rendered)) if "/" not in name)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o700)
    folder = copy_tree(tree, place)
    for name, text in rendered:
        write_private(folder / name, text)
    write_private(folder / FILE, json.dumps(overriding, indent=2, sort_keys=True) + "\n")
