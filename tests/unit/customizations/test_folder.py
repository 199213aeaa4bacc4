"""What a folder of Terraform declares."""

from pathlib import Path

import pytest

from pipeline.customizations.blocks import Literal
from pipeline.customizations.folder import Folder
from pipeline.customizations.reading import read_folder, read_folders
from pipeline.customizations.types import written
from pipeline.model.finding import Location
from tests.unit.customizations.folders import SOURCE, a_customization, a_folder

VARIABLES = """\
variable "cidr" {
  type        = string
  description = "The range"
}

variable "zones" {
  type      = number
  default   = 2
  nullable  = false
  sensitive = true
}
variable "rest" {}
"""


def test_variables_have_type_default_and_place(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"variables.tf": VARIABLES})
    cidr, zones, rest = folder.variables.values()
    assert (cidr.name, written(cidr.type), cidr.description) == ("cidr", "string", "The range")
    assert (cidr.is_required, cidr.nullable, cidr.sensitive) == (True, True, False)
    assert (zones.is_required, zones.default, zones.nullable, zones.sensitive) == (False, Literal(2), False, True)
    assert zones.location == Location(f"{SOURCE}/variables.tf", 6)
    assert (written(rest.type), rest.is_required) == ("any", True)


def test_both_syntaxes_make_one_folder(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"a.tf": 'variable "a" {}', "b.tf.json": '{"variable": {"b": {"default": null}}}'})
    assert {name: each.is_required for name, each in folder.variables.items()} == {"a": True, "b": False}


def test_files_that_terraform_does_not_read_are_not_read(tmp_path: Path) -> None:
    files = {".#main.tf": "(", ".hidden.tf": "(", "main.tf~": "(", "notes.txt": "(", "tests/x.tftest.hcl": "("}
    assert a_folder(tmp_path, {"main.tf": "", **files}).findings == ()


def test_a_file_is_read_whatever_else_its_name_begins_with(tmp_path: Path) -> None:
    """Terraform passes over `#x.tf#`, which an editor leaves, and reads `#x.tf`: its aliases need their guard, too."""
    folder = a_folder(tmp_path, {"main.tf": "", "#x.tf": 'provider "aws" { alias = "bare" }'})
    assert ("aws", "bare") in folder.aws_providers


@pytest.mark.parametrize("name", ["more.tofu", "vend_override.tofu.json"])
def test_files_that_opentofu_alone_reads_are_findings(tmp_path: Path, name: str) -> None:
    """It takes them before a `.tf` of the same name, so they would take the place of our guards. In modules, too."""
    a_folder(tmp_path, {"main.tf": "", name: "{}"}, "terraform/modules/m")
    folder = a_folder(tmp_path, {"main.tf": 'module "m" {\n  source = "../../modules/m"\n}\n', name: "{}"})
    assert [each.location.file for each in folder.findings] == [f"{SOURCE}/{name}", f"terraform/modules/m/{name}"]


@pytest.mark.parametrize("name", ["x.tf", "x.tf.json", "x.auto.tfvars", "x.jinja"])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path, name: str) -> None:
    """A finding quotes what it cannot read, and pull requests of strangers get findings."""
    (tmp_path / "secret").write_text("the-secret the-secret\n")
    (tmp_path / SOURCE).mkdir(parents=True)
    (tmp_path / SOURCE / name).symlink_to(tmp_path / "secret")
    (finding,) = a_folder(tmp_path, {"main.tf": ""}).findings
    assert (finding.location.file, "symbolic link" in finding.message) == (f"{SOURCE}/{name}", True)
    assert "the-secret" not in str(finding)


def test_the_folders_own_values_are_known(tmp_path: Path) -> None:
    files = {"terraform.tfvars": "a = 1", "x.auto.tfvars.json": '{"b": 2}', "other.tfvars": "c = 3", "main.tf": ""}
    assert a_folder(tmp_path, files).tfvars == {"a", "b"}


PROVIDERS = """\
terraform {
  required_version = ">= 1.10"
  required_providers {
    aws  = { source = "hashicorp/aws", version = ">= 5" }
    corp = { source = "registry.terraform.io/hashicorp/aws", configuration_aliases = [corp.x] }
    time = { source = "hashicorp/time" }
  }
}
provider "aws" {
  alias  = "use1"
  region = "us-east-1"
}
provider "corp" {
  assume_role { role_arn = "x" }
}
provider "time" { alias = "t" }
"""


def test_every_configuration_of_the_aws_provider_is_found_whatever_its_name(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"main.tf": PROVIDERS})
    assert folder.aws_providers == (("aws", None), ("aws", "use1"), ("corp", None))
    assert folder.required_version == ">= 1.10"
    assert folder.required_providers["aws"].version == ">= 5"
    assert folder.required_providers["aws"].location == Location(f"{SOURCE}/main.tf", 4)
    assert {each.name: each.attributes for each in folder.providers}["corp"] == {"assume_role"}


