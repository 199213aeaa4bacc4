"""How long `vend`'s loader takes over N request files, against `check-jsonschema` on the same files in the same run.

    python benchmarks/validate.py 10000 50000

Each measurement is a process of its own. Prints one JSON line for each: files, wall and CPU seconds, peak memory in MB.
`--alone` leaves `check-jsonschema` out; it takes minutes from 10,000 files on.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEAMS = 40
LOADER = """
import sys
from datetime import date
from pathlib import Path
from pipeline.account_requests.loading import load
from pipeline.account_requests.rules import Rules

root, count = Path(sys.argv[1]), int(sys.argv[2])
rules = Rules(email_domains=("example.com",), required_tags={"CostCenter": "^[0-9]{4}$"}, today=date(2026, 1, 1))
loaded = load(root, rules)
assert not loaded.findings, loaded.findings[0]
assert len(loaded.desired.requests) == count, len(loaded.desired.requests)
"""
REQUEST = """\
# yaml-language-server: $schema=../../schemas/account-request.schema.json
name: payments-{number}
email: aws+payments-{number}@example.com
purpose: Card payments, production, shard {number}
tags:
  CostCenter: "{cost_center}"
  Shard: shard-{number}
access:
  - {{group: Payments-Admins, permission_set: AdministratorAccess}}
  - {{group: Payments-Auditors, permission_set: ReadOnlyAccess}}
settings:
  alias: example-payments-{number}
  s3_block_public_access: true
  password_policy: {{minimum_length: 24}}
customizations:
  - name: network
    inputs: {{cidr: 10.20.0.0/20, zones: 3}}
custom_fields: {{team: payments, tier: 1}}
"""
DEFAULTS = """\
organizational_unit: Workloads/Team-{team}
owner: team-{team}@example.com
contacts:
  security: {{name: Security desk, title: On call, email: security@example.com, phone: "+49 30 1234567"}}
settings: {{default_vpcs: delete, ebs_encryption_by_default: true}}
"""


def generate(root: Path, count: int) -> list[Path]:
    """`count` request files in TEAMS folders, each with defaults; returns the request files."""
    top = root / "account-requests"
    for team in range(TEAMS):
        (top / f"team-{team}").mkdir(parents=True)
        (top / f"team-{team}" / "_defaults.yaml").write_text(DEFAULTS.format(team=team))
    units = ", ".join(f"Team-{team}: null" for team in range(TEAMS))
    (top / "_organization.yaml").write_text(f"units: {{Workloads: {{units: {{{units}}}}}}}\n")
    files = []
    for number in range(count):
        path = top / f"team-{number % TEAMS}" / f"payments-{number}.yaml"
        path.write_text(REQUEST.format(number=number, cost_center=1000 + number % 9000))
        files.append(path)
    return files


def measure(command: list[str]) -> dict[str, float]:
    """Run the command to its end; its wall and CPU seconds and its peak memory."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[:3]} ended with {process.returncode}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {
        "wall": round(wall, 2),
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(kilobytes / 1024, 1),
    }


def compare(count: int, *, alone: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = generate(Path(folder), count)
        ours = measure([sys.executable, "-c", LOADER, folder, str(count)])
        print(json.dumps({"what": "validate", "files": count, **ours}), flush=True)
        if alone:
            return
        schema = ROOT / "schemas" / "account-request.schema.json"
        checker = str(Path(sys.executable).with_name("check-jsonschema"))
        theirs = measure([checker, "--schemafile", str(schema), *map(str, files)])
        print(json.dumps({"what": "check-jsonschema", "files": count, **theirs}))
        ratio = round(theirs["cpu"] / ours["cpu"], 1)
        print(
            json.dumps({"what": "ratio", "files": count, "cpu": ratio, "wall": round(theirs["wall"] / ours["wall"], 1)})
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=int, nargs="*", default=[10_000], help="how many files; may be repeated")
    parser.add_argument("--alone", action="store_true", help="leave check-jsonschema out")
    arguments = parser.parse_args()
    for count in arguments.counts:
        compare(count, alone=arguments.alone)


if __name__ == "__main__":
    main()
