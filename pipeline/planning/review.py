"""Reviewing: what of a new plan is what people saw."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from pipeline.model.change import Change, Effect, effects_of
from pipeline.model.plan import Hold, Plan
from pipeline.planning.guards import SHARE_GUARD
from pipeline.planning.ordering import hold_rank, rank

NOT_REVIEWED: Final = "not-reviewed"
"""Guard of a change that is not what was reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`plan` changes only what was reviewed; `vanished` are reviewed changes that the new plan knows nothing of any more.

    A vanished change is done already, or no longer needed, or its attribute has another value than at the review.
    """

    plan: Plan
    vanished: tuple[Change, ...]


def review(plan: Plan, reviewed: Plan) -> Review:
    """Hold every change of `plan` that `reviewed` does not cover with its changes; holds were seen, but not approved.

    A change is covered when each of its effects is; so what is left of a half-done change is. An account that a reviewed
    creation has made meanwhile is covered by it: the move out of the root, and contacts.

    `max_changed_share` compares with the accounts that there are, and half of a plan may be a larger share of them than the
    whole was of those after it. The guard passed the reviewed plan, so a covered change does not wait for it again.
    """
    approved = frozenset(effect.digest for change in reviewed.changes for effect in effects_of(change))
    changes: list[Change] = []
    holds: list[Hold] = []
    for change in plan.changes:
        if _is_covered(change, approved):
            changes.append(change)
        else:
            holds.append(_not_reviewed(change))
    for hold in plan.holds:
        if hold.guard == SHARE_GUARD and _is_covered(hold.change, approved):
            changes.append(hold.change)
        else:
            holds.append(hold)
    return Review(
        plan=replace(plan, changes=tuple(sorted(changes, key=rank)), holds=tuple(sorted(holds, key=hold_rank))),
        vanished=_vanished(plan, reviewed),
    )


def _is_covered(change: Change, approved: frozenset[str]) -> bool:
    return all(approved & _digests(effect) for effect in effects_of(change))


def _vanished(plan: Plan, reviewed: Plan) -> tuple[Change, ...]:
    """Reviewed changes none of whose effects is in the new plan, on hold or not."""
    present = chain(plan.changes, (hold.change for hold in plan.holds))
    left = {digest for change in present for effect in effects_of(change) for digest in _digests(effect)}
    return tuple(
        change for change in reviewed.changes if left.isdisjoint(effect.digest for effect in effects_of(change))
    )


def _digests(effect: Effect) -> frozenset[str]:
    """The effect's own digest, and the one it has as part of a creation, whose account has no id yet."""
    return frozenset({effect.digest, replace(effect, account_id=None).digest})


def _not_reviewed(change: Change) -> Hold:
    return Hold(
        change=change,
        guard=NOT_REVIEWED,
        reason="this is not what was reviewed",
        release="run `vend plan` again, and have the new plan reviewed",
    )
