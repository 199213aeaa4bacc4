"""Folders of Terraform in a temporary workspace, and what the reading half says of them."""

from pathlib import Path
from typing import Any

from pipeline.customizations.checking import check
from pipeline.customizations.folder import Folder
from pipeline.customizations.reading import read_folder
from pipeline.customizations.templates import template_values
from pipeline.model.customization import Customization
from pipeline.model.finding import Finding, Location

SOURCE = "terraform/account-customizations/network"
WRITTEN = Location("account-requests/web.yaml", 7, 5)


VALUES = template_values(
    home_region="eu-west-1",
    partition="aws",
    execution_role="Execution",
    admin_role="arn:aws:iam::111122223333:role/Admin",
    version="1.10.0",
    bucket="example-states",
    region="eu-central-1",
)


def a_folder(root: Path, files: dict[str, str], source: str = SOURCE) -> Folder:
    for name, text in files.items():
        path = root / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = read_folder(root, source, VALUES)
    assert found is not None
    return found


def a_customization(name: str = "network", **values: Any) -> Customization:
    inputs = values.get("inputs", {})
    given = {
        "source": SOURCE,
        "location": WRITTEN,
        "origins": {key: Location(WRITTEN.file, 9 + number, 11) for number, key in enumerate(inputs)},
        **values,
    }
    return Customization(name=name, **given)


def findings(folder: Folder | None, *customizations: Customization, **values: Any) -> tuple[Finding, ...]:
    """What is wrong when the account "web" gets the customizations; the folder is the one at `SOURCE`."""
    given = {"given": {}, "available": () if folder is None else (SOURCE,), **values}
    folders = {} if folder is None else {SOURCE: folder}
    return check({"web": customizations or (a_customization(),)}, folders, **given)


def told(found: tuple[Finding, ...]) -> list[str]:
    return [f"{each.location}: {each.message}; {each.hint}" for each in found]
