"""Effects: the smallest reviewable facts of a change, one attribute of one account with its value before and after.

Reviewing a plan is reviewing its effects; so what is left of a half-done change is still reviewed, and whatever has moved
since the review is not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from pipeline.model.access import ASSIGNED, wanted_access
from pipeline.model.account import ROOT, AccountSpec, Contact, ContactType
from pipeline.model.account_settings import ENABLED, Setting, wanted_regions, wanted_settings
from pipeline.model.change import (
    AccountChange,
    Change,
    ChangeControl,
    CloseAccount,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    RegisterUnit,
    UnitChange,
    UnmanageAccount,
    UpdateAccount,
    account_of,
    contact_json,
    kind_of,
)
from pipeline.model.json import Json, digest
from pipeline.model.request import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The smallest fact that a review is about.

    `subject` is a request's key, or a unit's path for `CreateUnit`. `account_id` is None on the effects of a
    `CreateAccount`: what is left of a creation (the move out of the root, a contact, a setting) is covered by them, see
    `planning.review`.
    """

    subject: str
    account_id: str | None
    path: Path
    before: Json
    after: Json

    @property
    def digest(self) -> str:
        return digest([self.subject, self.account_id, list(self.path), self.before, self.after])


def effects_of(change: Change) -> tuple[Effect, ...]:
    """The effects of a change, in a fixed order."""
    return (_unit_effect(change),) if isinstance(change, UnitChange) else _account_effects(change)


def _account_effects(change: AccountChange | CustomizeAccount) -> tuple[Effect, ...]:
    match change:
        case CreateAccount():
            return _creation_effects(change)
        case EnrollAccount():
            return _enrollment_effects(change)
        case UpdateAccount():
            return tuple(
                _of_account(change, path, before, each.after) for each in change.fields for path, before in _facts(each)
            )
        case MoveAccount() | UnmanageAccount() | CloseAccount() | CustomizeAccount():
            return (_only_effect(change),)
        case _:
            assert_never(change)


def _only_effect(change: MoveAccount | UnmanageAccount | CloseAccount | CustomizeAccount) -> Effect:
    match change:
        case MoveAccount(before=before, after=after):
            return _of_account(change, ("organizational_unit",), before, after)
        case UnmanageAccount():
            return _of_account(change, ("managed",), before=True, after=False)
        case CloseAccount():
            return _of_account(change, ("state",), "open", "closed")
        case CustomizeAccount(customization=name):
            return _of_account(change, ("customizations", name), None, _customized(change))
        case _:
            assert_never(change)


def _of_account(change: AccountChange | CustomizeAccount, path: Path, before: Json, after: Json) -> Effect:
    return Effect(subject=change.key, account_id=account_of(change), path=path, before=before, after=after)


def digest_of(change: Change) -> str:
    """What the change does to whom, as 64 hexadecimal characters; eight of them are shown to people."""
    return digest([kind_of(change), [effect.digest for effect in effects_of(change)]])


def _unit_effect(change: UnitChange) -> Effect:
    """Which accounts are in the unit is not part of it: they come and go while others review."""
    before: Json = None
    match change:
        case CreateUnit(path=subject):
            path: Path = ("unit",)
            after: Json = subject
        case RegisterUnit(path=subject):
            path, before = ("registration",), change.before
            after = {"action": change.action.value, "version": change.after}
        case ChangeControl(path=subject):
            path = ("controls", change.control)
            after = {"action": change.action.value, "parameters": dict(change.parameters)}
        case _:
            assert_never(change)
    return Effect(subject=subject, account_id=None, path=path, before=before, after=after)


def _enrollment_effects(change: EnrollAccount) -> tuple[Effect, ...]:
    after: dict[str, Json] = {"repairs": list(change.repairs)}
    if change.sso_user is not None:
        after["sso_user"] = dict(change.sso_user)
    enrolled = _of_account(change, ("managed",), before=False, after=after)
    if change.before == change.after:
        return (enrolled,)
    return (enrolled, _of_account(change, ("organizational_unit",), change.before, change.after))


