"""The copies in which Terraform runs."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.customizations.overrides import (
    FILE,
    LocalBackend,
    S3Backend,
    escaped,
    override,
    refuse_later_overrides,
)
from pipeline.customizations.releases import Release, copy_tree, read_tree
from pipeline.customizations.terraform import Program
from pipeline.customizations.workspace import Workspace
from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.json import Json
from tests.unit.customizations.terraform_bench import HandClock

PROGRAM = Program(path=Path("/usr/bin/terraform"), product="terraform", version="1.11.4")
BACKEND = LocalBackend(directory=Path("/states"))
GUARD = {"allowed_account_ids": ["${terraform.workspace}"]}


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder, module = tmp_path / "r" / "terraform" / "base", tmp_path / "r" / "modules" / "vpc"
    for each in (folder, module):
        each.mkdir(parents=True)
        (each / "main.tf").write_text("# terraform\n")
    return Release(name="base", folder=folder, modules=(module,))


def test_modules_keep_their_place_beside_the_copy(release: Release, tmp_path: Path) -> None:
    """`../../modules/vpc` is as true in the copy as in the repository."""
    workspace = Workspace(tmp_path / "work", HandClock())
    with workspace.preparing(release, read_tree(release), BACKEND, PROGRAM, patience=1) as (prepared, fresh):
        assert fresh

    assert (prepared.directory / "../../modules/vpc/main.tf").read_text() == "# terraform\n"
    assert json.loads((prepared.directory / FILE).read_text()) == override(release, BACKEND)
    assert all(
        stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        for path in (workspace.root / "prepared").rglob("*")
        if path.is_file()
    )


def test_preparation_that_failed_begins_anew(release: Release, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work", HandClock())
    tree = read_tree(release)
    with (  # noqa: PT012 - the context is what is tested
        pytest.raises(ValueError, match="killed"),
        workspace.preparing(release, tree, BACKEND, PROGRAM, patience=1) as (prepared, _),
    ):
        (prepared.directory / "half").touch()
        raise ValueError("killed")

    for expected in (True, False):
        with workspace.preparing(release, tree, BACKEND, PROGRAM, patience=1) as (prepared, fresh):
            assert fresh is expected
            assert not (prepared.directory / "half").exists()


def test_waiting_for_another_process_has_a_bound(tmp_path: Path) -> None:
    clock = HandClock()
    workspace = Workspace(tmp_path / "work", clock)

    with (
        workspace.alone("x", 1),
        pytest.raises(TemporaryServiceError, match='has been using "x" for 30 seconds'),
        workspace.alone("x", 30),
    ):
        pytest.fail("two at a time")
    assert 30 <= clock.seconds < 31


def test_file_that_changes_while_it_is_copied_is_refused(release: Release, tmp_path: Path) -> None:
    """What runs is what has the fingerprint."""
    tree = read_tree(release)
    (release.folder / "main.tf").write_text("# another\n")

    with pytest.raises(PermanentServiceError, match="it was changed while it was being read"):
        copy_tree(tree, tmp_path / "copy")


def test_override_guards_every_configuration_of_the_provider() -> None:
    """The default too, if only aliases are written down; under each of the provider's local names."""
    release = Release(
        name="base", folder=Path("/f"), providers=(("aws", "use1"), ("aws", None), ("aws", "euw1"), ("amazon", "x"))
    )

    assert override(release, BACKEND)["provider"] == {
        "amazon": [GUARD, {"alias": "x", **GUARD}],
        "aws": [GUARD, {"alias": "euw1", **GUARD}, {"alias": "use1", **GUARD}],
    }


def test_override_says_where_the_state_lies() -> None:
    backend = S3Backend(bucket="states", region="eu-west-1", prefix="some/where")
    release = Release(name="base", folder=Path("/f"), providers=())

    assert override(release, backend) == {
        "terraform": {
            "backend": {
                "s3": {
                    "bucket": "states",
                    "region": "eu-west-1",
                    "key": "customizations/base.tfstate",
                    "workspace_key_prefix": "some/where",
                    "use_lockfile": True,
                    "encrypt": True,
                    "profile": "vend-state",
                }
            }
        }
    }


@pytest.mark.parametrize("name", ["vend_override.tf.json", "z_override.tf", "vendor_override.tf.json"])
def test_override_files_that_would_win_are_refused(name: str) -> None:
    with pytest.raises(PermanentServiceError, match="it would override"):
        refuse_later_overrides(["main.tf", name])


def test_other_override_files_are_left_alone() -> None:
    refuse_later_overrides(["main.tf", "a_override.tf", "override.tf", "zone.tf", "zoverride.txt"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("${%}a"),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_escaped_text_has_no_template_and_can_be_read_back(value: Json) -> None:
    """As Terraform reads it: `$${` is `${`, `%%{` is `%{`, and nothing else begins a template."""

    def read(each: Json) -> Json:
        if isinstance(each, str):
            return each.replace("$${", "${").replace("%%{", "%{")
        if isinstance(each, dict):
            return {key: read(one) for key, one in each.items()}
        return [read(one) for one in each] if isinstance(each, list) else each

    assert read(escaped(value)) == value
