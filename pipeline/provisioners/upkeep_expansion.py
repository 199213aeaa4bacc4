"""What AWS keeps about an account outside of it, to steps; `provisioners.expansion` puts them together."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from pipeline.model.access import Assignment, wanted_access
from pipeline.model.account import AccountSpec
from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.json import Json
from pipeline.provisioners.upkeep_steps import (
    AssignAccess,
    RemoveAccess,
    SetContactInformation,
    StartEmailUpdate,
    UpkeepStep,
)

KEPT_OUTSIDE: Final = frozenset({"contact_information", "email", "access"})
"""First parts of the paths of the attributes that `changed` takes apart."""


def new_contact_information(key: str, spec: AccountSpec) -> Iterator[UpkeepStep]:
    """Of a new account, which has that of the management account until then."""
    if isinstance(spec.contact_information, Mapping):
        after = dict(spec.contact_information)
        yield SetContactInformation(key=key, account_id=None, before=None, after=after)


def new_access(key: str, spec: AccountSpec) -> Iterator[UpkeepStep]:
    """Of a new account. Comes last: people find it as it was asked for."""
    for assignment in wanted_access(spec):
        yield _assign(key, None, assignment, None)


def changed(change: UpdateAccount) -> Iterator[UpkeepStep]:
    """Access is given before other access is taken away, so that nobody stands outside in between."""
    fields = {each.path: each for each in change.fields if each.path[0] in KEPT_OUTSIDE}
    if (field := fields.get(("contact_information",))) is not None:
        yield SetContactInformation(
            key=change.key,
            account_id=change.account_id,
            before=_mapping(field.before),
            after=_mapping(field.after) or {},
        )
    if (field := fields.get(("email",))) is not None:
        yield StartEmailUpdate(
            key=change.key, account_id=change.account_id, before=str(field.before), after=str(field.after)
        )
    access = sorted((each for path, each in fields.items() if path[0] == "access"), key=_given_first)
    yield from (_access(change, each) for each in access)


def _given_first(field: FieldChange) -> tuple[bool, tuple[str, ...]]:
    return field.after is None, field.path


def _access(change: UpdateAccount, field: FieldChange) -> UpkeepStep:
    assignment = Assignment.of(field.path)
    if field.after is not None:
        return _assign(change.key, change.account_id, assignment, None if field.before is None else str(field.before))
    return RemoveAccess(
        key=change.key,
        account_id=change.account_id,
        kind=assignment.principal.kind.value,
        principal=assignment.principal.name,
        permission_set=assignment.permission_set,
    )


def _assign(key: str, account_id: str | None, assignment: Assignment, before: str | None) -> AssignAccess:
    return AssignAccess(
        key=key,
        account_id=account_id,
        kind=assignment.principal.kind.value,
        principal=assignment.principal.name,
        permission_set=assignment.permission_set,
        before=before,
    )


def _mapping(value: Json) -> Mapping[str, Json] | None:
    return None if value is None else cast("Mapping[str, Json]", value)
