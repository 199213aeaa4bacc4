"""Changes to tasks: which operations, and which change waits for which."""

import logging
from collections.abc import Callable, Sequence
from typing import assert_never

from pipeline.errors import VendError
from pipeline.model.account import ROOT
from pipeline.model.change import (
    Change,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    MoveAccount,
    UpdateAccount,
    digest_of,
    kind_of,
    subject_of,
)
from pipeline.model.operation import Operation
from pipeline.reconcile.engine import Task

Expand = Callable[[Change], tuple[Operation, ...]]
"""`Provisioner.expand`."""

_logger = logging.getLogger(__name__)


def tasks_of(changes: Sequence[Change], expand: Expand) -> tuple[Task, ...]:
    """One task per change, in the same order.

    Changes of one subject come one after the other. What goes to a unit requires the creation of that unit, and of every
    unit above it, where the plan has it. What follows the change that marks an account as its request's requires that one.
    A customization requires the creation of its account, and those that come before it. Nothing else waits: independent
    changes go on whatever becomes of the others.
    """
    units = {change.path: _id(change) for change in changes if isinstance(change, CreateUnit)}
    claims: dict[str, str] = {}
    latest: dict[tuple[bool, str], str] = {}
    known: dict[tuple[str, ...], str] = {}
    tasks = []
    for change in changes:
        subject = (isinstance(change, CreateUnit), subject_of(change))
        before = latest.get(subject)
        requires = {units[path] for path in _units_needed(change) if path in units}
        if not isinstance(change, CreateUnit | CreateAccount) and change.account_id in claims:
            requires.add(claims[change.account_id])
        if isinstance(change, CustomizeAccount):
            requires |= {known[name] for name in _needed_by(change) if name in known}
        tasks.append(_task(change, expand, after=frozenset({before} if before else ()), requires=frozenset(requires)))
        latest[subject] = tasks[-1].id
        known[_name_of(change)] = tasks[-1].id
        if isinstance(change, UpdateAccount) and _claims(change):
            claims[change.account_id] = tasks[-1].id
    return tuple(tasks)


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
        account_id=None if isinstance(change, CreateUnit | CreateAccount) else change.account_id,
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
        case CreateAccount(spec=spec):
            return (*_above(spec.organizational_unit), spec.organizational_unit)
        case MoveAccount(after=unit):
            return (*_above(unit), unit)
        case UpdateAccount() | CloseAccount() | CustomizeAccount():
            return ()
        case _:
            assert_never(change)


def _above(path: str) -> tuple[str, ...]:
    """The units above a unit, top first; the root is always there."""
    if path == ROOT:
        return ()
    names = path.split("/")
    return tuple("/".join(names[:depth]) for depth in range(1, len(names)))
