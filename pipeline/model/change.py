"""Changes: what has to happen so that an account is as asked for.

The union is closed: every `match` over it ends in `assert_never`. A change consists of *effects*, the smallest reviewable
facts: one attribute of one account, with its value before and after. Reviewing a plan is reviewing its effects; so what is
left of a half-done change is still reviewed, and whatever has moved since the review is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from pipeline.model.account import ROOT, AccountSpec, Contact, ContactType
from pipeline.model.json import Json, digest
from pipeline.model.request import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One attribute, before and after, as JSON; None means unset.

    Paths: `("name",)`, `("email",)`, `("tags", KEY)`, `("contacts", TYPE)`, `("ownership",)`. The value of `ownership` is
    `{"request": KEY, "repository": NAME}`; from None it is an adoption, from another key a renamed request file.
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
    """Create an account, with its ownership tags, and bring it to its unit, with its contacts."""

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
    """Change attributes of an account in place: name, tags, contacts, ownership."""

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


Change = CreateUnit | CreateAccount | MoveAccount | UpdateAccount | CloseAccount
AccountChange = CreateAccount | MoveAccount | UpdateAccount | CloseAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The smallest fact that a review is about.

    `subject` is a request's key, or a unit's path for `CreateUnit`. `account_id` is None on the effects of a
    `CreateAccount`: what is left of a creation (the move out of the root, a contact) is covered by them, see `covers`.
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
    """The word for a change in plans, settings and digests: create-unit, create, move, update, close."""
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
                Effect(subject=key, account_id=account_id, path=each.path, before=each.before, after=each.after)
                for each in fields
            )
        case CloseAccount(key=key, account_id=account_id):
            return (Effect(subject=key, account_id=account_id, path=("state",), before="open", after="closed"),)
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
    )


def _wanted_contacts(spec: AccountSpec) -> list[tuple[ContactType, Contact]]:
    contacts = spec.contacts if isinstance(spec.contacts, Mapping) else {}
    return sorted((kind, contact) for kind, contact in contacts.items() if contact is not None)
