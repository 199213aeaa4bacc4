"""Reviewing: what of a new plan is what people saw."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from pipeline.model.account_settings import NOT_ENABLED
from pipeline.model.change import Change, Effect, effects_of
from pipeline.model.plan import Hold, Plan
from pipeline.planning.adoption import wait_for_claims
from pipeline.planning.guards import SHARE_GUARD
from pipeline.planning.ordering import hold_rank, rank

_SETTING: Final = len(("settings", "name"))
"""Parts of the path of a setting; a regional one has the Region after it."""

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
    creation has made meanwhile is covered by it: the move out of the root, contacts, Regions, settings. An account that
    somebody else has made is not, though it has the address: its adoption was not reviewed, and everything else of it waits
    for that.

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
    free, waiting = wait_for_claims(changes, holds)
    return Review(
        plan=replace(
            plan, changes=tuple(sorted(free, key=rank)), holds=tuple(sorted((*holds, *waiting), key=hold_rank))
        ),
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
    """The digests under which the effect may have been reviewed.

    Its own; the one it has as part of a creation, whose account has no id yet; for a regional setting the one of a Region
    that was not enabled at the review. What a creation or a new Region begins with is AWS's to choose, so the value before
    is not compared with it.
    """
    of_creation = replace(effect, account_id=None)
    reviewed_as = [effect, of_creation]
    if effect.path[0] == "settings":
        reviewed_as.append(replace(of_creation, path=effect.path[:_SETTING], before=None))
        if len(effect.path) > _SETTING:
            reviewed_as.append(replace(effect, before=NOT_ENABLED))
    return frozenset(each.digest for each in reviewed_as)


def _not_reviewed(change: Change) -> Hold:
    return Hold(
        change=change,
        guard=NOT_REVIEWED,
        reason="this is not what was reviewed",
        release="run `vend plan` again, and have the new plan reviewed",
    )
