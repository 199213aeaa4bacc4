"""What a customization brings to run before and after Terraform: `pre` and `post`, and the scripts of AFT's `api_helpers/`."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.model.finding import Finding, Location

AFT_FOLDER: Final = "api_helpers"
_REQUIREMENTS: Final = f"{AFT_FOLDER}/python/requirements.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Executables:
    """Paths below the customization's folder, in the order in which they run. `requirements`: of Python, for all of them."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    requirements: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.before or self.after)


def is_sourced(path: str) -> bool:
    """Whether it is one of AFT's scripts, which bash reads: they need no executable bit."""
    return path.startswith(f"{AFT_FOLDER}/")


def read_executables(root: Path, home: str) -> tuple[Executables, tuple[Finding, ...]]:
    """What the folder `home` of the workspace `root` brings, and which files of it cannot be run."""
    folder = root / home

    def those(word: str) -> tuple[str, ...]:
        names = (word, f"{AFT_FOLDER}/{word}-api-helpers.sh")
        return tuple(name for name in names if (folder / name).is_file())

    found = Executables(
        before=those("pre"),
        after=those("post"),
        requirements=_REQUIREMENTS if (folder / _REQUIREMENTS).is_file() else None,
    )
    names = (name for name in (*found.before, *found.after) if not is_sourced(name))
    return found, tuple(
        Finding(
            location=Location(f"{home}/{name}"),
            rule="customization-executable",
            message=f'"{name}" is to run {"before" if name == "pre" else "after"} Terraform, and is not executable',
            hint=f"make it so: git update-index --chmod=+x {home}/{name}; or give it another name",
        )
        for name in names
        if not os.access(folder / name, os.X_OK)
    )
