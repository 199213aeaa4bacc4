"""Laws of the loader: it never raises, it changes no meaning, both validators agree, order does not matter."""

import json
import tempfile
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.account_requests import yaml
from pipeline.account_requests.inheritance import inherit
from pipeline.account_requests.loading import load
from pipeline.account_requests.rules import Rules
from pipeline.account_requests.schema import Kind, is_valid
from pipeline.account_requests.violations import explain_all, explaining
from pipeline.account_requests.written import Document
from pipeline.model.finding import Finding

RULES = Rules(email_domains=("example.com",), required_tags={"CostCenter": "[0-9]{4}"}, today=date(2026, 11, 22))

text = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=12)
scalar = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.decimals(-1000, 1000, places=3).map(float) | text
json_values = st.recursive(
    scalar, lambda below: st.lists(below, max_size=3) | st.dictionaries(text, below, max_size=3), max_leaves=12
)

yaml_pieces = st.sampled_from(
    [
        "name",
        ": ",
        "a",
        "\n",
        "  ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a",
        "*a",
        "!t",
        "'",
        '"',
        "|",
        ">",
        "#",
        "---",
        "...",
        "%YAML 1.2\n",
        "? ",
        "\t",
        "\r",
        "\\",
        "\ufeff",
        "\x85",
        "null",
        "~",
        "1e9",
        "0",
        "tags",
        "units",
        "email",
        "@",
        "`",
        "<<: ",
    ]
)
broken_yaml = (
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.lists(yaml_pieces, max_size=40).map(lambda pieces: "".join(pieces).encode())
)

NAMES = [
    "name",
    "email",
    "organizational_unit",
    "owner",
    "tags",
    "contacts",
    "access",
    "regions",
    "settings",
    "state",
    "expires",
]
NAMES += [
    "customizations",
    "custom_fields",
    "account_id",
    "sso_user",
    "protected",
    "confirm",
    "units",
    "register",
    "organization",
]
NAMES += [
    "management_account",
    "home_region",
    "guards",
    "engine",
    "accounts",
    "kind",
    "waves",
    "security",
    "phone",
    "title",
    "alias",
]
VALUES: list[Any] = [
    "web",
    "a@example.com",
    "Workloads/Prod",
    "/",
    "open",
    "closed",
    "2027-03-31",
    "012345678901",
    "eu-south-2",
    "delete",
]
VALUES += [
    "111122223333",
    "inline",
    "10%",
    "+49 30 1",
    "é",
    "a\u00a0b",
    "٣",
    "x" * 70,
    "a b",
    " a",
    "",
    "a€",
    True,
    1,
    1.0,
    0.5,
    6,
    None,
]
likely = st.recursive(
    st.sampled_from(VALUES) | scalar,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | text, below, max_size=5),
    max_leaves=20,
)
WHOLE: dict[str, Any] = {
    "name": "web",
    "email": "aws+web@example.com",
    "organizational_unit": "Workloads/Prod",
    "owner": "web@example.com",
    "tags": {"CostCenter": "4711"},
    "contacts": {"security": {"name": "Desk", "title": "On call", "email": "s@example.com", "phone": "+49"}},
    "access": [{"group": "A", "permission_set": "B"}],
    "regions": ["eu-south-2"],
    "settings": {"alias": "example", "default_vpcs": "delete", "password_policy": {"minimum_length": 8}},
    "expires": "2027-03-31",
    "state": "open",
    "confirm": {"name": "web"},
}


@st.composite
def nearly_whole(draw: st.DrawFn) -> dict[str, Any]:
    """A valid request with a few values replaced, at any depth."""
    document = json.loads(json.dumps(WHOLE))
    for _ in range(draw(st.integers(0, 3))):
        within: Any = document
        while True:
            step = draw(st.sampled_from(sorted(within) if isinstance(within, dict) else range(len(within))))
            if not isinstance(within[step], dict | list) or not within[step] or draw(st.booleans()):
                break
            within = within[step]
        within[step] = draw(st.sampled_from(VALUES) | text | likely)
    return document


def block_style(value: Any, indent: str = "") -> str:
    """The value as people write YAML: blocks, with keys and text in quotes."""
    if isinstance(value, dict) and value:
        return "".join(
            f"\n{indent}{json.dumps(key, ensure_ascii=False)}:{block_style(each, indent + '  ')}"
            for key, each in value.items()
        )
    if isinstance(value, list) and value:
        return "".join(f"\n{indent}-{block_style(each, indent + '  ')}" for each in value)
    return f" {json.dumps(value, ensure_ascii=False)}"


def as_document(value: dict[str, Any]) -> Document:
    found = yaml.read((block_style(value) or "{}").encode(), "x.yaml")
    assert isinstance(found, Document), found
    return found


