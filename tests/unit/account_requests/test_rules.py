"""What a schema cannot say: rules of the organization, of AWS, and of all requests together."""

from pathlib import Path

import pytest

from pipeline.model.account import Contact, ContactType, WantedState
from pipeline.model.finding import Severity
from tests.unit.account_requests.workspace import UNITS, a_file, lines, load_files, only_request


def test_a_whole_request_becomes_a_specification(tmp_path: Path) -> None:
    own = (
        "owner: team@example.com",
        "purpose: One line, of text",
        'tags: {CostCenter: "4711", "Grüße/1": ""}',
        'contacts: {security: {name: Desk, title: On call, email: s@example.com, phone: "+49 30 1"}}',
        "access: [{group: Admins, permission_set: AdministratorAccess}]",
        "regions: [eu-south-2]",
        "settings: {alias: example-web, default_vpcs: delete, imdsv2: required, password_policy: {minimum_length: 24}}",
        "customizations: [{name: network, inputs: {zones: 3}}]",
        "custom_fields: {team: payments, tier: 1, flags: [true, null]}",
        "account_id: '012345678901'",
        "sso_user: {email: a@example.com, first_name: Ada, last_name: Lovelace}",
        "state: closed",
        "expires: 2027-03-31",
        "protected: false",
        "confirm: {state: closed}",
    )
    request = only_request(load_files(tmp_path, {"web.yaml": a_file("web", "Workloads/Prod", *own)}))
    spec = request.spec
    assert (request.key, request.account_id, request.confirm) == ("web", "012345678901", {"state": "closed"})
    assert (spec.name, spec.email, spec.organizational_unit) == ("web", "aws+web@example.com", "Workloads/Prod")
    assert (spec.owner, spec.purpose, spec.expires) == ("team@example.com", "One line, of text", "2027-03-31")
    assert spec.tags == {"CostCenter": "4711", "Grüße/1": ""}
    assert spec.contacts == {
        ContactType.SECURITY: Contact(name="Desk", title="On call", email="s@example.com", phone="+49 30 1")
    }
    assert (spec.state, spec.protected, spec.regions) == (WantedState.CLOSED, False, ("eu-south-2",))
    assert spec.access == ({"group": "Admins", "permission_set": "AdministratorAccess"},)
    assert spec.settings["password_policy"] == {"minimum_length": 24}
    assert spec.customizations == ({"name": "network", "inputs": {"zones": 3}},)
    assert spec.custom_fields == {"team": "payments", "tier": 1, "flags": [True, None]}
    assert spec.sso_user == {"email": "a@example.com", "first_name": "Ada", "last_name": "Lovelace"}
    assert request.document["name"] == "web"


def test_what_is_not_asked_for_is_empty_and_never_unobserved(tmp_path: Path) -> None:
    spec = only_request(load_files(tmp_path, {"web.yaml": a_file("web")})).spec
    assert (spec.tags, spec.contacts, spec.regions, spec.access, spec.state) == ({}, {}, (), (), WantedState.OPEN)


def test_requests_are_sorted_by_key_and_units_by_path(tmp_path: Path) -> None:
    desired = load_files(tmp_path, {"z/a.yaml": a_file("a"), "b.yml": a_file("b"), "a/c.yaml": a_file("c")}).desired
    assert [each.key for each in desired.requests] == ["a", "b", "c"]
    assert [(each.path, each.register) for each in desired.units] == [
        ("Sandbox", False),
        ("Security", False),
        ("Workloads", True),
        ("Workloads/Prod", False),
        ("Workloads/Test", False),
    ]
    assert str(desired.units[3].location) == "account-requests/_organization.yaml:1:76"


@pytest.mark.parametrize(
    ("unit", "hint"),
    [
        ("Workloads/Prd", 'did you mean "Workloads/Prod"?'),
        ("workloads/prod", 'did you mean "Workloads/Prod"?'),
        ("Elsewhere", "declare it in account-requests/_organization.yaml"),
    ],
)
def test_an_undeclared_unit_is_an_error(tmp_path: Path, unit: str, hint: str) -> None:
    loaded = load_files(tmp_path, {"web.yaml": a_file("web", unit)})
    assert lines(loaded) == [f'web.yaml:3:22: organizational unit "{unit}" is not declared; {hint}']
    assert loaded.desired.requests == ()


@pytest.mark.parametrize("unit", ["/", "/Workloads", "Workloads/", "Workloads//Prod", "a/b/c/d/e/f"])
def test_the_root_and_what_is_no_path_are_not_units(tmp_path: Path, unit: str) -> None:
    loaded = load_files(tmp_path, {"web.yaml": a_file("web", unit)})
    assert "schema-pattern" in {each.rule for each in loaded.findings}


