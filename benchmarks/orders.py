"""How large the orders of a plan are that goes to a Temporal server, and how long a worker takes to read one.

N accounts, created with settings and contacts, and two customizations in each, every one with a review of 30 resources.
`python -m benchmarks.orders 2000 10000 50000` prints one JSON line a size. No server is needed.
"""

import json
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from itertools import chain
from pathlib import Path

from benchmarks.validate import generate
from pipeline.account_requests.loading import load
from pipeline.account_requests.rules import Rules
from pipeline.app.parts import Parts
from pipeline.model.change import Change, CreateAccount, CreateUnit, CustomizeAccount
from pipeline.model.customization import ResourceChange
from pipeline.model.operation import Lane, Operation
from pipeline.model.request import DesiredState
from pipeline.reconcile.agenda import Agenda
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.tasks import tasks_of
from pipeline.reconcile.temporal.documents import Order, order_from_json, order_to_json
from pipeline.reconcile.temporal.ledger import Ledger
from pipeline.reconcile.temporal.names import Timing
from pipeline.reconcile.temporal.parts import parts_of
from pipeline.settings import load_settings

SETTINGS = 'organization: {management_account: "111122223333", home_region: eu-west-1}\n'
CUSTOMIZATIONS = ("baseline", "network")
RESOURCES = 30


def changes_of(desired: DesiredState) -> list[Change]:
    creations = (CreateAccount(key=each.key, repository="requests", spec=each.spec) for each in desired.requests)
    customizations = (
        CustomizeAccount(
            key=request.key,
            account_id=None,
            name=request.key,
            customization=name,
            fingerprint=sha256(f"{request.key} {name}".encode()).hexdigest(),
            resources=tuple(
                ResourceChange(address=f'module.{name}.aws_subnet.private["{number}"]', action="create")
                for number in range(RESOURCES)
            ),
            after=CUSTOMIZATIONS[:place],
        )
        for request in desired.requests
        for place, name in enumerate(CUSTOMIZATIONS)
    )
    return list(chain((CreateUnit(path=unit.path) for unit in desired.units), creations, customizations))


def tasks(number: int) -> Sequence[Task]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(root, number)
        (root / "vending.yaml").write_text(SETTINGS)
        desired = load(root, Rules(today=date(2026, 1, 1))).desired
        provisioner = Parts().provisioner(load_settings(root), "r", lambda _: None, Stop())

    def expand(change: Change) -> tuple[Operation, ...]:
        if not isinstance(change, CustomizeAccount):
            return provisioner.expand(change)
        rows = [[each.address, each.action] for each in change.resources or ()]
        arguments = {"key": change.key, "customization": change.customization, "fingerprint": change.fingerprint}
        return (Operation(kind="customize", lane=Lane.TERRAFORM, arguments={**arguments, "resources": rows}),)

    return tasks_of(changes_of(desired), expand)


def read(text: bytes) -> float:
    """CPU seconds until a worker knows who is next."""
    begun = time.process_time()
    order = order_from_json(json.loads(text))
    Agenda(order.tasks, order.places, Stop(), memory=Ledger(order.tasks).memory()).next()
    return time.process_time() - begun


def measure(number: int) -> dict[str, float]:
    some = tasks(number)
    begun = time.process_time()
    parts = parts_of(some)
    cut = time.process_time() - begun
    texts = [
        json.dumps(
            order_to_json(
                Order(
                    run="r",
                    scope="s",
                    version="1",
                    tasks=part,
                    places=PLACES,
                    failure_budget=None,
                    timing=Timing(),
                )
            ),
            separators=(",", ":"),
        ).encode()
        for part in parts
    ]
    compressed = [len(zlib.compress(text, level=6)) for text in texts]
    return {
        "accounts": number,
        "tasks": len(some),
        "json_mb": round(sum(map(len, texts)) / 1e6, 1),
        "compressed_mb": round(sum(compressed) / 1e6, 2),
        "parts": len(parts),
        "largest_part_compressed_mb": round(max(compressed) / 1e6, 2),
        "first_part_read_cpu_s": round(read(texts[0]), 2),
        "cut_cpu_s": round(cut, 1),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    for each in sys.argv[1:] or ["2000"]:
        print(json.dumps({"benchmark": "orders", **measure(int(each))}), flush=True)
