"""A drift report as Markdown: an issue that is updated, a comment on a pull request, a job summary."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from pipeline.model.drift_report import DriftItem, DriftReport, Section
from pipeline.model.finding import Finding
from pipeline.reports import budget as room
from pipeline.reports import drift_words as words
from pipeline.reports.budget import Part
from pipeline.reports.escaping import clip, code, prose
from pipeline.reports.findings import sentence
from pipeline.reports.markdown import BUDGET, check_budget, fold, left_out, marker
from pipeline.reports.phrases import Sentence, counted, marked
from pipeline.reports.summary import TEXT_LIMIT

REPORT: Final = "drift"
ON_PULL_REQUEST: Final = "drift-comment"
_TABLE: Final = "| who | what, since when and by whom | ways out |\n|---|---|---|\n"
_RANKS: Final = {section: place + 2 for place, section in enumerate(Section)}
_FINDINGS_SHARE: Final = 0.25
_NOTES_SHOWN: Final = 20


def as_markdown(report: DriftReport, *, root: str = "", link: str | None = None, budget: int = BUDGET) -> str:
    """The report as Markdown of at most `budget` characters, after the hidden marker for `root`.

    What finds no room is counted, with `link` to the whole. Raises `ValueError` for a budget that is too small to say that.
    """
    check_budget(budget)
    head = f"{marker(REPORT, root)}\n### {words.heading(report)}\n\n{marked(words.totals(report))}\n\n"
    return _fitted(head, report, list(_parts(report)), link, budget)


def as_comment(
    report: DriftReport, keys: Collection[str], *, root: str = "", link: str | None = None, budget: int = BUDGET
) -> str:
    """What of the report is about the accounts that a pull request touches, by their keys; empty if nothing is."""
    about = tuple(item for item in report.drift if item.subject in keys)
    if not about:
        return ""
    check_budget(budget)
    number = counted(len({item.subject for item in about}), "account")
    heading = f"### vend drift: this pull request touches {number} with drift"
    intro = "These differences exist without this pull request, and are not part of what it changes."
    head = f"{marker(ON_PULL_REQUEST, root)}\n{heading}\n\n{intro}\n\n"
    parts = [_section(section, [each for each in about if each.section is section]) for section in Section]
    return _fitted(head, report, parts, link, budget)


def closing(report: DriftReport, *, root: str = "") -> str:
    """The last body of an issue whose drift is gone."""
    head = f"{marker(REPORT, root)}\n### vend drift: no drift\n\n{marked(words.totals(report))}\n\n"
    return f"{head}The organization is as asked for; this issue is opened again when it is not.\n"


def _fitted(head: str, report: DriftReport, parts: list[Part[Any]], link: str | None, budget: int) -> str:
    foot = " ".join(marked(step) for step in words.steps(report)) + "\n"
    reserved = room.size(head + foot + _left_out(room.left_out_at_most(parts), link))
    fitted = room.fit(parts, budget - reserved)
    return head + fitted.text + _left_out(fitted.left_out, link) + foot


def _left_out(texts: Iterable[str], link: str | None) -> str:
    return left_out(texts, link, whole="The full report", elsewhere="`vend drift` shows everything.")


def _parts(report: DriftReport) -> Iterator[Part[Any]]:
    yield _findings(report.findings)
    for section in Section:
        yield _section(section, report.of(section))
    yield _notes(report.notes[:_NOTES_SHOWN])


def _section(section: Section, items: Iterable[DriftItem]) -> Part[DriftItem]:
    listed = tuple(items)
    title = f"{words.TITLES[section]} ({len(listed):,})"
    opening, end = (f"**{title}**\n\n", "\n") if section.is_drift else fold(title.replace(":", ","))
    return Part(
        rank=_RANKS[section],
        items=listed,
        render=_row,
        left_out=lambda rest: f"{counted(len(rest), 'row')} of {section.value.replace('-', ' ')}",
        opening=f"{opening}{_TABLE}",
        closing=end,
    )


def _row(item: DriftItem) -> str:
    """Few columns: forges do not break long words in cells, and a table that is too wide has to be scrolled sideways."""
    ways = [("accept:", words.accept(item)), ("repair:", words.repair(item))]
    what = "<br>".join(marked(each) for each in (words.what(item), words.since(item)) if each)
    out = "<br>".join(f"**{name}** {marked(each)}" for name, each in ways if each)
    return f"| {marked(words.who(item))} | {what} | {out} |\n"


def _findings(findings: tuple[Finding, ...]) -> Part[Finding]:
    return Part(
        rank=1,
        items=tuple(sorted(findings)),
        render=lambda each: f"- {code(str(each.location))} {prose(clip(sentence(each), TEXT_LIMIT))}\n",
        left_out=lambda rest: counted(len(rest), "finding"),
        opening=f"**{counted(len(findings), 'finding').capitalize()}:**\n\n",
        closing="\n",
        share=_FINDINGS_SHARE,
    )


def _notes(notes: tuple[str, ...]) -> Part[str]:
    return Part(
        rank=len(Section) + 2,
        items=notes,
        render=lambda each: f"- {marked((Sentence(clip(each, TEXT_LIMIT)),))}\n",
        left_out=lambda rest: counted(len(rest), "note"),
        opening="**Notes:**\n\n",
        closing="\n",
    )