def test_a_request_without_a_unit_of_its_own_or_inherited_is_an_error(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"web.yaml": a_file("web", None)})
    assert [(each.rule, each.attribute) for each in loaded.findings] == [("missing", "organizational_unit")]


def test_units_may_lie_five_deep_and_no_deeper(tmp_path: Path) -> None:
    nested = "units: {a: {units: {b: {units: {c: {units: {d: {units: {e: %s}}}}}}}}}\n"
    assert len(load_files(tmp_path, {}, nested % "null").desired.units) == 5
    loaded = load_files(tmp_path, {"web.yaml": a_file("web", "a")}, nested % "{units: {f: null}}")
    assert [(each.rule, each.attribute) for each in loaded.findings] == [("unit-depth", "a/b/c/d/e/f")]
    assert loaded.refused == {"web"}


@pytest.mark.parametrize(
    "text", ["units: {a/b: null}", "units: {a: {unit: {}}}", "unit: {}", "units: []", "units: {a: x}"]
)
def test_what_is_wrong_in_the_declaration_of_units_is_a_finding(tmp_path: Path, text: str) -> None:
    loaded = load_files(tmp_path, {}, text)
    assert {str(each.location).rpartition("/")[2].partition(":")[0] for each in loaded.findings} == {
        "_organization.yaml"
    }


@pytest.mark.parametrize("names", [("a/web.yaml", "b/web.yaml"), ("web.yaml", "web.yml"), ("b/web.yml", "web.yaml")])
def test_a_key_is_unique_across_folders_and_suffixes(tmp_path: Path, names: tuple[str, str]) -> None:
    loaded = load_files(tmp_path, {name: a_file(f"x{number}") for number, name in enumerate(names)})
    first, second = sorted(names)
    assert lines(loaded) == [
        f'{first}:1:1: key "web" is also the name of account-requests/{second}; rename the newer file',
        f'{second}:1:1: key "web" is also the name of account-requests/{first}; rename the newer file',
    ]
    assert loaded.desired.requests == ()


def test_keys_that_differ_in_case_only_clash(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"a/Web.yaml": a_file("x"), "b/web.yaml": a_file("y")})
    assert {each.rule for each in loaded.findings} == {"key", "key-unique"}
    assert loaded.refused == {"Web", "web"}


@pytest.mark.parametrize("key", ["Web", "-web", ".", "we b", "wéb", "x" * 129])
def test_a_file_name_that_cannot_be_a_key_is_an_error(tmp_path: Path, key: str) -> None:
    loaded = load_files(
        tmp_path, {f"{key}.yaml": a_file("web")} if not key.startswith(".") else {"we,b.yaml": a_file("web")}
    )
    assert [each.rule for each in loaded.findings] == ["key"]


def test_an_address_is_unique_whatever_its_case_and_both_places_are_named(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("web"), "b.yaml": a_file("Web"), "c.yaml": a_file("web")})
    assert lines(loaded) == [
        f'{file}:2:8: e-mail "aws+{name}@example.com" is also requested at account-requests/{other}:2:8; choose another address'
        for file, name, other in (("a.yaml", "web", "b.yaml"), ("b.yaml", "Web", "a.yaml"), ("c.yaml", "web", "a.yaml"))
    ]
    assert loaded.desired.requests == ()


@pytest.mark.parametrize(
    ("written", "rule"),
    [("settings: {alias: example}", "alias-unique"), ("account_id: '111122223333'", "account-id-unique")],
)
def test_aliases_and_account_ids_are_unique(tmp_path: Path, written: str, rule: str) -> None:
    loaded = load_files(tmp_path, {f"{key}.yaml": a_file(key, "Sandbox", written) for key in ("a", "b", "c")})
    assert [each.rule for each in loaded.findings] == [rule] * 3


def test_an_address_is_compared_with_requests_that_have_other_errors(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("web", "Nowhere"), "b.yaml": a_file("web")})
    assert [each.rule for each in loaded.findings] == ["email-unique", "unit", "email-unique"]


def test_only_allowed_domains_are_allowed_and_a_subdomain_is_another_domain(tmp_path: Path) -> None:
    allowed = {"email_domains": ("Example.com",)}
    assert not load_files(tmp_path, {"a.yaml": a_file("a")}, **allowed).findings
    wrong = a_file("a").replace("@", "@sub.")
    (found,) = lines(load_files(tmp_path, {"a.yaml": wrong}, **allowed))
    assert found.startswith(
        'a.yaml:2:8: e-mail "aws+a@sub.example.com" is not of an allowed domain; use one of "Example.com"'
    )


