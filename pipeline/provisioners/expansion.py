"""Changes to operations: pure, and the same for every backend."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never, cast

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, Unobserved
from pipeline.model.account_settings import Setting, wanted_regions, wanted_settings
from pipeline.model.change import (
    CloseAccount,
    CreateAccount,
    CreateUnit,
    FieldChange,
    MoveAccount,
    OrganizationChange,
    UpdateAccount,
    contact_json,
)
from pipeline.model.json import Json
from pipeline.model.operation import Operation
from pipeline.provisioners.steps import (
    Claim,
    Close,
    EnableRegions,
    MakeUnit,
    Move,
    RemoveTags,
    Rename,
    RequestCreation,
    SetContact,
    SetSetting,
    SetTags,
    Step,
    WaitForCreation,
    operation_of,
)

_APART: Final = frozenset({"ownership", "tags", "regions", "settings"})
"""Fields of an update that have steps of their own."""


def expand(change: OrganizationChange) -> tuple[Operation, ...]:
    """The change as operations, in order; each has one external effect.

    Raises `PermanentServiceError` for an attribute that no operation changes (the e-mail address).
    """
    return tuple(operation_of(step) for step in _steps(change))


def _steps(change: OrganizationChange) -> tuple[Step, ...]:
    match change:
        case CreateUnit(path=path):
            return (MakeUnit(path=path),)
        case CreateAccount():
            return tuple(_creation(change))
        case MoveAccount(key=key, account_id=account_id, before=before, after=after):
            return (Move(key=key, account_id=account_id, before=before, after=after),)
        case UpdateAccount():
            return tuple(_update(change))
        case CloseAccount(key=key, account_id=account_id, name=name):
            return (Close(key=key, account_id=account_id, name=name),)
        case _:
            assert_never(change)


def _creation(change: CreateAccount) -> Iterator[Step]:
    spec = change.spec
    tags = {} if isinstance(spec.tags, Unobserved) else dict(spec.tags)
    contacts = {} if isinstance(spec.contacts, Unobserved) else spec.contacts
    yield RequestCreation(
        key=change.key, repository=change.repository, name=spec.name, email=spec.email, tags=dict(sorted(tags.items()))
    )
    yield WaitForCreation(key=change.key, repository=change.repository, name=spec.name, email=spec.email)
    if spec.organizational_unit != ROOT:
        yield Move(key=change.key, account_id=None, before=ROOT, after=spec.organizational_unit)
    for contact_type, contact in sorted(contacts.items()):
        if contact is not None:
            yield SetContact(
                key=change.key,
                account_id=None,
                contact_type=contact_type.value,
                before=None,
                after=contact_json(contact),
            )
    if regions := wanted_regions(spec):
        yield EnableRegions(key=change.key, account_id=None, regions=list(regions))
    for setting, value in wanted_settings(spec).items():
        yield SetSetting(key=change.key, account_id=None, setting=setting.value, before=None, after=value)


def _update(change: UpdateAccount) -> Iterator[Step]:
    """Ownership first: from then on every step finds the account to be ours. Then each field, tags of a kind together.

    What lies inside the account comes last: it takes longest, and needs a session there.
    """
    yield from (_claim(change, each) for each in change.fields if each.path == ("ownership",))
    yield from (_field(change, each) for each in change.fields if each.path[0] not in _APART)
    tags = {each.path[1]: each for each in change.fields if each.path[0] == "tags"}
    if wanted := {name: str(each.after) for name, each in tags.items() if each.after is not None}:
        before = {name: _text(tags[name].before) for name in wanted}
        yield SetTags(key=change.key, account_id=change.account_id, before=before, after=wanted)
    if unwanted := {name: _text(each.before) for name, each in tags.items() if each.after is None}:
        yield RemoveTags(key=change.key, account_id=change.account_id, before=unwanted)
    yield from _inside(change)


def _inside(change: UpdateAccount) -> Iterator[Step]:
    """Regions before settings: a new Region takes part in them."""
    if regions := sorted(each.path[1] for each in change.fields if each.path[0] == "regions"):
        yield EnableRegions(key=change.key, account_id=change.account_id, regions=regions)
    fields = {each.path[1]: each for each in change.fields if each.path[0] == "settings"}
    for setting in Setting:
        if (field := fields.get(setting.value)) is not None:
            yield SetSetting(
                key=change.key,
                account_id=change.account_id,
                setting=setting.value,
                before=field.before,
                after=field.after,
            )


def _claim(change: UpdateAccount, field: FieldChange) -> Step:
    after = cast("Mapping[str, str]", field.after)
    before = cast("Mapping[str, str] | None", field.before)
    return Claim(key=change.key, account_id=change.account_id, repository=after["repository"], before=before)


def _field(change: UpdateAccount, field: FieldChange) -> Step:
    match field.path:
        case ("name",):
            return Rename(
                key=change.key, account_id=change.account_id, before=str(field.before), after=str(field.after)
            )
        case ("contacts", contact_type):
            return SetContact(
                key=change.key,
                account_id=change.account_id,
                contact_type=contact_type,
                before=cast("Mapping[str, Json] | None", field.before),
                after=cast("Mapping[str, Json] | None", field.after),
            )
        case _:
            raise PermanentServiceError(
                f'account "{change.account_id}": "{".".join(field.path)}" is not changed by this version',
                hint="change it in AWS, or change the request back",
            )


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
