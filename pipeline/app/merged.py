"""`vend apply --merged`: what the merged pull requests have shown, and nothing else, with the result on each of them.

Nothing that a pull request's author could write is believed. What was reviewed is read from *our* verdict on the commit that
was merged, made before the merge; without one, nothing was reviewed. What this run has done is remembered by our verdict on the
commit of the main branch: the next one begins where a run has left nothing undone.
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.app.apply import Applied, Applying, apply
from pipeline.app.base_branch import prefix_of
from pipeline.app.parts import Parts
from pipeline.app.pull_request import PLAN
from pipeline.app.reviewed import is_seal, unsealed
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode, UsageError, VendError
from pipeline.forges.names import verdict_name
from pipeline.forges.orders import is_before, order_of
from pipeline.forges.protocol import Forge
from pipeline.forges.surroundings import Surroundings
from pipeline.forges.values import Conclusion, PullRequest, Verdict
from pipeline.model.change import subject_of
from pipeline.model.plan import Plan
from pipeline.planning.yours import about, reviewed_by, subjects_of
from pipeline.reports import merged as report
from pipeline.reports import outcomes as whole_report
from pipeline.reports.escaping import prose
from pipeline.reports.markdown import BUDGET, marker
from pipeline.reports.pull_request import ORDER_ROOM
from pipeline.reports.pull_request import REPORT as PLAN_REPORT
from pipeline.settings import load_settings

APPLY: Final = "apply"
DONE: Final = "done"
"""Seal of the verdict of a run that has left nothing undone of what was reviewed."""

HISTORY: Final = 50
"""Commits of the main branch that are looked at, back to where a run was done."""

_DONE: Final = frozenset({ExitCode.OK, ExitCode.ON_HOLD, ExitCode.NOT_REVIEWED})
_CONCLUSIONS: Final = {ExitCode.OK: Conclusion.GREEN, ExitCode.ON_HOLD: Conclusion.ON_HOLD}
_LOGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?")
_BY_HAND: Final = (
    "To review what is on hold by hand: `vend plan`, have plan.json reviewed, then `vend apply --reviewed plan.json`."
)
_FINDINGS: Final = "The account requests on the main branch have findings, so nothing was changed."
_CORRECT: Final = "`vend validate` shows them; correct them in a pull request"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A merged pull request, and the plan that was shown there; None, and why, if none was."""

    pull_request: PullRequest
    plan: Plan | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What landed since the last run that left nothing undone, newest first. `direct`: commits that no pull request brought."""

    reviewed: tuple[Reviewed, ...] = ()
    direct: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        return reviewed_by(each.plan for each in self.reviewed if each.plan is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not reviewed, and why, in a sentence each."""
        notes = [f"pull request {each.pull_request.number}: {each.why}" for each in self.reviewed if each.why]
        notes += [f"{sha} came without a pull request: nothing of it was reviewed" for sha in self.direct]
        return (*notes, _BY_HAND) if notes else ()


def find_merged(forge: Forge, where: Surroundings, prefix: str, plans: Path | None = None) -> Merged:
    """The pull requests that brought the commits since the last run that was done, with what was reviewed of each.

    `plans`: a folder with `plan.json` artifacts, for plans too large to travel with a verdict. Raises `ServiceError`: what
    cannot be read was not reviewed, and what was done cannot be known.
    """
    name = verdict_name(APPLY, prefix)
    found: dict[int, PullRequest] = {}
    direct: list[str] = []
    for sha in forge.history(where.commit, HISTORY):
        if sha != where.commit and any(each.seal == DONE for each in forge.verdicts(sha, name)):
            break
        brought = [each for each in forge.merged_pull_requests(sha) if each.base_ref == where.branch]
        found |= {each.number: each for each in brought}
        direct += [] if brought else [sha]
    else:
        _logger.info("no earlier run was done in the last %d commits; all of them are looked at", HISTORY)
    reviewed = tuple(_reviewed(forge, each, prefix, plans) for each in found.values())
    return Merged(reviewed=reviewed, direct=tuple(direct))


def _reviewed(forge: Forge, pull: PullRequest, prefix: str, plans: Path | None) -> Reviewed:
    verdicts = forge.verdicts(pull.head_sha, verdict_name(PLAN, prefix))
    before = [each for each in verdicts if is_before(each.order, pull.merged_at)]
    if not before:
        return Reviewed(pull_request=pull, plan=None, why="there was no plan of ours on it when it was merged")
    newest = before[-1]
    if newest.conclusion is Conclusion.RUNNING:
        return Reviewed(pull_request=pull, plan=None, why="its last plan has never ended")
    if not is_seal(newest.seal):
        return Reviewed(pull_request=pull, plan=None, why="its last plan had findings, so there was nothing to review")
    plan = unsealed(newest.seal, _carriers(forge, pull, newest, prefix), plans)
    if plan is None:
        why = f"the plan that was reviewed, {newest.seal}, is not to be found: give its artifact with --plans DIR"
        return Reviewed(pull_request=pull, plan=None, why=why)
    return Reviewed(pull_request=pull, plan=plan)


