"""A plan as Markdown: a pull-request comment that is updated, or a job summary."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pipeline.model.change import CreateAccount, UpdateAccount
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding
from pipeline.model.plan import Bystander, Plan
from pipeline.reports import budget as room
from pipeline.reports import describe, field_words
from pipeline.reports.budget import Part
from pipeline.reports.escaping import clip, code, fenced, prose, value
from pipeline.reports.findings import sentence
from pipeline.reports.markdown import BUDGET, check_budget, fold, left_out, marker
from pipeline.reports.phrases import Phrase, counted, marked, raw
from pipeline.reports.summary import TEXT_LIMIT, Occasion, Row, Summary, summarize

_TABLE: Final = "| | change | account | what |\n|---|---|---|---|\n"
_FINDINGS_SHARE: Final = 0.25
"""Errors come before rows, and still leave room for them."""


def as_markdown(
    plan: Plan,
    *,
    root: str = "",
    link: str | None = None,
    budget: int = BUDGET,
    occasion: Occasion = Occasion.PULL_REQUEST,
) -> str:
    """The plan as Markdown of at most `budget` characters.

    The first line is the hidden marker for `root`. Rows get room before details; what finds none is counted, with `link` to
    the full plan (a plain HTTP address). Raises `ValueError` for a budget that is too small to say that.
    """
    check_budget(budget)
    summary = summarize(plan, occasion)
    waves = f"{marked(summary.roll_out)}\n\n" if summary.roll_out else ""
    head = f"{marker('plan', root)}\n### {summary.heading}\n\n{summary.totals}\n\n{waves}"
    foot = " ".join(marked(step) for step in summary.steps) + "\n"
    parts = list(_parts(summary))
    reserved = room.size(head + foot + _left_out(room.left_out_at_most(parts), link))
    fitted = room.fit(parts, budget - reserved)
    return head + fitted.text + _left_out(fitted.left_out, link) + foot


def _left_out(words: Iterable[str], link: str | None) -> str:
    return left_out(words, link, whole="The full plan", elsewhere="`vend plan` shows everything.")


def _parts(summary: Summary) -> Iterator[Part[Any]]:
    """In the order of the document; the ranks say what goes first when there is no room for all."""
    yield _landing_zone(summary)
    yield Part(
        rank=2,
        items=(*summary.holds, *summary.rows),
        render=_row,
        left_out=_rows_left_out,
        opening=_TABLE,
        closing="\n",
    )
    yield _findings(summary.errors, "error", rank=1)
    yield _findings(summary.warnings, "warning", rank=3)
    yield _deferred(summary)
    yield _bystanders(summary.orphans, "orphan", "ours by tag, no request any more; left alone", rank=4)
    yield _bystanders(summary.unmanaged, "unmanaged account", "no request; left alone", rank=6)
    yield _members(summary)
    yield _in_full(summary)


def _landing_zone(summary: Summary) -> Part[Phrase]:
    return Part(
        rank=1,
        items=(summary.landing_zone,) if summary.landing_zone else (),
        render=lambda phrase: f"{marked(phrase)}\n\n",
        left_out=lambda _: "the landing zone",
    )


def _row(row: Row) -> str:
    what = marked(row.what)
    if row.is_hold:
        what += f" · {marked(row.reason)}"
    if row.release:
        what += f" · to release: {marked(row.release)}"
    return f"| {row.sign} | {row.kind} | {marked(row.who)} | {what} |\n"


def _rows_left_out(rows: Sequence[Row]) -> str:
    holds = sum(len(row.changes) for row in rows if row.is_hold)
    changes = sum(len(row.changes) for row in rows if not row.is_hold)
    words = (f"{holds:,} on hold" if holds else "", counted(changes, "change") if changes else "")
    return ", ".join(filter(None, words))


def _findings(findings: tuple[Finding, ...], noun: str, *, rank: int) -> Part[Finding]:
    return Part(
        rank=rank,
        items=findings,
        render=lambda each: f"- {code(str(each.location))} {prose(clip(sentence(each), TEXT_LIMIT))}\n",
        left_out=lambda rest: counted(len(rest), noun),
        opening=f"**{counted(len(findings), noun).capitalize()}:**\n\n",
        closing="\n",
        share=_FINDINGS_SHARE,
    )


def _deferred(summary: Summary) -> Part[tuple[str, str]]:
    items = [(", ".join(attributes), key) for attributes, keys in summary.deferred for key in keys]
    title = f"{counted(len(items), 'request')} with attributes that are not yet applied by this version"
    opening, closing = fold(title)
    return Part(
        rank=4,
        items=items,
        render=lambda each: f"- {value(each[1])}: {prose(each[0])}\n",
        left_out=lambda rest: f"{counted(len(rest), 'request')} with attributes not yet applied",
        opening=opening,
        closing=closing,
    )


def _bystanders(accounts: tuple[Bystander, ...], noun: str, why: str, *, rank: int) -> Part[Bystander]:
    opening, closing = fold(f"{counted(len(accounts), noun)} ({why})")
    return Part(
        rank=rank,
        items=accounts,
        render=_bystander,
        left_out=lambda rest: counted(len(rest), noun),
        opening=opening,
        closing=closing,
    )


def _bystander(account: Bystander) -> str:
    key = f", request {value(account.key)}" if account.key is not None else ""
    name = value(clip(account.name, field_words.VALUE_LIMIT))
    return f"- {value(account.account_id)} {name} in {marked(describe.unit(account.organizational_unit))}{key}\n"


def _members(summary: Summary) -> Part[tuple[Row, int]]:
    """The accounts behind the rows that stand for several."""
    rows = [row for row in (*summary.holds, *summary.rows) if len(row.changes) > 1]
    opening, closing = fold("The accounts of the rows that stand for several")
    return Part(
        rank=5,
        items=[(row, place) for row in rows for place in range(len(row.changes))],
        render=_member,
        left_out=lambda rest: f"the names of {counted(len(rest), 'account')}",
        opening=opening.removesuffix("\n"),
        closing=closing,
    )


def _member(member: tuple[Row, int]) -> str:
    row, place = member
    title = f"\n{row.kind}: {marked(row.what)}\n\n" if place == 0 else ""
    return f"{title}- {marked(describe.who(row.changes[place]))}\n"


def _in_full(summary: Summary) -> Part[Row]:
    """What a row only counts: everything that a creation or an update sets."""
    rows = [
        row
        for row in (*summary.holds, *summary.rows)
        if isinstance(row.changes[0], CreateAccount | UpdateAccount) and _differences(row)
    ]
    opening, closing = fold("Creations and updates in full")
    return Part(
        rank=7,
        items=rows,
        render=_full_row,
        left_out=lambda rest: f"the details of {counted(len(rest), 'row')}",
        opening=f"{opening}```diff\n",
        closing=f"```\n{closing}",
    )


def _full_row(row: Row) -> str:
    digest = f" · digest {digest_of(row.changes[0])[:8]}" if len(row.changes) == 1 else ""
    lines = [f"! {row.kind} {fenced(raw(row.who))}{digest}"]
    for each in _differences(row):
        for sign, side in (("-", each.before), ("+", each.after)):
            if side is not None:
                lines.append(f"{sign} {fenced(raw(each.label))}: {fenced(clip(field_words.text_of(side), TEXT_LIMIT))}")
    return "\n".join(lines) + "\n"


def _differences(row: Row) -> list[describe.Difference]:
    """What the row sets; ownership is each account's own, so a row of several leaves it out."""
    return [
        each
        for each in describe.differences(row.changes[0])
        if len(row.changes) == 1 or each.label != field_words.OWNERSHIP
    ]
