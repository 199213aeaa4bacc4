"""What of a plan a branch brings, and what differs without it: drift, and what the base branch already asks for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.model.change import Change, CustomizeAccount, UpdateAccount, subject_of
from pipeline.model.effect import effects_of
from pipeline.model.plan import Hold, Plan, RollOut
from pipeline.planning.seen import divided


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A plan in two. `yours` is what the branch changes, and what people review; `drift` is what would differ without it, too."""

    yours: Plan
    drift: Plan


def apart(plan: Plan, without: Plan) -> Apart:
    """`plan` is that of the branch, `without` that of its base, both against one observed state.

    A change is the branch's unless the base plans each of its effects as well; an update is divided attribute by attribute. A
    customization is known by its fingerprint, since Terraform is asked for the branch only. What is on hold is the branch's
    unless the base has it on hold, or planned, too: to release a hold is something that a branch does.
    """
    planned = _known(without.changes)
    seen = planned | _known(hold.change for hold in without.holds)
    changes = [_divided(change, planned) for change in plan.changes]
    holds = [(hold, *_divided(hold.change, seen)) for hold in plan.holds]
    found = frozenset(without.findings)
    yours = replace(
        plan,
        changes=tuple(mine for mine, _ in changes if mine is not None),
        holds=tuple(replace(hold, change=mine) for hold, mine, _ in holds if mine is not None),
        findings=tuple(each for each in plan.findings if each not in found),
    )
    drift = Plan(
        changes=tuple(rest for _, rest in changes if rest is not None),
        holds=tuple(replace(hold, change=rest) for hold, _, rest in holds if rest is not None),
        findings=tuple(each for each in plan.findings if each in found),
        managed=plan.managed,
    )
    return Apart(yours=replace(yours, roll_out=_rolled_out(plan.roll_out, yours)), drift=drift)


def reviewed_by(plans: Iterable[Plan]) -> Plan:
    """All that several reviewed plans change and hold, as one; each change once."""
    changes: list[Change] = []
    holds: list[Hold] = []
    for plan in plans:
        changes += [change for change in plan.changes if change not in changes]
        holds += [hold for hold in plan.holds if hold not in holds]
    return Plan(changes=tuple(changes), holds=tuple(holds))


def about(plan: Plan, subjects: frozenset[str]) -> Plan:
    """The part of a plan that is about these subjects."""
    holds: tuple[Hold, ...] = tuple(hold for hold in plan.holds if subject_of(hold.change) in subjects)
    changes = tuple(change for change in plan.changes if subject_of(change) in subjects)
    return replace(plan, changes=changes, holds=holds)


def subjects_of(plan: Plan) -> frozenset[str]:
    """Every subject that the plan changes or holds."""
    return frozenset((*map(subject_of, plan.changes), *(subject_of(hold.change) for hold in plan.holds)))


def _known(changes: Iterable[Change]) -> frozenset[str]:
    return frozenset(fact for change in changes for fact in _facts(change))


def _facts(change: Change) -> list[str]:
    if isinstance(change, CustomizeAccount):
        return [repr(("customize", change.key, change.account_id, change.customization, change.fingerprint))]
    return [effect.digest for effect in effects_of(change)]


def _divided(change: Change, known: frozenset[str]) -> tuple[Change | None, Change | None]:
    """The part of the change that is not known, and the part that is."""
    if isinstance(change, UpdateAccount):
        return divided(change, lambda each: not known.issuperset(_facts(each)))
    return (None, change) if known.issuperset(_facts(change)) else (change, None)


def _rolled_out(roll_out: RollOut | None, yours: Plan) -> RollOut | None:
    """The waves of those customizations that are the branch's."""
    if roll_out is None:
        return None
    keys = {change.key for change in yours.changes if isinstance(change, CustomizeAccount)}
    waves = tuple(kept for wave in roll_out.waves if (kept := tuple(key for key in wave if key in keys)))
    return replace(roll_out, waves=waves) if waves else None
