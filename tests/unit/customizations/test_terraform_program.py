"""Finding the program and its providers, and understanding what it says."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.customizations.events import understand
from pipeline.customizations.processes import Patience
from pipeline.customizations.terraform import cli_config, find_mirror, find_program
from pipeline.errors import UsageError
from pipeline.model.customization import ResourceChange
from tests.unit.customizations.terraform_bench import FakeTerraform, HandClock, diagnostic, planned

PATIENCE = Patience(clock=HandClock())


@pytest.fixture
def terraform(tmp_path: Path) -> FakeTerraform:
    return FakeTerraform(tmp_path / "bin")


def found(terraform: FakeTerraform, floor: tuple[int, ...] = (1, 10), name: str = "terraform") -> str:
    ours = {"PATH": f"{terraform.folder}:/usr/bin:/bin"}
    return find_program(name, ours, PATIENCE, floor=floor).version


@pytest.mark.parametrize("version", ["1.10.0", "1.11.4", "2.0.1", "1.12.0-beta1"])
def test_version_is_asked_once(terraform: FakeTerraform, version: str) -> None:
    """What a program writes beside its answer does not matter."""
    terraform.plays("version", "Warning: a warning", json.dumps({"terraform_version": version}, indent=1))

    assert found(terraform) == version
    assert terraform.verbs == ["version"]


@pytest.mark.parametrize(
    ("said", "floor", "words"),
    [
        ('{"terraform_version": "1.9.8"}', (1, 10), "has version 1.9.8; at least 1.10 is needed"),
        ('{"terraform_version": "1.11.4"}', (1, 12), "at least 1.12 is needed"),
        ('{"terraform_version": "1.9.8"}', (1, 5), "at least 1.10 is needed"),
        ("not a word", (1, 10), "does not tell its version"),
        ("[]", (1, 10), "does not tell its version"),
    ],
)
def test_unusable_program_is_refused_with_a_remedy(
    terraform: FakeTerraform, said: str, floor: tuple[int, ...], words: str
) -> None:
    terraform.plays("version", said)
    with pytest.raises(UsageError, match=words) as refused:
        found(terraform, floor)

    assert "install terraform" in refused.value.hint


def test_missing_program_is_refused_with_a_remedy(terraform: FakeTerraform) -> None:
    with pytest.raises(UsageError, match='there is no program "tofu-dev" in PATH') as refused:
        found(terraform, name="tofu-dev")

    assert "install tofu 1.10 or newer" in refused.value.hint


def mirror(place: Path) -> Path:
    (place / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    return place


def test_mirror_is_looked_for_in_the_persons_own_places_first(tmp_path: Path) -> None:
    named, own, common = (mirror(tmp_path / name) for name in ("named", "home/.terraform.d/plugins", "common"))
    config = tmp_path / "terraformrc"
    config.write_text(f'provider_installation {{\n filesystem_mirror {{\n  path = "{named}"\n }}\n}}\n')
    home = {"HOME": str(tmp_path / "home")}

    assert find_mirror({**home, "TF_CLI_CONFIG_FILE": str(config)}, (str(common),)) == named
    assert find_mirror({**home, "TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}, (str(common),)) == own
    assert find_mirror({}, (str(tmp_path / "none"), str(common))) == common
    assert find_mirror({}, ()) is None


def test_provider_comes_from_the_mirror_or_the_registry_never_from_both(tmp_path: Path) -> None:
    text = cli_config(mirror(tmp_path / "mirror"), tmp_path / "downloads")

    assert 'include = ["registry.terraform.io/hashicorp/aws"]' in text
    assert 'exclude = ["registry.terraform.io/hashicorp/aws"]' in text
    assert "plugin_cache_dir" not in text
    assert "plugin_cache_dir" in cli_config(None, tmp_path / "downloads")


def test_changes_are_sorted_and_what_changes_nothing_is_left_out() -> None:
    events = [
        planned("update", "b"),
        planned("replace", "a", "cannot_update"),
        planned("read", "data.c"),
        planned("noop", "d"),
        {"type": "outputs", "outputs": {"same": {"action": "noop"}, "o": {"sensitive": True, "action": "create"}}},
        {"type": "resource_drift", "change": {"resource": {"addr": "e"}, "action": "update"}},
    ]
    spoken = understand(json.dumps(event) for event in events)

    assert spoken.changes == (
        ResourceChange(address="a", action="replace", reason="cannot_update"),
        ResourceChange(address="b", action="update"),
        ResourceChange(address="output.o", action="create"),
    )
    assert spoken.drift == (ResourceChange(address="e", action="update"),)
    assert spoken.difference(applicable=True).destroys == 1


def test_outputs_of_an_apply_are_no_changes() -> None:
    """They come with their values."""
    event = {"type": "outputs", "outputs": {"o": {"sensitive": False, "type": "string", "value": "v"}}}

    assert understand([json.dumps(event)]).changes == ()


def test_last_words_are_kept() -> None:
    """A crash is not told as an event."""
    lines = [json.dumps(diagnostic("no")), *(f"line {number}" for number in range(40)), "", "panic"]
    spoken = understand(lines)

    assert spoken.tail[-1] == "panic"
    assert len(spoken.tail) == 20
    assert [each.summary for each in spoken.errors] == ["no"]


@given(
    st.lists(
        st.text()
        | st.fixed_dictionaries(
            {"type": st.sampled_from(["planned_change", "resource_drift", "outputs", "diagnostic", "version"])},
            optional={
                name: st.recursive(
                    st.none() | st.text() | st.integers(),
                    lambda each: (
                        st.lists(each)
                        | st.dictionaries(st.sampled_from(["resource", "addr", "action", "range", "start"]), each)
                    ),
                    max_leaves=5,
                )
                for name in ("change", "outputs", "diagnostic")
            },
        ).map(json.dumps)
    )
)
def test_any_output_is_understood(lines: list[str]) -> None:
    spoken = understand(lines)

    assert list(spoken.changes) == sorted(spoken.changes)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Terraform itself, in a file that may be touched."""
    real = shutil.which("terraform")
    if real is None or Path(real).read_bytes()[:2] == b"#!":
        pytest.skip("no Terraform that is a program file")
    copy = tmp_path / "bin" / "terraform"
    copy.parent.mkdir()
    shutil.copy(real, copy)
    return copy


