"""Customizations in a drift report: what Terraform would do, what it has found, and what nobody has to do anything about."""

from pipeline.model.change import CustomizeAccount
from pipeline.model.customization import ResourceChange
from pipeline.model.drift_report import DriftReport, Section
from pipeline.model.plan import Hold, Plan
from pipeline.planning.drift import Surroundings, drift_of
from pipeline.planning.repairs import Repairs
from tests.builders import REPOSITORY, a_desired, a_state

ROWS = tuple(ResourceChange(address=f"aws_vpc.n{number}", action="update") for number in range(7))
CHANGE = CustomizeAccount(
    key="web", account_id="210000000005", name="web", customization="base", fingerprint="0" * 64, resources=ROWS[:1]
)


def reported(plan: Plan, drifted: tuple[ResourceChange, ...] = ()) -> DriftReport:
    around = Surroundings(
        desired=a_desired(),
        observed=a_state(),
        repository=REPOSITORY,
        repairs=Repairs.SAFE,
        drifted={("web", "base"): drifted} if drifted else {},
    )
    return drift_of(plan, around)


def test_what_terraform_would_put_right_says_what_was_changed_outside_of_it() -> None:
    (item,) = reported(Plan(changes=(CHANGE,)), ROWS).of(Section.CUSTOMIZATIONS)

    listed = ", ".join(f"update aws_vpc.n{number}" for number in range(5))
    assert item.reason == f"Terraform would update aws_vpc.n0; changed outside of Terraform: {listed}, and 2 more"
    assert item.found == [[each.address, each.action] for each in ROWS]


def test_what_was_not_changed_outside_does_not_say_so() -> None:
    (item,) = reported(Plan(changes=(CHANGE,))).of(Section.CUSTOMIZATIONS)

    assert (item.reason, item.found) == ("Terraform would update aws_vpc.n0", None)


def test_what_the_plan_leaves_as_it_is_calls_for_nobody_and_is_told() -> None:
    report = reported(Plan(), ROWS[:1])

    assert report.items == ()
    assert report.notes == (
        '"web", customization "base": changed outside of Terraform, whose plan leaves it: update aws_vpc.n0',
    )


def test_on_hold_it_says_why_and_keeps_what_was_found() -> None:
    hold = Hold(change=CHANGE, guard="max-destroys", reason="too much", release="read it")
    report = reported(Plan(holds=(hold,)), ROWS[:1])

    (item,) = report.of(Section.HOLDS)
    assert (item.reason, item.found, report.notes) == ("too much", [["aws_vpc.n0", "update"]], ())