def product_owner(product: str) -> Json:
    """The ownership before, of an account that is ours by the name of its provisioned product, and not yet by tags."""
    return {"product": product}


def _customized(change: CustomizeAccount) -> Json:
    """What is reviewed of it: which resources change in which way, never their values."""
    rows = None if change.resources is None else [[each.address, each.action] for each in sorted(change.resources)]
    return {"fingerprint": change.fingerprint, "resources": rows}


def _facts(field: FieldChange) -> Iterator[tuple[Path, Json]]:
    """Path and value before of each fact that a field consists of: of a regional setting, one for each Region.

    So what is left of a half-done change of many Regions is still what was reviewed.
    """
    if len(field.path) == len(("settings", "name")) and field.path[0] == "settings":
        setting = Setting(field.path[1])
        if setting.is_regional and isinstance(field.before, Mapping):
            yield from (((*field.path, region), before) for region, before in sorted(field.before.items()))
            return
    yield field.path, field.before


def _creation_effects(change: CreateAccount) -> tuple[Effect, ...]:
    spec = change.spec
    created: dict[str, Json] = {
        "name": spec.name,
        "email": spec.email,
        "repository": change.repository,
        "tags": dict(sorted(spec.tags.items())) if isinstance(spec.tags, Mapping) else {},
    }
    if change.product is not None and isinstance(spec.sso_user, Mapping):
        created["sso_user"] = dict(spec.sso_user)
    return (
        Effect(subject=change.key, account_id=None, path=("account",), before=None, after=created),
        Effect(
            subject=change.key,
            account_id=None,
            path=("organizational_unit",),
            before=ROOT,
            after=spec.organizational_unit,
        ),
        *_by_control_tower(change),
        *(
            Effect(
                subject=change.key,
                account_id=None,
                path=("contacts", contact_type.value),
                before=None,
                after=contact_json(contact),
            )
            for contact_type, contact in _wanted_contacts(spec)
        ),
        *(
            Effect(subject=change.key, account_id=None, path=path, before=None, after=after)
            for path, after in _wanted_inside(spec)
        ),
    )


def _by_control_tower(change: CreateAccount) -> Iterator[Effect]:
    """Account Factory takes no tags: ownership and tags are steps of their own, and so is what remains of them later.

    What enrolls an account after its creation may remain, too.
    """
    facts: list[tuple[Path, Json, Json]] = []
    if change.product is not None:
        owner: Json = {"request": change.key, "repository": change.repository}
        tags = change.spec.tags if isinstance(change.spec.tags, Mapping) else {}
        facts.append((("ownership",), product_owner(change.product), owner))
        facts += [(("tags", name), None, tags[name]) for name in sorted(tags)]
        if isinstance(change.spec.sso_user, Mapping):
            facts.append((("sso_user",), None, dict(change.spec.sso_user)))
    if change.enrolls:
        facts.append((("managed",), False, {"repairs": []}))
    for path, before, after in facts:
        yield Effect(subject=change.key, account_id=None, path=path, before=before, after=after)


def _wanted_inside(spec: AccountSpec) -> Iterator[tuple[Path, Json]]:
    """Contact information, opt-in Regions, settings and access of a new account.

    A regional setting is one fact: its Regions are not known yet.
    """
    if isinstance(spec.contact_information, Mapping):
        yield ("contact_information",), dict(spec.contact_information)
    yield from ((("regions", region), ENABLED) for region in wanted_regions(spec))
    yield from ((("settings", setting.value), value) for setting, value in wanted_settings(spec).items())
    yield from ((assignment.path, ASSIGNED) for assignment in wanted_access(spec))


def _wanted_contacts(spec: AccountSpec) -> list[tuple[ContactType, Contact]]:
    contacts = spec.contacts if isinstance(spec.contacts, Mapping) else {}
    return sorted((kind, contact) for kind, contact in contacts.items() if contact is not None)
