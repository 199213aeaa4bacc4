"""Changes to tasks: which operations, and which change waits for which."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import assert_never

from pipeline.errors import VendError
from pipeline.model.account import ROOT
from pipeline.model.change import (
    Change,
    ChangeControl,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    MoveAccount,
    RegisterUnit,
    UnitChange,
    UnmanageAccount,
    UpdateAccount,
    account_of,
    kind_of,
    subject_of,
)
from pipeline.model.effect import digest_of
from pipeline.model.operation import Operation
from pipeline.model.plan import RollOut
from pipeline.reconcile.engine import Task

Expand = Callable[[Change], tuple[Operation, ...]]
"""`Provisioner.expand`."""

_logger = logging.getLogger(__name__)


def tasks_of(changes: Sequence[Change], expand: Expand, roll_out: RollOut | None = None) -> tuple[Task, ...]:
    """One task per change, in the same order.

    Changes of one subject come one after the other. What goes to a unit requires the creation of that unit, and of every
    unit above it, where the plan has it. What follows the change that marks an account as its request's requires that one.
    A customization requires the creation of its account, and those that come before it; where there is a roll-out, it stands
    in the wave of its account. In a landing zone one unit is changed at a time, a registration requires those of the units above,
    what goes to a unit requires its registration, and what Control Tower does with accounts comes after all units: it refuses
    both at once. Nothing else waits: independent changes go on whatever becomes of the others.
    """
    units = {change.path: _id(change) for change in changes if isinstance(change, CreateUnit)}
    governed = _Governed(changes)
    claims: dict[str, str] = {}
    latest: dict[tuple[bool, str], str] = {}
    known: dict[tuple[str, ...], str] = {}
    wave_of = _waves(roll_out)
    tasks = []
    for change in changes:
        subject = (isinstance(change, UnitChange), subject_of(change))
        before = latest.get(subject)
        requires = {units[path] for path in _units_needed(change) if path in units} | governed.required_by(change)
        if (account_id := account_of(change)) in claims:
            requires.add(claims[account_id])
        if isinstance(change, CustomizeAccount):
            requires |= {known[name] for name in _needed_by(change) if name in known}
        after = frozenset({before} if before else ()) | governed.before(change)
        task = _task(change, expand, after=after, requires=frozenset(requires))
        tasks.append(replace(task, wave=wave_of(change)))
        latest[subject] = tasks[-1].id
        known[_name_of(change)] = tasks[-1].id
        if isinstance(change, UpdateAccount) and _claims(change):
            claims[change.account_id] = tasks[-1].id
    return tuple(tasks)


class _Governed:
    """What Control Tower does with units, as other changes wait for it."""

    def __init__(self, changes: Sequence[Change]) -> None:
        ids = [(change, _id(change)) for change in changes if isinstance(change, RegisterUnit | ChangeControl)]
        self._previous = {id_: before for (_, before), (_, id_) in pairwise(ids)}
        self._last = frozenset({ids[-1][1]} if ids else ())
        self._registrations = {change.path: id_ for change, id_ in ids if isinstance(change, RegisterUnit)}
        self._departures = {change.account_id: _id(change) for change in changes if isinstance(change, UnmanageAccount)}

    def before(self, change: Change) -> frozenset[str]:
        """What has to have ended, well or not."""
        if isinstance(change, RegisterUnit | ChangeControl):
            previous = self._previous.get(_id(change))
            return frozenset({previous} if previous is not None else ())
        return self._last if _is_by_control_tower(change) else frozenset()

    def required_by(self, change: Change) -> frozenset[str]:
        """What has to have ended well."""
        units = [path for path in _units_needed(change) if not isinstance(change, CreateUnit)]
        if isinstance(change, RegisterUnit):
            units.remove(change.path)
        found = {self._registrations[path] for path in units if path in self._registrations}
        if isinstance(change, MoveAccount) and change.before == ROOT and change.account_id in self._departures:
            found.add(self._departures[change.account_id])
        return frozenset(found)


def _is_by_control_tower(change: Change) -> bool:
    match change:
        case CreateAccount() | EnrollAccount() | MoveAccount() | UnmanageAccount() | CloseAccount():
            return True
        case UpdateAccount(fields=fields):
            return any(each.path in {("sso_user",), ("enrollment",)} for each in fields)
        case CreateUnit() | RegisterUnit() | ChangeControl() | CustomizeAccount():
            return False
        case _:
            assert_never(change)


def _waves(roll_out: RollOut | None) -> Callable[[Change], int | None]:
    """The wave of a change. An account that the roll-out does not name comes last: nothing runs outside of it."""
    if roll_out is None:
        return lambda _: None
    numbers = {key: number for number, keys in enumerate(roll_out.waves, 1) for key in keys}
    last = max(1, len(roll_out.waves))
    return lambda change: numbers.get(change.key, last) if isinstance(change, CustomizeAccount) else None


def _name_of(change: Change) -> tuple[str, ...]:
    """What a customization names what it needs by."""
    last = change.customization if isinstance(change, CustomizeAccount) else ""
    return (kind_of(change), subject_of(change), last)


def _needed_by(change: CustomizeAccount) -> tuple[tuple[str, ...], ...]:
    """The creation of its account, and the customizations that come before it."""
    return (("create", change.key, ""), *(("customize", change.key, name) for name in change.after))


def _claims(change: UpdateAccount) -> bool:
    """Whether it writes the ownership tags: until then an account may be anybody's."""
    return any(each.path == ("ownership",) for each in change.fields)


def _task(change: Change, expand: Expand, *, after: frozenset[str], requires: frozenset[str]) -> Task:
    operations, refusal = _expanded(change, expand)
    return Task(
        id=_id(change),
        change_digest=digest_of(change),
        kind=kind_of(change),
        subject=subject_of(change),
        account_id=account_of(change),
        operations=operations,
        after=after,
        requires=requires,
        refusal=refusal,
    )


def _id(change: Change) -> str:
    """Readable, and the same in every run: an engine with a memory may know it again."""
    return f"{kind_of(change)} {subject_of(change)} {digest_of(change)[:12]}"


def _expanded(change: Change, expand: Expand) -> tuple[tuple[Operation, ...], str]:
    try:
        return expand(change), ""
    except VendError as error:
        return (), str(error)
    except Exception as error:
        _logger.exception('%s "%s" cannot be taken apart', kind_of(change), subject_of(change))
        return (), f"unexpected: {type(error).__name__}: {error}"


def _units_needed(change: Change) -> tuple[str, ...]:
    """The units that have to be there before the change can be carried out."""
    match change:
        case CreateUnit(path=path):
            return _above(path)
        case RegisterUnit(path=path) | ChangeControl(path=path):
            return (*_above(path), path)
        case CreateAccount(spec=spec):
            return (*_above(spec.organizational_unit), spec.organizational_unit)
        case MoveAccount(after=unit) | EnrollAccount(after=unit):
            return (*_above(unit), unit)
        case UpdateAccount() | UnmanageAccount() | CloseAccount() | CustomizeAccount():
            return ()
        case _:
            assert_never(change)


def _above(path: str) -> tuple[str, ...]:
    """The units above a unit, top first; the root is always there."""
    if path == ROOT:
        return ()
    names = path.split("/")
    return tuple("/".join(names[:depth]) for depth in range(1, len(names)))
