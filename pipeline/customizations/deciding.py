"""Which customizations have to run, and why: pure, from fingerprints and one listing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Final

from pipeline.customizations.fingerprint import Fingerprint, changed_parts
from pipeline.customizations.state import NO_STATE, Listing, Mark
from pipeline.model.customization import Target

DAYS: Final = 7
"""After so many days at most, an unchanged customization is planned again: somebody may have changed the account."""


class Reason(StrEnum):
    NEVER_APPLIED = "never applied"
    INTERRUPTED = "an apply was begun and did not end well"
    SOURCE_CHANGED = "source changed"
    INPUTS_CHANGED = "inputs changed"
    SETTINGS_CHANGED = "settings changed"
    TERRAFORM_CHANGED = "Terraform's version changed"
    STATE_MOVED = "state moved by somebody else"
    VERIFICATION = "due for verification"
    UNPINNED = "never skipped: something it depends on is not pinned"
    FORCED = "asked for with --force"


_OF_PARTS: Final = {
    "source": Reason.SOURCE_CHANGED,
    "inputs": Reason.INPUTS_CHANGED,
    "settings": Reason.SETTINGS_CHANGED,
    "terraform": Reason.TERRAFORM_CHANGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Why a customization has to run; all reasons that are known. `since`: the mark that was found, None if there is none.

    `earlier_source`: the beginning of the digest of the source that was applied, where the source has changed.
    """

    reasons: tuple[Reason, ...]
    since: Mark | None = None
    earlier_source: str = ""


def decide(
    desired: Mapping[Target, Fingerprint], listing: Listing, today: date, *, days: int = DAYS
) -> dict[Target, Due | None]:
    """What each target is due for; None: unchanged and verified, so nothing has to be run or asked."""
    return {target: _due(target, wanted, listing, today, days) for target, wanted in desired.items()}


def _due(target: Target, wanted: Fingerprint, listing: Listing, today: date, days: int) -> Due | None:
    marks = listing.marks.get(target, ())
    if not marks:
        return Due(reasons=(Reason.NEVER_APPLIED,))
    # Two marks stand there if a run was killed between writing the new one and removing the old: the new one is right.
    mark = next((each for each in reversed(marks) if each.fingerprint == wanted.text), marks[-1])
    if changed := changed_parts(wanted.text, mark.fingerprint):
        earlier = mark.fingerprint.split("-")[0] if "source" in changed else ""
        return Due(reasons=tuple(_OF_PARTS[part] for part in changed), since=mark, earlier_source=earlier)
    if reason := _doubt(
        mark, listing.etags.get(target, NO_STATE), _last_turn(target, today, days), pinned=wanted.pinned
    ):
        return Due(reasons=(reason,), since=mark)
    return None


def _doubt(mark: Mark, etag: str, last_turn: date, *, pinned: bool) -> Reason | None:
    """Why a customization with the fingerprint of the mark has to run all the same."""
    if mark.begun:
        return Reason.INTERRUPTED
    if etag != mark.etag:
        return Reason.STATE_MOVED
    if not pinned:
        return Reason.UNPINNED
    return Reason.VERIFICATION if mark.day < last_turn else None


def _last_turn(target: Target, today: date, days: int) -> date:
    """The latest day, today or before, on which it is this account's turn: each day, it is the turn of one in `days`."""
    place = int.from_bytes(sha256(target.account_id.encode()).digest()[:4])
    return date.fromordinal(today.toordinal() - (today.toordinal() + place) % days)
