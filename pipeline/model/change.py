"""Changes: what has to happen so that an account is as asked for.

The union is closed: every `match` over it ends in `assert_never`. A change consists of *effects*, the smallest reviewable
facts: one attribute of one account, with its value before and after. Reviewing a plan is reviewing its effects; so what is
left of a half-done change is still reviewed, and whatever has moved since the review is not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from pipeline.model.account import ROOT, AccountSpec, Contact, ContactType
from pipeline.model.account_settings import ENABLED, Setting, wanted_regions, wanted_settings
from pipeline.model.customization import ResourceChange
from pipeline.model.json import Json, digest
from pipeline.model.request import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One attribute, before and after, as JSON; None means unset.

    Paths: `("name",)`, `("email",)`, `("tags", KEY)`, `("contacts", TYPE)`, `("ownership",)`, `("regions", REGION)`,
    `("settings", NAME)`. The value of `ownership` is `{"request": KEY, "repository": NAME}`; from None it is an adoption,
    from another key a renamed request file. A Region goes from None to `ENABLED`. For a regional setting, `before` has the
    value of each Region in which it differs (for a default VPC its id).
    `("email",)` and `("state",)` (a closed account that should be open) stand only in holds: nothing carries them out.
    """

    path: Path
    before: Json
    after: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUnit:
    """Create one declared organizational unit below a parent that exists or is created before it."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """Create an account, with its ownership tags, and bring it to its unit, with its contacts, Regions and settings."""

    key: str
    repository: str
    spec: AccountSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAccount:
    """Move an account from one unit to another; paths, `ROOT` for the root."""

    key: str
    account_id: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """Change attributes of an account in place: name, tags, contacts, ownership, opt-in Regions, settings inside it."""

    key: str
    account_id: str
    name: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount:
    """Close an account. AWS can reinstate it for 90 days, through Support."""

    key: str
    account_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomizeAccount:
    """Run one customization in an account, after everything else of it.

    `account_id` is None for an account that is created first. `fingerprint` is of everything that the customization depends
    on but the account's id; `reasons` say why it has to run. `resources` are what Terraform would change, None where it was
    not asked: then people review source and inputs alone. `after` names customizations of the account that come before it.
    """

    key: str
    account_id: str | None
    name: str
    customization: str
    fingerprint: str
    reasons: tuple[str, ...] = ()
    resources: tuple[ResourceChange, ...] | None = None
    after: tuple[str, ...] = ()


AccountChange = CreateAccount | MoveAccount | UpdateAccount | CloseAccount
OrganizationChange = CreateUnit | AccountChange
"""What a provisioner carries out."""

Change = OrganizationChange | CustomizeAccount


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


def kind_of(change: Change) -> str:
    """The word for a change in plans, settings and digests: create-unit, create, move, update, close, customize."""
    match change:
        case CreateUnit():
            return "create-unit"
        case CreateAccount():
            return "create"
        case MoveAccount():
            return "move"
        case UpdateAccount():
            return "update"
        case CloseAccount():
            return "close"
        case CustomizeAccount():
            return "customize"
        case _:
            assert_never(change)


def effects_of(change: Change) -> tuple[Effect, ...]:
    """The effects of a change, in a fixed order."""
    match change:
        case CreateUnit(path=path):
            return (Effect(subject=path, account_id=None, path=("unit",), before=None, after=path),)
        case CreateAccount():
            return _creation_effects(change)
        case MoveAccount(key=key, account_id=account_id, before=before, after=after):
            return (
                Effect(subject=key, account_id=account_id, path=("organizational_unit",), before=before, after=after),
            )
        case UpdateAccount(key=key, account_id=account_id, fields=fields):
            return tuple(
                Effect(subject=key, account_id=account_id, path=path, before=before, after=each.after)
                for each in fields
                for path, before in _facts(each)
            )
        case CloseAccount(key=key, account_id=account_id):
            return (Effect(subject=key, account_id=account_id, path=("state",), before="open", after="closed"),)
        case CustomizeAccount(key=key, account_id=account_id, customization=name):
            effect = Effect(
                subject=key,
                account_id=account_id,
                path=("customizations", name),
                before=None,
                after=_customized(change),
            )
            return (effect,)
        case _:
            assert_never(change)


def digest_of(change: Change) -> str:
    """What the change does to whom, as 64 hexadecimal characters; eight of them are shown to people."""
    return digest([kind_of(change), [effect.digest for effect in effects_of(change)]])


def subject_of(change: Change) -> str:
    """The request's key or, for a unit, its path."""
    return change.path if isinstance(change, CreateUnit) else change.key


def contact_json(contact: Contact) -> dict[str, Json]:
    return {"name": contact.name, "title": contact.title, "email": contact.email, "phone": contact.phone}


def contact_from(value: Mapping[str, Json]) -> Contact:
    """The contact that `contact_json` wrote."""
    return Contact(**{name: str(value[name]) for name in ("name", "title", "email", "phone")})


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
    created: Json = {
        "name": spec.name,
        "email": spec.email,
        "repository": change.repository,
        "tags": dict(sorted(spec.tags.items())) if isinstance(spec.tags, Mapping) else {},
    }
    return (
        Effect(subject=change.key, account_id=None, path=("account",), before=None, after=created),
        Effect(
            subject=change.key,
            account_id=None,
            path=("organizational_unit",),
            before=ROOT,
            after=spec.organizational_unit,
        ),
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


def _wanted_inside(spec: AccountSpec) -> Iterator[tuple[Path, Json]]:
    """Opt-in Regions and settings of a new account. A regional setting is one fact: its Regions are not known yet."""
    yield from ((("regions", region), ENABLED) for region in wanted_regions(spec))
    yield from ((("settings", setting.value), value) for setting, value in wanted_settings(spec).items())


def _wanted_contacts(spec: AccountSpec) -> list[tuple[ContactType, Contact]]:
    contacts = spec.contacts if isinstance(spec.contacts, Mapping) else {}
    return sorted((kind, contact) for kind, contact in contacts.items() if contact is not None)
