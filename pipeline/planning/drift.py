"""Drift is no second algorithm: it is the plan when nobody has asked for anything new, told attribute by attribute.

Beside the plan stands what no plan changes: what Control Tower calls drift where nobody asks for a repair, accounts that are
closed, nobody's, or ours without a request.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from pipeline.model.account import AccountState
from pipeline.model.change import (
    Change,
    ChangeControl,
    ControlAction,
    CreateAccount,
    CustomizeAccount,
    FieldChange,
    RegisterUnit,
    UnitAction,
    UnitChange,
    UpdateAccount,
    kind_of,
)
from pipeline.model.customization import ResourceChange
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.drift_report import DriftItem, DriftReport, Repair, Section, WaysOut
from pipeline.model.effect import Effect, digest_of, effects_of
from pipeline.model.json import Json, digest
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.plan import Bystander, Hold, Plan
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.drift_acceptance import acceptance
from pipeline.planning.landing_zone_drift import landing_zone_items
from pipeline.planning.repairs import Repairs, repairs_change, repairs_field

_ORDER = {section: place for place, section in enumerate(Section)}
_ID = 16
_SHOWN = 5
"""Resources that a reason names; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a report knows beside the plan.

    `drifted`: what Terraform has found to be changed outside of it, by request key and customization.
    """

    desired: DesiredState
    observed: ObservedState
    repository: str
    repairs: Repairs
    drifted: Mapping[tuple[str, str], tuple[ResourceChange, ...]] = field(default_factory=dict)


def drift_of(plan: Plan, around: Surroundings) -> DriftReport:
    """The plan as drift, with what no plan would change beside it. Without history, and without authors."""
    requests = {request.key: request for request in around.desired.requests}
    planned = chain(
        *(_items(change, None, requests, around) for change in plan.changes),
        *(_items(hold.change, hold, requests, around) for hold in plan.holds),
    )
    items = [
        *planned,
        *landing_zone_items(plan, around.observed),
        *(_bystander(each, Section.ORPHANS) for each in plan.orphans),
        *(_bystander(each, Section.UNMANAGED) for each in plan.unmanaged),
        *_closed(around),
    ]
    return DriftReport(
        repository=around.repository,
        read_at=around.observed.read_at,
        plan=plan.digest,
        managed=plan.managed,
        items=tuple(sorted(_identified(items), key=_place)),
        findings=plan.findings,
        notes=(
            *(f'"{each.key}": {", ".join(each.attributes)} not compared by this version' for each in plan.deferred),
            *_left_by_terraform(plan, around),
        ),
    )


def _left_by_terraform(plan: Plan, around: Surroundings) -> Iterator[str]:
    """What was changed outside of Terraform, and its own plan leaves as it is: it calls for nobody, and no run puts it right."""
    about = (*plan.changes, *(hold.change for hold in plan.holds))
    told = {(each.key, each.customization) for each in about if isinstance(each, CustomizeAccount)}
    for (key, name), resources in sorted(around.drifted.items()):
        if (key, name) not in told:
            yield f'"{key}", customization "{name}": changed outside of Terraform, whose plan leaves it: {_listed(resources)}'


def _place(item: DriftItem) -> tuple[int, str, str, tuple[str, ...], str]:
    return (_ORDER[item.section], item.subject, item.account_id or "", item.path, item.id)


def _identified(items: Iterable[DriftItem]) -> Iterator[DriftItem]:
    """Ids by what an item is about, not by its values: so they stay while a difference does."""
    seen: Counter[str] = Counter()
    for item in items:
        is_unit = item.section is Section.UNITS
        about = digest([is_unit, item.account_id or item.subject, list(item.path)])[:_ID]
        seen[about] += 1
        yield replace(item, id=about if seen[about] == 1 else f"{about}-{seen[about]}")


def _items(
    change: Change, hold: Hold | None, requests: Mapping[str, AccountRequest], around: Surroundings
) -> Iterator[DriftItem]:
    request = None if isinstance(change, UnitChange) else requests.get(change.key)
    drifted = around.drifted.get((change.key, change.customization), ()) if isinstance(change, CustomizeAccount) else ()
    for effect in _facts(change):
        accepted = acceptance(change, effect, request)
        repair, words = _repair(change, effect, hold, around.repairs)
        yield DriftItem(
            id="",
            section=_section(change, hold),
            kind=kind_of(change),
            subject=effect.subject,
            name=_name(change),
            account_id=effect.account_id,
            path=effect.path,
            wanted=effect.after,
            found=[[each.address, each.action] for each in drifted] if drifted else effect.before,
            change=digest_of(change),
            guard=hold.guard if hold else "",
            reason=_reason(change, hold, drifted),
            ways_out=WaysOut(
                file=request.origin().file if request else "",
                accept=() if isinstance(accepted, str) else accepted,
                accept_words=accepted if isinstance(accepted, str) else "",
                repair=repair,
                repair_words=words,
            ),
        )


def _reason(change: Change, hold: Hold | None, drifted: tuple[ResourceChange, ...]) -> str:
    if hold is not None:
        return hold.reason
    match change:
        case CustomizeAccount(reasons=reasons, resources=resources):
            would = f"Terraform would {_listed(resources)}" if resources else ""
            outside = f"changed outside of Terraform: {_listed(drifted)}" if drifted else ""
            return "; ".join(each for each in (", ".join(reasons), would, outside) if each)
        case RegisterUnit(action=UnitAction.RESET):
            return "the unit's baseline has failed, or an account in the unit differs from it"
        case ChangeControl(action=ControlAction.RESET):
            return DRIFT[DriftKind.CONTROL].meaning
        case _:
            return ""


def _listed(resources: tuple[ResourceChange, ...]) -> str:
    """`update aws_s3_bucket.logs, delete aws_iam_role.x, and 3 more`."""
    words = [f"{each.action} {each.address}" for each in resources[:_SHOWN]]
    return ", ".join([*words, f"and {len(resources) - _SHOWN} more"] if len(resources) > _SHOWN else words)


def _facts(change: Change) -> tuple[Effect, ...]:
    """The effects of a change; a missing account is one fact."""
    if not isinstance(change, CreateAccount):
        return effects_of(change)
    wanted: Json = {"email": change.spec.email, "organizational_unit": change.spec.organizational_unit}
    return (Effect(subject=change.key, account_id=None, path=("account",), before=None, after=wanted),)


def _name(change: Change) -> str:
    if isinstance(change, UnitChange):
        return ""
    return change.spec.name if isinstance(change, CreateAccount) else change.name


def _section(change: Change, hold: Hold | None) -> Section:
    if hold is not None:
        return Section.HOLDS
    match change:
        case RegisterUnit(action=UnitAction.RESET) | ChangeControl(action=ControlAction.RESET):
            return Section.LANDING_ZONE
        case CustomizeAccount():
            return Section.CUSTOMIZATIONS
        case _:
            return Section.UNITS if isinstance(change, UnitChange) else Section.ACCOUNTS


def _repair(change: Change, effect: Effect, hold: Hold | None, repairs: Repairs) -> tuple[Repair, str]:
    if hold is not None:
        return Repair.HOLD, f"nothing happens until it is released: {hold.release}"
    if isinstance(change, UpdateAccount):
        is_repair = repairs_field(FieldChange(path=effect.path, before=effect.before, after=effect.after), repairs)
    else:
        is_repair = repairs_change(change, repairs)
    if is_repair:
        return Repair.NEXT_APPLY, "the next apply puts it right"
    return Repair.REVIEW, f'`drift.repair` is "{repairs.value}", which leaves it to a reviewed plan'


def _bystander(account: Bystander, section: Section) -> DriftItem:
    is_orphan = section is Section.ORPHANS
    accept = (
        f'write a request for it, or remove the tag "account-vending:request" of account "{account.account_id}"'
        if is_orphan
        else "write a request with its `account_id`, which adopts it; or leave it as it is"
    )
    return DriftItem(
        id="",
        section=section,
        kind="orphan" if is_orphan else "unmanaged",
        subject=account.key or account.name,
        name=account.name,
        account_id=account.account_id,
        path=("request",),
        found=account.organizational_unit,
        reason="ours by tag, and no request speaks for it" if is_orphan else "no request speaks for it",
        ways_out=WaysOut(accept_words=accept, repair_words="nothing is ever done to it"),
    )


def _closed(around: Surroundings) -> Iterator[DriftItem]:
    """Accounts of this repository that nobody can use."""
    for account in around.observed.accounts:
        if account.repository == around.repository and (account.is_closed or _is_suspended(account)):
            state = "CLOSED" if account.state is AccountState.ACTIVE else account.state.value
            yield DriftItem(
                id="",
                section=Section.CLOSED,
                kind="closed",
                subject=account.key or account.spec.name,
                name=account.spec.name,
                account_id=account.account_id,
                path=("account-state",),
                found=state,
                reason=f"AWS says {state}",
                ways_out=WaysOut(
                    accept_words="keep its file until AWS has forgotten the account, 90 days after its closing",
                    repair_words="AWS Support can reinstate it for 90 days",
                ),
            )


def _is_suspended(account: ObservedAccount) -> bool:
    return account.state is AccountState.SUSPENDED
