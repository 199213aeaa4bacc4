"""Repairs: which differences an apply puts right though no pull request has shown them.

What stands on the main branch was reviewed when it was merged, so to restore it is no news. How far that goes is the
organization's to say (`drift: {repair: …}`); guards and holds come before it, whatever it says.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from pipeline.model.access import FOREIGN
from pipeline.model.change import (
    Change,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    FieldChange,
    UpdateAccount,
    subject_of,
)
from pipeline.model.effect import effects_of
from pipeline.model.plan import Hold, Plan
from pipeline.planning.adoption import claims, wait_for_claims
from pipeline.planning.ordering import hold_rank, rank
from pipeline.planning.review import NOT_REVIEWED, Review
from pipeline.planning.seen import Seen, alone, divided


class Repairs(StrEnum):
    """What is repaired without a review."""

    NEVER = "never"
    SAFE = "safe"
    """Name, tags, contacts, contact information and settings of an account."""
    ALL = "all"
    """All that a plan may do to what exists."""


_SAFE: Final = frozenset({"name", "tags", "contacts", "contact_information", "settings"})

_NEW: Final = (CreateAccount, CreateUnit, EnrollAccount, CustomizeAccount)
"""What begins something is no repair: it was never otherwise. What Terraform would do is nobody's to know before it is asked."""


def repairs_field(field: FieldChange, allowed: Repairs) -> bool:
    """Whether one attribute is put right without a review. Ownership never is: that an account becomes ours is for people."""
    if allowed is Repairs.NEVER or field.path == ("ownership",) or field.before == FOREIGN:
        return False
    return allowed is Repairs.ALL or field.path[0] in _SAFE


def repairs_change(change: Change, allowed: Repairs) -> bool:
    """Whether all of a change is put right without a review."""
    if isinstance(change, UpdateAccount):
        return all(repairs_field(field, allowed) for field in change.fields)
    return allowed is Repairs.ALL and not isinstance(change, _NEW)


def with_repairs(review: Review, reviewed: Plan, allowed: Repairs, standing: frozenset[str]) -> Review:
    """`review`, in which repairs go on though nobody has reviewed them.

    `standing`: keys and unit paths of what stands in git as it was committed; what was only just written restores nothing. Only
    what is on hold for want of a review can go on. What the reviewed plan was about, on hold or not, is no repair: another value
    than at the review has to be reviewed again. Of an update, what is a repair or was reviewed goes on by itself; of an account
    that is not marked as its request's yet, nothing does.
    """
    if allowed is Repairs.NEVER:
        return review
    seen = Seen.of(reviewed)
    changes = list(review.plan.changes)
    holds: list[Hold] = []
    for hold in review.plan.holds:
        is_repair = hold.guard == NOT_REVIEWED and subject_of(hold.change) in standing
        free, waiting = _split(hold, seen, allowed) if is_repair else (None, hold)
        changes += [free] if free is not None else []
        holds += [waiting] if waiting is not None else []
    left, behind = wait_for_claims(changes, holds)
    plan = replace(
        review.plan, changes=tuple(sorted(left, key=rank)), holds=tuple(sorted((*holds, *behind), key=hold_rank))
    )
    return replace(review, plan=plan)


def _split(hold: Hold, seen: Seen, allowed: Repairs) -> tuple[Change | None, Hold | None]:
    """What of a change on hold goes on, and what is left waiting."""
    change = hold.change
    if not isinstance(change, UpdateAccount):
        return (change, None) if _repairs(change, seen, allowed) else (None, hold)
    if claims(change) or not any(_repairs(each, seen, allowed) for each in alone(change)):
        return None, hold
    free, rest = divided(change, lambda each: _is_approved(each, seen) or _repairs(each, seen, allowed))
    return free, (replace(hold, change=rest) if rest is not None else None)


def _repairs(change: Change, seen: Seen, allowed: Repairs) -> bool:
    return repairs_change(change, allowed) and not seen.has_shown(change)


def _is_approved(change: Change, seen: Seen) -> bool:
    return all(effect.digest in seen.approved for effect in effects_of(change))
