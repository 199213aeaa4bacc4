"""What landed on the main branch since the last run that left nothing undone, and what of it was reviewed.

Nothing that a pull request's author could write is believed. What was reviewed is read from *our* verdict on the commit that
was merged, by a run that began and ended before the merge; without one, nothing was reviewed.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.app.pull_request import PLAN
from pipeline.app.reviewed import is_seal, unsealed
from pipeline.forges.names import verdict_name
from pipeline.forges.orders import is_before
from pipeline.forges.protocol import Forge
from pipeline.forges.surroundings import Surroundings
from pipeline.forges.values import Conclusion, PullRequest, Verdict
from pipeline.model.plan import Plan
from pipeline.planning.yours import reviewed_by
from pipeline.reports.markdown import marker
from pipeline.reports.pull_request import REPORT as PLAN_REPORT

APPLY: Final = "apply"
DONE: Final = "done"
"""Seal of the verdict of a run that has left nothing undone of what was reviewed, and has told so."""

HISTORY: Final = 50
"""Commits of the main branch that are looked at, back to where a run was done."""

BY_HAND: Final = (
    "To review what is on hold by hand: `vend plan`, have plan.json reviewed, then `vend apply --reviewed plan.json`."
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A merged pull request, and the plan that was shown there; None, and why, if none was."""

    pull_request: PullRequest
    plan: Plan | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What landed since the last run that left nothing undone, newest first. `direct`: commits that no pull request brought.

    `is_repeated`: a run on this very commit has left nothing undone, and has told so.
    """

    reviewed: tuple[Reviewed, ...] = ()
    direct: tuple[str, ...] = ()
    is_repeated: bool = False

    @property
    def plan(self) -> Plan:
        return reviewed_by(each.plan for each in self.reviewed if each.plan is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not reviewed, and why, in a sentence each."""
        notes = [f"pull request {each.pull_request.number}: {each.why}" for each in self.reviewed if each.why]
        notes += [f"{sha} came without a pull request: nothing of it was reviewed" for sha in self.direct]
        return (*notes, BY_HAND) if notes else ()


def overtaken_by(forge: Forge, where: Surroundings) -> str:
    """The commit that has taken this one's place on the branch; empty if there is none.

    What an older commit asks for is not wanted any more: a run on it would undo, as repairs of drift, what later ones have
    done. Its pull requests are the newer run's to apply, for it looks back. A forge may tell of a push a moment late.
    """
    newest = forge.newest(where.branch)
    is_late = newest == where.commit or newest in forge.history(where.commit, HISTORY)
    return "" if is_late else newest


def find_merged(forge: Forge, where: Surroundings, prefix: str, plans: Path | None = None) -> Merged:
    """The pull requests that brought the commits since the last run that was done, with what was reviewed of each.

    `plans`: a folder with `plan.json` artifacts, for plans too large to travel with a verdict. Raises `ServiceError`: what
    cannot be read was not reviewed, and what was done cannot be known.
    """
    name = verdict_name(APPLY, prefix)
    found: dict[int, PullRequest] = {}
    direct: list[str] = []
    is_repeated = False
    for sha in forge.history(where.commit, HISTORY):
        seals = [each.seal for each in forge.verdicts(sha, name)]
        if sha == where.commit:
            is_repeated = DONE in seals
        elif seals and seals[-1] == DONE:
            break
        brought = [each for each in forge.merged_pull_requests(sha) if each.base_ref == where.branch]
        found |= {each.number: each for each in brought}
        direct += [] if brought else [sha]
    else:
        _logger.info("no earlier run was done in the last %d commits; all of them are looked at", HISTORY)
    reviewed = tuple(_reviewed(forge, each, prefix, plans) for each in found.values())
    return Merged(reviewed=reviewed, direct=tuple(direct), is_repeated=is_repeated)


def _reviewed(forge: Forge, pull: PullRequest, prefix: str, plans: Path | None) -> Reviewed:
    verdicts = forge.verdicts(pull.head_sha, verdict_name(PLAN, prefix))
    before = [each for each in verdicts if is_before(each.order, pull.merged_at)]
    if not before:
        return Reviewed(pull_request=pull, plan=None, why="there was no plan of ours on it when it was merged")
    newest = before[-1]
    if newest.conclusion is Conclusion.RUNNING:
        return Reviewed(pull_request=pull, plan=None, why="its last plan has never ended")
    if newest.ended > pull.merged_at:
        return Reviewed(
            pull_request=pull, plan=None, why="its last plan ended after the merge, so nobody can have seen it"
        )
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
