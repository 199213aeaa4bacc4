"""What makes a customization another one."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.customizations.fingerprint import PARTS, Fingerprint, changed_parts, fingerprint
from pipeline.customizations.overrides import S3Backend
from pipeline.customizations.reading import read_folder
from pipeline.customizations.releases import Release, read_tree, release_of
from pipeline.customizations.terraform import Program
from pipeline.errors import PermanentServiceError
from pipeline.model.json import Json

BACKEND = S3Backend(bucket="states", region="eu-west-1")
PROGRAM = Program(path=Path("/usr/bin/terraform"), product="terraform", version="1.11.4")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A folder with a module beside it."""
    folder, module = tmp_path / "terraform" / "base", tmp_path / "modules" / "vpc"
    for each in (folder, module):
        each.mkdir(parents=True)
        (each / "main.tf").write_text("# terraform\n")
    return Release(name="base", folder=folder, modules=(module,), variables=frozenset({"color"}))


def made(
    release: Release,
    program: Program = PROGRAM,
    backend: S3Backend = BACKEND,
    region: str = "eu-west-1",
    **inputs: Json,
) -> Fingerprint:
    given: dict[str, Json] = {"color": "blue", **inputs}
    return fingerprint(release, read_tree(release), given, backend=backend, program=program, region=region)


def test_same_things_make_the_same_text(release: Release, tmp_path: Path) -> None:
    """Wherever the workspace lies, in whatever order inputs come, whatever Terraform or a person has left in the folder."""
    before = made(release).text
    (release.folder / ".terraform" / "providers").mkdir(parents=True)
    (release.folder / ".terraform" / "providers" / "aws").write_text("binary")
    (release.folder / "terraform.tfstate").write_text("{}")
    (release.folder / "base.tftest.hcl").write_text("run {}")
    other = tmp_path / "elsewhere"
    for name in ("terraform", "modules"):
        (tmp_path / name).rename(other.mkdir(exist_ok=True) or other / name)
    moved = replace(release, folder=other / "terraform" / "base", modules=(other / "modules" / "vpc",))

    assert made(moved).text == before


def write(name: str, text: str) -> Callable[[Release], object]:
    return lambda release: (release.folder / name).write_text(text)


@pytest.mark.parametrize(
    "change",
    [
        write("main.tf", "# another\n"),
        write("more.tf", ""),
        write("template.json", "{}"),
        write(".terraform.lock.hcl", "# versions\n"),
        lambda release: (release.modules[0] / "main.tf").write_text("# another\n"),
        lambda release: (release.folder / "main.tf").rename(release.folder / "renamed.tf"),
        lambda release: (release.folder / "main.tf").chmod(0o755),
    ],
    ids=["file", "new file", "file that is no terraform", "lock file", "module", "name", "may be run"],
)
def test_every_file_counts(release: Release, change: Callable[[Release], object]) -> None:
    before = made(release).text
    change(release)

    assert changed_parts(made(release).text, before) == ("source",)


def test_inputs_count_if_they_are_declared(release: Release) -> None:
    before = made(release).text

    assert changed_parts(made(release, color="red").text, before) == ("inputs",)
    assert made(release, undeclared=1).text == before


def test_settings_and_version_count(release: Release) -> None:
    before = made(release).text

    assert changed_parts(made(release, backend=replace(BACKEND, bucket="other")).text, before) == ("settings",)
    assert changed_parts(made(release, region="eu-central-1").text, before) == ("settings",)
    assert changed_parts(made(replace(release, providers=(("aws", "use1"),))).text, before) == ("settings",)
    assert changed_parts(made(release, program=replace(PROGRAM, version="1.12.0")).text, before) == ("terraform",)
    assert changed_parts(made(release, program=replace(PROGRAM, product="tofu")).text, before) == ("terraform",)


def test_text_of_another_form_is_changed_in_all_parts(release: Release) -> None:
    assert changed_parts(made(release).text, "0123") == PARTS


def test_links_out_of_the_folder_are_refused(release: Release, tmp_path: Path) -> None:
    """What they lead to is not reviewed with the folder."""
    (tmp_path / "secret").write_text("secret")
    (release.folder / "link.tf").symlink_to(tmp_path / "secret")

    with pytest.raises(PermanentServiceError, match="symbolic link"):
        read_tree(release)


def test_links_within_the_folder_are_what_they_lead_to(release: Release) -> None:
    before = made(release).text
    (release.folder / "link.tf").symlink_to("main.tf")
    linked = made(release).text
    (release.folder / "link.tf").unlink()
    (release.folder / "link.tf").write_text("# terraform\n")

    assert linked == made(release).text != before


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_unreadable_file_is_told(release: Release) -> None:
    (release.folder / "main.tf").chmod(0)

    with pytest.raises(PermanentServiceError, match="cannot be read"):
        read_tree(release)


def test_release_knows_what_the_folder_declares(tmp_path: Path) -> None:
    """Aliases to guard, variables to pass, modules to copy (those of modules too), and whether all are pinned."""
    for path, text in {
        "terraform/base/main.tf": """
            variable "color" { type = string }
            provider "aws" { alias = "use1" }
            module "one" { source = "../../modules/one" }
        """,
        "modules/one/main.tf": """
            module "two" { source = "../two" }
        """,
        "modules/two/main.tf": """
            module "elsewhere" { source = "git::https://example.com/vpc.git" }
        """,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    folder = read_folder(tmp_path, "terraform/base")
    assert folder is not None

    assert release_of("base", folder, tmp_path) == Release(
        name="base",
        folder=tmp_path / "terraform/base",
        modules=(tmp_path / "modules/one", tmp_path / "modules/two"),
        providers=(("aws", None), ("aws", "use1")),
        variables=frozenset({"color"}),
        pinned=False,
    )