def _carriers(forge: Forge, pull: PullRequest, verdict: Verdict, prefix: str) -> Iterator[str]:
    """Where the plan may stand; the seal tells whether it is the one."""
    yield verdict.text
    if not forge.limits.text:
        comment = forge.comment(pull.number, marker(PLAN_REPORT, prefix.rstrip("/")))
        yield comment.body.replace("\r\n", "\n") if comment is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRun:
    """One run on the main branch, and where it reports."""

    forge: Forge
    where: Surroundings
    prefix: str
    order: str
    role: str

    @property
    def marker(self) -> str:
        return marker(report.REPORT, self.root)

    @property
    def root(self) -> str:
        return self.prefix.rstrip("/")

    @property
    def link(self) -> str | None:
        return self.where.run_url or None

    def begin(self, merged: Merged) -> None:
        self._try(lambda: self.forge.set_verdict(self._verdict(Conclusion.RUNNING, "the changes are being applied")))
        for each in merged.reviewed:
            subjects = sorted(subjects_of(each.plan)) if each.plan is not None else []
            self._post(each, report.running(subjects, each.why, root=self.root, link=self.link))

    def end(self, merged: Merged, applied: Applied) -> bool:
        """Whether everything was posted."""
        verdict = self._verdict(
            _CONCLUSIONS.get(applied.exit_code, Conclusion.FAILED), _title(applied), _summary(merged, applied)
        )
        sealed = replace(verdict, seal=DONE if applied.exit_code in _DONE else "")
        posted = [self._post(each, self._ended(each, applied)) for each in merged.reviewed]
        return self._try(lambda: self.forge.set_verdict(sealed)) and all(posted)

    def stop(self, merged: Merged, error: VendError) -> None:
        said = report.stopped(str(error), error.hint, root=self.root, link=self.link)
        for each in merged.reviewed:
            self._post(each, said)
        self._try(lambda: self.forge.set_verdict(self._verdict(Conclusion.FAILED, "stopped", prose(str(error)))))

    def _ended(self, reviewed: Reviewed, applied: Applied) -> str:
        if applied.review is None:
            return report.stopped(_FINDINGS, _CORRECT, root=self.root, link=self.link)
        pull = reviewed.pull_request
        requester = pull.author if _LOGIN.fullmatch(pull.author) else ""
        limit = min(self.forge.limits.comment, BUDGET) - ORDER_ROOM
        why = reviewed.why if not reviewed.why else f"{reviewed.why}. {_BY_HAND}"
        result = result_of(reviewed.plan or Plan(), applied, self.role)
        return report.ended(result, why, requester=requester, root=self.root, link=self.link, budget=limit)

    def _verdict(self, conclusion: Conclusion, title: str, summary: str = "") -> Verdict:
        return Verdict(
            name=verdict_name(APPLY, self.prefix),
            sha=self.where.commit,
            conclusion=conclusion,
            title=title,
            order=self.order,
            summary=summary or title,
            url=self.where.run_url,
        )

    def _post(self, each: Reviewed, body: str) -> bool:
        number = each.pull_request.number
        return self._try(lambda: self.forge.upsert_comment(number, self.marker, body, self.order))

    def _try(self, write: Callable[[], object]) -> bool:
        """What cannot be posted must neither keep reviewed changes from being made, nor hide what was done."""
        try:
            write()
        except VendError as error:
            _logger.warning("not posted: %s; %s", error, error.hint)
            return False
        return True


def result_of(reviewed: Plan, applied: Applied, role: str) -> report.Result:
    """What of an apply is about one pull request: the subjects that its reviewed plan names."""
    subjects = subjects_of(reviewed)
    gone = applied.review.vanished if applied.review is not None else ()
    return report.Result(
        outcomes=tuple(each for each in applied.outcomes if each.subject in subjects),
        left=about(applied.remaining, subjects) if applied.remaining is not None else None,
        vanished=tuple(sorted({subject_of(change) for change in gone} & subjects)),
        role=role,
    )


def apply_merged(run: MergedRun, merged: Merged, workspace: Workspace, parts: Parts, wish: Applying) -> Applied:
    """Apply what was reviewed and tell each pull request.

    Raises `VendError` only before the first change. Where all is done and cannot be told, the exit code says that the forge
    said no; the next run then looks at the same pull requests again.
    """
    run.begin(merged)
    reviewed = merged.plan
    try:
        applied = apply(workspace, parts, replace(wish, approve=lambda _plan: reviewed))
    except VendError as error:
        run.stop(merged, error)
        raise
    is_told = run.end(merged, applied)
    return applied if is_told or applied.exit_code not in _DONE else replace(applied, exit_code=ExitCode.SERVICE)


def run_at(workspace: Workspace, parts: Parts, forge: Forge, where: Surroundings) -> MergedRun:
    """Raises `UsageError` if there is no commit of a branch here, `SettingsError`."""
    if not where.commit or not where.branch:
        raise UsageError(
            "there is no commit of a branch here: the variables of the CI name none",
            hint="run it for a push to the main branch, or say which: --head COMMIT --branch main",
        )
    return MergedRun(
        forge=forge,
        where=where,
        prefix=prefix_of(workspace),
        order=order_of(parts.clock.now(), where.run or parts.new_run_id()),
        role=load_settings(workspace.root).execution_role,
    )


def _title(applied: Applied) -> str:
    if applied.review is None:
        return "nothing was changed"
    return report.Result(outcomes=applied.outcomes, left=applied.remaining).verdict


def _summary(merged: Merged, applied: Applied) -> str:
    """For the check: every account, whichever pull request it came with; GitLab keeps none."""
    shown = whole_report.as_markdown(applied.outcomes, applied.remaining, budget=BUDGET // 2)
    notes = "".join(f"- {prose(note)}\n" for note in merged.notes)
    return f"{shown}\n{notes}"[: BUDGET - ORDER_ROOM]
