"""Templates as AFT has them: what they become, which bad ones are refused, and that nothing in them escapes our guards."""

from pathlib import Path

import pytest

from pipeline.customizations.fingerprint import fingerprint
from pipeline.customizations.overrides import LocalBackend, override
from pipeline.customizations.reading import read_folder
from pipeline.customizations.releases import read_tree, release_of
from pipeline.customizations.templates import Broken, render
from pipeline.customizations.terraform import Program
from pipeline.model.json import Json
from tests.unit.customizations.folders import SOURCE, VALUES, a_folder, findings

BACKEND = """\
## Updated on: {{ timestamp }} ##
{% if tf_distribution_type == "oss" -%}
terraform {
  required_version = ">= {{ tf_version }}"
  backend "s3" {
    region         = "{{ region }}"
    bucket         = "{{ bucket }}"
    key            = "{{ key }}"
    dynamodb_table = "{{ dynamodb_table }}"
    kms_key_id     = "{{ kms_key_id }}"
    role_arn       = "{{ aft_admin_role_arn }}"
  }
}
{% else -%}
terraform {
  backend "remote" {
    organization = "{{ terraform_org_name }}"
  }
}
{% endif %}
"""
PROVIDERS = """\
provider "aws" {
  region = "{{ provider_region }}"
  assume_role {
    role_arn = "{{ target_admin_role_arn }}"
  }
}
{% for region in ["us-east-1", "eu-south-2"] %}
provider "aws" {
  alias  = "{{ region }}"
  region = "{{ region }}"
  assume_role { role_arn = "{{ target_admin_role_arn }}" }
}
{% endfor %}
provider "aws" {
  alias = "hub"
  assume_role { role_arn = "{{ aft_admin_role_arn }}" }
}
provider "aws" { alias = "bare" }
"""
GUARD = {"allowed_account_ids": ["${terraform.workspace}"]}
AS_IT_IS: dict[str, Json] = {"dynamic": {"assume_role": {"for_each": [], "content": {}}}}
PROGRAM = Program(path=Path("/bin/terraform"), product="terraform", version="1.11.4")


def text_of(template: str) -> str:
    text = render(template, VALUES)
    assert isinstance(text, str)
    return text


def test_every_variable_of_afts_templates_has_a_value_that_is_the_same_for_all_accounts() -> None:
    """Only Terraform says which account it is; and no time makes one run differ from the next."""
    assert 'role_arn       = "arn:aws:iam::111122223333:role/Admin"' in text_of(BACKEND)
    assert text_of("{{ target_admin_role_arn }}") == "arn:aws:iam::${terraform.workspace}:role/Execution"
    assert text_of("{{ timestamp }}") == "1970-01-01 00:00:00"


