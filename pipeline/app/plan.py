"""`vend plan`: what has to change. Changes nothing, on a client that cannot."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.app.customize import Choice, check_choice, plan_of
from pipeline.app.customizing import Customizations
from pipeline.app.desire import read_desire
from pipeline.app.observe import observe_for, observe_organization, read_observed
from pipeline.app.parts import Parts
from pipeline.app.terraform import reading_terraform
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode
from pipeline.model.customization import ResourceChange
from pipeline.model.finding import Finding, Location, Severity, has_errors
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.planning.planning import make_plan
from pipeline.settings import FILE

_LEFT_OUT = (
    Finding(
        location=Location(FILE),
        rule="customizations-not-planned",
        attribute="customizations",
        message="customizations take no part in a plan from an observed file",
        hint="plan with credentials to see them",
        severity=Severity.WARNING,
    ),
)

Drifted = Mapping[tuple[str, str], tuple[ResourceChange, ...]]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, or the findings that stand in its way (then `plan` is None).

    `read_at`: when the organization was observed. `subjects`: what a plan may be about, changed or not: keys and units.
    `drifted`: what Terraform has found to be changed outside of it, by request key and customization.
    """

    findings: tuple[Finding, ...]
    plan: Plan | None = None
    read_at: str = ""
    subjects: frozenset[str] = frozenset()
    observed: ObservedState | None = None
    drifted: Drifted = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        if self.plan is None or has_errors(self.findings) or self.plan.has_errors:
            return ExitCode.FINDINGS
        return ExitCode.ON_HOLD if self.plan.holds else ExitCode.OK


def plan_choice(workspace: Workspace, parts: Parts, choice: Choice) -> Planned:
    """The plan of `vend customize`: the customizations that were chosen and nothing else."""
    desire = read_desire(workspace, parts, fetch=True)
    if not desire.is_valid:
        return Planned(findings=desire.findings)
    check_choice(choice, desire)
    run, mode = parts.new_run_id(), desire.settings.customizations.plan
    observed = observe_organization(desire, parts.observer(desire.settings, run))
    terraform = reading_terraform(workspace, desire.settings, parts, run)
    customizations = Customizations(workspace.root, desire, parts, terraform)
    made = plan_of(choice, desire, customizations, observed, mode, force=True)
    return Planned(findings=desire.findings, plan=made, read_at=observed.read_at)


def plan(workspace: Workspace, parts: Parts, *, observed_file: Path | None = None) -> Planned:
    """Validate, observe (or read `observed_file`, without any credentials), compare, order, guard."""
    desire = read_desire(workspace, parts, fetch=observed_file is None)
    if not desire.is_valid:
        return Planned(findings=desire.findings)
    run = parts.new_run_id()
    observed = (
        read_observed(observed_file, desire)
        if observed_file is not None
        else observe_for(desire, parts.observer(desire.settings, run))
    )
    made = make_plan(desire.desired, observed, desire.settings.policy())
    drifted: Drifted = {}
    if desire.customizations and observed_file is None:
        terraform = reading_terraform(workspace, desire.settings, parts, run)
        customizations = Customizations(workspace.root, desire, parts, terraform)
        made = customizations.planned(made, observed, desire.settings.customizations.plan)
        drifted = customizations.drifted
    _logger.info("planned: %d changes, %d on hold, digest %s", len(made.changes), len(made.holds), made.digest)
    subjects = frozenset(
        (*(request.key for request in desire.desired.requests), *(unit.path for unit in desire.desired.units))
    )
    findings = (*desire.findings, *(_LEFT_OUT if desire.customizations and observed_file is not None else ()))
    read_at = observed.read_at
    return Planned(findings=findings, plan=made, read_at=read_at, subjects=subjects, observed=observed, drifted=drifted)
