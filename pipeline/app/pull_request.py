"""`vend plan --pull-request`: the plan of a branch, apart from what differs without it, written to its pull request."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.app.base_branch import base_commit, base_workspace, prefix_of
from pipeline.app.changed_lines import Changed
from pipeline.app.customizing import Customizations
from pipeline.app.desire import read_desire
from pipeline.app.parts import Parts
from pipeline.app.plan import Planned, plan
from pipeline.app.reviewed import record_of, seal_of
from pipeline.app.terraform import reading_terraform
from pipeline.app.workspace import Workspace
from pipeline.customizations.settings import PlanMode
from pipeline.errors import ExitCode, SettingsError, UsageError, VendError
from pipeline.forges.names import verdict_name
from pipeline.forges.orders import order_of
from pipeline.forges.protocol import Forge
from pipeline.forges.surroundings import Surroundings
from pipeline.forges.values import Annotation, Conclusion, Level, Posting, Verdict
from pipeline.model.finding import Finding, Severity
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.planning.planning import make_plan
from pipeline.planning.yours import Apart, apart
from pipeline.reports import pull_request as report
from pipeline.reports.escaping import prose, visible
from pipeline.reports.findings import sentence
from pipeline.reports.markdown import BUDGET, marker
from pipeline.reports.phrases import counted

PLAN: Final = "plan"

_logger = logging.getLogger(__name__)

_RECORD_IN_COMMENT: Final = 200_000
_CONCLUSIONS: Final = {ExitCode.OK: Conclusion.GREEN, ExitCode.ON_HOLD: Conclusion.ON_HOLD}
_STALE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What is planned: `base` a commit to compare with (None: everything is the branch's), `notes` said in the comment."""

    base: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPlan:
    """The plan of a branch. `plans` is None where findings stand in the way."""

    planned: Planned
    plans: Apart | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """About the branch alone: what is wrong or on hold without it is no reason not to merge it."""
        if self.plans is None or self.plans.yours.has_errors:
            return ExitCode.FINDINGS
        return ExitCode.ON_HOLD if self.plans.yours.holds else ExitCode.OK

    @property
    def yours(self) -> Plan | None:
        return None if self.plans is None else self.plans.yours

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong with the requests, as the branch has them."""
        return (*self.planned.findings, *(self.plans.yours.findings if self.plans is not None else ()))

    def comment(self, *, root: str, link: str | None, budget: int = BUDGET, record: str = "") -> str:
        if self.plans is None:
            return report.findings_as_markdown(self.planned.findings, root=root, link=link, budget=budget)
        return report.as_markdown(
            self.plans.yours,
            self.plans.drift,
            root=root,
            link=link,
            budget=budget,
            notes=self.notes,
            warnings=self.planned.findings,
            record=record,
            drifted=self.planned.drifted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of the posting: notes for the person who reads the log."""

    body: str
    notes: tuple[str, ...] = field(default=())


def plan_branch(workspace: Workspace, parts: Parts, branch: Branch, *, observed_file: Path | None = None) -> BranchPlan:
    """The plan of what is checked out, and what of it would differ without the branch, against one observed state."""
    planned = plan(workspace, parts, observed_file=observed_file)
    if planned.plan is None or planned.observed is None:
        return BranchPlan(planned=planned, notes=branch.notes)
    notes = branch.notes
    if observed_file is not None:
        notes = (*notes, _age(planned.read_at, parts.clock.now()))
    without, note = Plan(), ""
    if branch.base is not None:
        with_terraform = observed_file is None
        without, note = _without(workspace, parts, branch.base, planned.observed, with_terraform=with_terraform)
    return BranchPlan(planned=planned, plans=apart(planned.plan, without), notes=(*notes, *((note,) if note else ())))


