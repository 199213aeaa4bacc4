"""Changes: what has to happen so that an account is as asked for.

The union is closed: every `match` over it ends in `assert_never`. What people review of a change are its effects: see
`model.effect`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pipeline.model.account import AccountSpec, Contact
from pipeline.model.customization import ResourceChange
from pipeline.model.json import Json
from pipeline.model.landing_zone import Check
from pipeline.model.request import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One attribute, before and after, as JSON; None means unset.

    Paths: `("name",)`, `("email",)`, `("tags", KEY)`, `("contacts", TYPE)`, `("ownership",)`, `("regions", REGION)`,
    `("settings", NAME)`, `("sso_user",)`, `("enrollment",)`, `("contact_information",)`,
    `("access", KIND, PRINCIPAL, PERMISSION_SET)`. The value of
    `ownership` is `{"request": KEY, "repository": NAME}`; from None it is an adoption,
    from another key a renamed request file. A Region goes from None to `ENABLED`. For a regional setting, `before` has the
    value of each Region in which it differs (for a default VPC its id). Access is `ASSIGNED` or None; `FOREIGN` before means
    that others have made the assignment, and that it becomes ours. `("email",)` is the beginning of the change: AWS sends a
    code to the new mailbox. `("state",)` (a closed account that should be open) stands only in holds: nothing carries it out.
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
    """Create an account, with its ownership tags, and bring it to its unit, with its contacts, Regions and settings.

    `product` is the name of the provisioned product, where Account Factory makes the account: then it makes it in its unit,
    and the ownership tags come after that. `enrolls`: its unit enrolls it into Control Tower, once it is there.
    """

    key: str
    repository: str
    spec: AccountSpec
    product: str | None = None
    enrolls: bool = False


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
    """Close an account. AWS can reinstate it for 90 days, through Support.

    `unmanages`: Control Tower governs it, and lets it go first.
    """

    key: str
    account_id: str
    name: str
    unmanages: bool = False


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


class UnitAction(StrEnum):
    """What Control Tower does with the baseline of a unit."""

    REGISTER = "register"
    UPDATE = "update"
    """To the version that fits the landing zone."""
    RESET = "reset"
    """The same version once more, against drift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUnit:
    """Bring a unit under Control Tower, or put its baseline right. Every account of the unit is touched.

    `before` is the version of the baseline that it has, None where it has none; `accounts` are the ids of those in the unit.
    `last_operation`: of a baseline that is reset for the sake of something else (a policy, an account), though it is sound
    itself: the reset is done when another operation has followed that one.
    """

    path: str
    action: UnitAction
    before: str | None
    after: str
    accounts: tuple[str, ...] = ()
    last_operation: str = ""


class ControlAction(StrEnum):
    ENABLE = "enable"
    UPDATE = "update"
    """Other parameters."""
    RESET = "reset"
    """The same once more, against drift."""
    DISABLE = "disable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeControl:
    """Enable, put right or disable a control on a unit. `control` is its identifier (an ARN)."""

    path: str
    control: str
    action: ControlAction
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollAccount:
    """Bring an account of the organization under Control Tower, in its unit.

    `email` and `name` are those that Organizations has, exactly: with another address, Account Factory would make a new
    account. `product` as in `CreateAccount`; then `sso_user` is who becomes its first administrator. `repairs` are done first.
    `checks` are the conditions as they were read.
    """

    key: str
    account_id: str
    name: str
    email: str
    before: str
    after: str
    product: str | None = None
    repairs: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    sso_user: Mapping[str, Json] | None = None

    @property
    def is_checked(self) -> bool:
        """Whether every condition of the enrolment could be read."""
        return bool(self.checks) and all(check.passed is not None for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmanageAccount:
    """Take an account out of Control Tower. It moves to the root, and loses AWSControlTowerExecution; it stays open."""

    key: str
    account_id: str
    name: str


UnitChange = CreateUnit | RegisterUnit | ChangeControl
AccountChange = CreateAccount | EnrollAccount | MoveAccount | UpdateAccount | UnmanageAccount | CloseAccount
OrganizationChange = UnitChange | AccountChange
"""What a provisioner carries out."""

Change = OrganizationChange | CustomizeAccount


_KINDS: Final[Mapping[type[Change], str]] = {
    CreateUnit: "create-unit",
    RegisterUnit: "register-unit",
    ChangeControl: "control",
    CreateAccount: "create",
    EnrollAccount: "enroll",
    MoveAccount: "move",
    UpdateAccount: "update",
    UnmanageAccount: "unmanage",
    CloseAccount: "close",
    CustomizeAccount: "customize",
}

CHANGES: Final[Mapping[str, type[Change]]] = {word: change for change, word in _KINDS.items()}
"""The class of each word of `kind_of`."""


def kind_of(change: Change) -> str:
    """The word for a change in plans, settings and digests."""
    return _KINDS[type(change)]


def subject_of(change: Change) -> str:
    """The request's key or, for a unit, its path."""
    return change.path if isinstance(change, UnitChange) else change.key


def account_of(change: Change) -> str | None:
    """The id of the account that the change is about; None for a unit, and for an account that is not there yet."""
    return None if isinstance(change, UnitChange | CreateAccount) else change.account_id


def contact_json(contact: Contact) -> dict[str, Json]:
    return {"name": contact.name, "title": contact.title, "email": contact.email, "phone": contact.phone}


def contact_from(value: Mapping[str, Json]) -> Contact:
    """The contact that `contact_json` wrote."""
    return Contact(**{name: str(value[name]) for name in ("name", "title", "email", "phone")})