def a_tree(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / "account-requests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def assert_within(finding: Finding, data: bytes) -> None:
    lines = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
    assert 1 <= finding.location.line <= len(lines)
    assert 1 <= finding.location.column <= len(lines[finding.location.line - 1]) + 1


def is_one_line(text: str) -> bool:
    return all(unicodedata.category(each) not in {"Cc", "Zl", "Zp", "Cs"} for each in text)


@given(broken_yaml)
def test_any_bytes_are_a_document_or_findings_that_lie_within_the_file(data: bytes) -> None:
    found = yaml.read(data, "x.yaml")
    if isinstance(found, Document):
        json.dumps(found.value, allow_nan=False)
        assert found.value.keys() <= {path[0] for path in found.places if path}
    else:
        assert found
        for finding in found:
            assert_within(finding, data)
            assert finding.hint
            assert is_one_line(f"{finding.message}{finding.hint}")


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(
            ["a.yaml", "b/a.yaml", "b/c.yml", "_defaults.yaml", "b/_defaults.yaml", "_organization.yaml", "_x.yaml"]
        ),
        broken_yaml
        | likely.map(lambda value: json.dumps(value).encode())
        | nearly_whole().map(lambda value: block_style(value).encode()),
        max_size=6,
    )
)
def test_the_loader_never_raises_and_every_finding_lies_within_its_file(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(a_tree(Path(folder), files), RULES)
    assert list(loaded.findings) == sorted(set(loaded.findings))
    keys = [name.rpartition("/")[2].rpartition(".")[0] for name in files]
    taken = {request.key for request in loaded.desired.requests}
    assert taken | loaded.refused == {key for key in keys if not key.startswith("_")}
    for finding in loaded.findings:
        assert_within(finding, files.get(finding.location.file.removeprefix("account-requests/"), b""))


@given(st.dictionaries(text, json_values, max_size=4))
def test_plain_documents_mean_what_they_say(value: dict[str, Any]) -> None:
    document = as_document(value)
    assert json.dumps(document.value) == json.dumps(value)
    assert list(document.value) == list(value)


@settings(max_examples=200)
@given(st.sampled_from(Kind), st.one_of(likely, nearly_whole(), json_values))
def test_both_validators_agree_and_what_does_not_fit_is_explained(kind: Kind, value: Any) -> None:
    assert is_valid(kind, value) is explaining(kind).is_valid(value)
    if isinstance(value, dict):
        document = as_document(value)
        assert bool(explain_all(kind, document)) is not is_valid(kind, value)
        for finding in explain_all(kind, document):
            assert_within(finding, block_style(value).encode())
            assert is_one_line(f"{finding.message}{finding.hint}")


@pytest.mark.parametrize(
    "character", ["\u00e9", "\u0663", "\u00a0", "\u3000", "\u212a", "\u017f", "\U0001f600", "\u0301", "\u0131", "²"]
)
@pytest.mark.parametrize(
    "place",
    [("name",), ("email",), ("organizational_unit",), ("account_id",), ("expires",), ("regions", 0), ("owner",)],
)
def test_both_validators_agree_beyond_ascii(character: str, place: tuple[Any, ...]) -> None:
    """The places where `\\d`, `\\w` and letter case of two engines differ."""
    for written in (
        character,
        "a" + character,
        character + "a",
        f"a{character}a",
        WHOLE["email"].replace("w", character),
    ):
        value = json.loads(json.dumps(WHOLE))
        within: Any = value
        for step in place[:-1]:
            within = within[step]
        within[place[-1]] = written
        assert is_valid(Kind.REQUEST, value) is explaining(Kind.REQUEST).is_valid(value)


@settings(max_examples=150)
@given(nearly_whole(), nearly_whole(), nearly_whole())
def test_what_valid_files_merge_to_is_valid_too(top: dict[str, Any], near: dict[str, Any], own: dict[str, Any]) -> None:
    """So it is enough to check files one by one, where their authors can see the finding."""
    for each in (top, near):
        for name in ("name", "email", "state", "expires", "confirm"):
            each.pop(name)
        if isinstance(each.get("settings"), dict):
            each["settings"].pop("alias", None)
    if is_valid(Kind.DEFAULTS, top) and is_valid(Kind.DEFAULTS, near) and is_valid(Kind.REQUEST, own):
        handed_down, _ = inherit(inherit(None, as_document(top))[0], as_document(near))
        effective, _ = inherit(handed_down, as_document(own))
        assert is_valid(Kind.REQUEST, effective.value)
        assert set(effective.places) >= {(key,) for key in effective.value}


@settings(max_examples=25)
@given(
    st.permutations(
        ["a.yaml", "b/a.yaml", "b/c.yaml", "_defaults.yaml", "b/_defaults.yaml", "_organization.yaml", "d.yaml"]
    )
)
def test_the_order_in_which_files_are_made_does_not_matter(order: list[str]) -> None:
    contents = {
        "a.yaml": b"name: a\nemail: A@example.com\norganizational_unit: X\n",
        "b/a.yaml": b"name: b\nemail: a@example.com\ntags: {CostCenter: x}\n",
        "b/c.yaml": b"name: c\nemail: c@example.com\n",
        "d.yaml": b"name: d\nemail: d@example.com\norganizational_unit: X\n",
        "_defaults.yaml": b"tags: {CostCenter: '4711'}\n",
        "b/_defaults.yaml": b"organizational_unit: X\n",
        "_organization.yaml": b"units: {X: null, Y: null}\n",
    }
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        shuffled = load(a_tree(Path(first), {name: contents[name] for name in order}), RULES)
        assert shuffled == load(a_tree(Path(second), contents), RULES)
    assert [each.key for each in shuffled.desired.requests] == ["c", "d"]
