"""Words for a roll-out, and where a plan shows them."""

import json

import pytest

from pipeline.model.change import CustomizeAccount
from pipeline.model.plan import Plan, RollOut
from pipeline.planning.documents import plan_to_json
from pipeline.reports import plan_markdown, plan_text
from pipeline.reports.phrases import plain
from pipeline.reports.wave_words import phrase


def keys(number: int, name: str = "k") -> tuple[str, ...]:
    return tuple(f"{name}{each}" for each in range(number))


@pytest.mark.parametrize(
    ("waves", "budget", "words"),
    [
        (
            (("pay",), keys(12), keys(99)),
            2,
            (
                "waves: 1 account (pay), then 12, then the other 99; "
                "stops if the first wave does not succeed or when more than 2 customizations fail"
            ),
        ),
        ((("pay", "web"), ("x",)), 0, "waves: 2 accounts (pay, web), then the last one; stops at the first failure"),
        ((keys(4), keys(5)), None, "waves: 4 accounts, then the other 5; stops if the first wave does not succeed"),
        ((keys(1),), 0, "waves: 1 account; stops at the first failure"),
        ((keys(3),), 1, "waves: 3 accounts at once; stops when more than 1 customization fails"),
        (
            (("pay",), *(("x",),) * 10),
            0,
            "waves: 1 account (pay)"
            + ", then 1" * 8
            + ", then 1 wave more, then the last one; stops at the first failure",
        ),
    ],
)
def test_waves_are_counted_and_a_small_first_one_is_named(
    waves: tuple[tuple[str, ...], ...], budget: int | None, words: str
) -> None:
    assert plain(phrase(RollOut(waves=waves, failure_budget=budget))) == words


def a_plan() -> Plan:
    changes = tuple(
        CustomizeAccount(
            key=key, account_id="210000000001", name=key, customization="network", fingerprint="1", reasons=reasons
        )
        for key, reasons in (("pay", ("source changed (a_b.tf)",)), ("web", ("inputs changed",)))
    )
    return Plan(changes=changes, roll_out=RollOut(waves=(("web",), ("pay",)), failure_budget=0))


def test_a_plan_says_its_waves_everywhere() -> None:
    line = "waves: 1 account (web), then the last one; stops at the first failure"

    assert f"2 to customize; 0 accounts managed\n{line}\n" in plan_text.as_text(a_plan(), color=False, width=120)
    assert f"\n\n{line}\n\n" in plan_markdown.as_markdown(a_plan())
    assert json.loads(plan_to_json(a_plan()))["roll_out"] == {"waves": [["web"], ["pay"]], "failure_budget": 0}


def test_the_detail_of_an_account_says_its_wave() -> None:
    assert "customized in wave 2 of 2\n" in plan_text.detail(a_plan(), "pay")
    assert "wave" not in plan_text.detail(a_plan(), "other")


def test_the_reasons_of_a_customization_stand_in_its_row_with_names_of_files_as_code() -> None:
    assert "network · source changed (a_b.tf)" in plan_text.as_text(a_plan(), color=False, width=120)
    assert "network · source changed (`a_b.tf`)" in plan_markdown.as_markdown(a_plan())
