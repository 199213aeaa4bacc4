"""What a person waits for before anything happens: `vend --help`, and `vend validate` of ten files. Median of seven."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

VEND = str(Path(sys.executable).with_name("vend"))
SETTINGS = 'organization: {management_account: "111122223333", home_region: eu-west-1}\n'


def median_seconds(*arguments: str, cwd: Path) -> float:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([VEND, *arguments], cwd=cwd, check=True, capture_output=True)
        return time.perf_counter() - started

    return round(statistics.median(once() for _ in range(7)), 3)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "account-requests").mkdir()
        (root / "vending.yaml").write_text(SETTINGS)
        (root / "account-requests" / "_organization.yaml").write_text("units: {Workloads: }\n")
        for each in range(10):
            text = f"name: bench-{each}\nemail: aws+bench-{each}@example.com\norganizational_unit: Workloads\n"
            (root / "account-requests" / f"bench-{each}.yaml").write_text(text)
        figures = {
            "benchmark": "startup",
            "python_alone": median_python(root),
            "vend_help_seconds": median_seconds("--help", cwd=root),
            "vend_validate_10_seconds": median_seconds("validate", cwd=root),
        }
    print(json.dumps(figures))


def median_python(cwd: Path) -> float:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], cwd=cwd, check=True)
        return time.perf_counter() - started

    return round(statistics.median(once() for _ in range(7)), 3)


if __name__ == "__main__":
    main()
