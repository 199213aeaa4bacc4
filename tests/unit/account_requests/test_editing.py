"""One value of a request is changed where it is written, and nothing else of the file."""

import difflib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.account_requests.editing import UneditableError, edited
from pipeline.account_requests.written import Document
from pipeline.account_requests.yaml import read
from pipeline.model.drift_report import Edit, ListEdit
from pipeline.model.json import Json

FILE = "account-requests/web.yaml"
TEXT = """\
# head
name: payments   # the name
email: "a@b.c"
organizational_unit: Workloads/Prod  # unit
tags:
  CostCenter: "4711"  # cc
  # about the owner
  Owner: payments
contacts:
  security: {name: Desk, title: On call, email: s@e.c, phone: "1"}
regions:
  - eu-south-2 # because
  # and this one
  - eu-central-2
access: [{group: A, permission_set: B}, {user: x, permission_set: C}]
purpose: >-
  folded
  text

# tail
"""
CONTACT: Json = {"name": "Desk", "title": "Night", "email": "s@e.c", "phone": "1"}


def inherited(text: str) -> Document:
    found = read(text.encode(), "_defaults.yaml")
    assert isinstance(found, Document)
    return found


def changes(*edits: Edit, text: str = TEXT, below: str | None = None) -> list[str]:
    """The lines that go (`-`) and come (`+`)."""
    after = edited(text.encode(), FILE, edits, inherited(below) if below else None).decode()
    lines = list(difflib.unified_diff(text.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return [line for line in lines if not line.startswith("@@")]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            Edit(path=("organizational_unit",), value="Sandbox"),
            ["-organizational_unit: Workloads/Prod  # unit", "+organizational_unit: Sandbox  # unit"],
        ),
        (Edit(path=("tags", "CostCenter"), value="1"), ['-  CostCenter: "4711"  # cc', '+  CostCenter: "1"  # cc']),
        (Edit(path=("tags", "CostCenter"), value=None), ['-  CostCenter: "4711"  # cc']),
        (Edit(path=("tags", "New: key"), value="no"), ['+  "New: key": "no"']),
        (Edit(path=("regions",), value=ListEdit(removed=("eu-south-2",))), ["-  - eu-south-2 # because"]),
        (Edit(path=("regions",), value=ListEdit(added=("x",))), ["+  - x"]),
        (
            Edit(path=("access",), value=ListEdit(removed=({"user": "x", "permission_set": "C"},))),
            [
                "-access: [{group: A, permission_set: B}, {user: x, permission_set: C}]",
                "+access: [{group: A, permission_set: B}]",
            ],
        ),
        (
            Edit(path=("access",), value=ListEdit(removed=({"group": "A", "permission_set": "B"},))),
            [
                "-access: [{group: A, permission_set: B}, {user: x, permission_set: C}]",
                "+access: [{user: x, permission_set: C}]",
            ],
        ),
        (
            Edit(path=("contacts", "security"), value=CONTACT),
            [
                '-  security: {name: Desk, title: On call, email: s@e.c, phone: "1"}',
                '+  security: {name: Desk, title: Night, email: "s@e.c", phone: "1"}',
            ],
        ),
        (
            Edit(path=("contacts", "security"), value=None),
            ["-contacts:", '-  security: {name: Desk, title: On call, email: s@e.c, phone: "1"}'],
        ),
        (Edit(path=("settings", "alias"), value="x-y"), ["+settings: {alias: x-y}"]),
        (Edit(path=("state",), value="closed"), ["+state: closed"]),
        (Edit(path=("purpose",), value="x"), ["-purpose: >-", "-  folded", "-  text", "+purpose: x"]),
        (Edit(path=("owner",), value=None), []),
    ],
)
def test_only_the_lines_of_the_value_change(edit: Edit, expected: list[str]) -> None:
    assert changes(edit) == expected


def test_what_is_inherited_is_taken_away_by_a_null_of_the_request_itself() -> None:
    assert changes(Edit(path=("tags", "Team"), value=None), below="tags: {Team: a}") == ["+  Team: null"]


def test_an_inherited_list_is_written_into_the_request_as_a_whole() -> None:
    edit = Edit(path=("regions",), value=ListEdit(removed=("b",)))
    assert changes(edit, text="name: a\n", below="regions: [a, b, c]") == ["+regions: [a, c]"]


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    data = "\ufeffname: a\r\ntags: {A: b}\r\n".encode()

    assert edited(data, FILE, [Edit(path=("state",), value="closed")]) == data + b"state: closed\r\n"


def test_a_file_with_findings_is_not_edited() -> None:
    with pytest.raises(UneditableError, match="findings of its own"):
        edited(b"name: a\nname: b\n", FILE, [Edit(path=("name",), value="c")])


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
mappings = st.dictionaries(words, words, max_size=4)


def written(mapping: dict[str, str], *, flow: bool) -> str:
    """A mapping as JSON writes it, in a flow or a block, each line of the block with a comment of its own."""
    pairs = [f"{json.dumps(key, ensure_ascii=True)}: {json.dumps(value)}" for key, value in mapping.items()]
    if flow or not pairs:
        return f" {{{', '.join(pairs)}}} # all of them\n"
    return "\n" + "".join(f"  {pair} # {number}\n" for number, pair in enumerate(pairs))


@settings(deadline=None)
@given(mappings, words, st.none() | words, st.sampled_from(("flow", "block")), st.none() | mappings)
def test_any_value_is_set_exactly_and_every_comment_stays(
    before: dict[str, str], key: str, value: str | None, form: str, below: dict[str, str] | None
) -> None:
    tags = written(before, flow=form == "flow")
    text = f"# head\nname: a # name\ntags:{tags}state: open # state\n"
    if not isinstance(read(text.encode(), FILE), Document):
        return
    above = inherited(f"tags: {json.dumps(below)}") if below and isinstance(read_tags(below), Document) else None
    wanted = {name: each for name, each in before.items() if name != key}
    if value is not None or (above is not None and key in (below or {})):
        wanted[key] = value  # type: ignore[assignment]  # null is what takes an inherited value away

    try:
        after = edited(text.encode(), FILE, [Edit(path=("tags", key), value=value)], above)
    except UneditableError:
        assert not isinstance(read(f"{json.dumps(key)}: {json.dumps(value)}".encode(), FILE), Document)
        return

    document = read(after, FILE)
    assert isinstance(document, Document)
    if wanted or key not in before:
        assert document.value.get("tags", {}) == wanted
    lines = after.decode().split("\n")
    kept = [
        line for line in text.split("\n") if "#" in line and not line.startswith(("tags:", f"  {json.dumps(key)}:"))
    ]
    assert [line for line in lines if line in kept] == kept


def read_tags(below: dict[str, str]) -> object:
    return read(f"tags: {json.dumps(below)}".encode(), "_defaults.yaml")
