"""`vend apply --merged`: what the merged pull requests have shown, and nothing else, with the result on each of them.

What this run has done is remembered by our verdict on the commit of the main branch: the next one begins where a run has left
nothing undone.
"""

import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from pipeline.app.apply import Applied, Applying, apply
from pipeline.app.base_branch import prefix_of
from pipeline.app.landed import APPLY, BY_HAND, DONE, Merged, Reviewed
from pipeline.app.parts import Parts
from pipeline.app.telling import EVERY, Telling
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode, TemporaryServiceError, UsageError, VendError
from pipeline.forges.names import verdict_name
from pipeline.forges.orders import order_of
from pipeline.forges.protocol import Forge
from pipeline.forges.surroundings import Surroundings
from pipeline.forges.values import Conclusion, Verdict
from pipeline.model.change import Change, UnitChange, account_of, kind_of, subject_of
from pipeline.model.outcome import Outcome
from pipeline.model.plan import Plan
from pipeline.planning.yours import about, subjects_of
from pipeline.reconcile.listening import Several
from pipeline.reports import merged as report
from pipeline.reports import outcomes as whole_report
from pipeline.reports.escaping import prose
from pipeline.reports.markdown import BUDGET, marker
from pipeline.reports.pull_request import ORDER_ROOM
from pipeline.settings import load_settings

_DONE: Final = frozenset({ExitCode.OK, ExitCode.ON_HOLD, ExitCode.NOT_REVIEWED})
_CONCLUSIONS: Final = {ExitCode.OK: Conclusion.GREEN, ExitCode.ON_HOLD: Conclusion.ON_HOLD}
_LOGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?")
_FINDINGS: Final = "The account requests on the main branch have findings, so nothing was changed."
_CORRECT: Final = "`vend validate` shows them; correct them in a pull request"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRun:
    """One run on the main branch, and where it reports. `again`: when the next one is, in words."""

    forge: Forge
    where: Surroundings
    prefix: str
    order: str
    doors: report.Doors = field(default_factory=report.Doors)
    again: str = ""

    @property
    def marker(self) -> str:
        return marker(report.REPORT, self.prefix.rstrip("/"))

    @property
    def _page(self) -> report.Page:
        return report.Page(
            root=self.prefix.rstrip("/"),
            link=self.where.run_url or None,
            doors=self.doors,
            again=self.again,
            budget=min(self.forge.limits.comment, BUDGET),
        )

    def begin(self, merged: Merged) -> None:
        self._try(lambda: self.forge.set_verdict(self._verdict(Conclusion.RUNNING, "the changes are being applied")))
        for each in () if merged.is_repeated else merged.reviewed:
            subjects = sorted(subjects_of(each.plan)) if each.plan is not None else []
            self._post(each, report.running(subjects, each.why, self._page))

    def tell(self, merged: Merged, rows: Sequence[report.Row]) -> bool:
        """How far the run is, to each pull request of its own; whether everything was posted.

        A forge that does not answer is asked once: the end of the run waits for the telling that is under way.
        """
        told = True
        for each in () if merged.is_repeated else merged.reviewed:
            subjects = subjects_of(each.plan or Plan())
            own = [row for row in rows if row.subject in subjects]
            try:
                if own:
                    self._write(each, report.running((), each.why, self._page, rows=own))
            except VendError as error:
                _logger.warning("not posted: %s; %s", error, error.hint)
                if isinstance(error, TemporaryServiceError):
                    return False
                told = False
        return told

    def end(self, merged: Merged, applied: Applied) -> bool:
        """Whether everything was posted. A repeated run leaves a comment alone that it has nothing to add to."""
        told = [each for each in merged.reviewed if not merged.is_repeated or _outcomes_of(each, applied)]
        posted = [self._post(each, self._ended(each, applied)) for each in told]
        are_told = all(posted)
        conclusion = _CONCLUSIONS.get(applied.exit_code, Conclusion.FAILED)
        verdict = self._verdict(conclusion, _title(applied), _summary(merged, applied))
        sealed = replace(verdict, seal=DONE if are_told and applied.exit_code in _DONE else "")
        return self._try(lambda: self.forge.set_verdict(sealed)) and are_told

    def stop(self, merged: Merged, error: VendError) -> None:
        said = report.stopped(str(error), error.hint, self._page)
        for each in () if merged.is_repeated else merged.reviewed:
            self._post(each, said)
        self._try(lambda: self.forge.set_verdict(self._verdict(Conclusion.FAILED, "stopped", prose(str(error)))))

    def _ended(self, reviewed: Reviewed, applied: Applied) -> str:
        if applied.review is None:
            return report.stopped(_FINDINGS, _CORRECT, self._page)
        pull = reviewed.pull_request
        requester = pull.author if _LOGIN.fullmatch(pull.author) else ""
        why = reviewed.why if not reviewed.why else f"{reviewed.why}. {BY_HAND}"
        result = result_of(reviewed.plan or Plan(), applied)
        return report.ended(result, why, self._page, requester=requester)

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
        return self._try(lambda: self._write(each, body))

    def _write(self, each: Reviewed, body: str) -> None:
        self.forge.upsert_comment(each.pull_request.number, self.marker, body, self.order)

    def _try(self, write: Callable[[], object]) -> bool:
        """What cannot be posted must neither keep reviewed changes from being made, nor hide what was done."""
        try:
            write()
        except VendError as error:
            _logger.warning("not posted: %s; %s", error, error.hint)
            return False
        return True