def test_a_required_tag_is_there_and_matches_as_a_whole(tmp_path: Path) -> None:
    rules = {"required_tags": {"CostCenter": "[0-9]{4}"}}
    assert not load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", 'tags: {CostCenter: "4711"}')}, **rules).findings
    assert lines(load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", 'tags: {CostCenter: "47110"}')}, **rules)) == [
        'a.yaml:4:20: tag "CostCenter" is "47110", which does not match "[0-9]{4}"; write a value that vending.yaml allows'
    ]
    assert lines(load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", "tags: {Other: x}")}, **rules)) == [
        'a.yaml:4:7: tag "CostCenter" is missing; add it under tags, with a value that matches "[0-9]{4}"'
    ]
    assert [each.rule for each in load_files(tmp_path, {"a.yaml": a_file("a")}, **rules).findings] == ["tag-required"]


def test_a_wrong_inherited_tag_is_found_where_it_was_written_and_once(tmp_path: Path) -> None:
    files = {"_defaults.yaml": "tags: {CostCenter: x}\n", "a.yaml": a_file("a"), "b.yaml": a_file("b")}
    loaded = load_files(tmp_path, files, required_tags={"CostCenter": "[0-9]{4}"})
    assert [str(each.location) for each in loaded.findings] == ["account-requests/_defaults.yaml:1:20"]
    assert loaded.refused == {"a", "b"}


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "account-vending:request", "Account-Vending:x"])
def test_reserved_tag_keys_are_refused(tmp_path: Path, key: str) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", f'tags: {{"{key}": x}}')})
    assert [each.rule for each in loaded.findings] == ["tag-reserved"]


@pytest.mark.parametrize(
    ("tag", "rule"),
    [
        ("a€: x", "tag-character"),
        ("a\u0301: x", "tag-character"),
        ("a: €", "tag-character"),
        ("a: x*", "schema-pattern"),
    ],
)
def test_characters_that_aws_does_not_take_in_tags_are_refused(tmp_path: Path, tag: str, rule: str) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", f"tags: {{{tag}}}")})
    assert [each.rule for each in loaded.findings] == [rule]


def test_forty_seven_tags_are_allowed_and_one_more_is_not_even_if_inherited(tmp_path: Path) -> None:
    own = "tags: {" + ", ".join(f"k{number}: x" for number in range(46)) + "}"
    files = {"_defaults.yaml": "tags: {one: x}\n", "a.yaml": a_file("a", "Sandbox", own)}
    assert not load_files(tmp_path, files).findings
    loaded = load_files(tmp_path, files | {"_defaults.yaml": "tags: {one: x, two: x}\n"})
    assert [(each.rule, each.message) for each in loaded.findings] == [
        ("tag-count", "there are 48 tags; AWS allows 50, and 3 are ours")
    ]


def test_tags_that_mark_assignments_count(tmp_path: Path) -> None:
    tags = "tags: {" + ", ".join(f"k{number}: x" for number in range(46)) + "}"
    rows = ", ".join(f"{{group: G{number}, permission_set: Read}}" for number in range(24))
    files = {"a.yaml": a_file("a", "Sandbox", tags, "access: [{group: G, permission_set: Read}]")}
    assert not load_files(tmp_path, files).findings
    loaded = load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", tags, f"access: [{rows}]")})
    assert [each.message for each in loaded.findings] == ["there are 46 tags; AWS allows 50, and 5 are ours"]


@pytest.mark.parametrize(("country", "rules"), [("DE", ["missing"]), ("FR", [])])
def test_some_countries_want_a_state(tmp_path: Path, country: str, rules: list[str]) -> None:
    """https://docs.aws.amazon.com/accounts/latest/reference/API_ContactInformation.html"""
    row = f"full_name: A, address_line_1: B, city: C, postal_code: '1', country_code: {country}, phone_number: '+49 30'"
    loaded = load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", f"contact_information: {{{row}}}")})
    assert [each.rule for each in loaded.findings] == rules


def test_a_protected_account_is_not_closed(tmp_path: Path) -> None:
    files = {"_defaults.yaml": "protected: true\n", "a.yaml": a_file("a", "Sandbox", "state: closed")}
    assert lines(load_files(tmp_path, files)) == [
        (
            'a.yaml:4:8: state is "closed", and the account is protected at account-requests/_defaults.yaml:1:12; '
            "remove one of the two"
        )
    ]


