"""A plan in a terminal."""

from pipeline.model.change import FieldChange
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding, Location
from pipeline.model.plan import Bystander, Deferred, Plan
from pipeline.reports import plan_text
from tests.unit.reports.plans import a_hold, a_move, an_update

BILLING = an_update(
    "billing",
    FieldChange(path=("name",), before="billing", after="billing-prod"),
    FieldChange(path=("tags", "CostCenter"), before="4711", after="4712"),
)
PLAN = Plan(changes=(BILLING,), holds=(a_hold(a_move()),), managed=2)


def test_a_plan_reads_from_the_verdict_to_what_happens_next() -> None:
    assert plan_text.as_text(PLAN, color=False, width=120) == (
        f"""vend plan: 1 change, 1 on hold · digest {PLAN.digest[:8]}
1 to update; 2 accounts managed

  ⏸ move         search-dev 222233334444  Sandbox → Workloads/Prod
                                          unit "Workloads/Prod" is protected
                                          to release: write confirm: {{organizational_unit: Workloads/Prod}} in
                                          account-requests/search-dev.yaml
  ~ update       billing 333344445555     name "billing" → "billing-prod" · tag CostCenter 4711 → 4712

  What is on hold waits until it is released as its line says.
  vend apply --reviewed plan.json applies these changes, and only these.
  vend plan --detail billing shows one in full.
"""
    )


def test_a_release_is_never_broken_so_that_it_can_be_copied() -> None:
    for width in range(20, 140, 7):
        text = plan_text.as_text(PLAN, color=False, width=width)

        assert "confirm: {organizational_unit: Workloads/Prod}" in text


def test_no_changes_are_a_plan_too() -> None:
    assert plan_text.as_text(Plan(managed=2), color=False, width=80) == (
        f"vend plan: no changes · digest {Plan().digest[:8]}\n2 accounts managed\n\n  The organization is as asked for.\n"
    )


def test_findings_deferred_attributes_orphans_and_unmanaged_accounts_are_listed() -> None:
    plan = Plan(
        findings=(Finding(location=Location("a.yaml", 3, 2), rule="r", message="it is wrong", hint="mend it"),),
        deferred=(Deferred(key="web", attributes=("regions", "access")),),
        orphans=(Bystander(account_id="1" * 12, name="gone", organizational_unit="Sandbox", key="gone"),),
        unmanaged=tuple(
            Bystander(account_id=f"{each:012}", name="wild", organizational_unit="/") for each in range(30)
        ),
    )
    text = plan_text.as_text(plan, color=False, width=100)

    assert "\na.yaml:3:2: it is wrong; mend it\n" in text
    assert "Not yet applied by this version:\n  regions, access: web\n" in text
    assert '  111111111111  gone in Sandbox, request "gone"\n' in text
    assert "30 unmanaged accounts (no request; left alone):\n  000000000000  wild in the root\n" in text
    assert "  … and 10 more, in plan.json\n" in text


def test_a_row_of_several_accounts_names_them() -> None:
    plan = Plan(changes=tuple(an_update(f"account-{each}") for each in range(12)))
    text = " ".join(plan_text.as_text(plan, color=False, width=100).split())

    assert "12 accounts tag CostCenter 4711 → 4712 (same difference everywhere)" in text
    assert "account-8, account-9 and 2 more" in text


def test_detail_shows_every_value_before_and_after_with_the_digest() -> None:
    assert plan_text.detail(PLAN, "billing") == (
        f"~ update billing 333344445555 · digest {digest_of(BILLING)}\n"
        "  name: billing → billing-prod\n"
        "  tag CostCenter: 4711 → 4712\n"
    )


def test_detail_of_a_hold_says_why_and_how_to_release_it() -> None:
    assert plan_text.detail(PLAN, "search-dev").endswith(
        "  unit: Sandbox → Workloads/Prod\n"
        '  on hold: unit "Workloads/Prod" is protected\n'
        "  to release: write confirm: {organizational_unit: Workloads/Prod} in account-requests/search-dev.yaml\n"
    )


def test_detail_of_an_account_without_a_change_says_so() -> None:
    assert plan_text.detail(PLAN, "web") == 'The plan has no change for "web".\n'
