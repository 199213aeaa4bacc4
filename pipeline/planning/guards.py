"""Guards: changes that wait for a person.

A guard looks at the changes that are left and objects to some of them; it never adds one. An objection with a
`Confirmation` is released by the request's `confirm`, when it repeats that value; any other becomes a hold. Guards run one
after the other, so the counting ones count only what would really happen.

A move out of the root finishes a creation or an invitation, and is guarded no more than a creation: what is left of an
interrupted run must not wait for a confirmation that the whole did not need.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from pipeline.model.account import ROOT
from pipeline.model.change import (
    AccountChange,
    CloseAccount,
    CreateAccount,
    EnrollAccount,
    MoveAccount,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Hold
from pipeline.model.request import AccountRequest
from pipeline.planning.adoption import wait_for_claims
from pipeline.planning.confirmation import Confirmation, confirmation_of, confirmation_of_move
from pipeline.planning.policy import Policy

SHARE_GUARD: Final = "max-changed-share"
ALWAYS_GUARD: Final = "always-confirm"
_SHARE_FROM: Final = 10
"""Below so many managed accounts a share says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What guards know beside the changes; `managed` counts the accounts that requests were matched to."""

    requests: Mapping[str, AccountRequest]
    observed: ObservedState
    policy: Policy
    managed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Changes that may go on, holds, and the `confirm` entries (request key, field) that released something."""

    changes: tuple[AccountChange, ...]
    holds: tuple[Hold, ...]
    used: frozenset[tuple[str, str]]


def guard(changes: Iterable[AccountChange], situation: Situation) -> Guarded:
    """Hold what a guard objects to and no `confirm` releases.

    Of an update that renames an account and does more, a guard of names holds only the rename: one `UpdateAccount` waits
    with the name, another one goes on with the rest.
    """
    left = list(changes)
    holds: list[Hold] = []
    used: set[tuple[str, str]] = set()
    for objections in _GUARDS:
        stopped: dict[int, _Objection] = {}
        for objection in objections(left, situation):
            if _is_released(objection, situation):
                used.add((objection.change.key, objection.confirmation.field if objection.confirmation else ""))
            else:
                stopped[id(objection.change)] = objection
        holds.extend(_hold(objection, situation) for objection in stopped.values())
        left = [part for change in left for part in _left_over(change, stopped.get(id(change)))]
    free, waiting = wait_for_claims(left, holds)
    return Guarded(changes=free, holds=(*holds, *waiting), used=frozenset(used))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objection:
    change: AccountChange
    guard: str
    reason: str
    confirmation: Confirmation | None = None
    remedy: str = ""

    @property
    def is_about_the_name_only(self) -> bool:
        return self.confirmation is not None and self.confirmation.field == "name"


_Guard = Callable[[Sequence[AccountChange], Situation], Iterator[_Objection]]


