"""What this version does not have is refused before AWS is asked, and nothing stands in for it."""

from pathlib import Path

import pytest

from pipeline.app.apply import Applying, apply
from pipeline.app.observe import observe
from pipeline.app.parts import Parts
from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode, SettingsError
from pipeline.model.plan import Plan
from pipeline.planning.documents import observed_to_json
from pipeline.reconcile.listening import Silent
from tests.builders import MANAGEMENT, a_state


@pytest.fixture
def control_tower(tmp_path: Path) -> Workspace:
    text = f'organization: {{management_account: "{MANAGEMENT}", home_region: eu-west-1}}\nprovisioner: control_tower\n'
    (tmp_path / "vending.yaml").write_text(text)
    (tmp_path / "account-requests").mkdir()
    (tmp_path / "account-requests" / "_organization.yaml").write_text("units: {Workloads: }\n")
    (tmp_path / "observed.json").write_text(observed_to_json(a_state()))
    return Workspace(tmp_path)


@pytest.mark.parametrize("verb", ["plan", "plan-observed", "apply", "observe"])
def test_an_organization_of_control_tower_is_not_treated_as_one_without(control_tower: Workspace, verb: str) -> None:
    def approve(_: Plan) -> Plan:
        raise AssertionError

    def run() -> object:
        match verb:
            case "plan":
                return plan(control_tower, Parts())
            case "plan-observed":
                return plan(control_tower, Parts(), observed_file=control_tower.root / "observed.json")
            case "apply":
                return apply(control_tower, Parts(), Applying(approve=approve, listener=Silent()))
            case _:
                return observe(control_tower, Parts())

    with pytest.raises(
        SettingsError, match=r'vending\.yaml: provisioner "control_tower" is not in this version'
    ) as caught:
        run()
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint
