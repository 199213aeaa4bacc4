"""Whether what accounts get fits what its Terraform declares."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.customizations.checking import check
from pipeline.customizations.given import account_input
from pipeline.customizations.reading import read_folder
from pipeline.model.finding import Location, Severity
from tests.builders import a_request
from tests.unit.customizations.folders import SOURCE, WRITTEN, a_customization, a_folder, findings, told

VARIABLES = 'variable "cidr" {\n  type = string\n}\nvariable "zones" {\n  type    = number\n  default = 2\n}\n'


def told_with(root: Path, text: str, **inputs: Any) -> list[str]:
    return told(findings(a_folder(root, {"variables.tf": text}), a_customization(inputs=inputs)))


def test_inputs_that_fit_are_nothing_to_tell(tmp_path: Path) -> None:
    assert told_with(tmp_path, VARIABLES, cidr="10.0.0.0/20", zones="3") == []


def test_a_missing_input_is_told_where_the_customization_is_asked_for(tmp_path: Path) -> None:
    assert told_with(tmp_path, VARIABLES) == [
        (
            'account-requests/web.yaml:7:5: customization "network": the input "cidr" is missing for account "web" '
            f"({SOURCE}/variables.tf:1); add it to inputs; its type is string"
        )
    ]


def test_what_a_layer_leaves_out_is_one_finding_for_all_accounts(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"variables.tf": VARIABLES})
    layer = a_customization(location=Location("vending.yaml", 9, 5))
    selected = dict.fromkeys(("b", "c", "a"), (layer,))
    (finding,) = check(selected, {SOURCE: folder}, given={}, available=())
    assert finding.location == layer.location
    assert 'is missing for account "a" and 2 more' in finding.message


def test_what_the_folder_sets_itself_is_not_missing(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"variables.tf": VARIABLES, "network.auto.tfvars": 'cidr = "10.0.0.0/16"\n'})
    assert findings(folder) == ()


def test_an_unknown_input_is_told_where_it_was_written(tmp_path: Path) -> None:
    assert told_with(tmp_path, VARIABLES, cidr="x", zone=3) == [
        (
            'account-requests/web.yaml:10:11: customization "network": "zone" is not a variable of '
            f'{SOURCE}; did you mean "zones"?'
        )
    ]


def test_a_wrong_type_names_both_sides_and_no_value(tmp_path: Path) -> None:
    assert told_with(tmp_path, VARIABLES, cidr="x", zones="three of them") == [
        (
            'account-requests/web.yaml:10:11: customization "network": the input "zones" is text, not a number '
            f"({SOURCE}/variables.tf:4); its type is number"
        )
    ]


def test_what_terraform_would_drop_is_a_warning(tmp_path: Path) -> None:
    text = 'variable "logs" {\n  type = object({days = optional(number)})\n}\n'
    folder = a_folder(tmp_path, {"variables.tf": text})
    (finding,) = findings(folder, a_customization(inputs={"logs": {"day": 3}}))
    assert finding.severity is Severity.WARNING
    assert (finding.message, finding.hint) == (
        f'customization "network": the input "logs.day" is not an attribute of the type ({SOURCE}/variables.tf:1)',
        'did you mean "days"?',
    )


def test_null_is_refused_where_there_must_be_a_value(tmp_path: Path) -> None:
    text = 'variable "a" {\n  nullable = false\n}\nvariable "b" {}\n'
    (message,) = told_with(tmp_path, text, a=None, b=None)
    assert 'the input "a" is null; terraform/' in message


def test_the_account_is_given_and_never_missing_or_written_by_people(tmp_path: Path) -> None:
    text = 'variable "account" {\n  type = any\n}\n'
    assert told_with(tmp_path, text) == []
    (message,) = told_with(tmp_path, text, account={"id": "1"})
    assert 'the input "account" is not given by people' in message


def test_what_a_folder_expects_of_the_account_is_checked(tmp_path: Path) -> None:
    text = 'variable "account" {\n  type = object({id = string, custom_fields = object({team = string})})\n}\n'
    folder = a_folder(tmp_path, {"variables.tf": text})
    given = {
        "web": account_input(a_request("web", custom_fields={"tier": 1}), "1" * 12),
        "api": account_input(a_request("api", custom_fields={"team": "x", "tier": 1}), "2" * 12),
    }
    each = a_customization()
    (finding,) = check({"web": (each,), "api": (each,)}, {SOURCE: folder}, given=given, available=())
    assert finding.message == (
        f'customization "network": "account.custom_fields" has no "team" for account "web" ({SOURCE}/variables.tf:1)'
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('variable "a" {\n  type = number\n  default = "x"\n}', 1, 'variable "a": the default is text, not a number'),
        (
            'variable "a" {\n  type = list(number)\n  default = [1, "x"]\n}',
            1,
            'variable "a": the default.1 is text, not a number',
        ),
        ('variable "a" {\n  nullable = false\n  default = null\n}', 1, 'variable "a": the default is null'),
        ('terraform {\n  backend "s3" {}\n}', 2, 'there is a backend "s3" of its own'),
        ("terraform {\n  cloud {}\n}", 2, "there is a cloud block"),
        (
            '\nprovider "aws" {\n  access_key = "x"\n  profile = "y"\n}',
            2,
            'provider "aws" brings credentials of its own: access_key, profile',
        ),
        ('module "m" {\n  source = "a/b/c"\n}', 1, 'module "m": the source "a/b/c" is not pinned'),
        ("variable {", 1, "the file ends in the middle"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told_at_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    (finding,) = findings(a_folder(tmp_path, {"main.tf": text}))
    assert (finding.location.file, finding.location.line) == (f"{SOURCE}/main.tf", line)
    assert finding.message.startswith(message)
    assert finding.hint


def test_aliases_are_fine_in_the_folder_and_refused_in_its_modules(tmp_path: Path) -> None:
    alias = 'provider "aws" {\n  alias = "use1"\n}\n'
    module = 'module "m" {\n  source = "./m"\n}\n'
    assert findings(a_folder(tmp_path, {"main.tf": alias + module, "m/main.tf": ""})) == ()
    (finding,) = findings(a_folder(tmp_path, {"m/main.tf": alias}))
    assert (finding.location.file, finding.severity) == (f"{SOURCE}/m/main.tf", Severity.ERROR)
    assert finding.message == (
        'the module configures the provider "aws.use1" itself, where no guard for the account reaches it'
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a_override.tf", 'provider "aws" {\n  allowed_account_ids = []\n}'),
        ("override.tf.json", '{"terraform": {"backend": {"local": {}}}}'),
        ("zz_override.tf", 'resource "x" "y" {}'),
    ],
)
def test_override_files_must_not_undo_the_guards_of_the_run(tmp_path: Path, name: str, text: str) -> None:
    (finding,) = findings(a_folder(tmp_path, {"main.tf": "", name: text}))
    assert finding.rule == "customization-override"
    assert finding.location.file == f"{SOURCE}/{name}"


def test_a_missing_folder_is_told_with_a_suggestion() -> None:
    each = a_customization("netwrok", source="terraform/account-customizations/netwrok")
    (finding,) = findings(None, each, available=(SOURCE, "terraform/global-customizations"))
    assert finding.location == WRITTEN
    assert f"{finding.message}; {finding.hint}" == (
        'customization "netwrok": there is no folder "terraform/account-customizations/netwrok"; '
        'did you mean "network"?'
    )


def test_a_source_that_may_move_is_told_and_a_pinned_one_is_not_read_here() -> None:
    source = "git::https://example.com/x.git//network?ref="
    assert findings(None, a_customization(source=f"{source}v1.0.0")) == ()
    (finding,) = findings(None, a_customization(source=f"{source}main"))
    assert finding.message.endswith('names the ref "main", which may move')


def test_a_name_that_two_folders_have_is_told(tmp_path: Path) -> None:
    shared = "terraform/network"
    folder = a_folder(tmp_path, {"main.tf": ""}, shared)
    selected = {"web": (a_customization(source=shared),)}
    (finding,) = check(selected, {shared: folder}, given={}, available=(shared, SOURCE))
    assert finding.message == f'customization "network" may be "terraform/network" or "{SOURCE}"'


def test_inputs_are_not_judged_by_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, {"main.tf": "variable {", "variables.tf": VARIABLES})
    assert [each.rule for each in findings(folder, a_customization(inputs={"x": 1}))] == ["terraform-syntax"]


def test_a_secret_in_a_source_is_not_told(tmp_path: Path) -> None:
    source = "git::https://user:secret@example.com/x.git?ref=v1.0.0"
    folder = a_folder(
        tmp_path, {"main.tf": 'module "m" {\n  source = "git::https://user:secret@example.com/m.git"\n}\n'}
    )
    found = (*findings(None, a_customization(source=source)), *findings(folder))
    assert [each.rule for each in found] == ["customization-source", "customization-unpinned-module"]
    assert "secret@" not in str(found)


def test_a_folder_without_terraform_is_told(tmp_path: Path) -> None:
    (finding,) = findings(a_folder(tmp_path, {"README.md": ""}))
    assert finding.message == f'customization "network": the folder "{SOURCE}" holds no Terraform'
    assert findings(a_folder(tmp_path, {"terraform/backend.jinja": ""})) == ()


def test_a_folder_behind_a_link_out_of_the_workspace_is_not_there(tmp_path: Path) -> None:
    a_folder(tmp_path / "elsewhere", {"main.tf": ""}, "network")
    (tmp_path / "here/terraform").mkdir(parents=True)
    (tmp_path / "here/terraform/network").symlink_to(tmp_path / "elsewhere/network")
    assert read_folder(tmp_path / "here", "terraform/network") is None


@pytest.mark.parametrize("alias", ['"ba${"re"}"', 'true ? "bare" : ""'])
def test_an_alias_that_terraform_has_to_compute_is_a_finding(tmp_path: Path, alias: str) -> None:
    """Terraform computes it, and our guard goes by its name."""
    (finding,) = findings(a_folder(tmp_path, {"main.tf": f'provider "aws" {{\n  alias = {alias}\n}}\n'}))
    assert (finding.rule, finding.location.line) == ("customization-provider", 1)
    assert 'the alias of the provider "aws" is no plain text' in finding.message
