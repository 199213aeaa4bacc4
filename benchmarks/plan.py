"""How long `vend plan --observed` takes as a whole process, from N request files and an observed file of N accounts.

One account in ten differs (a tag), one in a hundred is new. `python -m benchmarks.plan 10000 50000` prints one JSON line a size.
"""

import json
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.validate import generate, measure
from pipeline.account_requests.loading import load
from pipeline.account_requests.rules import Rules
from pipeline.model.account import AccountState
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit
from pipeline.model.request import AccountRequest
from pipeline.planning.documents import observed_to_json

MANAGEMENT = "111122223333"
SETTINGS = f'organization: {{management_account: "{MANAGEMENT}", home_region: eu-west-1}}\n'
REPOSITORY = "account-vending"
VEND = str(Path(sys.executable).with_name("vend"))


def observed_account(number: int, request: AccountRequest) -> ObservedAccount:
    spec = request.spec
    if number % 10 == 0:
        spec = replace(spec, tags={**spec.tags, "CostCenter": "0000"})
    return ObservedAccount(
        account_id=f"{number + 200_000_000_000}",
        state=AccountState.ACTIVE,
        spec=spec,
        key=request.key,
        repository=REPOSITORY,
    )


def observed_file(root: Path, count: int) -> Path:
    desired = load(root, Rules(today=datetime.now(UTC).date())).desired
    accounts = tuple(
        observed_account(number, request) for number, request in enumerate(desired.requests) if number % 100 != 1
    )
    units = tuple(ObservedUnit(unit_id=f"ou-ex01-{n:08d}", path=unit.path) for n, unit in enumerate(desired.units))
    state = ObservedState(
        organization_id="o-exampleorgid1",
        management_account_id=MANAGEMENT,
        read_at="2026-11-22T13:05:01+00:00",
        accounts=accounts,
        units=units,
    )
    assert len(desired.requests) == count
    path = root / "organization.json"
    path.write_text(observed_to_json(state))
    return path


def run(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(root, count)
        (root / "vending.yaml").write_text(SETTINGS)
        observed = observed_file(root, count)
        figures = measure([VEND, "--root", folder, "plan", "--observed", str(observed)])
        changes = len(json.loads((root / "plan.json").read_text())["changes"])
    print(json.dumps({"benchmark": "plan", "accounts": count, "changes": changes, **figures}), flush=True)


if __name__ == "__main__":
    for each in sys.argv[1:] or ["10000"]:
        run(int(each))
