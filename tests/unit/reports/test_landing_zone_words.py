"""What Control Tower does, in words."""

from dataclasses import replace

import pytest

from pipeline.model.change import (
    Change,
    ChangeControl,
    CloseAccount,
    ControlAction,
    CreateAccount,
    EnrollAccount,
    FieldChange,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.effect import product_owner
from pipeline.model.landing_zone import Check, LandingZone, Mode
from pipeline.model.plan import Plan
from pipeline.reports import describe, plan_markdown, plan_text
from pipeline.reports.landing_zone_words import of_zone
from pipeline.reports.phrases import plain
from tests.builders import a_spec

ACCOUNT = {"key": "web", "account_id": "222233334444", "name": "web"}
ADA, GRACE = {"email": "ada@example.com"}, {"email": "grace@example.com"}
ENROLL = EnrollAccount(
    **ACCOUNT,
    email="aws+web@example.com",
    before="/",
    after="Workloads",
    product="web-1",
    repairs=("execution_role",),
    checks=(
        Check(
            name="execution_role", passed=False, message="it is not there", remedy="make it", repair="execution_role"
        ),
        Check(name="config", passed=True, message="no recorder"),
        Check(name="regions", passed=False, message="not enabled: eu-south-2", remedy="enable it"),
        Check(name="sts", passed=None, message="could not be read"),
    ),
)
REGISTER = RegisterUnit(path="Prod", action=UnitAction.REGISTER, before=None, after="4.0", accounts=("1", "2"))


def an_update(path: str, before: object, after: object) -> UpdateAccount:
    return UpdateAccount(**ACCOUNT, fields=(FieldChange(path=(path,), before=before, after=after),))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (REGISTER, "register unit", "registers the unit (4.0) · touches 2 accounts"),
        (
            RegisterUnit(path="Prod", action=UnitAction.UPDATE, before="3.0", after="4.0", accounts=("1",)),
            "update unit",
            "updates the unit's baseline (3.0 → 4.0) · touches 1 account",
        ),
        (
            ChangeControl(path="Prod", control="arn:x", action=ControlAction.DISABLE),
            "disable control",
            "disables control arn:x",
        ),
        (
            ENROLL,
            "enroll",
            "enrolls into Control Tower in Workloads as aws+web@example.com · first repairs: execution_role",
        ),
        (
            UnmanageAccount(**ACCOUNT),
            "unmanage",
            "leaves Control Tower: moves to the root and loses AWSControlTowerExecution",
        ),
        (
            CloseAccount(**ACCOUNT, unmanages=True),
            "close",
            'leaves Control Tower, then closes "web", which AWS can reinstate for 90 days',
        ),
        (
            CreateAccount(key="web", repository="r", spec=a_spec("web"), product="web-1"),
            "create",
            "Workloads · aws+web@example.com · by Account Factory",
        ),
        (
            CreateAccount(key="web", repository="r", spec=a_spec("web"), enrolls=True),
            "create",
            "Workloads · aws+web@example.com · enrolled by its unit",
        ),
        (
            an_update("sso_user", ADA, GRACE),
            "update",
            "first administrator ada@example.com → grace@example.com; the former one loses access",
        ),
        (
            an_update("enrollment", {"drift": "moved", "unit": "Sandbox"}, {"unit": "Workloads"}),
            "update",
            "repairs its enrolment in Workloads (moved)",
        ),
        (
            an_update("ownership", product_owner("web-1"), {"request": "web", "repository": "r"}),
            "update",
            "marks the account that product web-1 has made",
        ),
    ],
)
def test_what_a_change_does_reads_in_one_line(change: Change, kind: str, words: str) -> None:
    assert describe.kind(change) == kind
    assert describe.what(change) == words


def test_a_landing_zone_reads_in_one_line() -> None:
    zone = LandingZone(
        home_region="eu-west-1",
        status="PROCESSING",
        version="3.3",
        latest_version="4.0",
        is_drifted=True,
        mode=Mode.AUTO_ENROLL,
        mode_reason="automatic enrolment is on",
    )
    line = (
        "Control Tower 3.3 (4.0 is the latest) in eu-west-1 · PROCESSING"
        " · accounts by auto-enroll (automatic enrolment is on) · drifted"
    )
    assert plain(of_zone(zone)) == line
    plan = Plan(landing_zone=zone)
    assert line in plan_text.as_text(plan, color=False, width=200)
    assert "accounts by auto-enroll" in plan_markdown.as_markdown(plan)


def test_the_detail_shows_the_checklist_of_an_enrolment_and_the_accounts_of_a_unit() -> None:
    text = plan_text.detail(Plan(changes=(REGISTER, ENROLL)), "web")
    assert "  product: (unset) → web-1\n" in text
    checklist = """
  conditions of the enrolment:
    ↻ repaired by this change · execution_role: it is not there
    ✓ ok · config: no recorder
    ✗ not met · regions: not enabled: eu-south-2; to do: enable it
    ? not read · sts: could not be read
"""
    assert checklist in text
    unrepaired = plan_text.detail(Plan(changes=(replace(ENROLL, repairs=()),)), "web")
    assert "✗ not met · execution_role: it is not there; to do: make it\n" in unrepaired
    assert "touches account: (unset) → 2" in plan_text.detail(Plan(changes=(REGISTER,)), "Prod")


def test_totals_count_units_controls_and_accounts_apart() -> None:
    text = plan_text.as_text(Plan(changes=(REGISTER, ENROLL, UnmanageAccount(**ACCOUNT))), color=False, width=120)
    assert "1 unit to register, 1 to enroll, 1 to unmanage" in text
