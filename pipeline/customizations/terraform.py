"""Terraform's program: finding it, telling it where providers are, and the arguments of its commands."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.customizations.processes import Patience
from pipeline.customizations.program_version import version_of
from pipeline.errors import UsageError

FLOOR: Final = (1, 10)
"""The first version whose S3 backend locks by an object: https://developer.hashicorp.com/terraform/language/backend/s3"""

HOST: Final = "registry.terraform.io"
_MIRRORS: Final = (
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
    "/opt/tf-plugins",
)
_MIRROR_IN_CONFIG: Final = re.compile(r'filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*"([^"\n]+)"')
_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`product`: terraform or tofu. `version` as it tells it: "1.11.4"."""

    path: Path
    product: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds. `lock`: how long a command waits for a locked state. `executable`: for each that runs before or after."""

    init: float = 900.0
    plan: float = 1800.0
    apply: float = 7200.0
    executable: float = 600.0
    lock: int = 120


def find_program(
    name: str,
    ours: Mapping[str, str],
    patience: Patience,
    *,
    floor: tuple[int, ...] = FLOOR,
    memory: Path | None = None,
) -> Program:
    """The program of that name or path, with its version. Raises `UsageError` if it is missing or too old.

    `memory`: a folder that remembers versions, so that the same program file is asked once.
    """
    product = "tofu" if "tofu" in Path(name).name else "terraform"
    wanted = ".".join(map(str, max(floor, FLOOR)))
    remedy = f"install {product} {wanted} or newer, or name another in vending.yaml: customizations: {{terraform: …}}"
    found = shutil.which(name, path=ours.get("PATH"))
    if found is None:
        raise UsageError(f'terraform: there is no program "{name}" in PATH', hint=remedy)
    version = version_of(Path(found).absolute(), ours, patience, memory)
    numbers = _NUMBERS.match(version)
    if numbers is None:
        raise UsageError(f'terraform: "{found}" does not tell its version', hint=remedy)
    if tuple(map(int, numbers.groups())) < max(floor, FLOOR):
        raise UsageError(f'terraform: "{found}" has version {version}; at least {wanted} is needed', hint=remedy)
    return Program(path=Path(found).absolute(), product=product, version=version)


def find_mirror(ours: Mapping[str, str], places: Iterable[str] = _MIRRORS) -> Path | None:
    """A folder of providers on this machine, the first that has some; None to ask Terraform's registry.

    Looked for in the person's own CLI configuration, then where Terraform looks by itself, then in `places`.
    https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
    """
    home = Path(ours["HOME"]) if ours.get("HOME") else None
    configs = [Path(ours["TF_CLI_CONFIG_FILE"])] if ours.get("TF_CLI_CONFIG_FILE") else []
    configs += [home / ".terraformrc"] if home else []
    named = [Path(place) for config in configs if config.is_file() for place in _mirrors_named_in(config)]
    own = [home / ".terraform.d" / "plugins"] if home else []
    return next((each for each in (*named, *own, *map(Path, places)) if (each / HOST).is_dir()), None)


def _mirrors_named_in(config: Path) -> list[str]:
    return _MIRROR_IN_CONFIG.findall(config.read_text(errors="replace"))


def cli_config(mirror: Path | None, downloads: Path) -> str:
    """The CLI configuration of every command.

    What the mirror has is taken from there and never from a registry, and the other way round: Terraform fails if one of two
    sources of the same provider does not answer. Without a mirror, `downloads` keeps providers for the next `init`.
    """
    if mirror is None:
        return f"plugin_cache_dir = {json.dumps(str(downloads))}\ndisable_checkpoint = true\n"
    providers = json.dumps(sorted(f"{HOST}/{path.parent.name}/{path.name}" for path in (mirror / HOST).glob("*/*")))
    return (
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = {providers}\n  }}\n"
        f"  direct {{\n    exclude = {providers}\n  }}\n"
        "}\n"
    )


def init_arguments(program: Program, *, locked: bool) -> tuple[str, ...]:
    """`locked`: the folder has a lock file, and nothing but what it says may be installed."""
    return (
        str(program.path),
        "init",
        "-input=false",
        "-no-color",
        *(("-lockfile=readonly",) if locked else ()),
    )


def plan_arguments(program: Program, *, inputs: Path, plan: Path, lock: int | None) -> tuple[str, ...]:
    """`lock`: seconds to wait for the state's lock; None to take none, where nothing is written."""
    return (
        str(program.path),
        "plan",
        "-json",
        "-input=false",
        "-lock=false" if lock is None else f"-lock-timeout={lock}s",
        "-detailed-exitcode",
        f"-var-file={inputs}",
        f"-out={plan}",
    )


def apply_arguments(program: Program, *, plan: Path, lock: int) -> tuple[str, ...]:
    """Only that plan file: nothing is planned again."""
    return (str(program.path), "apply", "-json", "-input=false", f"-lock-timeout={lock}s", str(plan))
