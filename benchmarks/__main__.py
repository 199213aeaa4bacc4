"""`make bench`: every measurement, one JSON line each. Quote them with the machine's description (README.md here)."""

import os
import platform
import subprocess
import sys

RUNS = (
    ("benchmarks.startup",),
    ("benchmarks.validate", "10000"),
    ("benchmarks.validate", "50000", "--alone"),
    ("benchmarks.plan", "10000", "50000"),
    ("benchmarks.sandbox", "10000"),
    ("benchmarks.creations", "100"),
    ("benchmarks.control_tower", "200"),
    ("benchmarks.customizations", "12"),
    ("benchmarks.orders", "2000", "10000", "50000"),
    ("benchmarks.machines", "scaling"),
    ("benchmarks.machines", "accounts", "2000"),
)


def main() -> int:
    print(
        f"# {platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    )
    failed = [run for run in RUNS if subprocess.run([sys.executable, "-m", *run], check=False).returncode != 0]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
