"""Reviewed means reviewed: whether what Terraform would do now is what people have seen."""

from typing import Final

from pipeline.model.customization import Difference
from pipeline.model.json import digest

_SHOWN: Final = 5
_OF_REPLACING: Final = ("create", "delete")


def review_digest(difference: Difference) -> str:
    """What was reviewed, short enough for the key of a mark: 24 hexadecimal characters."""
    return digest([list(row) for row in sorted(difference.rows)])[:24]


def objection(now: Difference, reviewed: Difference, *, resumed: bool) -> str:
    """What differs from the review, for people; empty if nothing does.

    Both have to have the same addresses and actions. `resumed`: an apply of this very review was begun and did not end, so a
    part of it may be done already; then what is left has to be a part of what was reviewed: of a replacement that stopped half
    way, the creation or the deletion.
    """
    half = {(address, each) for address, action in reviewed.rows if action == "replace" for each in _OF_REPLACING}
    new = sorted(now.rows - reviewed.rows - (half if resumed else set()))
    gone = [] if resumed else sorted(reviewed.rows - now.rows)
    said = []
    if new:
        said.append(f"not reviewed: {_listed(new)}")
    if gone:
        said.append(f"reviewed, but no longer to do: {_listed(gone)}")
    return "; ".join(said)


def _listed(rows: list[tuple[str, str]]) -> str:
    words = [f"{action} {address}" for address, action in rows[:_SHOWN]]
    return ", ".join([*words, f"and {len(rows) - _SHOWN} more"] if len(rows) > _SHOWN else words)
