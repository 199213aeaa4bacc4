"""`vend apply`: plan again, carry out the changes that were reviewed, observe again."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline import __version__
from pipeline.app.attaching import Attaching
from pipeline.app.carrying import Carriers
from pipeline.app.customize import Choice, check_choice, plan_of
from pipeline.app.customizing import KIND, Customizations
from pipeline.app.desire import Desire, read_desire
from pipeline.app.narration import Narration
from pipeline.app.observe import observe_for, observe_organization
from pipeline.app.parts import Parts
from pipeline.app.provenance import origins_of, standing_subjects
from pipeline.app.recording import Notes, begin, end
from pipeline.app.terraform import writing_terraform
from pipeline.app.workspace import Workspace
from pipeline.customizations.settings import PlanMode
from pipeline.errors import ExitCode, ServiceError, VendError
from pipeline.model.change import Change, CustomizeAccount, subject_of
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Plan, RollOut
from pipeline.planning.customizing import with_review
from pipeline.planning.planning import make_plan
from pipeline.planning.repairs import Repairs, with_repairs
from pipeline.planning.review import NOT_REVIEWED, Review, review
from pipeline.planning.targets import Chosen
from pipeline.provisioners.protocol import Provisioner
from pipeline.reconcile.engine import Engine, Listener, Stop
from pipeline.reconcile.listening import Several
from pipeline.reconcile.patience import rest
from pipeline.reconcile.reconcile import reconcile
from pipeline.reconcile.record import RunRecord

_logger = logging.getLogger(__name__)

Approve = Callable[[Plan], Plan | None]
"""Given the plan as it is now, answers the plan that was reviewed; None if nobody approves."""

SETTLING = (2.0, 4.0, 8.0, 16.0)
"""Seconds between observations after a run, while listings still lag behind what this run has changed and read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """How an apply is to go: who approves, who listens, who may stop it, and where its record goes."""

    approve: Approve
    listener: Listener
    is_new: bool = False
    """Whether `approve` is asked about the very plan of this run, so that Terraform has to tell what it would change."""
    stop: Stop = field(default_factory=Stop)
    record: Path | None = None
    choice: Choice | None = None
    """For `vend customize`: nothing but these customizations."""
    found: Callable[[str], None] = lambda _: None
    """Hears of a run that goes on without its process; it is followed to its end before this one plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply did. `review` is None if findings stood in the way or nobody approved.

    `remaining` is the plan that is left after the run; None if the organization was not observed again. `accounts`: the ids of
    those that are marked as a request's, by its key, as far as they were observed.
    """

    findings: tuple[Finding, ...] = ()
    run: str = ""
    record: Path | None = None
    review: Review | None = None
    outcomes: tuple[Outcome, ...] = ()
    remaining: Plan | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    exit_code: ExitCode = ExitCode.OK


def apply(workspace: Workspace, parts: Parts, wish: Applying) -> Applied:
    """Carry out the reviewed changes of a new plan, and say what is left.

    Raises `VendError` only before the first change; from then on everything is an outcome.
    """
    desire = read_desire(workspace, parts, fetch=True)
    if not desire.is_valid:
        return Applied(findings=desire.findings, exit_code=ExitCode.FINDINGS)
    check_choice(wish.choice, desire)
    notes = Notes()
    run_id = parts.new_run_id()
    engine = _caught_up(parts.engine(desire.settings, run_id, notes.wrote), workspace, parts, wish, notes)
    provisioner = parts.provisioner(desire.settings, run_id, notes.wrote, wish.stop)
    customizations = _customizations(workspace, desire, parts, run_id, notes=notes, stop=wish.stop)
    run = _Run(workspace.root, run_id, desire, parts, provisioner, customizations, wish.choice)
    plan = run.plan(desire.settings.customizations.plan if wish.is_new else PlanMode.NONE)
    reviewed = wish.approve(plan)
    if reviewed is None:
        return Applied(findings=desire.findings, run=run_id, exit_code=ExitCode.NOT_REVIEWED)
    reviewing = run.review(plan, reviewed)
    path = wish.record or workspace.record_file(run_id)
    _logger.info("run %s begins; its record is %s", run_id, path)
    recorder = notes.recorder = begin(path, run.record(workspace, reviewing.plan, reviewed), parts)
    listener = Several(recorder, Narration(), wish.listener)
    carriers = Carriers(provisioner=provisioner, customizations=customizations)
    waves = run.roll_out(reviewing.plan)
    try:
        outcomes = reconcile(reviewing.plan.changes, carriers, engine, listener, wish.stop, roll_out=waves)
    except VendError as error:
        end(recorder, path, error.exit_code, interrupted=False)
        raise
    remaining = run.settle(reviewed, outcomes, wish.stop) if outcomes else reviewing.plan
    code = exit_code_of(remaining or reviewing.plan, outcomes)
    end(recorder, path, code, interrupted=wish.stop.is_draining and code is ExitCode.INCOMPLETE)
    return Applied(
        findings=desire.findings,
        run=run_id,
        record=path,
        review=reviewing,
        outcomes=outcomes,
        remaining=remaining,
        accounts=run.accounts,
        exit_code=code,
    )


def _caught_up(engine: Engine, workspace: Workspace, parts: Parts, wish: Applying, notes: Notes) -> Engine:
    attaching = Attaching(workspace=workspace, parts=parts, listener=wish.listener, stop=wish.stop)
    attaching.catch_up(engine, notes, wish.found)
    return engine


