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
    `landing_zone`: AWS Control Tower is set up, in the version and home Region given. `auto_enroll`: a registered unit
    enrols what is moved into it. `own_identity_center`: Control Tower does not manage access. `baseline_delay` is how long a
    baseline takes, on a unit or an account, and a reset of the landing zone; `control_delay` a control; `enrolment_delay`
    how long automatic enrolment takes to begin. `assignment_delay` is how long an assignment in Identity Center takes.
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
    landing_zone: bool = False
    landing_zone_version: str = "3.3"
    home_region: str = "us-east-1"
    auto_enroll: bool = False
    own_identity_center: bool = False
    baseline_delay: float = 2.0
    control_delay: float = 1.0
    enrolment_delay: float = 2.0
    assignment_delay: float = 1.0


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
