"""The Terraform of the bootstrap: its own tests with a mocked provider, in one run; it declares as we ask others to."""

import subprocess
from pathlib import Path

from pipeline.customizations.reading import read_folder

REPOSITORY = Path(__file__).parents[2]
FOLDER = "terraform/bootstrap"


def test_its_own_tests_pass_without_credentials() -> None:
    done = subprocess.run(
        [str(REPOSITORY / "tools" / "check_terraform.sh"), "test", FOLDER],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )

    assert done.returncode == 0, done.stderr
    assert " 0 failed" in done.stdout


def test_every_variable_is_typed_and_described() -> None:
    found = read_folder(REPOSITORY, FOLDER)

    assert found is not None
    assert all(each.description.endswith(".") for each in found.variables.values())
    assert found.required_providers["aws"].version == ">= 5.0, < 7.0"