def test_version_of_a_program_file_is_asked_once_until_the_file_is_another(program: Path, tmp_path: Path) -> None:
    memory = tmp_path / "versions"

    def version() -> str:
        return find_program(str(program), {"PATH": "/usr/bin:/bin"}, PATIENCE, memory=memory).version

    told = version()
    (kept,) = memory.iterdir()
    kept.write_text('{"version": "9.9.9"}')

    assert version() == "9.9.9", "what is remembered is not asked again"
    os.utime(program, ns=(1, 1))
    assert version() == told


def test_version_behind_a_script_is_asked_each_time(terraform: FakeTerraform, tmp_path: Path) -> None:
    """A version manager's script stays the same when it gives another version."""
    ours = {"PATH": f"{terraform.folder}:/usr/bin:/bin"}
    for version in ("1.11.4", "1.12.0"):
        terraform.plays("version", json.dumps({"terraform_version": version}))

        assert find_program("terraform", ours, PATIENCE, memory=tmp_path / "versions").version == version


def test_damaged_memory_of_a_version_is_asked_anew(program: Path, tmp_path: Path) -> None:
    ours, memory = {"PATH": "/usr/bin:/bin"}, tmp_path / "versions"
    told = find_program(str(program), ours, PATIENCE, memory=memory).version
    (kept,) = memory.iterdir()
    kept.write_text("{")

    assert find_program(str(program), ours, PATIENCE, memory=memory).version == told