def result_of(reviewed: Plan, applied: Applied) -> report.Result:
    """What of an apply is about one pull request: the subjects that its reviewed plan names."""
    subjects = subjects_of(reviewed)
    gone = applied.review.vanished if applied.review is not None else ()
    return report.Result(
        outcomes=_about(subjects, applied.outcomes),
        left=about(applied.remaining, subjects) if applied.remaining is not None else None,
        vanished=tuple(_gone(change, applied) for change in gone if subject_of(change) in subjects),
    )


def _gone(change: Change, applied: Applied) -> report.Gone:
    subject = subject_of(change)
    known = account_of(change) or (None if isinstance(change, UnitChange) else applied.accounts.get(subject))
    return report.Gone(kind=kind_of(change), subject=subject, account_id=known)


def _outcomes_of(reviewed: Reviewed, applied: Applied) -> tuple[Outcome, ...]:
    return _about(subjects_of(reviewed.plan or Plan()), applied.outcomes)


def _about(subjects: frozenset[str], outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    return tuple(each for each in outcomes if each.subject in subjects)


def apply_merged(run: MergedRun, merged: Merged, workspace: Workspace, parts: Parts, wish: Applying) -> Applied:
    """Apply what was reviewed and tell each pull request.

    Raises `VendError` only before the first change. Where all is done and cannot be told, the exit code says that the forge
    said no; the next run then looks at the same pull requests again.
    """
    run.begin(merged)
    reviewed = merged.plan
    try:
        with ThreadPoolExecutor(1, "telling") as post:
            every = EVERY * max(1, len(merged.reviewed))
            telling = Telling(partial(run.tell, merged), parts.clock, every=every, post=post)
            listener = Several(wish.listener, telling)
            applied = apply(workspace, parts, replace(wish, approve=lambda _plan: reviewed, listener=listener))
    except VendError as error:
        run.stop(merged, error)
        raise
    is_told = run.end(merged, applied)
    return applied if is_told or applied.exit_code not in _DONE else replace(applied, exit_code=ExitCode.SERVICE)


def run_at(
    workspace: Workspace, parts: Parts, forge: Forge, where: Surroundings, every: float | None = None
) -> MergedRun:
    """Raises `UsageError` if there is no commit of a branch here, `SettingsError`. `every`: hours between scheduled runs."""
    if not where.commit or not where.branch:
        raise UsageError(
            "there is no commit of a branch here: the variables of the CI name none",
            hint="run it for a push to the main branch, or say which: --head COMMIT --branch main",
        )
    settings, now = load_settings(workspace.root), parts.clock.now()
    return MergedRun(
        forge=forge,
        where=where,
        prefix=prefix_of(workspace),
        order=order_of(now, where.run or parts.new_run_id()),
        doors=report.Doors(portal=settings.access_portal_url, role=settings.execution_role),
        again=_again(now, every),
    )


def _again(now: datetime, every: float | None) -> str:
    """When what is pending is looked at again."""
    if every is None:
        return "at the next merge, or as soon as somebody runs the job again"
    latest = (now + timedelta(hours=every)).astimezone(UTC)
    return f"by {latest:%Y-%m-%d %H:%M} UTC, when the job runs by its schedule, or at the next merge"


def _title(applied: Applied) -> str:
    if applied.review is None:
        return "nothing was changed"
    return report.Result(outcomes=applied.outcomes, left=applied.remaining).verdict


def _summary(merged: Merged, applied: Applied) -> str:
    """For the check: every account, whichever pull request it came with; GitLab keeps none."""
    shown = whole_report.as_markdown(applied.outcomes, applied.remaining, budget=BUDGET // 2)
    notes = "".join(f"- {prose(note)}\n" for note in merged.notes)
    return f"{shown}\n{notes}"[: BUDGET - ORDER_ROOM]
