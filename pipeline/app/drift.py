"""`vend drift`: the plan when nobody has asked for anything new. Changes nothing, on clients that cannot."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.app.customizing import Customizations
from pipeline.app.desire import Desire, read_desire
from pipeline.app.observe import observe_for, read_observed, read_text
from pipeline.app.parts import Parts
from pipeline.app.terraform import reading_terraform
from pipeline.app.workspace import Workspace
from pipeline.customizations.settings import PlanMode
from pipeline.errors import ExitCode, ServiceError
from pipeline.model.change import CustomizeAccount
from pipeline.model.drift_report import DriftReport, History
from pipeline.model.finding import Finding, has_errors
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Hold, Plan
from pipeline.planning.drift import Surroundings, drift_of
from pipeline.planning.drift_history import calls_of, history_in, with_authors, with_history
from pipeline.planning.ordering import hold_rank
from pipeline.planning.planning import make_plan
from pipeline.planning.repairs import Repairs
from pipeline.planning.rotation import Share
from pipeline.planning.targets import Chosen, accounts_in_use

WEEKLY: Final = Share(1, 7)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How to look: into a file instead of AWS, what the previous report said, in which accounts Terraform looks for drift."""

    observed_file: Path | None = None
    previous: Path | None = None
    share: Share = WEEKLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """A report, or the findings that stand in its way (then `report` is None). `desire` is what it was compared with.

    `is_news`: something is in it that the previous report had not, or the other way round.
    """

    findings: tuple[Finding, ...]
    desire: Desire
    report: DriftReport | None = None
    is_news: bool = True

    @property
    def exit_code(self) -> ExitCode:
        """Findings first: a request with an error takes no part, so its account may be adrift unseen."""
        if self.report is None or has_errors(self.report.findings):
            return ExitCode.FINDINGS
        return ExitCode.DRIFT if self.report.drift else ExitCode.OK


def drift(workspace: Workspace, parts: Parts, looking: Looking) -> Drifted:
    """Observe (or read a file, without any credentials), compare, and say since when and by whom. Raises `VendError`."""
    history: History = {}
    if looking.previous is not None:
        history = history_in(read_text(looking.previous, "--previous"), source=str(looking.previous))
    desire = read_desire(workspace, parts, fetch=looking.observed_file is None)
    if not desire.is_valid:
        return Drifted(findings=desire.findings, desire=desire)
    run = parts.new_run_id()
    observed = (
        read_observed(looking.observed_file, desire)
        if looking.observed_file is not None
        else observe_for(desire, parts.observer(desire.settings, run))
    )
    report = with_history(_compared(workspace, parts, _Sight(desire, observed, run), looking), history)
    if desire.settings.drift.who and looking.observed_file is None:
        report = _with_authors(report, _Sight(desire, observed, run), parts)
    _logger.info("%d differences, digest %s", len(report.drift), report.plan)
    is_news = history.keys() != {item.id for item in report.items} if looking.previous else bool(report.drift)
    return Drifted(findings=desire.findings, desire=desire, report=report, is_news=is_news)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What is wanted, what is, and the name of the run that has read it."""

    desire: Desire
    observed: ObservedState
    run: str


def _compared(workspace: Workspace, parts: Parts, seen: _Sight, looking: Looking) -> DriftReport:
    """What is not as asked for; without history, and without authors."""
    desire, observed = seen.desire, seen.observed
    plan = make_plan(desire.desired, observed, desire.settings.policy())
    around = Surroundings(
        desired=desire.desired,
        observed=observed,
        repository=desire.settings.repository,
        repairs=Repairs(desire.settings.drift.repair),
    )
    if not desire.customizations:
        return drift_of(plan, around)
    if looking.observed_file is not None:
        report = drift_of(plan, around)
        return replace(report, notes=(*report.notes, "customizations take no part in a report from an observed file"))
    terraform = reading_terraform(workspace, desire.settings, parts, seen.run)
    customizations = Customizations(workspace.root, desire, parts, terraform)
    turn, note = _turn(desire, observed, looking.share, parts)
    plan = _customized(plan, customizations, observed, turn)
    report = drift_of(plan, replace(around, drifted=customizations.drifted))
    return replace(report, notes=(*report.notes, note))


def _turn(desire: Desire, observed: ObservedState, share: Share, parts: Parts) -> tuple[frozenset[str], str]:
    """The requests whose accounts have their turn today, and how many of all that is."""
    accounts = accounts_in_use(desire.desired, observed, desire.settings.repository)
    today = parts.today()
    turn = frozenset(key for key, account in accounts.items() if share.has(account.account_id, today))
    return turn, f"customizations: Terraform looks in {len(turn)} of {len(accounts)} accounts today ({share} a day)"


def _customized(plan: Plan, customizations: Customizations, observed: ObservedState, turn: frozenset[str]) -> Plan:
    """The plan with customizations that are due, and with what Terraform finds in the accounts whose turn it is."""
    whole = customizations.planned(plan, observed, PlanMode.NONE)
    if not turn:
        return whole
    return _with_found(whole, customizations.planned(Plan(), observed, PlanMode.CHANGED, Chosen(keys=turn, force=True)))


def _with_found(whole: Plan, asked: Plan) -> Plan:
    """`whole`, with what Terraform would change added, and told of what was due anyway."""
    told = {_name(each): each for each in asked.changes if isinstance(each, CustomizeAccount)}
    due = {_name(each) for each in whole.changes if isinstance(each, CustomizeAccount)}
    waiting = {_name(hold.change): hold for hold in asked.holds if isinstance(hold.change, CustomizeAccount)}
    changes = [
        told.get(_name(each), each) if isinstance(each, CustomizeAccount) else each
        for each in whole.changes
        if not (isinstance(each, CustomizeAccount) and _name(each) in waiting)
    ]
    # It is due for no other reason than that it was asked about.
    changes += [replace(each, reasons=()) for name, each in told.items() if name not in due and each.resources]
    holds: tuple[Hold, ...] = tuple(sorted((*whole.holds, *waiting.values()), key=hold_rank))
    return replace(whole, changes=tuple(changes), holds=holds)


def _name(change: object) -> tuple[str, str]:
    return (change.key, change.customization) if isinstance(change, CustomizeAccount) else ("", "")


def _with_authors(report: DriftReport, seen: _Sight, parts: Parts) -> DriftReport:
    """The report with who did it, or why nobody can tell; whatever keeps CloudTrail from telling is a note."""
    settings = seen.desire.settings
    units = {unit.path: unit.unit_id for unit in seen.observed.units}
    calls = calls_of(report, units)
    if not calls:
        return with_authors(report, (), units)
    from pipeline.provisioners.aws.trail import Trail  # noqa: PLC0415 - takes the SDK along

    connection = parts.connection(settings, seen.run, role=settings.roles.plan, read_only=True)
    try:
        found = Trail(connection).events(calls)
    except ServiceError as error:
        told = with_authors(report, (), units)
        return replace(told, notes=(*report.notes, f"CloudTrail does not tell who: {error}"))
    told = with_authors(report, found.events, units, looked=found.looked)
    return replace(told, notes=(*report.notes, *found.notes))
