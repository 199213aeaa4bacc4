"""Which role a run assumes inside accounts."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.parts import Parts, member_role
from pipeline.settings import Settings, load_settings

TEXT = 'organization: {management_account: "111122223333", home_region: eu-west-1}\nexecution_role: Admin\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "vending.yaml").write_text(f"{TEXT}plan_execution_role: Reader\n")
    return load_settings(tmp_path)


@pytest.mark.parametrize(("read_only", "role"), [(True, "Reader"), (False, "Admin")])
def test_plans_assume_the_role_of_plans_and_applies_the_execution_role(
    settings: Settings, role: str, *, read_only: bool
) -> None:
    connection = Parts().connection(settings, "run", role=None, read_only=read_only)

    assert member_role(settings, connection) == role


def test_without_a_role_of_plans_both_assume_the_execution_role(settings: Settings) -> None:
    connection = Parts().connection(settings, "run", role=None, read_only=True)

    assert member_role(replace(settings, plan_execution_role=None), connection) == "Admin"
