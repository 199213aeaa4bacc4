"""Customizations in a plan: what holds them back, and what of them was reviewed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.model.change import Change, CustomizeAccount
from pipeline.model.plan import Hold, Plan
from pipeline.planning.ordering import hold_rank

FAILED_GUARD: Final = "terraform-plan"
DESTROYS_GUARD: Final = "max-destroys"
ORDER_GUARD: Final = "customization-order"

Name = tuple[str, str]
"""Request key and customization."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Terraform could not tell what it would change."""

    reason: str
    remedy: str


def with_customizations(
    plan: Plan, changes: Sequence[CustomizeAccount], untold: Mapping[Name, Untold], *, max_destroys: int
) -> Plan:
    """`plan` with these customizations behind all other changes, in their order, in which dependencies come first.

    On hold are: what Terraform could not tell of, what would delete or replace more than `max_destroys` resources of one
    account, and what comes after one on hold.
    """
    holds: dict[Name, Hold] = {}
    for change in changes:
        held = _hold(change, untold, max_destroys) or _hold_after(change, holds)
        if held is not None:
            holds[_name(change)] = held
    return replace(
        plan,
        changes=(*plan.changes, *(change for change in changes if _name(change) not in holds)),
        holds=tuple(sorted((*plan.holds, *holds.values()), key=hold_rank)),
    )


def with_review(plan: Plan, reviewed: Plan) -> Plan:
    """`plan` with what Terraform would change as it was reviewed, where source and inputs are still those of the review.

    Whether Terraform still says the same is compared when the customization runs, so it need not run twice. That it is for
    the account that was reviewed is left to the review itself: the account's id is part of the effect.
    """
    known = {(*_name(each), each.fingerprint): each for each in _customizations(reviewed)}

    def seen(change: Change) -> Change:
        if not isinstance(change, CustomizeAccount):
            return change
        before = known.get((*_name(change), change.fingerprint))
        return change if before is None else replace(change, resources=before.resources)

    return replace(plan, changes=tuple(seen(change) for change in plan.changes))


def _customizations(plan: Plan) -> Iterator[CustomizeAccount]:
    return (change for change in plan.changes if isinstance(change, CustomizeAccount))


def _name(change: CustomizeAccount) -> Name:
    return change.key, change.customization


def _hold(change: CustomizeAccount, untold: Mapping[Name, Untold], allowed: int) -> Hold | None:
    destroys = sum(each.action in {"delete", "replace"} for each in change.resources or ())
    if (known := untold.get(_name(change))) is not None:
        return Hold(change=change, guard=FAILED_GUARD, reason=known.reason, release=known.remedy)
    if destroys > allowed:
        return Hold(
            change=change,
            guard=DESTROYS_GUARD,
            reason=f"Terraform would delete or replace {destroys} resources; `customizations.max_destroys` allows {allowed}",
            release=f"read `vend plan --detail {change.key}`, then raise `customizations.max_destroys` in vending.yaml",
        )
    return None


def _hold_after(change: CustomizeAccount, holds: Mapping[Name, Hold]) -> Hold | None:
    waiting = next((name for name in change.after if (change.key, name) in holds), None)
    if waiting is None:
        return None
    reason = f'it comes after "{waiting}", which is on hold'
    return Hold(change=change, guard=ORDER_GUARD, reason=reason, release=f'release "{waiting}"')