def branch_of(workspace: Workspace, where: Surroundings, base: str | None) -> Branch:
    """What the checkout is compared with. Raises `UsageError` if git does not know it."""
    commit, is_merge = base_commit(workspace, where.head, where.base_ref, base or where.base or None)
    is_merge = is_merge or where.is_queued
    note = "Planned from the branch as it is, not from its merge result; what the base has gained since is not in it."
    return Branch(base=commit, notes=() if is_merge else (note,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the reports of one run on one pull request go. A merge queue has no `number`: it gets a verdict and no comment."""

    forge: Forge
    where: Surroundings
    number: int | None
    prefix: str
    order: str

    @property
    def name(self) -> str:
        return verdict_name(PLAN, self.prefix)

    @property
    def marker(self) -> str:
        return marker(report.REPORT, self.prefix.rstrip("/"))

    def verdict(self, conclusion: Conclusion, title: str) -> Verdict:
        return Verdict(
            name=self.name,
            sha=self.where.head,
            conclusion=conclusion,
            title=title,
            order=self.order,
            url=self.where.run_url,
            summary=title,
        )


def desk_at(workspace: Workspace, parts: Parts, forge: Forge, where: Surroundings) -> Desk:
    """Raises `UsageError` if there is no pull request here."""
    if not where.head or (where.number is None and not where.is_queued):
        raise UsageError(
            "there is no pull request here: the variables of the CI name none",
            hint="run it for a pull request, or say which: --number NUMBER --head COMMIT",
        )
    order = order_of(parts.clock.now(), where.run or parts.new_run_id())
    return Desk(
        forge=forge,
        where=where,
        number=None if where.is_queued else where.number,
        prefix=prefix_of(workspace),
        order=order,
    )


@contextmanager
def watched(desk: Desk) -> Iterator[None]:
    """The verdict says that the plan is being made and, if an error ends it, which."""
    desk.forge.set_verdict(desk.verdict(Conclusion.RUNNING, "the plan is being made"))
    try:
        yield
    except VendError as error:
        failed = desk.verdict(Conclusion.FAILED, "there is no plan")
        said = prose(f"{error}; {error.hint}" if error.hint else str(error))
        try:
            desk.forge.set_verdict(replace(failed, summary=said))
        except VendError as second:
            _logger.warning("the verdict cannot be written: %s", second)
        raise


def publish(desk: Desk, made: BranchPlan, changed: Changed | None = None) -> Published:
    """Write verdict and comment. The comment shows the newest verdict on the newest commit, whichever run writes last.

    `changed`: the lines that findings may stand beside.
    """
    record, body = _texts(desk, made)
    notes: list[str] = []
    if made.yours is not None and not record:
        notes.append(
            "the plan is too large to travel with the check: give its artifact to `vend apply --merged --plans DIR`"
        )
    verdict = replace(
        desk.verdict(_CONCLUSIONS.get(made.exit_code, Conclusion.FAILED), report.title(made.yours, made.findings)),
        seal=seal_of(made.yours) if made.yours is not None else "",
        summary=body,
        text=record if desk.forge.limits.text else "",
        annotations=_annotations(desk, made.findings, changed or {}),
    )
    desk.forge.set_verdict(verdict)
    if desk.number is not None:
        notes += _comment(desk, desk.number, body)
    return Published(body=body, notes=tuple(notes))


def _comment(desk: Desk, number: int, body: str) -> Iterator[str]:
    """Write the comment, unless it is another run's to write; what there is to say of it."""
    if desk.forge.pull_request(number).head_sha != desk.where.head:
        yield "the pull request has newer commits; its comment is left to their run"
    elif desk.forge.upsert_comment(number, desk.marker, body, desk.order).posting is Posting.SUPERSEDED:
        yield "a later run has written the comment already"
    else:
        _give_way(desk, number)


def _texts(desk: Desk, made: BranchPlan) -> tuple[str, str]:
    """The record for machines, and the comment; where the forge keeps no text with a verdict, the comment carries the record."""
    limits = desk.forge.limits
    record = "" if made.yours is None else record_of(made.yours, limits.text or _RECORD_IN_COMMENT)
    carried = (
        "" if limits.text or not record else f"<details><summary>For `vend apply`</summary>\n\n{record}\n</details>\n"
    )
    root, link = desk.prefix.rstrip("/"), desk.where.run_url or None
    budget = min(limits.comment, BUDGET - report.ORDER_ROOM + len(carried))
    return record, made.comment(root=root, link=link, budget=budget, record=carried)


def _give_way(desk: Desk, number: int) -> None:
    """Two runs may have looked before either has written. Each looks again, and puts back what a later one has said."""
    head = desk.forge.pull_request(number).head_sha
    later = [each for each in desk.forge.verdicts(head, desk.name) if each.order > desk.order]
    if later and later[-1].conclusion is not Conclusion.RUNNING and later[-1].summary.startswith(desk.marker):
        desk.forge.upsert_comment(number, desk.marker, later[-1].summary, later[-1].order)


def _annotations(desk: Desk, findings: Sequence[Finding], changed: Changed) -> tuple[Annotation, ...]:
    """Findings on changed lines.

    An error in a changed file that shows elsewhere, as a field that is missing does, stands beside the first line that is
    changed, and says where it is. Everything else stands in the comment only: it was there before, or in a file that the pull
    request does not show.
    """
    if not desk.forge.limits.text or desk.number is None:
        return ()
    return tuple(sorted(filter(None, (_annotation(desk, each, changed) for each in findings))))


def _annotation(desk: Desk, finding: Finding, changed: Changed) -> Annotation | None:
    path, line = desk.prefix + finding.location.file, max(finding.location.line, 1)
    lines, is_error = changed.get(path, frozenset()), finding.severity is Severity.ERROR
    said = visible(sentence(finding))
    if line not in lines:
        if not lines or not is_error:
            return None
        line, said = min(lines), f"line {line}: {said}"
    level = Level.FAILURE if is_error else Level.WARNING
    return Annotation(path=path, line=line, level=level, title=finding.rule, message=said)


def _without(
    workspace: Workspace, parts: Parts, commit: str, observed: ObservedState, *, with_terraform: bool
) -> tuple[Plan, str]:
    """The plan of the base branch against the same observed state; an empty one, and why, if the base cannot be planned."""
    unusable = "The base branch itself cannot be planned, so everything counts as brought by this one."
    with base_workspace(workspace, commit) as base:
        try:
            desire = read_desire(base, parts, fetch=with_terraform)
        except SettingsError:
            return Plan(), unusable
        if not desire.is_valid:
            return Plan(), unusable
        made = make_plan(desire.desired, observed, desire.settings.policy())
        if desire.customizations and with_terraform:
            terraform = reading_terraform(workspace, desire.settings, parts, parts.new_run_id())
            made = Customizations(base.root, desire, parts, terraform).planned(made, observed, PlanMode.NONE)
        return made, ""


def _age(read_at: str, now: datetime) -> str:
    """How old the observed state is, in words."""
    try:
        age = now - datetime.fromisoformat(read_at)
    except (ValueError, TypeError):
        return "Planned from a stored observation; when it was read is not known."
    hours = round(age / timedelta(hours=1))
    spoken = counted(hours, "hour") if age >= _STALE else "less than an hour"
    return f"Planned from a stored observation, read {read_at}, {spoken} ago; the organization may have changed since."
