"""The last screen of an apply."""

from pipeline.model.finding import Finding, Location
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Plan
from pipeline.reports.outcomes import as_markdown, as_text
from tests.unit.reports.plans import a_hold, a_move, an_update


def an_outcome(subject: str, status: Status, message: str = "", hint: str = "", kind: str = "update") -> Outcome:
    return Outcome(digest="0" * 64, kind=kind, subject=subject, status=status, message=message, hint=hint)


APPLIED = an_outcome("billing", Status.APPLIED, "renamed")
FAILED = an_outcome("payments", Status.FAILED, 'e-mail "a@example.com" is in use', "choose another", "create")


def test_an_apply_that_did_everything_says_so_in_two_lines() -> None:
    assert as_text([APPLIED], Plan(managed=3), color=False) == (
        "vend apply: 1 of 1 change applied\n\nObserved again: 3 accounts as asked for.\n"
    )


def test_whatever_is_not_as_asked_for_is_named_with_why_and_what_to_do() -> None:
    pending = an_outcome("search", Status.PENDING, "still in progress at AWS", kind="create")
    remaining = Plan(holds=(a_hold(a_move()),))

    assert as_text([APPLIED, FAILED, pending], remaining, color=False) == (
        """vend apply: 1 of 3 changes applied, 1 failed, 1 pending, 1 on hold

Failed:
  create payments: e-mail "a@example.com" is in use
    choose another

Begun and not finished:
  create search: still in progress at AWS
    run the same command again in a few minutes; it continues where this run stopped

On hold:
  search-dev 222233334444: move Sandbox → Workloads/Prod · unit "Workloads/Prod" is protected
    write confirm: {organizational_unit: Workloads/Prod} in account-requests/search-dev.yaml

Observed again: no changes to do, 1 on hold.
"""
    )


def test_skipped_changes_are_grouped_by_reason_and_every_one_is_named() -> None:
    skipped = [an_outcome(key, Status.SKIPPED, "not started: interrupted", "run again") for key in "abc"]
    text = as_text(skipped, Plan(), color=False)

    assert "Not begun:\n  update a, update b, update c: not started: interrupted\n    run again\n" in text


def test_what_was_applied_and_differs_still_is_named() -> None:
    text = as_text([APPLIED], Plan(changes=(an_update("billing"),)), color=False)

    assert "1 more to do" in text.splitlines()[0]
    assert "billing 333344445555: tag CostCenter 4711 → 4712 · changed by this run, and differs" in text


def test_a_change_that_the_run_had_no_part_in_is_named() -> None:
    text = as_text([APPLIED], Plan(changes=(an_update("web"),)), color=False)

    assert "web 333344445555: tag CostCenter 4711 → 4712 · not part of this run\n" in text


def test_what_failed_is_not_named_a_second_time_because_it_remains() -> None:
    text = as_text([FAILED], Plan(changes=(an_update("payments"),)), color=False)

    assert "Still different" not in text


def test_findings_against_the_organization_are_named() -> None:
    finding = Finding(location=Location("a.yaml", 3, 2), rule="r", message="it is wrong", hint="mend it")

    assert "Findings:\n  a.yaml:3:2: it is wrong\n    mend it\n" in as_text([], Plan(findings=(finding,)), color=False)


def test_without_a_second_look_nothing_is_claimed() -> None:
    text = as_text([APPLIED], None, color=False)

    assert text.endswith("The organization was not observed again.\n")


def test_markdown_names_the_same_one_per_line() -> None:
    skipped = [an_outcome(key, Status.SKIPPED, "not started", "run again") for key in "ab"]

    assert as_markdown([FAILED, *skipped], Plan(), root="accounts") == (
        """<!-- vend:apply:accounts -->
### vend apply: 0 of 3 changes applied, 1 failed, 2 skipped

**Failed**

- create payments: e-mail "`a@example.com`" is in use; choose another

**Not begun**

- update a: not started; run again
- update b: not started; run again

Observed again: no changes to do.
"""
    )


def test_markdown_of_many_outcomes_says_what_it_left_out() -> None:
    failed = [an_outcome(f"account-{number}", Status.FAILED, f"reason {number}") for number in range(5_000)]
    text = as_markdown([*failed, APPLIED], Plan(), link="https://ci.example.com/1")
    shown = text.count("- update `account-")

    assert len(text) <= 65_536
    assert f"{5_000 - shown:,} failed. [The full report](<https://ci.example.com/1>)" in text