@pytest.mark.parametrize(
    ("template", "line", "words"),
    [
        ("a\n{{ terraform_org_name }}", 2, "'terraform_org_name' is undefined"),
        ("a\n\n{% if %}", 3, "Expected an expression"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("a\n{{ cycler.__init__.__globals__ }}", 2, "unsafe"),
        ("\n{% include '/etc/passwd' %}", 2, "no loader"),
        ("{{ [].append(1) }}", 1, "unsafe"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
        ("{{ 'a' * 10 ** 11 }}", 1, "memory"),
        ("{{ '\\ud800' }}", 1, "can't encode"),
        ("{{ 'a' * 1000001 }}", 1, "makes more than 1,000,000 characters"),
        ("\n{{ cycler().next() }}", 2, "at least one item"),
        ("\n{{ [1, 2] | random }}", 2, "No filter named 'random'"),
        ("\n{{ lipsum() }}", 2, "'lipsum' is undefined"),
    ],
)
def test_a_template_that_is_broken_or_reaches_out_is_told_with_its_line(template: str, line: int, words: str) -> None:
    found = render(template, VALUES)
    assert isinstance(found, Broken)
    assert (found.line, words in found.message) == (line, True), found


def test_a_template_that_never_ends_is_ended() -> None:
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    found = render(endless, VALUES, seconds=1)
    assert found == Broken(1, "it cannot be rendered within 1 seconds and 1 GB of memory")


def test_a_folder_of_afts_is_read_as_what_its_templates_become(tmp_path: Path) -> None:
    """Its backend is no finding, and every alias is guarded, even one that a loop makes."""
    files = {"terraform/backend.jinja": BACKEND, "terraform/aft-providers.jinja": PROVIDERS}
    folder = a_folder(tmp_path, files)

    assert findings(folder) == ()
    assert folder.required_version == ">= 1.10.0"
    assert [name for name, _ in folder.rendered] == ["aft-providers.tf", "backend.tf"]
    written = override(release_of("network", folder, tmp_path), LocalBackend(directory=tmp_path))
    assert written["provider"] == {
        "aws": [
            {**GUARD, **AS_IT_IS},
            {"alias": "bare", **GUARD},
            {"alias": "eu-south-2", **GUARD, **AS_IT_IS},
            {"alias": "hub", **GUARD},  # its role is of another account: it fails, and does nothing here
            {"alias": "us-east-1", **GUARD, **AS_IT_IS},
        ]
    }


def test_another_backend_than_afts_is_a_finding_even_in_a_template(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"backend.jinja": "terraform {\n  cloud {}\n}\n"})
    assert [str(each.location) for each in findings(folder)] == [f"{SOURCE}/backend.jinja:2:1"]


def test_a_template_that_cannot_be_used_is_a_finding_where_it_is_wrong(tmp_path: Path) -> None:
    """Whether Jinja refuses it, or Terraform would refuse what it makes."""
    files = {"a.jinja": "\n{{ nothing }}", "b.jinja": 'provider "aws" {\n  region = = "{{ region }}"\n}\n'}
    found = [(str(each.location), each.message) for each in findings(a_folder(tmp_path, files))]

    assert found[0] == (f"{SOURCE}/a.jinja:2:1", "the template cannot be rendered: 'nothing' is undefined")
    assert found[1][0] == f"{SOURCE}/b.jinja:2:1"
    assert "what the template makes cannot be read" in found[1][1]


def test_what_a_template_becomes_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    """Nor of what another template becomes."""
    files = {"main.tf": "a", "main.jinja": "b", "main.jinja.tf": "c", "x.tf": "d", "x.jinja": "e", "x.jinja.jinja": "f"}
    folder = a_folder(tmp_path, {name: f'variable "{each}" {{}}' for name, each in files.items()})
    assert [name for name, _ in folder.rendered] == ["main.jinja.jinja.tf", "x.jinja.tf", "x.jinja.jinja.tf"]
    assert sorted(folder.variables) == list("abcdef")


def test_an_override_file_may_come_from_a_template_and_is_refused_like_any_other(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"main.tf": "", "zz_override.jinja": 'provider "aws" {}'})
    assert [each.rule for each in findings(folder)] == ["customization-override"]


def test_the_fingerprint_is_of_what_templates_become(tmp_path: Path) -> None:
    """The same each time it is read; another one with another value."""
    a_folder(tmp_path, {"terraform/backend.jinja": BACKEND, "terraform/main.tf": ""})

    def mark(values: dict[str, str]) -> str:
        folder = read_folder(tmp_path, SOURCE, values)
        assert folder is not None
        release = release_of("network", folder, tmp_path)
        backend = LocalBackend(directory=tmp_path)
        return fingerprint(release, read_tree(release), {}, backend=backend, program=PROGRAM, region="eu-west-1").text

    assert mark(VALUES) == mark(dict(VALUES))
    assert mark(VALUES) != mark(VALUES | {"tf_version": "1.11.0"})


def test_modules_of_a_folder_have_no_templates(tmp_path: Path) -> None:
    a_folder(tmp_path, {"bad.jinja": "{{ nothing }}", "main.tf": ""}, "terraform/modules/m")
    folder = a_folder(tmp_path, {"main.tf": 'module "m" {\n  source = "../../modules/m"\n}\n'})
    assert findings(folder) == ()
