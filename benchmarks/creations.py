"""How close a hundred creations come to the rate that AWS documents, and whether AWS ever has to say no.

Against the throttling sandbox (a process of its own, every limit of the documentation switched on), with time running
`FASTER` times as fast on both sides. Documented: `CreateAccount` 0.1 per second with a burst of 3, so N creations take at least
(N - 3) / 0.1 seconds. A `DescribeOrganization` or two aside, nothing else is as slow.
"""

import json
import os
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.reconcile.listening import Silent
from pipeline.reconcile.recorder import read_record
from pipeline.sandbox import control
from pipeline.sandbox.options import Options

FASTER = 10.0
RATE, BURST = 0.1, 3
SETTINGS = 'organization: {management_account: "111122223333", home_region: eu-west-1}\n'
THROTTLED = {"TooManyRequestsException", "ThrottledException", "ThrottlingException"}


def write_requests(root: Path, number: int) -> None:
    folder = root / "account-requests"
    folder.mkdir()
    (root / "vending.yaml").write_text(SETTINGS)
    (folder / "_organization.yaml").write_text("units: {Workloads: }\n")
    for each in range(number):
        text = f"name: bench-{each}\nemail: aws+bench-{each}@example.com\norganizational_unit: Workloads\n"
        (folder / f"bench-{each}.yaml").write_text(text)


def measure(number: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_requests(root, number)
        options = Options(seed="empty", throttle=True, creation_delay=20.0, time_scale=FASTER)
        running = control.start(root / "sandbox.json", options)
        try:
            os.environ.update(control.environment(running.url))
            wish = Applying(approve=lambda plan: plan, listener=Silent(), record=root / "record.json")
            started = time.monotonic()
            applied = apply(Workspace(root), Parts(clock=ScaledClock(FASTER)), wish)
            seconds = (time.monotonic() - started) * FASTER
            with urlopen(f"{running.url}/_vend/calls", timeout=30) as answer:
                calls = json.load(answer)["calls"]
        finally:
            control.stop(root / "sandbox.json")
        record = read_record(root / "record.json")
    asked = [datetime.fromisoformat(each.at) for each in record.writes if each.operation == "CreateAccount"]
    asking = (asked[-1] - asked[0]).total_seconds()
    shortest = (number - BURST) / RATE
    return {
        "benchmark": "creations",
        "creations": number,
        "exit_code": int(applied.exit_code),
        "whole_run_seconds": round(seconds),
        "first_to_last_create_account_seconds": round(asking),
        "shortest_possible_seconds": round(shortest),
        "share_of_documented_rate": round(shortest / asking, 3),
        "throttling_errors": [operation for _, operation, error in calls if error in THROTTLED],
        "calls": len(calls),
    }


def main(number: int = 100) -> None:
    print(json.dumps(measure(number)))


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
