"""The virtual environment of Python that a customization's executables ask for: made once for the same requirements."""

import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.customizations.environment import installing_environment
from pipeline.customizations.log_tail import tail_of
from pipeline.customizations.processes import Command, Ending, Patience, run
from pipeline.customizations.workspace import Workspace
from pipeline.errors import PermanentServiceError
from pipeline.model.json import Json, digest

_GRACE: Final = 5.0
_ELSEWHERE: Final = ("/", ".whl", ".zip", ".tar")
"""What stands in a line that may refer to another file or folder, as options (`-r`) and a dot do: pip takes what is there."""


def python_environment(
    workspace: Workspace, requirements: Path, *, files: Json, ours: Mapping[str, str], patience: Patience, limit: float
) -> Path:
    """The folder of an environment that has what the file `requirements` names.

    `files`: see `environment_place`. Two runs that want the same wait for each other; one that was killed is begun anew. `limit`:
    seconds for each of its two commands. Raises `PermanentServiceError` with the end of what pip says.
    """
    text = requirements.read_text(errors="replace")
    place = environment_place(workspace, text, files=files)
    ready = place.with_suffix(".ready")
    if ready.exists():
        return place
    with workspace.alone(f"python-{place.name}", 2 * limit):
        if ready.exists():
            return place
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        commands: list[tuple[str, ...]] = [(sys.executable, "-I", "-m", "venv", str(place))]
        if _lines(text):
            commands.append((str(place / "bin" / "python"), "-I", "-m", "pip", "install", "-r", str(requirements)))
        with tempfile.TemporaryDirectory(prefix="vend-") as home:
            command = Command(
                arguments=(),
                directory=requirements.parents[2],
                environment=installing_environment(ours, folder=Path(home)),
                log=workspace.root / "logs" / f"python-{place.name}.log",
                limit=limit,
            )
            for arguments in commands:
                _carry_out(replace(command, arguments=arguments), patience)
        ready.touch(mode=0o600)
    return place


def environment_place(workspace: Workspace, text: str, *, files: Json) -> Path:
    """Where the environment for requirements with this text is, or will be.

    Its name is a digest of the text and of the Python that makes it, and of `files`, the digests of all files beside it, where
    it may refer to one of them.
    """
    refers = any(line.startswith(("-", ".")) or any(each in line for each in _ELSEWHERE) for line in _lines(text))
    python = [sys.version, sys.executable, sysconfig.get_platform()]
    return workspace.root / "python" / digest([text, python, files if refers else None])[:16]


def _lines(text: str) -> list[str]:
    return [line for each in text.splitlines() if (line := each.strip()) and not line.startswith("#")]


def _carry_out(command: Command, patience: Patience) -> None:
    ended = run(command, replace(patience, grace=min(patience.grace, _GRACE)))
    if ended.ending is Ending.EXITED and ended.code == 0:
        return
    what = "pip install" if "pip" in command.arguments else "python -m venv"
    how = {
        Ending.EXITED: f"failed with exit code {ended.code}",
        Ending.TIMED_OUT: f"takes longer than {command.limit:.0f} seconds and was stopped",
        Ending.TOO_LOUD: "writes too much and was stopped",
        Ending.CANCELLED: "was stopped, because the run was",
    }[ended.ending]
    said = tail_of(command.log)
    raise PermanentServiceError(
        f"api_helpers/python/requirements.txt: {what} {how}{f': {said}' if said else ''}",
        hint=f"correct the file, or tell pip where packages are; the whole output is in {command.log}",
    )