def _protected_account(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    for change in changes:
        if isinstance(change, CreateAccount):
            continue
        confirmation = confirmation_of_move(change) if isinstance(change, EnrollAccount) else confirmation_of(change)
        if confirmation and situation.requests[change.key].spec.protected:
            reason = f'request "{change.key}" is protected'
            yield _Objection(change=change, guard="protected-account", reason=reason, confirmation=confirmation)


def _protected_unit(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    for change in changes:
        is_departure = isinstance(change, UnmanageAccount)
        confirmation = confirmation_of(change) if is_departure else confirmation_of_move(change)
        if confirmation is not None:
            ends = _ends(change, situation)
            units = (unit for unit in situation.policy.protected_units if _touches(ends, unit))
            if (unit := next(units, None)) is not None:
                reason = f'unit "{unit}" is protected'
                yield _Objection(change=change, guard="protected-unit", reason=reason, confirmation=confirmation)


def _ends(change: AccountChange, situation: Situation) -> tuple[str, ...]:
    """Where an account comes from and goes to. One that leaves Control Tower goes by way of the root."""
    if isinstance(change, MoveAccount | EnrollAccount):
        return (change.before, change.after)
    if not isinstance(change, UnmanageAccount):
        return ()
    here = (
        each.spec.organizational_unit for each in situation.observed.accounts if each.account_id == change.account_id
    )
    return (*here, situation.requests[change.key].spec.organizational_unit)


def _touches(ends: Iterable[str], unit: str) -> bool:
    return any(end == unit or end.startswith(f"{unit}/") for end in ends)


def _always_confirm(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    for change in changes:
        confirmation, kind = confirmation_of(change), _word(change)
        if confirmation and kind in situation.policy.always_confirm:
            reason = f'`guards.always_confirm` names "{kind}"'
            yield _Objection(change=change, guard=ALWAYS_GUARD, reason=reason, confirmation=confirmation)


def _word(change: AccountChange) -> str:
    """The word of `always_confirm` for a change that has a confirmation."""
    match change:
        case CreateAccount():
            return "create"
        case UpdateAccount(fields=fields):
            return "email" if any(each.path == ("email",) for each in fields) else "rename"
        case MoveAccount():
            return "move"
        case EnrollAccount():
            return "enroll"
        case UnmanageAccount():
            return "unmanage"
        case CloseAccount():
            return "close"
        case _:
            assert_never(change)


def _close_unowned(changes: Sequence[AccountChange], _: Situation) -> Iterator[_Objection]:
    """An account that is nobody's yet is not closed by the way: a mistyped address may have led to it."""
    adopted = {change.account_id for change in changes if isinstance(change, UpdateAccount) and _adopts(change)}
    closed = {change.account_id for change in changes if isinstance(change, CloseAccount)} & adopted
    for change in changes:
        if not isinstance(change, CreateAccount) and change.account_id in closed:
            reason = f'account "{change.account_id}" carries no ownership tag, and would be adopted only to be closed'
            confirmation = Confirmation("state", "closed")
            yield _Objection(change=change, guard="close-unowned", reason=reason, confirmation=confirmation)


def _adopts(change: UpdateAccount) -> bool:
    return any(each.path == ("ownership",) and each.before is None for each in change.fields)


def _closure_quota(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    """AWS closes at most 20 % of the member accounts in 30 days, or 250 if that is more, and never over 1,000.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    Closed accounts stay visible for 90 days, so those that are there are an upper bound of those of the last 30.
    """
    accounts = situation.observed.accounts
    gone = sum(account.is_closed for account in accounts)
    quota = min(max(250, (len(accounts) - 1) // 5), 1_000)
    confirmed, others = _closures(changes, situation)
    excess = gone + len(confirmed) + len(others) - quota
    if excess > 0:
        reason = f"AWS closes at most {quota} accounts in 30 days, and {gone} are closed or closing already"
        for change in (*confirmed, *others[max(0, len(others) - excess) :]):
            yield _closing_objection(change, "closure-quota", reason)


def _max_closures(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    allowed = situation.policy.max_closures
    confirmed, others = _closures(changes, situation)
    if len(confirmed) + len(others) > allowed:
        many = "1 account" if len(others) == 1 else f"{len(others)} accounts"
        reason = f"{many} would be closed, and `guards.max_closures` allows {allowed} in one run"
        for change in (*confirmed, *(others if len(others) > allowed else ())):
            yield _closing_objection(change, "max-closures", reason)


def _max_departures(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    """As many accounts may leave Control Tower in one run as may be closed."""
    allowed = situation.policy.max_closures
    departures = [each for each in changes if isinstance(each, UnmanageAccount)]
    others = [each for each in departures if situation.requests[each.key].confirm.get("managed") is not False]
    if len(departures) > allowed:
        reason = f"{len(departures)} accounts would leave Control Tower, and `guards.max_closures` allows {allowed} in one run"
        confirmed = [each for each in departures if each not in others]
        for change in (*confirmed, *(others if len(others) > allowed else ())):
            confirmation = Confirmation("managed", value=False)
            yield _Objection(change=change, guard="max-closures", reason=reason, confirmation=confirmation)


def _closures(changes: Sequence[AccountChange], situation: Situation) -> tuple[list[CloseAccount], list[CloseAccount]]:
    """Closures that their requests confirm, which no count holds back, and the others."""
    closures = [change for change in changes if isinstance(change, CloseAccount)]
    confirmed = [each for each in closures if situation.requests[each.key].confirm.get("state") == "closed"]
    others = [each for each in closures if situation.requests[each.key].confirm.get("state") != "closed"]
    return confirmed, others


def _closing_objection(change: CloseAccount, guard: str, reason: str) -> _Objection:
    return _Objection(change=change, guard=guard, reason=reason, confirmation=Confirmation("state", "closed"))


def _max_changed_share(changes: Sequence[AccountChange], situation: Situation) -> Iterator[_Objection]:
    counted: list[AccountChange] = []
    touched: set[str] = set()
    for change in changes:
        if not isinstance(change, CreateAccount) and not (isinstance(change, MoveAccount) and change.before == ROOT):
            counted.append(change)
            touched.add(change.account_id)
    managed, allowed = situation.managed, situation.policy.max_changed_share
    if managed >= _SHARE_FROM and len(touched) / managed > allowed:
        reason = (
            f"{len(touched)} of {managed} managed accounts would change, and `guards.max_changed_share` is {allowed:g}"
        )
        remedy = "raise `guards.max_changed_share` in vending.yaml, or split the change into several"
        for change in counted:
            yield _Objection(change=change, guard=SHARE_GUARD, reason=reason, remedy=remedy)


_GUARDS: Final[tuple[_Guard, ...]] = (
    _close_unowned,  # before those that hold the closure alone, and would let the adoption go on
    _protected_account,
    _protected_unit,
    _always_confirm,
    _closure_quota,
    _max_closures,
    _max_departures,
    _max_changed_share,
)


def _is_released(objection: _Objection, situation: Situation) -> bool:
    wanted = objection.confirmation
    confirm = situation.requests[objection.change.key].confirm
    return wanted is not None and wanted.field in confirm and confirm[wanted.field] == wanted.value


def _hold(objection: _Objection, situation: Situation) -> Hold:
    change, wanted = objection.change, objection.confirmation
    if isinstance(change, UpdateAccount) and objection.is_about_the_name_only:
        change = replace(change, fields=tuple(each for each in change.fields if each.path == ("name",)))
    release = objection.remedy
    if wanted is not None:
        file = situation.requests[change.key].origin().file
        release = f"write `confirm: {{{wanted.field}: {wanted.as_yaml}}}` in {file}"
    return Hold(change=change, guard=objection.guard, reason=objection.reason, release=release)


def _left_over(change: AccountChange, objection: _Objection | None) -> tuple[AccountChange, ...]:
    if objection is None:
        return (change,)
    if isinstance(change, UpdateAccount) and objection.is_about_the_name_only:
        rest = tuple(each for each in change.fields if each.path != ("name",))
        return (replace(change, fields=rest),) if rest else ()
    return ()
