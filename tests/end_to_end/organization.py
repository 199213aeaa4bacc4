"""The organization of the crash tests: 20 accounts with changes, of every kind, on the sandbox's sample."""

import json
from pathlib import Path
from urllib.request import Request, urlopen

SETTINGS = """
organization: {management_account: "111122223333", home_region: eu-west-1}
repository: example-account-requests
guards: {max_changed_share: 1, max_closures: 5}
"""
UNITS = """
units:
  Security:
  Infrastructure:
  Sandbox:
  Workloads:
    units:
      Prod:
      Dev:
        units:
          Early:
"""
NEW = 9
CHANGED = {
    "log-archive": ("log-archive", "aws+log-archive@example.com", "Security"),
    "audit": ("auditing", "aws+audit@example.com", "Security"),
    "network": ("network", "aws+network@example.com", "Workloads/Dev"),
    "shared-services": ("shared", "aws+shared-services@example.com", "Infrastructure"),
    "payments-dev": ("payments-dev", "aws+payments-dev@example.com", "Workloads/Dev/Early"),
    "billing": ("billing-prod", "aws+billing@example.com", "Workloads/Prod"),
    "search-prod": ("search-prod", "aws+search-prod@example.com", "Workloads/Dev"),
    "search-dev": ("search-dev", "aws+search-dev@example.com", "Workloads/Dev/Early"),
    "legacy-crm": ("Legacy CRM", "crm-root@example.com", "Workloads/Prod"),
    "crm-copy": ("crm", "marketing@example.com", "Sandbox"),
}
CLOSED = {"retired-api": ("retired-api", "aws+retired-api@example.com", "Sandbox")}
ACCOUNTS = {**CHANGED, **CLOSED}


def write_requests(root: Path) -> None:
    """20 requests: 9 accounts to create, 10 to change (two of them adopted), one to close; and two units to create."""
    folder = root / "account-requests"
    folder.mkdir(parents=True)
    (root / "vending.yaml").write_text(SETTINGS)
    (folder / "_organization.yaml").write_text(UNITS)
    for number in range(NEW):
        unit = ("Workloads/Dev/Early", "Workloads/Prod", "Sandbox")[number % 3]
        _write(
            folder, f"new-{number}", (f"new-{number}", f"aws+new-{number}@example.com", unit), contact=number % 2 == 0
        )
    for key, account in CHANGED.items():
        _write(folder, key, account, contact=key in {"log-archive", "network", "crm-copy"})
    for key, account in CLOSED.items():
        _write(folder, key, account, contact=False, extra="state: closed\n")


def _write(folder: Path, key: str, account: tuple[str, str, str], *, contact: bool, extra: str = "") -> None:
    name, email, unit = account
    text = (
        f'name: {name}\nemail: {email}\norganizational_unit: {unit}\ntags: {{CostCenter: "4000", Team: {key}}}\n{extra}'
    )
    if contact:
        text += "contacts: {security: {name: Desk, title: On call, email: desk@example.com, phone: '+49 30 1'}}\n"
    (folder / f"{key}.yaml").write_text(text)


def reset(url: str, seed: str = "sample") -> None:
    body = json.dumps({"seed": seed}).encode()
    request = Request(f"{url}/_vend/reset", data=body, method="POST", headers={"Content-Type": "application/json"})
    with urlopen(request, timeout=30):
        pass


def calls(url: str) -> list[tuple[str, str, str | None]]:
    """Every call that the sandbox answered: service, operation, error code."""
    with urlopen(f"{url}/_vend/calls", timeout=30) as answer:
        return [(service, operation, error) for service, operation, error in json.load(answer)["calls"]]
