"""A finding says where, what is true and what to do, in words."""

from pathlib import Path

import pytest

from tests.unit.account_requests.workspace import a_file, lines, load_files


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "naem: web",
            'web.yaml:4:1: "naem" is not an attribute of an account request; did you mean "name"?',
        ),
        (
            "tags: {CostCenter: 4711}",
            'web.yaml:4:20: tags.CostCenter is the number 4711, not text; write "4711"',
        ),
        ("tags: {Version: 1.10}", "web.yaml:4:17: tags.Version is the number 1.1, not text; put it in quotes"),
        ("tags: {Critical: true}", 'web.yaml:4:18: tags.Critical is true, not text; write "true"'),
        (
            'tags: {"a*b": x}',
            'web.yaml:4:8: the key "a*b" is not valid; write letters, digits, spaces and "_.:/=+-@"',
        ),
        ("protected: yes", 'web.yaml:4:12: protected is the text "yes", not true or false; write true or false'),
        ("state: close", 'web.yaml:4:8: state "close" is not one of "open", "closed"; did you mean "closed"?'),
        ("regions: eu-south-2", 'web.yaml:4:10: regions is the text "eu-south-2", not a list; write a list'),
        ("regions: [eu-south-2, eu-south-2]", "web.yaml:4:10: regions names something twice; keep one of the two"),
        (
            "settings: {password_policy: {minimum_length: 5}}",
            "web.yaml:4:46: settings.password_policy.minimum_length 5 is less than 6; write at least 6",
        ),
        (
            "contacts: {security: {name: A, title: B, email: c@example.com, phon: '1', phone: '1'}}",
            'web.yaml:4:64: "phon" is not an attribute of contacts.security; did you mean "phone"?',
        ),
        (
            "access: [{group: Admins}]",
            'web.yaml:4:10: "permission_set" is missing in access.0; add it, like permission_set: "AdministratorAccess"',
        ),
        (
            "account_id: 111122223333",
            'web.yaml:4:13: account_id is the number 111122223333, not text; write "111122223333"',
        ),
        (
            "account_id: '12'",
            'web.yaml:4:13: account_id "12" is shorter than 12 characters; write at least 12 characters',
        ),
        ("expires: 31.3.2027x", 'web.yaml:4:10: expires "31.3.2027x" is not valid; write a date like 2027-03-31'),
        ("confirm: {owner: x}", 'web.yaml:4:11: "owner" is not an attribute of confirm; remove it; there are'),
    ],
)
def test_a_value_that_does_not_fit_is_explained_at_its_place(tmp_path: Path, written: str, expected: str) -> None:
    loaded = load_files(tmp_path, {"web.yaml": a_file("web", "Sandbox", written)})
    (found,) = lines(loaded)
    assert found.startswith(expected) if expected.endswith("there are") else found == expected
    assert loaded.desired.requests == ()
    assert loaded.refused == {"web"}


def test_what_is_missing_is_shown_with_an_example(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"web.yaml": "# a request\norganizational_unit: Sandbox\n"})
    assert lines(loaded) == [
        'web.yaml:2:1: "email" is missing; add it, like email: "aws+payments-prod@example.com"',
        'web.yaml:2:1: "name" is missing; add it, like name: "payments-prod"',
    ]


@pytest.mark.parametrize(
    "attribute", ["name: x", "email: x@example.com", "account_id: '111122223333'", "state: closed"]
)
@pytest.mark.parametrize("other", ["expires: 2027-03-31", "confirm: {state: closed}"])
def test_what_belongs_to_one_account_is_not_inherited(tmp_path: Path, attribute: str, other: str) -> None:
    loaded = load_files(tmp_path, {"_defaults.yaml": f"{attribute}\n{other}\n"})
    names = [text.partition(":")[0] for text in (attribute, other)]
    assert lines(loaded) == [
        f'_defaults.yaml:{number}:1: "{name}" is not inherited; write it in each request'
        for number, name in enumerate(names, 1)
    ]


def test_an_alias_is_not_inherited(tmp_path: Path) -> None:
    loaded = load_files(tmp_path, {"_defaults.yaml": "settings: {alias: abc}\n"})
    assert lines(loaded) == ['_defaults.yaml:1:12: "alias" is not inherited; write it in each request']


def test_a_wrong_default_is_one_finding_in_its_own_file_and_refuses_what_rests_on_it(tmp_path: Path) -> None:
    files = {"a/_defaults.yaml": "organizational_unit: 1\n", "c.yaml": a_file("c")}
    loaded = load_files(tmp_path, files | {f"a/{key}.yaml": a_file(key, None) for key in ("x", "y")})
    assert lines(loaded) == ['a/_defaults.yaml:1:22: organizational_unit is the number 1, not text; write "1"']
    assert [each.key for each in loaded.desired.requests] == ["c"]
    assert loaded.refused == {"x", "y"}


@pytest.mark.parametrize(
    "text", ["x@y", "a b@example.com", ".a@example.com", "a@example.com.", "ä@example.com", "a%b@example.com"]
)
def test_addresses_that_aws_does_not_take_are_refused(tmp_path: Path, text: str) -> None:
    loaded = load_files(tmp_path, {"web.yaml": f'name: web\nemail: "{text}"\norganizational_unit: Sandbox\n'})
    assert {each.attribute for each in loaded.findings} == {"email"}


@pytest.mark.parametrize("text", ["a<b", " a", "a ", "ä", "x" * 51, ""])
def test_names_that_aws_does_not_take_are_refused(tmp_path: Path, text: str) -> None:
    loaded = load_files(tmp_path, {"web.yaml": f'name: "{text}"\nemail: a@example.com\norganizational_unit: Sandbox\n'})
    assert {each.attribute for each in loaded.findings} == {"name"}


def test_text_that_is_far_too_long_is_refused_without_trying_its_pattern(tmp_path: Path) -> None:
    email = "a@" + "a." * 400_000
    loaded = load_files(tmp_path, {"web.yaml": f"name: web\nemail: {email}\norganizational_unit: Sandbox\n"})
    (finding,) = loaded.findings
    assert finding.rule == "schema-max-length"
    assert len(finding.message) < 200
