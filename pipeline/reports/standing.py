"""Where changes stand that are carried out somewhere else, for `vend status`."""

from collections.abc import Sequence

from pipeline.model.standing import Standing
from pipeline.reports.escaping import visible

_MINUTE = 60


def as_text(standings: Sequence[Standing]) -> str:
    """One paragraph for each change: what it is, where it stands, and what went wrong on the way."""
    return "\n".join(line for each in standings for line in _lines(each))


def _lines(standing: Standing) -> list[str]:
    lines = [f"{standing.kind} {standing.subject}: {standing.state}", f"  run        {standing.run}"]
    if standing.step:
        lines.append(f"  step       {standing.step} ({standing.number} of {standing.steps})")
    if standing.since is not None:
        lines.append(f"  since      {standing.since:%Y-%m-%dT%H:%M:%SZ}, on {standing.worker or 'a worker'}")
    if standing.attempt > 1:
        lines.append(f"  attempt    {standing.attempt}")
    if standing.error:
        lines.append(f"  last error {standing.error}")
    if standing.seconds_left is not None:
        lines.append(f"  time left  about {_duration(standing.seconds_left)}, by changes of its kind in this run")
    return [visible(line) for line in lines]


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < _MINUTE else f"{whole // _MINUTE} min {whole % _MINUTE} s"
