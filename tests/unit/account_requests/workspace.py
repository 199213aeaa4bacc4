"""Folders of account requests for tests."""

from datetime import date
from pathlib import Path
from typing import Any

from pipeline.account_requests.loading import Loaded, load
from pipeline.account_requests.rules import Rules
from pipeline.model.finding import Finding
from pipeline.model.request import AccountRequest

TODAY = date(2026, 11, 22)
UNITS = "units: {Sandbox: null, Security: null, Workloads: {register: true, units: {Prod: null, Test: null}}}\n"


def a_file(key: str = "payments", unit: str | None = "Workloads/Prod", *lines: str) -> str:
    """The text of a valid request, with more lines; name in line 1, e-mail in line 2, the unit in line 3."""
    first = [f"name: {key}", f"email: aws+{key}@example.com"]
    return "\n".join([*first, *([f"organizational_unit: {unit}"] if unit else []), *lines, ""])


def write(root: Path, files: dict[str, str], units: str | None = UNITS) -> Path:
    """Write files below `root/account-requests`, and the units that they name."""
    top = root / "account-requests"
    top.mkdir(exist_ok=True)
    for name, text in {**({"_organization.yaml": units} if units else {}), **files}.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def load_files(root: Path, files: dict[str, str], units: str | None = UNITS, **rules: Any) -> Loaded:
    return load(write(root, files, units), Rules(**{"today": TODAY, **rules}))


def only_request(loaded: Loaded) -> AccountRequest:
    assert not loaded.findings, [line(each) for each in loaded.findings]
    (request,) = loaded.desired.requests
    return request


def line(finding: Finding) -> str:
    """A finding as people see it, without the folder that all files are in."""
    return f"{finding.location}: {finding.message}; {finding.hint}".removeprefix("account-requests/")


def lines(loaded: Loaded) -> list[str]:
    return [line(each) for each in loaded.findings]