def test_a_folder_that_names_no_provider_uses_the_default_one(tmp_path: Path) -> None:
    assert a_folder(tmp_path, {"main.tf": ""}).aws_providers == (("aws", None),)


def test_another_provider_that_is_called_aws_is_not_ours(tmp_path: Path) -> None:
    text = 'terraform {\n  required_providers {\n    aws = { source = "example/aws" }\n  }\n}\n'
    assert a_folder(tmp_path, {"main.tf": text}).aws_providers == ()


def test_local_modules_are_read_once_with_those_that_they_call(tmp_path: Path) -> None:
    a_folder(tmp_path, {"main.tf": 'module "b" {\n source = "../b"\n}'}, "terraform/modules/a")
    a_folder(tmp_path, {"main.tf": 'module "a" {\n source = "../a"\n}'}, "terraform/modules/b")
    folder = a_folder(
        tmp_path,
        {
            "main.tf": 'module "x" {\n source = "./x"\n}\nmodule "a" {\n source = "../../modules/a"\n}\n',
            "x/main.tf": 'module "v" {\n source = "terraform-aws-modules/vpc/aws"\n version = "~> 5.0"\n}\n',
        },
    )
    assert folder.local_modules == (f"{SOURCE}/x", "terraform/modules/a", "terraform/modules/b")
    assert [(each.name, str(each.location)) for each in folder.unpinned] == [("v", f"{SOURCE}/x/main.tf:1:1")]
    assert folder.is_readable


@pytest.mark.parametrize(
    ("source", "what"), [("./missing", "is not a folder"), ("../../../../outside", "leads out of the workspace")]
)
def test_a_local_module_that_is_not_there_is_told(tmp_path: Path, source: str, what: str) -> None:
    folder = a_folder(tmp_path, {"main.tf": f'module "x" {{\n  source = "{source}"\n}}\n'})
    assert [each.message for each in folder.findings] == [f'module "x": the source "{source}" {what}']


def test_override_files_change_what_is_declared_elsewhere(tmp_path: Path) -> None:
    files = {"main.tf": 'variable "a" {\n type = string\n}', "a_override.tf": 'variable "a" {\n default = "x"\n}'}
    folder = a_folder(tmp_path, files)
    assert (folder.variables["a"].is_required, written(folder.variables["a"].type)) == (False, "string")
    assert (folder.findings, folder.overrides) == ((), ())


def test_a_folder_in_afts_layout_is_read_where_its_terraform_is(tmp_path: Path) -> None:
    files = {
        "terraform/main.tf": 'variable "a" {}',
        "terraform/aft-providers.jinja": 'provider "aws" { region = "{{ provider_region }}" }',
        "api_helpers/pre-api-helpers.sh": "",
    }
    folder = a_folder(tmp_path, files)
    assert (folder.path, list(folder.variables)) == (f"{SOURCE}/terraform", ["a"])
    assert folder.home == SOURCE


def told(folder: Folder) -> list[str]:
    return [f"{each.location}: {each.message}" for each in folder.findings]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a = 1\nb = {", "main.tf:2:6: the file ends in the middle of a block or value"),
        (b"\xff", "main.tf:1:1: the file is not UTF-8"),
        (b"#" * 1_000_001, "main.tf:1:1: the file is larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    (tmp_path / SOURCE).mkdir(parents=True)
    (tmp_path / SOURCE / "main.tf").write_bytes(content)
    folder = a_folder(tmp_path, {"other.tf": 'variable "a" {}'})
    assert told(folder) == [f"{SOURCE}/{expected}"]
    assert (list(folder.variables), folder.is_readable) == (["a"], False)


def test_a_variable_that_is_declared_twice_is_told_with_both_places(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"a.tf": 'variable "x" {}', "b.tf": '\nvariable "x" {}'})
    assert told(folder) == [f'{SOURCE}/b.tf:2:1: variable "x" is already declared at {SOURCE}/a.tf:1:1']


def test_what_is_no_folder_of_the_workspace_is_left_out(tmp_path: Path) -> None:
    a_folder(tmp_path, {"main.tf": ""})
    git = a_customization(name="git", source="git::https://example.com/x.git?ref=v1.0")
    missing, outside = a_customization(source="terraform/missing"), a_customization(source="../x")
    assert list(read_folders(tmp_path, [(a_customization(), git), (missing, outside)])) == [SOURCE]
    assert read_folder(tmp_path, "terraform/missing") is None


def test_a_local_module_that_cannot_be_read_makes_the_folder_unreadable(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"main.tf": 'module "x" {\n  source = "./x"\n}\n', "x/main.tf": "variable {"})
    assert [str(each.location) for each in folder.findings] == [f"{SOURCE}/x/main.tf:1:11"]
