"""The backend is the one that vending.yaml names, and nothing stands in for it."""

from pathlib import Path

import pytest

from pipeline.app.parts import Parts, member_role
from pipeline.provisioners.control_tower.provisioner import ControlTowerProvisioner
from pipeline.provisioners.organizations.provisioner import OrganizationsProvisioner
from pipeline.settings import Settings, load_settings
from tests.builders import MANAGEMENT

ORGANIZATION = f'organization: {{management_account: "{MANAGEMENT}", home_region: eu-west-1}}\n'


def settings(folder: Path, text: str) -> Settings:
    (folder / "vending.yaml").write_text(ORGANIZATION + text)
    return load_settings(folder)


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        ("", OrganizationsProvisioner),
        ("provisioner: organizations\n", OrganizationsProvisioner),
        ("provisioner: control_tower\n", ControlTowerProvisioner),
        ("provisioner: control_tower\ncontrol_tower: {mode: auto-enroll}\n", ControlTowerProvisioner),
    ],
)
def test_the_backend_is_the_one_that_the_settings_name(tmp_path: Path, text: str, backend: type) -> None:
    assert type(Parts().observer(settings(tmp_path, text), "20261122T130501Z-3f9a1c")) is backend


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("", "OrganizationAccountAccessRole"),
        ("provisioner: control_tower\n", "AWSControlTowerExecution"),
        ("provisioner: control_tower\nexecution_role: AccountVendingExecution\n", "AccountVendingExecution"),
    ],
)
def test_accounts_are_entered_by_the_role_that_they_have_from_their_creation(
    tmp_path: Path, text: str, role: str
) -> None:
    made = settings(tmp_path, text)
    connection = Parts().connection(made, "20261122T130501Z-3f9a1c", role=None, read_only=False)
    assert member_role(made, connection) == role
