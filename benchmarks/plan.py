"""How long planning takes: `python benchmarks/plan.py 10000 50000` prints one JSON line per step and size.

Each size is measured in a process of its own, so that the peak of memory is that size's: N accounts and N requests, of which
one in ten differs (tags, a name, a unit, a contact), one in a hundred is new.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipeline.model.account import AccountSpec, AccountState, Contact, ContactType  # noqa: E402 - after the path is set
from pipeline.model.finding import Location  # noqa: E402
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit  # noqa: E402
from pipeline.model.request import AccountRequest, DesiredState, DesiredUnit  # noqa: E402
from pipeline.planning.details import details_wanted  # noqa: E402
from pipeline.planning.documents import (  # noqa: E402
    observed_from_json,
    observed_to_json,
    plan_from_json,
    plan_to_json,
)
from pipeline.planning.planning import make_plan  # noqa: E402
from pipeline.planning.policy import Policy  # noqa: E402
from pipeline.planning.review import review  # noqa: E402

REPOSITORY = "example-account-requests"
UNITS = tuple(f"Workloads/Team-{number}" for number in range(50))
DESK = Contact(name="Security desk", title="On call", email="security@example.com", phone="+49 30 1234567")

Value = TypeVar("Value")


def observed_account(number: int) -> ObservedAccount:
    key = f"account-{number:05d}"
    return ObservedAccount(
        account_id=f"{number + 1:012d}",
        state=AccountState.ACTIVE,
        spec=AccountSpec(
            name=key,
            email=f"aws+{key}@example.com",
            organizational_unit=UNITS[number % len(UNITS)],
            tags={"CostCenter": f"{number % 9999:04d}", "Team": f"team-{number % 50}", "Tier": "2"},
            contacts={ContactType.SECURITY: DESK},
        ),
        key=key,
        repository=REPOSITORY,
    )


def request(number: int) -> AccountRequest:
    key = f"account-{number:05d}"
    varied = number % 10 == 0
    return AccountRequest(
        key=key,
        spec=AccountSpec(
            name=f"{key}-renamed" if number % 40 == 0 else key,
            email=f"aws+{key}@example.com",
            organizational_unit=UNITS[(number + (number % 20 == 0)) % len(UNITS)],
            tags={
                "CostCenter": "9999" if varied else f"{number % 9999:04d}",
                "Team": f"team-{number % 50}",
                "Tier": "2",
            },
            contacts={ContactType.SECURITY: DESK},
            regions=(),
        ),
        origins={(): Location(f"account-requests/{key}.yaml")},
    )


def organization(size: int) -> tuple[DesiredState, ObservedState]:
    observed = ObservedState(
        organization_id="o-exampleorgid1",
        management_account_id="999999999999",
        read_at="2026-11-22T13:05:01Z",
        accounts=tuple(observed_account(number) for number in range(size - size // 100)),
        units=tuple(
            ObservedUnit(unit_id=f"ou-ex01-{number:08d}", path=path)
            for number, path in enumerate(("Workloads", *UNITS))
        ),
    )
    units = tuple(DesiredUnit(path=path, location=Location("account-requests/_organization.yaml")) for path in UNITS)
    return DesiredState(requests=tuple(request(number) for number in range(size)), units=units), observed


def measured(size: int, step: str, function: Callable[[], Value]) -> Value:
    start = time.perf_counter()
    value = function()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"accounts": size, "step": step, "seconds": round(seconds, 3), "peak_mb": peak}), flush=True)
    return value


def measure(size: int) -> None:
    desired, observed = organization(size)
    policy = Policy(repository=REPOSITORY)
    text = measured(size, "observed_to_json", lambda: observed_to_json(observed))
    observed = measured(size, "observed_from_json", lambda: observed_from_json(text))
    measured(size, "details_wanted", lambda: details_wanted(desired, observed, REPOSITORY))
    plan = measured(size, "make_plan", lambda: make_plan(desired, observed, policy))
    stored = measured(size, "plan_to_json", lambda: plan_to_json(plan))
    reviewed = measured(size, "plan_from_json", lambda: plan_from_json(stored))
    measured(size, "review", lambda: review(plan, reviewed))


def main(sizes: list[str]) -> None:
    if len(sizes) == 1:
        measure(int(sizes[0]))
        return
    for size in sizes or ["10000", "50000"]:
        subprocess.run([sys.executable, __file__, size], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
