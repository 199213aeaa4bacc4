"""How busy Account Factory is kept, and whether it ever has to say that it is busy.

Against a landing zone in the sandbox (a process of its own, every documented limit switched on: five operations on accounts at
once, https://docs.aws.amazon.com/controltower/latest/userguide/limits.html, and the rates of Organizations), with time running
`FASTER` times as fast on both sides. An account takes `CREATION` and `BASELINE` seconds there; longer ones, as AWS has them,
would flatter: what is lost is lost between one account and the next.

Beside it the schedule that AFT documents, worked out on the same durations: every five minutes one request is taken from the
queue, unless five operations are in progress, https://docs.aws.amazon.com/controltower/latest/userguide/aft-overview.html
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.reconcile.listening import Silent
from pipeline.sandbox import control
from pipeline.sandbox.options import Options

FASTER = 60.0
CREATION, BASELINE = 60.0, 540.0
SLOTS = 5
AFT_INTERVAL, AFT_THRESHOLD = 300.0, 5
SETTINGS = """
organization: {management_account: "111122223333", home_region: eu-west-1}
provisioner: control_tower
"""
DEFAULTS = "sso_user: {email: ada@example.com, first_name: Ada, last_name: Lovelace}\n"


@dataclass(frozen=True)
class Stay:
    """One account in Account Factory; seconds since the first of them."""

    begun: float
    ended: float


def write_requests(root: Path, number: int) -> None:
    folder = root / "account-requests"
    folder.mkdir()
    (root / "vending.yaml").write_text(SETTINGS)
    (folder / "_organization.yaml").write_text("units: {Sandbox: {register: true}}\n")
    (folder / "_defaults.yaml").write_text(DEFAULTS)
    for each in range(number):
        text = f"name: bench-{each}\nemail: aws+bench-{each}@example.com\norganizational_unit: Sandbox\n"
        (folder / f"bench-{each}.yaml").write_text(text)


def ask(url: str, what: str) -> Any:
    with urlopen(f"{url}/_vend/{what}", timeout=60) as answer:
        return json.load(answer)[what]


def creations(events: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """What Control Tower tells of each account in its lifecycle events."""
    some = (each["detail"] for each in events if each["detail"].get("eventName") == "CreateManagedAccount")
    return [each["serviceEventDetails"]["createManagedAccountStatus"] for each in some]


def stays(told: Sequence[dict[str, str]]) -> list[Stay]:
    """The accounts, in the order of their beginnings."""
    spans = sorted((_seconds(each["requestedTimestamp"]), _seconds(each["completedTimestamp"])) for each in told)
    return [Stay(begun=begun - spans[0][0], ended=ended - spans[0][0]) for begun, ended in spans]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def busy_share(some: Sequence[Stay]) -> float:
    """How much of the slots' time was used from the first beginning to the last one: after that, none is left to fill them."""
    last = some[-1].begun
    used = sum(min(each.ended, last) - each.begun for each in some)
    return used / (SLOTS * last)


def aft(durations: Sequence[float]) -> list[Stay]:
    """The same accounts by AFT's schedule."""
    done: list[Stay] = []
    now, waiting = 0.0, list(durations)
    while waiting:
        if sum(each.ended > now for each in done) < AFT_THRESHOLD:
            done.append(Stay(begun=now, ended=now + waiting.pop(0)))
        now += AFT_INTERVAL
    return done


def measure(number: int) -> dict[str, object]:
    options = Options(
        seed="empty",
        landing_zone=True,
        home_region="eu-west-1",
        throttle=True,
        creation_delay=CREATION,
        baseline_delay=BASELINE,
        time_scale=FASTER,
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_requests(root, number)
        running = control.start(root / "sandbox.json", options)
        try:
            os.environ.update(control.environment(running.url))
            wish = Applying(approve=lambda plan: plan, listener=Silent(), record=root / "record.json")
            applied = apply(Workspace(root), Parts(clock=ScaledClock(FASTER)), wish)
            calls, events = ask(running.url, "calls"), ask(running.url, "events")
        finally:
            control.stop(root / "sandbox.json")
    told = creations(events)
    ours = stays(told)
    theirs = aft([each.ended - each.begun for each in ours])
    return {
        "benchmark": "control_tower",
        "accounts": len(ours),
        "exit_code": int(applied.exit_code),
        "busy_share_of_slots": round(busy_share(ours), 3),
        "seconds_for_one": round(sum(each.ended - each.begun for each in ours) / len(ours)),
        "hours": round(max(each.ended for each in ours) / 3600, 2),
        "aft_busy_share_of_slots": round(busy_share(theirs), 3),
        "aft_hours": round(max(each.ended for each in theirs) / 3600, 2),
        "failed": [each["message"] for each in told if each["state"] != "SUCCEEDED"],
        "refusals": sorted({f"{service} {operation} {error}" for service, operation, error in calls if error}),
        "calls": len(calls),
    }


def main(number: int = 200) -> None:
    print(json.dumps(measure(number)))


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
