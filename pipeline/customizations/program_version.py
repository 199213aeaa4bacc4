"""Which version a program has: asked once and then known by its file, so that a run with nothing to do starts no Terraform."""

import json
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pipeline.customizations.processes import Command, Patience, run

_SCRIPT: Final = b"#!"
"""A script (of a version manager, say) is another program tomorrow, though its own file stays the same: it is always asked."""


def version_of(path: Path, ours: Mapping[str, str], patience: Patience, memory: Path | None) -> str:
    """The version as the program tells it (`1.11.4`); empty if it does not.

    `memory`: a folder where it is kept, under what the file is: its place, size, time of change and number.
    """
    place = None if memory is None or _is_script(path) else memory / f"{_identity(path)}.json"
    if place is not None and (known := _known(place)):
        return known
    version = _asked(path, ours, patience)
    if place is not None and version:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False) as file:
            json.dump({"program": str(path), "version": version}, file)
        Path(file.name).replace(place)
    return version


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SCRIPT)) == _SCRIPT


def _identity(path: Path) -> str:
    real = path.resolve()
    status = real.stat()
    return sha256(f"{real}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}".encode()).hexdigest()[:32]


def _known(place: Path) -> str:
    try:
        return str(json.loads(place.read_text())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _asked(path: Path, ours: Mapping[str, str], patience: Patience) -> str:
    with tempfile.TemporaryDirectory(prefix="vend-") as home:
        environment = {
            "PATH": ours.get("PATH", ""),
            "HOME": home,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": "/dev/null",
        }
        log = Path(home, "log")
        run(
            Command(
                arguments=(str(path), "version", "-json"),
                directory=Path(home),
                environment=environment,
                log=log,
                limit=60,
            ),
            patience,
        )
        text = log.read_text(errors="replace")
    try:
        told: Any = json.JSONDecoder().raw_decode(text, max(text.find("{"), 0))[0]
        return str(told["terraform_version"])
    except (ValueError, KeyError, TypeError):
        return ""
