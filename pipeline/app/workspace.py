"""Where a run works: the folder that holds `vending.yaml` and `account-requests/`."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError


@dataclass(frozen=True, slots=True)
class Workspace:
    root: Path

    @property
    def plan_file(self) -> Path:
        return self.root / "plan.json"

    def record_file(self, run_id: str) -> Path:
        return self.root / "runs" / f"{run_id}.json"

    @property
    def sandbox_file(self) -> Path:
        return self.root / ".vend" / "sandbox.json"


def find_workspace(given: Path | None, working_directory: Path) -> Workspace:
    """The given folder, else the git top level of the working directory, else the working directory itself.

    Raises `UsageError` if the given folder is none.
    """
    if given is not None:
        if not given.is_dir():
            raise UsageError(f'--root: "{given}" is not a folder', hint="name the folder that holds vending.yaml")
        return Workspace(given.resolve())
    start = working_directory.resolve()
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return Workspace(folder)
    return Workspace(start)
