"""A plan for a terminal."""

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.model.change import Change, EnrollAccount, subject_of
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding, Severity
from pipeline.model.json import Json
from pipeline.model.plan import Bystander, Plan
from pipeline.reports import describe, field_words, landing_zone_words, wave_words
from pipeline.reports.escaping import columns, visible
from pipeline.reports.findings import line_of
from pipeline.reports.phrases import counted, plain
from pipeline.reports.summary import APPLY, Occasion, Row, Summary, summarize
from pipeline.reports.terminal import Color, bullets, listed, padded, paint, wrapped

NAMES_SHOWN: Final = 10
"""Accounts that a row which stands for several names; the rest is counted."""

BYSTANDERS_SHOWN: Final = 20
"""Orphans, and unmanaged accounts, that are listed; the rest is counted."""

_WIDEST_WHO: Final = 44
_NARROWEST_KIND: Final = len("create unit")
_COLORS: Final = {
    "+": Color.GREEN,
    "~": Color.CYAN,
    "→": Color.CYAN,
    "-": Color.RED,
    "⏸": Color.YELLOW,
    "⚙": Color.CYAN,
    "◆": Color.GREEN,
    "◇": Color.RED,
}


def as_text(plan: Plan, *, color: bool, width: int, occasion: Occasion = Occasion.TERMINAL, apply: str = APPLY) -> str:
    """The plan in lines of `width` columns where words allow it: the verdict, holds, changes, and what happens next.

    Every change and hold has its line, or is counted in the line of its group. `apply`: as for `summarize`.
    """
    summary = summarize(plan, occasion, apply=apply)
    blocks = [
        [
            paint(summary.heading, Color.BOLD, on=color),
            summary.totals,
            *(wrapped(plain(summary.landing_zone), width) if summary.landing_zone else ()),
            *(wrapped(plain(summary.roll_out), width) if summary.roll_out else ()),
        ],
        list(_table((*summary.holds, *summary.rows), color=color, width=width)),
        _findings((*summary.errors, *summary.warnings), color=color),
        *_notes(summary, width),
        bullets((plain(step) for step in summary.steps), width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def detail(plan: Plan, key: str) -> str:
    """Everything that the plan holds for one subject (a request's key, or a unit's path), complete, with digests."""
    lines = [line for change in plan.changes if subject_of(change) == key for line in _in_full(change)]
    if plan.roll_out is not None and (wave := wave_words.place_of(plan.roll_out, key)):
        lines.append(f"customized in {wave}")
    for hold in plan.holds:
        if subject_of(hold.change) == key:
            lines += [
                *_in_full(hold.change),
                f"  on hold: {visible(hold.reason)}",
                f"  to release: {visible(hold.release)}",
            ]
    for deferred in plan.deferred:
        if deferred.key == key:
            lines.append(f"not yet applied by this version: {visible(', '.join(deferred.attributes))}")
    return "\n".join(lines or [f'The plan has no change for "{visible(key)}".']) + "\n"


def _table(rows: tuple[Row, ...], *, color: bool, width: int) -> Iterator[str]:
    names = [plain(row.who) for row in rows]
    widest = min(max(map(columns, names), default=0), _WIDEST_WHO)
    kind = max((len(row.kind) for row in rows), default=0)
    for row, name in zip(rows, names, strict=True):
        begin = f"{row.sign} {row.kind:<{max(kind, _NARROWEST_KIND)}}"
        indent = len(begin) + widest + 6
        lines = [line for text in _texts(row) for line in wrapped(text, width - indent)]
        begin = paint(begin, _COLORS[row.sign], on=color)
        if columns(name) > widest:
            yield f"  {begin}  {name}"
        else:
            yield f"  {begin}  {padded(name, widest)}  {lines.pop(0)}"
        yield from (" " * indent + line for line in lines)


def _texts(row: Row) -> Iterator[str]:
    yield plain(row.what)
    if len(row.changes) > 1:
        yield listed([visible(subject_of(change)) for change in row.changes], NAMES_SHOWN)
    if row.is_hold:
        yield plain(row.reason)
    if row.release:
        yield f"to release: {plain(row.release)}"


def _findings(findings: tuple[Finding, ...], *, color: bool) -> list[str]:
    return [paint(line_of(each), _severity_color(each), on=color) for each in findings]


def _severity_color(finding: Finding) -> Color:
    return Color.RED if finding.severity is Severity.ERROR else Color.YELLOW


def _notes(summary: Summary, width: int) -> Iterator[list[str]]:
    if summary.deferred:
        yield [
            "Not yet applied by this version:",
            *bullets((_deferral(*each) for each in summary.deferred), width),
        ]
    if summary.orphans:
        number = counted(len(summary.orphans), "orphan")
        yield [f"{number} (ours by tag, no request any more; left alone):", *_bystanders(summary.orphans)]
    if summary.unmanaged:
        number = counted(len(summary.unmanaged), "unmanaged account")
        yield [f"{number} (no request; left alone):", *_bystanders(summary.unmanaged)]


def _deferral(attributes: Iterable[str], keys: tuple[str, ...]) -> str:
    return f"{visible(', '.join(attributes))}: {listed([visible(key) for key in keys], NAMES_SHOWN)}"


def _bystanders(accounts: tuple[Bystander, ...]) -> list[str]:
    lines = [
        f"  {visible(each.account_id)}  {visible(each.name)} in {plain(describe.unit(each.organizational_unit))}"
        + (f', request "{visible(each.key)}"' if each.key is not None else "")
        for each in accounts[:BYSTANDERS_SHOWN]
    ]
    if len(accounts) > BYSTANDERS_SHOWN:
        lines.append(f"  … and {len(accounts) - BYSTANDERS_SHOWN:,} more, in plan.json")
    return lines


def _in_full(change: Change) -> Iterator[str]:
    yield f"{describe.sign(change)} {describe.kind(change)} {plain(describe.who(change))} · digest {digest_of(change)}"
    for each in describe.differences(change):
        yield f"  {plain(each.label)}: {_shown(each.before)} → {_shown(each.after)}"
    if isinstance(change, EnrollAccount) and change.checks:
        yield "  conditions of the enrolment:"
        yield from (f"    {plain(condition)}" for condition in landing_zone_words.checklist(change))


def _shown(value: Json) -> str:
    return "(unset)" if value is None else visible(field_words.text_of(value)) or "(empty)"
