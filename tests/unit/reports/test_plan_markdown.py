"""A plan as a pull-request comment."""

import pytest

from pipeline.model.account import ContactType
from pipeline.model.change import CreateAccount, FieldChange
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding, Location
from pipeline.model.plan import Bystander, Deferred, Plan
from pipeline.reports.plan_markdown import as_markdown
from tests.builders import a_contact, a_spec
from tests.unit.reports.plans import a_hold, a_move, an_update

CREATION = CreateAccount(
    key="payments-prod",
    repository="requests",
    spec=a_spec("payments-prod", organizational_unit="Workloads/Prod", contacts={ContactType.SECURITY: a_contact()}),
)
BILLING = an_update(
    "billing",
    FieldChange(path=("name",), before="billing", after="billing-prod"),
    FieldChange(path=("tags", "CostCenter"), before="4711", after="4712"),
)


def test_a_plan_is_a_marker_a_verdict_a_table_and_what_a_merge_does() -> None:
    plan = Plan(changes=(CREATION, BILLING), holds=(a_hold(a_move()),), managed=2)
    text = as_markdown(plan, root="accounts")

    assert text.startswith(
        f"""<!-- vend:plan:accounts -->
### vend plan: 2 changes, 1 on hold · digest {plan.digest[:8]}

1 account to create, 1 to update; 2 accounts managed

| | change | account | what |
|---|---|---|---|
| ⏸ | move | search-dev 222233334444 | Sandbox → Workloads/Prod · unit "Workloads/Prod" is protected · to release: \
write `confirm: {{organizational_unit: Workloads/Prod}}` in `account-requests/search-dev.yaml` |
| + | create | payments-prod | Workloads/Prod · `aws+payments-prod@example.com` · 1 contact |
| ~ | update | billing 333344445555 | name `billing` → `billing-prod` · tag CostCenter 4711 → 4712 |
"""
    )
    assert text.endswith(
        "What is on hold waits until it is released as its line says. "
        "On merge these changes, and only these, are applied. `vend plan --detail payments-prod` shows one in full.\n"
    )


def test_creations_and_updates_are_folded_in_full() -> None:
    text = as_markdown(Plan(changes=(BILLING,)))

    assert (
        f"""<details><summary>Creations and updates in full</summary>

```diff
! update billing 333344445555 · digest {digest_of(BILLING)[:8]}
- name: billing
+ name: billing-prod
- tag CostCenter: 4711
+ tag CostCenter: 4712
```

</details>
"""
        in text
    )


def test_no_changes_are_a_comment_too() -> None:
    assert as_markdown(Plan(managed=2)) == (
        f"<!-- vend:plan: -->\n### vend plan: no changes · digest {Plan().digest[:8]}\n\n"
        "2 accounts managed\n\nThe organization is as asked for.\n"
    )


def test_the_accounts_of_a_folded_row_are_named() -> None:
    text = as_markdown(Plan(changes=tuple(an_update(f"team-{each}") for each in "abc")))

    assert "| ~ | update | 3 accounts | tag CostCenter 4711 → 4712 (same difference everywhere) |" in text
    assert all(f"- team-{each} 333344445555\n" in text for each in "abc")


def test_ownership_is_left_out_of_the_details_of_several_adoptions() -> None:
    """It holds each account's own key; one key for all of them would be a lie."""
    adoptions = tuple(
        an_update(key, FieldChange(path=("ownership",), before=None, after={"request": key, "repository": "r"}))
        for key in "abc"
    )
    text = as_markdown(Plan(changes=adoptions))

    assert "| ~ | adopt | 3 accounts | adopts an existing account (same difference everywhere) |" in text
    assert "ownership" not in text


def test_errors_warnings_and_what_is_left_alone_are_listed() -> None:
    plan = Plan(
        findings=(
            Finding(location=Location("a.yaml", 3, 2), rule="r", message='"x@example.com" is taken', hint="mend it"),
        ),
        deferred=(Deferred(key="web", attributes=("regions", "sso_user")),),
        orphans=(Bystander(account_id="1" * 12, name="gone", organizational_unit="Sandbox", key="gone"),),
        unmanaged=(Bystander(account_id="2" * 12, name="wild", organizational_unit="/"),),
    )
    text = as_markdown(plan)

    assert '**1 error:**\n\n- `a.yaml:3:2` "`x@example.com`" is taken; mend it\n' in text
    assert "- web: regions, `sso_user`\n" in text
    assert "- 111111111111 gone in Sandbox, request gone\n" in text
    assert "- 222222222222 wild in the root\n" in text


def test_many_errors_leave_room_for_rows() -> None:
    findings = tuple(
        Finding(location=Location("a.yaml", line), rule="r", message="it is wrong " * 50) for line in range(1, 999)
    )
    creations = tuple(
        CreateAccount(key=f"account-{n}", repository="r", spec=a_spec(f"account-{n}")) for n in range(500)
    )
    text = as_markdown(Plan(changes=creations, findings=findings))

    assert text.count("| + | create | ") == 500
    assert 15_000 < text.count("it is wrong") * len("it is wrong ") < 17_000
    assert " errors, " in text.partition("Left out")[2]


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "https://a.example/)[x](y", "https://a.example/\u202e", "https://a.example/" + "x" * 2_000],
)
def test_a_link_that_is_no_plain_address_is_replaced_by_the_command(link: str) -> None:
    text = as_markdown(
        Plan(changes=tuple(an_update("x" * 400, BILLING.fields[0]) for _ in range(99))), link=link, budget=4_096
    )

    assert "**Left out" in text
    assert "`vend plan` shows everything." in text
    assert link not in text


def test_the_same_plan_has_the_same_text_however_its_values_were_built() -> None:
    tags = {"CostCenter": "4711", "Owner": "payments", "Tier": "1"}
    turned = dict(reversed(tags.items()))
    one, other = (CreateAccount(key="web", repository="r", spec=a_spec("web", tags=each)) for each in (tags, turned))

    assert as_markdown(Plan(changes=(one,))) == as_markdown(Plan(changes=(other,)))