def exit_code_of(left: Plan, outcomes: Iterable[Outcome]) -> ExitCode:
    """The most urgent answer: incomplete, findings, not what was reviewed, on hold, done."""
    unfinished = any(outcome.status in {Status.FAILED, Status.PENDING} for outcome in outcomes)
    if unfinished or left.changes:
        return ExitCode.INCOMPLETE
    if left.has_errors:
        return ExitCode.FINDINGS
    if any(hold.guard == NOT_REVIEWED for hold in left.holds):
        return ExitCode.NOT_REVIEWED
    return ExitCode.ON_HOLD if left.holds else ExitCode.OK


def lags(change: Change, applied: Iterable[Outcome]) -> bool:
    """Whether a change may be in the new plan only because listings do not show yet what this run has done.

    A change of the organization may show as another one (a creation as a move out of the root), so any of the same subject
    counts. Customizations are looked up where they were noted: there, only the same one counts.
    """
    if isinstance(change, CustomizeAccount):
        return any(outcome.digest == digest_of(change) for outcome in applied)
    return any(outcome.subject == subject_of(change) and outcome.kind != KIND for outcome in applied)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: what it wants, and the one backend (with its limits) that it uses throughout.

    `accounts` gathers the ids of those that are marked as a request's, by its key.
    """

    root: Path
    run_id: str
    desire: Desire
    parts: Parts
    provisioner: Provisioner
    customizations: Customizations | None
    choice: Choice | None = None
    accounts: dict[str, str] = field(default_factory=dict)

    def plan(
        self, mode: PlanMode = PlanMode.NONE, *, reread_tags_of: Iterable[str] = (), is_first: bool = True
    ) -> Plan:
        if self.choice is not None and self.customizations is not None:
            observed = observe_organization(self.desire, self.provisioner)
            return plan_of(self.choice, self.desire, self.customizations, observed, mode, force=is_first)
        observed = observe_for(self.desire, self.provisioner, reread_tags_of=reread_tags_of)
        ours = (each for each in observed.accounts if each.repository == self.desire.settings.repository)
        self.accounts.update({each.key: each.account_id for each in ours if each.key is not None})
        made = make_plan(self.desire.desired, observed, self.desire.settings.policy())
        if self.customizations is not None:
            made = self.customizations.planned(made, observed, mode)
        _logger.info("planned: %d changes, %d on hold, digest %s", len(made.changes), len(made.holds), made.digest)
        return made

    def review(self, plan: Plan, reviewed: Plan) -> Review:
        """What of the plan was reviewed; what was reviewed and is not chosen has not vanished."""
        made = review(with_review(plan, reviewed), reviewed)
        if self.choice is None:
            return self._repairing(made, reviewed)
        chosen = Chosen(keys=frozenset(self.choice.keys) or None, names=frozenset(self.choice.names) or None)
        vanished = (each for each in made.vanished if isinstance(each, CustomizeAccount))
        return replace(made, vanished=tuple(each for each in vanished if chosen.has(each.key, each.customization)))

    def _repairing(self, made: Review, reviewed: Plan) -> Review:
        """What goes on without a review, because it restores what the main branch has asked for all along."""
        waiting = [hold.change for hold in made.plan.holds if hold.guard == NOT_REVIEWED]
        standing = standing_subjects(self.root, self.desire, waiting)
        repaired = with_repairs(made, reviewed, Repairs(self.desire.settings.drift.repair), standing)
        if (number := len(repaired.plan.changes) - len(made.plan.changes)) > 0:
            _logger.info("%d changes are repairs of drift, which nobody has to review", number)
        return repaired

    def roll_out(self, plan: Plan) -> RollOut | None:
        """That of what is carried out: a wave is not the smaller for what waits for its review."""
        return None if self.customizations is None else self.customizations.rolled_out(plan).roll_out

    def record(self, workspace: Workspace, plan: Plan, reviewed: Plan) -> RunRecord:
        return RunRecord(
            run_id=self.run_id,
            version=__version__,
            verb="apply" if self.choice is None else "customize",
            started=self.parts.clock.now().isoformat(timespec="seconds"),
            reviewed=reviewed.digest,
            requests=origins_of(workspace, self.desire, {subject_of(change) for change in plan.changes}),
        )

    def settle(self, reviewed: Plan, outcomes: tuple[Outcome, ...], stop: Stop) -> Plan | None:
        """The plan that is left, once AWS shows what this run has read back; None if nobody looked again.

        Single reads see a change before the listings do that a plan is made from, so the plan is made again for a while.
        """
        touched = {outcome.account_id for outcome in outcomes if outcome.account_id is not None}
        applied = [outcome for outcome in outcomes if outcome.status is Status.APPLIED]
        left: Plan | None = None
        for delay in (0.0, *SETTLING):
            if not rest(self.parts.clock, stop, delay):
                return None
            try:
                left = self.review(self.plan(reread_tags_of=touched, is_first=False), reviewed).plan
            except ServiceError as error:
                _logger.warning("the organization cannot be observed after the run: %s", error)
                return None
            if not any(lags(change, applied) for change in left.changes):
                return left
        return left


def _customizations(
    workspace: Workspace, desire: Desire, parts: Parts, run_id: str, *, notes: Notes, stop: Stop
) -> Customizations | None:
    if not desire.customizations:
        return None
    terraform = writing_terraform(workspace, desire.settings, parts, run_id, on_write=notes.wrote, stop=stop)
    return Customizations(workspace.root, desire, parts, terraform)
