"""`vend plan`: what has to change. Changes nothing, on a client that cannot."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.app.desire import read_desire
from pipeline.app.observe import observe_for, read_observed
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode
from pipeline.model.finding import Finding, has_errors
from pipeline.model.plan import Plan
from pipeline.planning.planning import make_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, or the findings that stand in its way (then `plan` is None)."""

    findings: tuple[Finding, ...]
    plan: Plan | None = None

    @property
    def exit_code(self) -> ExitCode:
        if self.plan is None or has_errors(self.findings) or self.plan.has_errors:
            return ExitCode.FINDINGS
        return ExitCode.ON_HOLD if self.plan.holds else ExitCode.OK


def plan(workspace: Workspace, parts: Parts, *, observed_file: Path | None = None) -> Planned:
    """Validate, observe (or read `observed_file`, without any credentials), compare, order, guard."""
    desire = read_desire(workspace, parts)
    if not desire.is_valid:
        return Planned(findings=desire.findings)
    observed = (
        read_observed(observed_file, desire)
        if observed_file is not None
        else observe_for(desire, parts.observer(desire.settings, parts.new_run_id()))
    )
    return Planned(
        findings=desire.findings,
        plan=make_plan(desire.desired, observed, desire.settings.policy()),
    )
