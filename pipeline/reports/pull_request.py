"""The comment on a pull request: what the branch brings, apart from what differs without it, and the digests that were shown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, assert_never

from pipeline.model.change import subject_of
from pipeline.model.customization import ResourceChange
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding
from pipeline.model.plan import Plan
from pipeline.reports import budget as room
from pipeline.reports import describe, plan_markdown
from pipeline.reports.budget import Part
from pipeline.reports.escaping import clip, code, fenced, prose, value
from pipeline.reports.field_words import VALUE_LIMIT
from pipeline.reports.findings import sentence, totals
from pipeline.reports.markdown import BUDGET, fold, left_out, marker
from pipeline.reports.phrases import counted, marked
from pipeline.reports.summary import TEXT_LIMIT, Occasion, Row, summarize

REPORT: Final = "plan"
ORDER_ROOM: Final = 100
"""Characters that a forge adds to the marker's line."""

Drifted = Mapping[tuple[str, str], tuple[ResourceChange, ...]]

_APPENDIX_SHARE: Final = 0.3
_NOTHING: Final = "Nothing of the account requests changes."


def title(yours: Plan | None, findings: Sequence[Finding]) -> str:
    """The verdict in one line."""
    return totals(findings) if yours is None else summarize(yours, Occasion.PULL_REQUEST).verdict


def as_markdown(
    yours: Plan,
    drift: Plan,
    *,
    root: str = "",
    link: str | None = None,
    budget: int = BUDGET,
    notes: Iterable[str] = (),
    warnings: Sequence[Finding] = (),
    record: str = "",
    drifted: Drifted | None = None,
) -> str:
    """At most `budget` characters, with room for the order of the run.

    `notes` are sentences of ours about the plan as a whole. `record` is what machines read, whole or not at all. `drifted` is
    what Terraform has found to be changed outside of it, by request key and customization.
    """
    said = "".join(f"> {prose(note)}\n\n" for note in notes)
    room_left = budget - ORDER_ROOM - room.size(said) - room.size(record)
    parts = [_drift(drift, drifted or {}), _warnings(warnings), _digests(yours)]
    fitted = room.fit(parts, int(room_left * _APPENDIX_SHARE))
    missing = left_out(fitted.left_out, link, whole="The run", elsewhere="`vend plan` shows everything.")
    appendix = fitted.text + missing
    shown = plan_markdown.as_markdown(yours, root=root, link=link, budget=room_left - room.size(appendix) - 2)
    return f"{shown}\n{said}{appendix}{record}".rstrip("\n") + "\n"


def findings_as_markdown(
    findings: Sequence[Finding], *, root: str = "", link: str | None = None, budget: int = BUDGET
) -> str:
    """The comment where findings stand in the way of a plan."""
    head = f"{marker(REPORT, root)}\n### vend plan: {totals(findings)}, so there is no plan\n\n"
    foot = "Correct the requests and push again; `vend validate` shows the same, without credentials.\n"
    part = _findings(findings)
    elsewhere = "`vend validate` shows everything."
    reserved = room.size(head + foot) + ORDER_ROOM
    reserved += room.size(left_out(room.left_out_at_most([part]), link, whole="The run", elsewhere=elsewhere))
    fitted = room.fit([part], budget - reserved)
    return head + fitted.text + left_out(fitted.left_out, link, whole="The run", elsewhere=elsewhere) + foot


def _drift(drift: Plan, drifted: Drifted) -> Part[Any]:
    summary = summarize(drift, Occasion.PULL_REQUEST)
    resources = [(*name, each) for name, changes in sorted(drifted.items()) for each in changes]
    number = len(drift.changes) + len(drift.holds) + len(drift.findings) + len(resources)
    opening, closing = fold(f"{counted(number, 'difference')} without this branch, not part of what is reviewed here")
    items: list[Any] = [*summary.holds, *summary.rows, *drift.findings, *resources]
    return Part(
        rank=1,
        items=items,
        render=_difference,
        left_out=lambda rest: f"{len(rest):,} of what differs without this branch",
        opening=opening,
        closing=closing,
    )


def _difference(item: Row | Finding | tuple[str, str, ResourceChange]) -> str:
    match item:
        case Finding():
            return _finding(item)
        case (key, customization, resource):
            who = f"{value(clip(customization, VALUE_LIMIT))} of {value(clip(key, VALUE_LIMIT))}"
            what = f"{value(clip(resource.address, TEXT_LIMIT))} was changed outside of Terraform"
            return f"- {who}: {what} ({value(resource.action)})\n"
        case Row():
            waits = f" · on hold: {marked(item.reason)}" if item.is_hold else ""
            return f"- {item.kind} {marked(item.who)}: {marked(item.what)}{waits}\n"
        case _:
            assert_never(item)


def _digests(yours: Plan) -> Part[Any]:
    opening, closing = fold("The digest of each change")
    return Part(
        rank=2,
        items=yours.changes,
        render=lambda each: f"{digest_of(each)} {describe.kind(each)} {fenced(clip(subject_of(each), 100))}\n",
        left_out=lambda rest: counted(len(rest), "digest"),
        opening=f"{opening}```text\n",
        closing=f"```\n{closing}",
    )


def _warnings(warnings: Sequence[Finding]) -> Part[Finding]:
    opening, closing = fold(f"{counted(len(warnings), 'warning')} about the requests")
    return Part(
        rank=0,
        items=warnings,
        render=_finding,
        left_out=lambda rest: counted(len(rest), "warning"),
        opening=opening,
        closing=closing,
    )


def _findings(findings: Sequence[Finding]) -> Part[Finding]:
    return Part(
        rank=0, items=findings, render=_finding, left_out=lambda rest: counted(len(rest), "finding"), closing="\n"
    )


def _finding(finding: Finding) -> str:
    return f"- {code(str(finding.location))} {prose(clip(sentence(finding), TEXT_LIMIT))}\n"
