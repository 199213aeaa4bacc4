"""Words for a roll-out."""

from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.model.plan import RollOut
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import Phrase, Value, counted

WAVES_SHOWN: Final = 8
"""Waves that are told one by one; the rest is counted."""

NAMED: Final = 3
"""A first wave of so many accounts at most is told by name: that is where people look first."""

_KEY_LIMIT: Final = 40


def phrase(roll_out: RollOut) -> Phrase:
    """`waves: 1 account (search-dev), then 12, then the other 99; stops at the first failure`."""
    return (*_order(roll_out.waves), *_end(roll_out))


def place_of(roll_out: RollOut, key: str) -> str:
    """`wave 2 of 3`; empty for an account that is not in it, and where there is one wave only."""
    waves = roll_out.waves
    found = next((number for number, keys in enumerate(waves, 1) if key in keys), None)
    return "" if found is None or len(waves) == 1 else f"wave {found} of {len(waves)}"


def _order(waves: Sequence[Sequence[str]]) -> Iterator[str | Value]:
    yield f"waves: {counted(len(waves[0]), 'account')}"
    if len(waves) == 1:
        yield " at once" if len(waves[0]) > 1 else ""
        return
    if len(waves[0]) <= NAMED:
        for number, key in enumerate(waves[0]):
            yield ", " if number else " ("
            yield Value(clip(key, _KEY_LIMIT))
        yield ")"
    between = waves[1:-1]
    yield from (f", then {len(wave):,}" for wave in between[:WAVES_SHOWN])
    if len(between) > WAVES_SHOWN:
        yield f", then {counted(len(between) - WAVES_SHOWN, 'wave')} more"
    yield f", then the {'last one' if len(waves[-1]) == 1 else f'other {len(waves[-1]):,}'}"


def _end(roll_out: RollOut) -> Phrase:
    several, budget = len(roll_out.waves) > 1, roll_out.failure_budget
    if budget == 0:
        return ("; stops at the first failure",)
    canary = ["if the first wave does not succeed"] if several else []
    limit = (
        []
        if budget is None
        else [f"when more than {counted(budget, 'customization')} {'fails' if budget == 1 else 'fail'}"]
    )
    return (f"; stops {' or '.join((*canary, *limit))}",) if canary or limit else ()
