"""Plans and observed states as files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pipeline.errors import DocumentError
from pipeline.model.account import UNOBSERVED, AccountState, ContactType, WantedState
from pipeline.model.observed import CreationInFlight, ObservedState
from pipeline.model.plan import Plan
from pipeline.planning.documents import observed_from_json, observed_to_json, plan_from_json, plan_to_json
from pipeline.planning.planning import make_plan
from tests.builders import a_contact, a_desired, a_policy, a_request, a_state, account_id_of, an_account, unowned

SCHEMAS = Path(__file__).parents[3] / "schemas"


def schema(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def a_state_of_all_sorts() -> ObservedState:
    return a_state(
        an_account(
            "web", tags={"b": "ü", "a": "1"}, contacts={ContactType.SECURITY: a_contact()}, regions=("eu-south-2",)
        ),
        an_account("old", state=AccountState.CLOSED, contacts=UNOBSERVED, tags=UNOBSERVED),
        an_account("gone"),
        an_account("close"),
        unowned("nobody", regions=()),
        units=("Sandbox", "Workloads"),
        creations=(CreationInFlight(request_id="car-1", name="x"),),
    )


def a_plan_of_all_sorts() -> Plan:
    desired = a_desired(
        a_request(
            "new",
            contacts={ContactType.BILLING: a_contact()},
            tags={"a": "1"},
            access=({"group": "x", "permission_set": "y"},),
            contact_information={"city": "ü"},
            sso_user={"email": "ada@example.com", "n": [1]},
        ),
        a_request("web", name="renamed", tags={"a": "2"}, organizational_unit="Sandbox", email="other@example.com"),
        a_request("old"),
        a_request("close", state=WantedState.CLOSED),
        a_request("broken", account_id="999999999999"),
        units=("Sandbox", "Workloads/Dev"),
    )
    plan = make_plan(desired, a_state_of_all_sorts(), a_policy())
    assert plan.changes
    assert plan.holds
    assert plan.findings
    assert plan.deferred
    assert plan.unmanaged
    assert plan.orphans
    return plan


def test_a_plan_comes_back_as_it_was_written() -> None:
    plan = a_plan_of_all_sorts()
    assert plan_from_json(plan_to_json(plan)) == plan
    assert plan_from_json(plan_to_json(Plan())) == Plan()


def test_an_observed_state_comes_back_as_it_was_written() -> None:
    state = a_state_of_all_sorts()
    again = observed_from_json(observed_to_json(state))
    assert again == state
    assert all(type(account.state) is AccountState for account in again.accounts)


def test_every_change_carries_its_digest_for_readers() -> None:
    document = json.loads(plan_to_json(a_plan_of_all_sorts()))
    assert all(re.fullmatch("[0-9a-f]{64}", change["digest"]) for change in document["changes"])


def test_files_end_with_a_line_break_and_have_one_line_per_element() -> None:
    plan = a_plan_of_all_sorts()
    text = plan_to_json(plan)
    assert text.endswith("}\n")
    assert sum(line.startswith("    {") for line in text.splitlines()) == sum(
        map(len, (plan.changes, plan.holds, plan.findings, plan.deferred, plan.unmanaged, plan.orphans))
    )


def test_a_plan_says_nothing_of_when_it_was_made() -> None:
    assert "2026" not in plan_to_json(a_plan_of_all_sorts())


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        ('"after":"renamed"', '"after":"forged"', "the digest is not that of this change"),
        ('"kind":"close"', '"kind":"open"', "this is not a change"),
        ('"managed": 3', '"managed": "3"', r"\$\.managed"),
        ('"managed": 3', '"managed": 3, "extra": 1', "extra fields found \\(extra\\)"),
        (f'"account_id":"{account_id_of("web")}"', '"account_id":222233334444', r"\$\.changes\[\d\]\.account_id"),
        ('"path":["name"]', '"path":"name"', r"\$\.changes\[\d\]\.fields\[0\]\.path"),
        ('"version": 1', '"version": 2', "format version 2 is not 1"),
        ('"version": 1,', "", "format version null"),
        ('"format": "account-vending/plan"', '"format": "other"', "not a file of the format"),
        ('"orphans"', "NaN", "this is not JSON"),
        ('"digest": "', '"digest": "0', "is not that of this plan"),
    ],
)
def test_a_damaged_plan_is_refused_with_its_place(find: str, put: str, message: str) -> None:
    text = plan_to_json(a_plan_of_all_sorts())
    assert find in text
    with pytest.raises(DocumentError, match=message) as refusal:
        plan_from_json(text.replace(find, put, 1), source="plan.json")
    assert str(refusal.value).startswith("plan.json: ")
    assert refusal.value.hint


def test_a_hold_cannot_be_turned_into_a_change() -> None:
    """Moving a held change up keeps the change's own digest, but not the plan's."""
    document = json.loads(plan_to_json(a_plan_of_all_sorts()))
    document["changes"].append(document["holds"].pop()["change"])
    with pytest.raises(DocumentError, match="is not that of this plan"):
        plan_from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"version": 1}', "[" * 100_000, '{"a": Infinity}'])
def test_what_is_no_document_is_refused(text: str) -> None:
    for read in (plan_from_json, observed_from_json):
        with pytest.raises(DocumentError):
            read(text)


@pytest.mark.parametrize(
    ("find", "put", "message"),
    [
        ('"state":"ACTIVE"', '"state":"SLEEPING"', r"expected AccountState @ \$\.accounts\[0\]\.state"),
        ('"tags":null', '"tags":{"a":1}', r"\$\.accounts\[2\]\.spec\.tags\['a'\]"),
        ('"security":{', '"sales":{', r"contacts"),
        ('"units": [', '"units": 7, "x": [', r"\$\.units"),
        ('"account-vending/observed-state"', '"account-vending/plan"', "not a file of the format"),
    ],
)
def test_a_damaged_observed_state_is_refused_with_its_place(find: str, put: str, message: str) -> None:
    text = observed_to_json(a_state_of_all_sorts())
    assert find in text
    with pytest.raises(DocumentError, match=message):
        observed_from_json(text.replace(find, put, 1))


@pytest.mark.parametrize(
    ("name", "text"),
    [("plan", plan_to_json(a_plan_of_all_sorts())), ("observed-state", observed_to_json(a_state_of_all_sorts()))],
)
def test_what_is_written_is_valid_by_its_schema(name: str, text: str) -> None:
    described = schema(name)
    Draft202012Validator.check_schema(described)
    assert list(Draft202012Validator(described).iter_errors(json.loads(text))) == []


@pytest.mark.parametrize("name", ["plan", "observed-state"])
def test_a_schema_refuses_unknown_fields_and_its_examples_are_valid(name: str) -> None:
    described = schema(name)
    validator = Draft202012Validator(described)
    for example in described["examples"]:
        assert list(validator.iter_errors(example)) == []
        assert list(validator.iter_errors({**example, "more": 1}))


@pytest.mark.parametrize("name", ["plan", "observed-state"])
def test_every_property_of_a_schema_is_explained_with_valid_examples(name: str) -> None:
    described = schema(name)
    for path, each in _properties(described, "$"):
        assert each.get("title"), path
        assert each.get("description", "").endswith("."), path
        assert each.get("examples"), path
        validator = Draft202012Validator({**each, "$defs": described["$defs"]})
        for example in each["examples"]:
            assert list(validator.iter_errors(example)) == [], path


def _properties(described: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(described, dict):
        for name, each in described.get("properties", {}).items():
            yield f"{path}.{name}", each
        for name, each in described.items():
            yield from _properties(each, f"{path}.{name}") if name != "examples" else ()
    elif isinstance(described, list):
        for number, each in enumerate(described):
            yield from _properties(each, f"{path}[{number}]")
