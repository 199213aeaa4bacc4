"""Reviewing: what of a new plan is what people saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Final, cast

from pipeline.model.account_settings import NOT_ENABLED
from pipeline.model.change import Change, EnrollAccount, UpdateAccount
from pipeline.model.effect import Effect, effects_of
from pipeline.model.json import Json
from pipeline.model.landing_zone import REPAIRS
from pipeline.model.plan import Hold, Plan
from pipeline.planning.adoption import claims, wait_for_claims
from pipeline.planning.guards import ALWAYS_GUARD, SHARE_GUARD
from pipeline.planning.ordering import hold_rank, rank
from pipeline.planning.seen import Seen, divided

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

    A change is covered when each of its effects is; so what is left of a half-done change is. Of an update, attributes that the
    review was not about (they have drifted by themselves) wait without the others. An account that a reviewed
    creation has made meanwhile is covered by it: the move out of the root, contacts, Regions, settings. An account that
    somebody else has made is not, though it has the address: its adoption was not reviewed, and everything else of it waits
    for that.

    `max_changed_share` compares with the accounts that there are, and half of a plan may be a larger share of them than the
    whole was of those after it. The guard passed the reviewed plan, so a covered change does not wait for it again. Nor does an
    enrolment that is left of a reviewed creation wait for the confirmation that enrolments need.
    """
    seen = Seen.of(reviewed)
    changes: list[Change] = []
    holds: list[Hold] = []
    for change in plan.changes:
        covered, rest = _divided(change, seen)
        changes += [covered] if covered is not None else []
        holds += [_not_reviewed(rest)] if rest is not None else []
    for hold in plan.holds:
        if _was_guarded_then(hold) and _is_covered(hold.change, seen):
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


def _was_guarded_then(hold: Hold) -> bool:
    return hold.guard == SHARE_GUARD or (hold.guard == ALWAYS_GUARD and isinstance(hold.change, EnrollAccount))


def _divided(change: Change, seen: Seen) -> tuple[Change | None, Change | None]:
    """What of a change was reviewed, and what was not. Never both where an attribute that was shown has another value now."""
    if _is_covered(change, seen):
        return change, None
    if not isinstance(change, UpdateAccount) or claims(change):
        return None, change
    covered, rest = divided(change, lambda each: _is_covered(each, seen))
    if covered is None or (rest is not None and seen.has_shown(rest)):
        return None, change
    return covered, rest


def _is_covered(change: Change, seen: Seen) -> bool:
    return all(seen.approved & _digests(effect) for effect in effects_of(change))


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
    if effect.path == ("managed",) and isinstance(effect.after, Mapping) and "repairs" in effect.after:
        reviewed_as += _with_more_repairs(effect, effect.after)
    if effect.path[0] == "settings":
        reviewed_as.append(replace(of_creation, path=effect.path[:_SETTING], before=None))
        if len(effect.path) > _SETTING:
            reviewed_as.append(replace(effect, before=NOT_ENABLED))
    if effect.path[0] in {"contact_information", "access"}:
        reviewed_as.append(replace(of_creation, before=None))
    return frozenset(each.digest for each in reviewed_as)


def _with_more_repairs(effect: Effect, after: Mapping[str, Json]) -> list[Effect]:
    """An enrolment some of whose repairs are done already; as part of a creation it needed none."""
    reviewed = (list(repairs) for number in range(len(REPAIRS) + 1) for repairs in combinations(REPAIRS, number))
    left = frozenset(map(str, cast("Iterable[Json]", after["repairs"])))
    return [replace(effect, after={**after, "repairs": repairs}) for repairs in reviewed if left <= frozenset(repairs)]


def _not_reviewed(change: Change) -> Hold:
    return Hold(
        change=change,
        guard=NOT_REVIEWED,
        reason="this is not what was reviewed",
        release="run `vend plan` again, and have the new plan reviewed",
    )
