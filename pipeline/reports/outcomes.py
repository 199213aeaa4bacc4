"""The last screen of an apply: every account that is not as asked for, why, and what to do."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.change import Change, CreateAccount, MoveAccount, subject_of
from pipeline.model.finding import Severity
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Hold, Plan
from pipeline.reports import budget as room
from pipeline.reports import describe, field_words
from pipeline.reports.budget import Part
from pipeline.reports.escaping import clip
from pipeline.reports.findings import totals
from pipeline.reports.markdown import BUDGET, check_budget, left_out, marker
from pipeline.reports.phrases import Phrase, Sentence, Value, counted, joined, marked, plain
from pipeline.reports.summary import TEXT_LIMIT
from pipeline.reports.terminal import Color, paint

_LATER: Final = "run the same command again in a few minutes; it continues where this run stopped"
_AGAIN: Final = 'run "vend plan" to see why'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """Accounts or units that are not as asked for, for one reason."""

    who: tuple[Phrase, ...]
    why: Phrase
    hint: Phrase = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    title: str
    color: Color
    lines: tuple[_Line, ...]


def as_text(outcomes: Iterable[Outcome], remaining: Plan | None, *, color: bool) -> str:
    """The verdict, then each section of what is not as asked for; nothing is cut or left out.

    `remaining` is the plan that was made after the run, None if the organization was not observed again.
    """
    ended = tuple(outcomes)
    lines = [paint(f"vend apply: {_verdict(ended, remaining)}", Color.BOLD, on=color)]
    for section in _sections(ended, remaining):
        lines += ["", paint(f"{section.title}:", section.color, on=color)]
        lines += [text for line in section.lines for text in _line_text(line)]
    return "\n".join([*lines, "", _closing(ended, remaining)]) + "\n"


def as_markdown(
    outcomes: Iterable[Outcome],
    remaining: Plan | None,
    *,
    root: str = "",
    link: str | None = None,
    budget: int = BUDGET,
) -> str:
    """The same, as Markdown of at most `budget` characters; what finds no room is counted.

    Raises `ValueError` for a budget that is too small to say that.
    """
    check_budget(budget)
    ended = tuple(outcomes)
    head = f"{marker('apply', root)}\n### vend apply: {_verdict(ended, remaining)}\n\n"
    foot = f"{_closing(ended, remaining)}\n"
    parts = [_part(section, rank) for rank, section in enumerate(_sections(ended, remaining))]
    reserved = room.size(head + foot + _left_out(room.left_out_at_most(parts), link))
    fitted = room.fit(parts, budget - reserved)
    return head + fitted.text + _left_out(fitted.left_out, link) + foot


def _left_out(words: Iterable[str], link: str | None) -> str:
    return left_out(words, link, whole="The full report", elsewhere="The record of the run has everything.")


def _verdict(outcomes: Sequence[Outcome], remaining: Plan | None) -> str:
    statuses = [outcome.status for outcome in outcomes]
    applied = statuses.count(Status.APPLIED)
    parts = [f"{applied:,} of {counted(len(outcomes), 'change')} applied" if outcomes else "nothing to apply"]
    parts += [
        f"{number:,} {status.value}"
        for status in (Status.FAILED, Status.PENDING, Status.SKIPPED)
        if (number := statuses.count(status))
    ]
    if remaining is not None and remaining.holds:
        parts.append(f"{len(remaining.holds):,} on hold")
    if remaining is not None and (others := _without_outcome(outcomes, remaining)):
        parts.append(f"{len(others):,} more to do")
    return ", ".join(parts)


def _sections(outcomes: Sequence[Outcome], remaining: Plan | None) -> Iterator[_Section]:
    """The sections that have something to say, the worst first."""
    changes = _without_outcome(outcomes, remaining) if remaining is not None else []
    holds = remaining.holds if remaining is not None else ()

    def ended(status: Status) -> Iterator[_Line]:
        return _ended(each for each in outcomes if each.status is status)

    sections = (
        _Section(title="Failed", color=Color.RED, lines=_grouped(ended(Status.FAILED))),
        _Section(title="Begun and not finished", color=Color.YELLOW, lines=_grouped(ended(Status.PENDING))),
        _Section(title="Not begun", color=Color.YELLOW, lines=_grouped(ended(Status.SKIPPED))),
        _Section(title="On hold", color=Color.YELLOW, lines=_grouped(_held(holds))),
        _Section(title="Findings", color=Color.RED, lines=_grouped(_found(remaining))),
        _Section(title="Still different", color=Color.YELLOW, lines=_grouped(_different(changes, outcomes))),
    )
    return (section for section in sections if section.lines)


def _ended(outcomes: Iterable[Outcome]) -> Iterator[_Line]:
    for each in outcomes:
        hint = each.hint or (_LATER if each.status is Status.PENDING else "")
        yield _Line(who=(_who(each),), why=_sentence(each.message), hint=_sentence(hint))


def _held(holds: Iterable[Hold]) -> Iterator[_Line]:
    for each in holds:
        why = (*_deed(each.change), " · ", *_sentence(each.reason or each.guard))
        yield _Line(who=(describe.who(each.change),), why=why, hint=_sentence(each.release))


def _different(changes: Iterable[Change], outcomes: Sequence[Outcome]) -> Iterator[_Line]:
    applied = {each.subject for each in outcomes if each.status is Status.APPLIED}
    for each in changes:
        was_applied = subject_of(each) in applied
        reason = "changed by this run, and differs when observed again" if was_applied else "not part of this run"
        yield _Line(who=(describe.who(each),), why=(*_deed(each), " · ", reason), hint=(_AGAIN,))


def _found(remaining: Plan | None) -> Iterator[_Line]:
    for each in sorted(remaining.findings) if remaining is not None else ():
        if each.severity is Severity.ERROR:
            where = Value(str(each.location))
            yield _Line(who=((where,),), why=_sentence(each.message), hint=_sentence(each.hint))


def _deed(change: Change) -> Phrase:
    """What the change does, with its verb."""
    words = describe.phrase(change)
    return (f"{describe.kind(change)} ", *words) if isinstance(change, CreateAccount | MoveAccount) else words


def _grouped(lines: Iterable[_Line]) -> tuple[_Line, ...]:
    """One line per reason and remedy: an interrupted run skips many for the same one."""
    groups: dict[tuple[Phrase, Phrase], list[Phrase]] = {}
    for line in lines:
        groups.setdefault((line.why, line.hint), []).extend(line.who)
    return tuple(_Line(who=tuple(who), why=why, hint=hint) for (why, hint), who in groups.items())


def _without_outcome(outcomes: Iterable[Outcome], remaining: Plan) -> list[Change]:
    """What remains to be done for subjects that no failed, pending or skipped outcome names."""
    named = {each.subject for each in outcomes if each.status is not Status.APPLIED}
    return [change for change in remaining.changes if subject_of(change) not in named]


def _closing(outcomes: Sequence[Outcome], remaining: Plan | None) -> str:
    if remaining is None:
        return "The organization was not observed again."
    unfinished = any(outcome.status is not Status.APPLIED for outcome in outcomes)
    if remaining.is_empty and not unfinished and not remaining.has_errors:
        return f"Observed again: {counted(remaining.managed, 'account')} as asked for."
    left = [
        f"{counted(len(remaining.changes), 'change') if remaining.changes else 'no changes'} to do",
        *([f"{len(remaining.holds):,} on hold"] if remaining.holds else []),
        *([totals(remaining.findings)] if remaining.has_errors else []),
    ]
    return f"Observed again: {', '.join(left)}."


def _who(outcome: Outcome) -> Phrase:
    account: Phrase = (" ", Value(outcome.account_id)) if outcome.account_id else ()
    return (Value(outcome.kind.replace("-", " ")), " ", Value(clip(outcome.subject, field_words.VALUE_LIMIT)), *account)


def _sentence(text: str) -> Phrase:
    return (Sentence(text),) if text else ()


def _line_text(line: _Line) -> Iterator[str]:
    yield f"  {plain(joined(line.who, (', ',)))}: {plain(line.why)}"
    if line.hint:
        yield f"    {plain(line.hint)}"


def _part(section: _Section, rank: int) -> Part[Any]:
    items = [(line, who) for line in section.lines for who in line.who]
    return Part(
        rank=rank,
        items=items,
        render=_bullet,
        left_out=lambda rest: f"{len(rest):,} {section.title.lower()}",
        opening=f"**{section.title}**\n\n",
        closing="\n",
    )


def _bullet(item: tuple[_Line, Phrase]) -> str:
    line, who = item
    hint = f"; {marked(_short(line.hint))}" if line.hint else ""
    return f"- {marked(who)}: {marked(_short(line.why))}{hint}\n"


def _short(phrase: Phrase) -> Phrase:
    return tuple(Sentence(clip(piece.text, TEXT_LIMIT)) if isinstance(piece, Sentence) else piece for piece in phrase)
