"""One value from a plan that every rendering shows: what is said is decided here, once."""

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from pipeline.model.change import Change, CloseAccount, CreateUnit, subject_of
from pipeline.model.finding import Finding, Severity
from pipeline.model.plan import Bystander, Deferred, Hold, Plan
from pipeline.reports import describe, field_words, landing_zone_words, wave_words
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import Command, Phrase, Sentence, Value, counted

FOLD_FROM: Final = 3
"""As many accounts with the same difference become one row."""

TEXT_LIMIT: Final = 1_000
"""Characters of one reason, release or message; what is longer is cut, and says so by "…"."""

HOLD_SIGN: Final = "⏸"

_CREATED: Final = {"create unit": "unit", "create": "account"}

APPLY: Final = "vend apply --reviewed plan.json"

T = TypeVar("T")


class Occasion(StrEnum):
    """Where the plan is shown, which decides what happens next."""

    TERMINAL = "terminal"
    PULL_REQUEST = "pull request"
    APPLY = "apply"
    CUSTOMIZE = "customize"
    """A plan of customizations of chosen accounts, in a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a plan: a change, or the same change of several accounts."""

    sign: str
    kind: str
    what: Phrase
    changes: tuple[Change, ...]
    reason: Phrase = ()
    release: Phrase = ()

    @property
    def is_hold(self) -> bool:
        return bool(self.reason)

    @property
    def who(self) -> Phrase:
        if len(self.changes) == 1:
            return describe.who(self.changes[0])
        return (counted(len(self.changes), "account"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A plan in words.

    `heading` is the verdict with the command and the digest. `verdict` counts every change, hold and error. `holds` and
    `rows` together stand for each of them exactly once, closures first. `deferred` is by attributes, not by account.
    `steps` says what happens next, `roll_out` in which waves customizations run, if they do,
    `landing_zone` what Control Tower is like, where there is one.
    """

    heading: str
    verdict: str
    totals: str
    holds: tuple[Row, ...]
    rows: tuple[Row, ...]
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    deferred: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    orphans: tuple[Bystander, ...]
    unmanaged: tuple[Bystander, ...]
    steps: tuple[Phrase, ...]
    roll_out: Phrase = ()
    landing_zone: Phrase = ()


def summarize(plan: Plan, occasion: Occasion, *, apply: str = APPLY) -> Summary:
    """The plan in words, for the occasion. `apply`: the command that carries it out once it was reviewed, for a terminal."""
    errors = tuple(sorted(each for each in plan.findings if each.severity is Severity.ERROR))
    verdict = _verdict(plan, errors)
    return Summary(
        heading=f"{_command(occasion)}: {verdict} · digest {plan.digest[:8]}",
        verdict=verdict,
        totals=_totals(plan),
        holds=_hold_rows(plan.holds),
        rows=_rows(plan.changes),
        errors=errors,
        warnings=tuple(sorted(each for each in plan.findings if each.severity is Severity.WARNING)),
        deferred=_deferred(plan.deferred),
        orphans=plan.orphans,
        unmanaged=plan.unmanaged,
        steps=_steps(plan, occasion, errors, apply),
        roll_out=() if plan.roll_out is None else wave_words.phrase(plan.roll_out),
        landing_zone=() if plan.landing_zone is None else landing_zone_words.of_zone(plan.landing_zone),
    )


def _command(occasion: Occasion) -> str:
    match occasion:
        case Occasion.TERMINAL | Occasion.PULL_REQUEST:
            return "vend plan"
        case Occasion.APPLY:
            return "vend apply"
        case Occasion.CUSTOMIZE:
            return "vend customize"


def _verdict(plan: Plan, errors: tuple[Finding, ...]) -> str:
    parts = [counted(len(plan.changes), "change") if plan.changes else "no changes"]
    if plan.holds:
        parts.append(f"{len(plan.holds):,} on hold")
    if errors:
        parts.append(counted(len(errors), "error"))
    return ", ".join(parts)


def _totals(plan: Plan) -> str:
    """`1 unit to create, 2 accounts to create, 1 to move; 12 accounts managed`."""
    kinds = Counter(describe.kind(change) for change in plan.changes)
    changes = ", ".join(_total(kind, number) for kind, number in kinds.items())
    managed = f"{counted(plan.managed, 'account')} managed"
    return f"{changes}; {managed}" if changes else managed


def _total(kind: str, number: int) -> str:
    verb, _, noun = kind.partition(" ")
    if kind in _CREATED:
        return f"{counted(number, _CREATED[kind])} to create"
    return f"{counted(number, noun)} to {verb}" if noun else f"{number:,} to {kind}"


def _rows(changes: Iterable[Change]) -> tuple[Row, ...]:
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        groups.setdefault(describe.same_effect(change), []).append(change)
    rows = [_row(part) for group in groups.values() for part in _folded(group)]
    return tuple(sorted(rows, key=lambda row: not isinstance(row.changes[0], CloseAccount)))


def _hold_rows(holds: Iterable[Hold]) -> tuple[Row, ...]:
    groups: dict[tuple[str, ...], list[Hold]] = {}
    for hold in holds:
        key = (*describe.same_effect(hold.change), hold.guard, hold.reason, hold.release)
        groups.setdefault(key, []).append(hold)
    return tuple(_hold_row(part) for group in groups.values() for part in _folded(group))


def _folded(group: list[T]) -> list[list[T]]:
    return [group] if len(group) >= FOLD_FROM else [[each] for each in group]


def _row(changes: list[Change]) -> Row:
    first = changes[0]
    words = describe.phrase(first)
    if len(changes) > 1:
        words = (*words, " (same difference everywhere)")
    return Row(sign=describe.sign(first), kind=describe.kind(first), what=words, changes=tuple(changes))


def _hold_row(holds: list[Hold]) -> Row:
    first = holds[0]
    return Row(
        sign=HOLD_SIGN,
        kind=describe.kind(first.change),
        what=describe.phrase(first.change),
        changes=tuple(hold.change for hold in holds),
        reason=(Sentence(clip(first.reason, TEXT_LIMIT)),) if first.reason else (Value(first.guard),),
        release=(Sentence(clip(first.release, TEXT_LIMIT)),) if first.release else (),
    )


def _deferred(deferred: Iterable[Deferred]) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in deferred:
        groups.setdefault(each.attributes, []).append(each.key)
    return tuple((attributes, tuple(keys)) for attributes, keys in groups.items())


def _steps(plan: Plan, occasion: Occasion, errors: tuple[Finding, ...], apply: str) -> tuple[Phrase, ...]:
    steps: list[Phrase] = []
    if errors:
        steps.append(("A request with an error takes no part; correct it, and plan again.",))
    if plan.holds:
        steps.append(("What is on hold waits until it is released as its line says.",))
    if plan.changes:
        steps += _next(plan, occasion, apply)
    if plan.is_empty and not errors:
        chosen = occasion is Occasion.CUSTOMIZE
        steps.append(("Nothing is due in the chosen accounts." if chosen else "The organization is as asked for.",))
    return tuple(steps)


def _next(plan: Plan, occasion: Occasion, apply: str) -> list[Phrase]:
    carried_out: Phrase = (Command(apply), " applies these changes, and only these.")
    detail: Phrase = (Command(f"vend plan --detail {shlex.quote(_example(plan))}"), " shows one in full.")
    match occasion:
        case Occasion.PULL_REQUEST:
            return [("On merge these changes, and only these, are applied.",), detail]
        case Occasion.TERMINAL:
            return [carried_out, detail]
        case Occasion.CUSTOMIZE:
            return [carried_out]
        case Occasion.APPLY:
            return [("These changes, and only these, are applied.",)]


def _example(plan: Plan) -> str:
    """A subject of the plan, an account rather than a unit."""
    first = next((each for each in plan.changes if not isinstance(each, CreateUnit)), plan.changes[0])
    return clip(subject_of(first), field_words.VALUE_LIMIT)
