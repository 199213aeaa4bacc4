"""The reviewed plan on its way, and what happens to what somebody has changed."""

import json
import zlib
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.app.reviewed import record_of, seal_of, unsealed
from pipeline.model.change import MoveAccount
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_to_json


def a_plan(key: str = "billing") -> Plan:
    return Plan(changes=(MoveAccount(key=key, account_id="222233334444", name="b", before="Sandbox", after="Prod"),))


PLAN = a_plan()
SEAL, RECORD = seal_of(PLAN), record_of(PLAN, 65_535)


def test_a_plan_comes_back_from_its_record_wherever_that_stands() -> None:
    assert unsealed(SEAL, [f"### a comment\n\n{RECORD}\nand more"], None) == PLAN


def test_a_plan_comes_back_from_a_folder_of_artifacts(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(plan_to_json(a_plan("other")))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "plan.json").write_text(plan_to_json(PLAN))
    assert unsealed(SEAL, [], tmp_path) == PLAN


def test_a_record_that_is_too_long_is_left_out() -> None:
    assert record_of(PLAN, len(RECORD) - 1) == ""
    assert record_of(PLAN, len(RECORD)) == RECORD


@given(st.integers(0, len(RECORD) - 1), st.characters(codec="ascii"))
def test_one_changed_character_never_gives_another_plan(place: int, character: str) -> None:
    changed = RECORD[:place] + character + RECORD[place + 1 :]
    assert unsealed(SEAL, [changed], None) in {None, PLAN}


@pytest.mark.parametrize("seal", ["", "sha256:", "done", SEAL.replace("sha256", "sha1"), seal_of(a_plan("other"))])
def test_a_record_with_another_seal_opens_nothing(seal: str) -> None:
    assert unsealed(seal, [RECORD], None) is None


@pytest.mark.parametrize("packed", ["", "!", "AAAA", b64encode(b"x").decode(), 7, None, ["a"]])
def test_a_record_that_is_none_opens_nothing(packed: object) -> None:
    record = json.dumps({"format": "account-vending/reviewed-plan", "plan": packed})
    assert unsealed(SEAL, [f"```json\n{record}\n```\n"], None) is None


def test_what_unpacks_to_more_than_a_plan_ever_is_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.app.reviewed._LARGEST", 1_000)
    bomb = b64encode(zlib.compress(b"0" * 1_000_000)).decode()
    record = json.dumps({"format": "account-vending/reviewed-plan", "plan": bomb})
    assert unsealed(SEAL, [f"```json\n{record}\n```\n"], None) is None
