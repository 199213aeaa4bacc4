"""Changes to operations: pure, and the same for every backend."""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never, cast

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, AccountSpec, Unobserved
from pipeline.model.account_settings import Setting, wanted_regions, wanted_settings
from pipeline.model.change import (
    ChangeControl,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    OrganizationChange,
    RegisterUnit,
    UnmanageAccount,
    UpdateAccount,
    contact_json,
    kind_of,
    subject_of,
)
from pipeline.model.effect import product_owner
from pipeline.model.json import Json
from pipeline.model.landing_zone import Mode
from pipeline.model.operation import Operation
from pipeline.provisioners import landing_zone_expansion as landing_zone
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
from pipeline.provisioners.upkeep_expansion import KEPT_OUTSIDE, changed, new_access, new_contact_information

_APART: Final = KEPT_OUTSIDE | frozenset({"ownership", "tags", "regions", "settings", "sso_user", "enrollment"})
"""Fields of an update that have steps of their own."""


def expand(change: OrganizationChange, mode: Mode | None = None) -> tuple[Operation, ...]:
    """The change as operations, in order; each has one external effect.

    `mode`: how accounts come into the landing zone; None where there is none, or nobody works with it.
    Raises `PermanentServiceError` for an attribute that no operation changes (the state), and without a mode for
    what only a landing zone does.
    """
    return tuple(operation_of(step) for step in _steps(change, mode))


def _steps(change: OrganizationChange, mode: Mode | None) -> tuple[Step, ...]:
    match change:
        case CreateUnit(path=path):
            return (MakeUnit(path=path),)
        case CreateAccount():
            return (*_made(change, mode), *_furnished(change.key, change.spec))
        case MoveAccount():
            return _move(change) if mode is None else landing_zone.move(change, mode)
        case UpdateAccount():
            return tuple(_update(change, mode))
        case CloseAccount(key=key, account_id=account_id, name=name):
            left = () if mode is None else landing_zone.leave(key, account_id, mode)
            return (*left, Close(key=key, account_id=account_id, name=name))
        case RegisterUnit() | ChangeControl() | EnrollAccount() | UnmanageAccount():
            return _governance(change, mode)
        case _:
            assert_never(change)


def _governance(
    change: RegisterUnit | ChangeControl | EnrollAccount | UnmanageAccount, mode: Mode | None
) -> tuple[Step, ...]:
    if mode is None:
        raise PermanentServiceError(
            f'{kind_of(change)} "{subject_of(change)}": this is for a landing zone of Control Tower',
            hint="plan and apply with the same provisioner in vending.yaml",
        )
    match change:
        case RegisterUnit():
            return landing_zone.register(change)
        case ChangeControl():
            return landing_zone.control(change)
        case EnrollAccount():
            return landing_zone.enroll(change, mode)
        case UnmanageAccount(key=key, account_id=account_id):
            return landing_zone.leave(key, account_id, mode)
        case _:
            assert_never(change)


def _move(change: MoveAccount) -> tuple[Step, ...]:
    return (Move(key=change.key, account_id=change.account_id, before=change.before, after=change.after),)


def _made(change: CreateAccount, mode: Mode | None) -> Iterator[Step]:
    """The account itself, in its unit, with its tags."""
    key, repository, spec = change.key, change.repository, change.spec
    tags = {} if isinstance(spec.tags, Unobserved) else dict(sorted(spec.tags.items()))
    if mode is Mode.SERVICE_CATALOG:
        if change.product is None:
            raise PermanentServiceError(
                f'create "{key}": the plan names no product, and Account Factory needs one', hint="plan again"
            )
        yield from landing_zone.provisioned(change, change.product)
        before = cast("Mapping[str, str]", product_owner(change.product))
        yield Claim(key=key, account_id=None, repository=repository, before=before)
        if tags:
            yield SetTags(key=key, account_id=None, before=dict.fromkeys(tags), after=tags)
        return
    yield RequestCreation(key=key, repository=repository, name=spec.name, email=spec.email, tags=tags)
    yield WaitForCreation(key=key, repository=repository, name=spec.name, email=spec.email)
    unit = spec.organizational_unit
    if unit != ROOT and mode is None:
        yield Move(key=key, account_id=None, before=ROOT, after=unit)
    elif unit != ROOT:
        yield from landing_zone.entered(key, None, ROOT, unit)


def _furnished(key: str, spec: AccountSpec) -> Iterator[Step]:
    """What a new account gets once it is there."""
    contacts = {} if isinstance(spec.contacts, Unobserved) else spec.contacts
    for contact_type, contact in sorted(contacts.items()):
        if contact is not None:
            yield SetContact(
                key=key,
                account_id=None,
                contact_type=contact_type.value,
                before=None,
                after=contact_json(contact),
            )
    yield from new_contact_information(key, spec)
    if regions := wanted_regions(spec):
        yield EnableRegions(key=key, account_id=None, regions=list(regions))
    for setting, value in wanted_settings(spec).items():
        if setting is Setting.CUSTOM_FIELDS and not value:
            continue  # a new account has none
        yield SetSetting(key=key, account_id=None, setting=setting.value, before=None, after=value)
    yield from new_access(key, spec)


def _update(change: UpdateAccount, mode: Mode | None) -> Iterator[Step]:
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
    yield from (step for each in change.fields if each.path == ("sso_user",) for step in _sso_user(change, each, mode))
    yield from (
        step for each in change.fields if each.path == ("enrollment",) for step in _repaired(change, each, mode)
    )
    yield from changed(change)
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


def _repaired(change: UpdateAccount, field: FieldChange, mode: Mode | None) -> tuple[Step, ...]:
    if mode is not Mode.SERVICE_CATALOG:
        raise _unchangeable(change, field)
    return landing_zone.repaired(change, field)


def _sso_user(change: UpdateAccount, field: FieldChange, mode: Mode | None) -> tuple[Step, ...]:
    if mode is not Mode.SERVICE_CATALOG:
        raise _unchangeable(change, field)
    return landing_zone.sso_user(change, field)


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
            raise _unchangeable(change, field)


def _unchangeable(change: UpdateAccount, field: FieldChange) -> PermanentServiceError:
    return PermanentServiceError(
        f'account "{change.account_id}": "{".".join(field.path)}" is not changed by this version',
        hint="change it in AWS, or change the request back",
    )


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
