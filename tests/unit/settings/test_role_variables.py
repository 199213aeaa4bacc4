"""A job may name its own role."""

from pathlib import Path

import pytest

from pipeline.settings import ROLE_VARIABLES, load_settings

TEXT = """
organization: {management_account: "111122223333", home_region: eu-west-1}
roles: {apply: "arn:aws:iam::111122223333:role/account-vending-apply"}
"""
CLOSE = "arn:aws:iam::111122223333:role/account-vending-close"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ROLE_VARIABLES.values():
        monkeypatch.delenv(name, raising=False)


def test_what_the_environment_says_of_a_role_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vending.yaml").write_text(TEXT)
    monkeypatch.setenv("VEND_APPLY_ROLE", CLOSE)

    assert load_settings(tmp_path).roles.apply == CLOSE
    assert load_settings(tmp_path).roles.plan is None


def test_an_empty_variable_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vending.yaml").write_text(TEXT)
    monkeypatch.setenv("VEND_APPLY_ROLE", "")

    assert load_settings(tmp_path).roles.apply == "arn:aws:iam::111122223333:role/account-vending-apply"
