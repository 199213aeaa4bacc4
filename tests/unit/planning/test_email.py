"""Changes of addresses in plans: one code, then a hold until a person hands it in."""

from dataclasses import replace

import pytest

from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.email_update import EmailStanding, EmailUpdate, email_mark
from pipeline.model.observed import Details
from pipeline.model.plan import Plan
from pipeline.planning.details import details_wanted
from pipeline.planning.email import CODE_GUARD, SPREADING_GUARD
from pipeline.planning.planning import make_plan
from tests.builders import REPOSITORY, UNIT, a_desired, a_policy, a_request, a_state, an_account, unowned

OLD, NEW, UNTIL = "aws+old@example.com", "aws+web@example.com", "2026-11-23T13:05+00:00"


def plan_of(standing: EmailStanding | None, mark: str | None = email_mark(NEW)) -> Plan:
    update = None if standing is None else EmailUpdate(standing=standing, until=UNTIL, mark=mark)
    account = replace(an_account("web", email=OLD, tags={"a": "0"}), email_update=update)
    return make_plan(a_desired(a_request("web", email=NEW, tags={"a": "0"})), a_state(account), a_policy())


def test_the_first_plan_begins_the_change() -> None:
    (change,) = plan_of(None).changes
    assert isinstance(change, UpdateAccount)
    assert change.fields == (FieldChange(path=("email",), before=OLD, after=NEW),)


@pytest.mark.parametrize(
    ("standing", "guard", "reason", "release"),
    [
        (
            EmailStanding.WAITING,
            CODE_GUARD,
            f'waiting for the code that AWS has sent to "{NEW}", until {UNTIL}',
            "CODE",
        ),
        (EmailStanding.EXPIRED, CODE_GUARD, "was good until", "`vend email-code web --send-again`"),
        (EmailStanding.FAILED, CODE_GUARD, "has not taken", "`vend email-code web --send-again`"),
        (EmailStanding.ACCEPTED, SPREADING_GUARD, "4 hours", "plan again later"),
    ],
)
def test_a_change_that_is_on_its_way_waits_and_asks_for_no_second_code(
    standing: EmailStanding, guard: str, reason: str, release: str
) -> None:
    plan = plan_of(standing)
    (hold,) = plan.holds
    assert (plan.changes, hold.guard) == ((), guard)
    assert reason in hold.reason
    assert release in hold.release


def test_a_hold_names_the_file_in_which_the_change_is_taken_back() -> None:
    (hold,) = plan_of(EmailStanding.WAITING).holds
    assert f"`email: {OLD}` in account-requests/web.yaml" in hold.release


def test_a_change_that_somebody_else_has_begun_waits_for_a_person() -> None:
    plan = plan_of(EmailStanding.WAITING, mark=None)
    (hold,) = plan.holds
    assert (plan.changes, hold.guard) == ((), CODE_GUARD)
    assert "somebody has asked AWS" in hold.reason


@pytest.mark.parametrize("standing", EmailStanding)
def test_a_change_to_another_address_than_the_one_on_its_way_begins_anew(standing: EmailStanding) -> None:
    plan = plan_of(standing, mark=email_mark("aws+third@example.com"))
    assert [change.fields[0].after for change in plan.changes if isinstance(change, UpdateAccount)] == [NEW]


def test_an_address_in_other_letters_is_the_same_address_to_a_mark() -> None:
    assert email_mark("AWS@example.com") == email_mark("aws@EXAMPLE.com")


def test_the_address_of_another_account_is_an_error() -> None:
    request = a_request("web", email=NEW, name="other")
    state = a_state(an_account("web", email=OLD), an_account("taken", email=NEW.upper()))
    plan = make_plan(a_desired(request), state, a_policy())
    assert plan.is_empty
    assert [(each.rule, each.attribute) for each in plan.findings] == [("email-in-use", "email")]


def test_how_a_change_is_getting_on_is_read_only_where_addresses_differ() -> None:
    desired = a_desired(a_request("same"), a_request("other", email=NEW))
    state = a_state(an_account("same", email="AWS+same@example.com"), an_account("other", email=OLD))
    wanted = details_wanted(desired, state, REPOSITORY)
    assert wanted == {an_account("other").account_id: Details(email=True)}


def test_an_account_is_marked_as_ours_before_its_address_changes() -> None:
    account = unowned("web", email=OLD)
    request = a_request("web", email=NEW, account_id=account.account_id, organizational_unit="Sandbox")
    plan = make_plan(a_desired(request, units=(UNIT, "Sandbox")), a_state(account, units=(UNIT, "Sandbox")), a_policy())
    paths = [each.fields[0].path if isinstance(each, UpdateAccount) else ("move",) for each in plan.changes]
    assert paths == [("ownership",), ("move",), ("email",)]
