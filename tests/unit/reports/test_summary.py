"""What every rendering of a plan says."""

from pipeline.model.change import CloseAccount, CreateUnit, UpdateAccount
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.plan import Deferred, Plan
from pipeline.reports.phrases import plain
from pipeline.reports.summary import Occasion, Summary, summarize
from tests.unit.reports.plans import a_hold, a_move, an_update

ERROR = Finding(location=Location("a.yaml"), rule="r", message="it is wrong")
CLOSURE = CloseAccount(key="old", account_id="999999999999", name="old")


def of(plan: Plan, occasion: Occasion = Occasion.TERMINAL) -> Summary:
    return summarize(plan, occasion)


def steps(plan: Plan, occasion: Occasion = Occasion.TERMINAL) -> list[str]:
    return [plain(step) for step in of(plan, occasion).steps]


def test_the_verdict_counts_changes_holds_and_errors() -> None:
    assert of(Plan()).verdict == "no changes"
    assert of(Plan(changes=(an_update("a"),))).verdict == "1 change"
    assert of(Plan(holds=(a_hold(a_move()),))).verdict == "no changes, 1 on hold"
    assert of(Plan(changes=(an_update("a"), CLOSURE), findings=(ERROR,))).verdict == "2 changes, 1 error"


def test_totals_count_by_kind() -> None:
    plan = Plan(changes=(CreateUnit(path="A"), CreateUnit(path="B"), an_update("a"), CLOSURE), managed=1_234)

    assert of(plan).totals == "2 units to create, 1 to update, 1 to close; 1,234 accounts managed"


def test_three_accounts_with_one_difference_are_one_row() -> None:
    (row,) = of(Plan(changes=tuple(an_update(key) for key in "abc"))).rows

    assert plain(row.who) == "3 accounts"
    assert plain(row.what) == "tag CostCenter 4711 → 4712 (same difference everywhere)"


def test_two_accounts_with_one_difference_are_two_rows() -> None:
    assert len(of(Plan(changes=(an_update("a"), an_update("b")))).rows) == 2


def test_holds_are_folded_only_with_the_same_reason_and_release() -> None:
    moves = [a_move(key) for key in "abcd"]
    plan = Plan(holds=(*(a_hold(move) for move in moves[:3]), a_hold(moves[3], "for another reason")))

    assert [len(row.changes) for row in of(plan).holds] == [3, 1]


def test_closures_stand_first_and_each_on_its_own() -> None:
    closures = tuple(CloseAccount(key=key, account_id=key * 12, name="same") for key in "123")
    rows = of(Plan(changes=(CreateUnit(path="A"), an_update("a"), *closures))).rows

    assert [row.kind for row in rows] == ["close", "close", "close", "create unit", "update"]


def test_deferred_attributes_are_grouped() -> None:
    plan = Plan(deferred=tuple(Deferred(key=key, attributes=("regions",)) for key in "ab"))

    assert of(plan).deferred == ((("regions",), ("a", "b")),)


def test_warnings_are_not_errors() -> None:
    warning = Finding(location=Location("a.yaml"), rule="r", message="it is odd", severity=Severity.WARNING)
    summary = of(Plan(findings=(warning, ERROR)))

    assert (summary.errors, summary.warnings) == ((ERROR,), (warning,))


def test_what_happens_next_is_a_command_to_copy() -> None:
    assert steps(Plan(changes=(an_update("billing"),))) == [
        "vend apply --reviewed plan.json applies these changes, and only these.",
        "vend plan --detail billing shows one in full.",
    ]


def test_the_heading_names_the_command_that_shows_the_plan() -> None:
    plan = Plan(changes=(an_update("billing"),))

    assert of(plan).heading == f"vend plan: 1 change · digest {plan.digest[:8]}"
    assert of(plan, Occasion.APPLY).heading.startswith("vend apply: 1 change")


def test_a_plan_of_units_only_has_one_of_them_as_the_example() -> None:
    assert "vend plan --detail Sandbox shows one in full." in steps(Plan(changes=(CreateUnit(path="Sandbox"),)))


def test_a_pull_request_says_what_a_merge_does() -> None:
    plan = Plan(changes=(an_update("billing"),))

    assert steps(plan, Occasion.PULL_REQUEST)[0] == "On merge these changes, and only these, are applied."
    assert steps(plan, Occasion.APPLY) == ["These changes, and only these, are applied."]


def test_the_next_command_names_the_file_that_the_plan_is_in() -> None:
    (first, *_) = summarize(
        Plan(changes=(an_update("a"),)), Occasion.TERMINAL, apply="vend apply --reviewed b.json"
    ).steps

    assert plain(first) == "vend apply --reviewed b.json applies these changes, and only these."


def test_a_plan_of_chosen_customizations_says_how_to_run_these() -> None:
    """`vend apply` would plan everything, and `vend plan --detail` another plan than this one."""
    plan = Plan(changes=(an_update("billing"),))
    summary = summarize(plan, Occasion.CUSTOMIZE, apply="vend customize billing --reviewed c.json")

    assert summary.heading.startswith("vend customize: 1 change")
    assert [plain(step) for step in summary.steps] == [
        "vend customize billing --reviewed c.json applies these changes, and only these."
    ]
    assert steps(Plan(), Occasion.CUSTOMIZE) == ["Nothing is due in the chosen accounts."]


def test_no_changes_are_said_too() -> None:
    assert steps(Plan(managed=3)) == ["The organization is as asked for."]
    assert steps(Plan(findings=(ERROR,))) == ["A request with an error takes no part; correct it, and plan again."]


def test_a_key_that_a_shell_would_read_is_quoted() -> None:
    change = UpdateAccount(key="a; rm x", account_id="1" * 12, name="a", fields=())

    assert "vend plan --detail 'a; rm x' shows one in full." in steps(Plan(changes=(change,)))
