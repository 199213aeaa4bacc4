"""What things are called at the server, and how often they are looked at. Knows nothing of Temporal."""

from dataclasses import dataclass
from typing import Final

from pipeline.model.operation import Lane

VERSION: Final = 1
"""Of the interpreter: of the workflows and of what they say to each other."""

RUN: Final = f"vend-run-{VERSION}"
CHANGE: Final = f"vend-change-{VERSION}"
TURN: Final = f"vend-turn-{VERSION}"

DRAIN: Final = "drain"
CANCEL: Final = "cancel"
"""How a run is told to stop."""

_UNIT_KINDS: Final = frozenset({"create-unit", "register-unit", "control"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """In seconds. `heartbeat`: a worker that is silent for so long is dead, and its operations go to another one.

    `pulse`: between two signs of life. `turn`: the longest turn. `again`: before a turn that was lost begins again. `nudge`:
    between two messages to somebody who does not answer. `decision`: a worker that does not say within it what comes next for a
    run is dead, and another one decides. `look`: between two looks of a follower at what is in progress;
    `poll`: between two looks at what has ended. `workers`: how long there may be no worker for a lane.
    """

    heartbeat: float = 30.0
    pulse: float = 5.0
    turn: float = 24 * 3600.0
    again: float = 1.0
    nudge: float = 60.0
    decision: float = 10.0
    look: float = 2.0
    poll: float = 0.5
    workers: float = 30.0


def runs_queue(scope: str) -> str:
    """Where workflows are decided; every worker serves it. `scope`: `ACCOUNT/REPOSITORY`, whose accounts they are about."""
    return f"vend-{VERSION}/{scope}/runs"


def lane_queue(scope: str, lane: Lane) -> str:
    """Where turns on a lane wait for a worker."""
    return f"vend-{VERSION}/{scope}/{lane.value}"


def run_workflow(scope: str, run: str) -> str:
    return f"vend/{scope}/run/{run}"


def run_of(workflow: str) -> str:
    """The run id that `run_workflow` put into it."""
    return workflow.rpartition("/")[2]


def change_workflow(scope: str, kind: str, subject: str) -> str:
    """One at a time for each account and each unit; a key has no slash, so the two do not meet."""
    return f"vend/{scope}/unit/{subject}" if kind in _UNIT_KINDS else account_workflow(scope, subject)


def account_workflow(scope: str, key: str) -> str:
    return f"vend/{scope}/{key}"
