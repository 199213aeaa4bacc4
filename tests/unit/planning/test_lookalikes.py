"""An address with one wrong letter would make another account: the plan says which account may be meant."""

from dataclasses import replace

from pipeline.model.account import AccountState
from pipeline.model.change import CreateAccount
from pipeline.model.finding import Severity
from pipeline.model.plan import Plan
from pipeline.model.request import DesiredState
from pipeline.planning.planning import make_plan
from tests.builders import a_policy, a_request, a_state, an_account, unowned

MISTYPED = a_request("erp", name="Legacy ERP", email="erp-rot@example.com")


def warned(plan: Plan) -> list[str]:
    return [each.message for each in plan.findings if each.rule == "looks-like-another"]


def test_a_new_account_of_the_name_of_an_unmanaged_one_is_told_with_the_address_of_that() -> None:
    found = unowned("x", name="legacy erp", email="erp-root@example.com")
    plan = make_plan(DesiredState(requests=(MISTYPED,)), a_state(found), a_policy())
    assert [type(each) for each in plan.changes] == [CreateAccount]
    (finding,) = [each for each in plan.findings if each.rule == "looks-like-another"]
    assert f'"{found.account_id}"' in finding.message
    assert '"erp-root@example.com"' in finding.message
    assert f'account_id: "{found.account_id}"' in finding.hint
    assert finding.severity is Severity.WARNING


def test_the_account_itself_and_accounts_that_are_owned_or_closed_are_nobodys_lookalikes() -> None:
    free = unowned("x", name="Legacy ERP", email="erp-root@example.com")
    meant = replace(MISTYPED, account_id=free.account_id)
    assert warned(make_plan(DesiredState(requests=(meant,)), a_state(free), a_policy())) == []
    for other in (replace(free, state=AccountState.CLOSED), an_account("other", name="Legacy ERP")):
        requests = (MISTYPED, a_request("other", name="Legacy ERP"))
        plan = make_plan(DesiredState(requests=requests), a_state(other), a_policy())
        assert warned(plan) == []
