"""Which accounts have their turn: a share of them each day, every one of them in its time."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from pipeline.model.json import digest

_WRITTEN: Final = re.compile(r"(\d{1,4})(?:/(\d{1,4})|(%))?")


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole` accounts a day, so that each has its turn within `whole / part` days, rounded up."""

    part: int
    whole: int

    def has(self, account_id: str, day: date) -> bool:
        """Whether it is the account's turn on that day. By its id alone: it does not matter which others there are."""
        place = int(digest(account_id)[:8], 16) % self.whole
        return (place - day.toordinal() * self.part) % self.whole < self.part

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}"


NOBODY: Final = Share(0, 1)


def share_of(text: str) -> Share:
    """`1/7`, `25%`, `0` for none, `1` for all. Raises `ValueError` for anything else."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no share')
    part, whole = int(found[1]), 100 if found[3] else int(found[2] or 1)
    if whole == 0 or part > whole:
        raise ValueError(f'"{text}" is no share')
    return Share(part, whole)