@pytest.mark.parametrize(("day", "rules"), [("2026-11-21", ["expired"]), ("2026-11-22", []), ("2027-02-30", ["date"])])
def test_an_expiry_in_the_past_is_a_warning_and_a_day_that_is_none_an_error(
    tmp_path: Path, day: str, rules: list[str]
) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", f"expires: {day}")})
    assert [each.rule for each in loaded.findings] == rules
    assert len(loaded.desired.requests) == (rules != ["date"])
    assert all(each.severity is Severity.WARNING for each in loaded.findings if each.rule == "expired")


def test_an_account_that_is_closed_may_have_expired(tmp_path: Path) -> None:
    assert not load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", "expires: 2020-01-01", "state: closed")}).findings


@pytest.mark.parametrize(
    "written",
    [
        "contacts: {security: {name: A, title: B, email: c@example.com}}",
        "sso_user: {email: a@example.com, first_name: A}",
    ],
)
def test_half_a_person_is_an_error(tmp_path: Path, written: str) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("a", "Sandbox", written)})
    assert [each.rule for each in loaded.findings] == ["missing"]


def test_what_rests_on_unreadable_defaults_is_not_also_called_incomplete(tmp_path: Path) -> None:
    files = {"a/_defaults.yaml": "a: [", "a/b/_defaults.yaml": "owner: x\n", "a/b/c.yaml": a_file("c", None, "naem: x")}
    loaded = load_files(tmp_path, files, required_tags={"CostCenter": ".*"})
    assert [each.rule for each in loaded.findings] == ["yaml-syntax", "schema-additional-properties"]
    assert loaded.refused == {"c"}


def test_without_declared_units_no_request_is_taken_and_that_is_one_finding(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"a.yaml": a_file("a"), "b.yaml": a_file("b")}, units=None)
    assert [(each.rule, each.location.file) for each in loaded.findings] == [
        ("no-organization", "account-requests/_organization.yaml")
    ]
    assert loaded.desired.requests == ()
    assert loaded.refused == {"a", "b"}


def test_units_may_be_declared_with_no_request(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {}, UNITS)
    assert not loaded.findings
    assert len(loaded.desired.units) == 5


def test_units_carry_their_controls_and_what_is_confirmed(tmp_path: Path) -> None:
    text = """\
units:
  Workloads:
    register: true
    confirm: {register: 14.0, policies: reset-3f2a9c1d0b}
    controls:
      - {control: AWS-GR_X, parameters: {Regions: [eu-west-1]}}
      - {control: AWS-GR_Y, state: disabled}
"""
    [unit] = load_files(tmp_path, {}, text).desired.units
    assert (unit.register, unit.confirm) == (True, {"register": 14, "policies": "reset-3f2a9c1d0b"})
    assert [(each.control, each.enabled, each.parameters) for each in unit.controls] == [
        ("AWS-GR_X", True, {"Regions": ["eu-west-1"]}),
        ("AWS-GR_Y", False, {}),
    ]
    assert str(unit.controls[1].location) == "account-requests/_organization.yaml:7:9"


def test_a_control_is_named_once_per_unit(tmp_path: Path) -> None:
    text = "units: {A: {controls: [{control: AWS-GR_X}, {control: AWS-GR_X, state: disabled}]}}\n"
    [finding] = load_files(tmp_path, {}, text).findings
    assert finding.rule == "control-twice"
    assert "account-requests/_organization.yaml:1:24" in finding.message


def test_a_request_says_whether_it_is_managed_and_what_may_be_repaired(tmp_path: Path) -> None:
    text = a_file("web", "A") + "managed: false\nrepair: [execution_role]\nconfirm: {managed: false}\n"
    [request] = load_files(tmp_path, {"web.yaml": text}, "units: {A: null}\n").desired.requests
    assert (request.spec.managed, request.repair, request.confirm) == (False, ("execution_role",), {"managed": False})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{permission_set: Read}", "neither a group nor a user"),
        ("{group: a, user: b, permission_set: Read}", "both a group and a user"),
    ],
)
def test_each_assignment_names_a_group_or_a_user(tmp_path: Path, entry: str, told: str) -> None:
    text = a_file("web", "A") + f"access: [{entry}]\n"
    [finding] = load_files(tmp_path, {"web.yaml": text}, "units: {A: null}\n").findings
    assert told in finding.message


def test_contact_information_is_whole(tmp_path: Path) -> None:
    text = a_file("web", "A") + "contact_information: {full_name: Example AG}\n"
    found = load_files(tmp_path, {"web.yaml": text}, "units: {A: null}\n").findings
    assert {each.attribute for each in found} == {
        f"contact_information.{name}"
        for name in ("address_line_1", "city", "postal_code", "country_code", "phone_number")
    }
