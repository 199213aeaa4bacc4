"""How a sandbox behaves: plain values, given once at its start."""

from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All durations are seconds of the sandbox's clock, which runs `time_scale` times as fast as ours.

    `seed`: `sample`, `empty` (the management account and the root), or `accounts:N`. `port` 0 takes any free one.
    `role_delay`: how long after its creation nobody can enter an account.
    `throttle` answers with AWS's documented rates; `consistency_delay` is how old reads are.
    `legacy_status`: accounts carry `Status`, as before September 2026, and neither `State` nor `Paths`.
    """

    port: int = 0
    seed: str = "sample"
    creation_delay: float = 2.0
    closing_delay: float = 2.0
    region_delay: float = 2.0
    role_delay: float = 0.0
    throttle: bool = False
    consistency_delay: float = 0.0
    time_scale: float = 1.0
    legacy_status: bool = False
    account_limit: int = 50_000


def arguments(options: Options, *, ready_file: Path) -> list[str]:
    """`options` as command line arguments of `python -m pipeline.sandbox`."""
    given = ["--ready-file", str(ready_file)]
    for each in fields(Options):
        value = getattr(options, each.name)
        flag = "--" + each.name.replace("_", "-")
        if isinstance(value, bool):
            given += [flag] if value else []
        else:
            given += [flag, str(value)]
    return given
