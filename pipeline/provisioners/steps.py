"""The steps that changes are carried out by: what an `Operation` says, with types.

A step holds JSON only, the value expected before and the one wanted after: so it can be stored, sent to another process,
and repeated. `operation_of` and `step_of` are inverse to each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pipeline.errors import PermanentServiceError
from pipeline.model.account import Contact
from pipeline.model.account_settings import Setting
from pipeline.model.change import contact_from
from pipeline.model.json import Json
from pipeline.model.operation import Lane, Operation
from pipeline.provisioners.landing_zone_steps import (
    AwaitBaseline,
    AwaitControl,
    AwaitEnrollment,
    AwaitProduct,
    AwaitProductGone,
    AwaitUnenrollment,
    ChangeTheControl,
    EndProduct,
    EnrollThroughUnit,
    EnterUnit,
    LandingZoneStep,
    LeaveUnit,
    ProvisionAccount,
    RegisterBaseline,
    RemoveFormerUser,
    Repair,
    ResetControls,
    UpdateProduct,
)
from pipeline.provisioners.ownership import NOBODY, Owner
from pipeline.provisioners.upkeep_steps import (
    AcceptEmailUpdate,
    AssignAccess,
    RemoveAccess,
    SetContactInformation,
    StartEmailUpdate,
    UpkeepStep,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeUnit:
    """Create one organizational unit."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCreation:
    """Ask AWS for an account; it takes minutes until it is there. `tags` are the declared ones, without ownership."""

    key: str
    repository: str
    name: str
    email: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForCreation:
    """Ask how a requested creation goes, until the account is there and visible."""

    key: str
    repository: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Move an account between units. `account_id` is None for an account of this change: then it is among the facts."""

    key: str
    account_id: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    key: str
    account_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Write the ownership tags. `before`: the request key and the repository that the tags name now; None where unset.

    `{"product": NAME}` before: the tags are unset, and the account is ours by the name of its provisioned product.
    `account_id` is None for an account of this change, here and in `SetTags`.
    """

    key: str
    account_id: str | None
    repository: str
    before: Mapping[str, str] | None

    @property
    def owner_before(self) -> Owner:
        return NOBODY if self.before is None else Owner(self.before.get("request"), self.before.get("repository"))

    @property
    def owner_after(self) -> Owner:
        return Owner(key=self.key, repository=self.repository)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTags:
    """Set tags, all in one call. `before` holds the value of each, None where unset."""

    key: str
    account_id: str | None
    before: Mapping[str, str | None]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTags:
    """Remove tags, all in one call. `before` holds the value of each."""

    key: str
    account_id: str
    before: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContact:
    """Set or, with `after` None, remove one alternate contact; contacts in the form of `contact_json`."""

    key: str
    account_id: str | None
    contact_type: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None

    @property
    def contact_before(self) -> Contact | None:
        return None if self.before is None else contact_from(self.before)

    @property
    def contact_after(self) -> Contact | None:
        return None if self.after is None else contact_from(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableRegions:
    """Enable opt-in Regions, several at once: each takes AWS minutes to hours."""

    key: str
    account_id: str | None
    regions: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSetting:
    """Set one setting inside an account; a regional one in every Region that `before` names.

    `before` is as in `FieldChange`; on an account of this change (`account_id` is None) it is None, whatever is set there is
    replaced, and a regional setting is set in every enabled Region.
    """

    key: str
    account_id: str | None
    setting: str
    before: Json
    after: Json

    @property
    def of(self) -> Setting:
        return Setting(self.setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    key: str
    account_id: str
    name: str


InsideStep = EnableRegions | SetSetting
OutsideStep = Move | Rename | Claim | SetTags | RemoveTags | SetContact | Close
AccountStep = OutsideStep | InsideStep | UpkeepStep
"""Steps on an account that exists."""

OrganizationStep = MakeUnit | RequestCreation | WaitForCreation | AccountStep
"""Steps that need no landing zone."""

Step = OrganizationStep | LandingZoneStep

_KINDS: Final[Mapping[str, tuple[type[Any], Lane]]] = {
    "create-unit": (MakeUnit, Lane.ORGANIZATIONS),
    "request-creation": (RequestCreation, Lane.CREATION),
    "wait-for-creation": (WaitForCreation, Lane.CREATION),
    "move": (Move, Lane.ORGANIZATIONS),
    "rename": (Rename, Lane.ORGANIZATIONS),
    "claim": (Claim, Lane.ORGANIZATIONS),
    "set-tags": (SetTags, Lane.ORGANIZATIONS),
    "remove-tags": (RemoveTags, Lane.ORGANIZATIONS),
    "set-contact": (SetContact, Lane.ORGANIZATIONS),
    "close": (Close, Lane.CLOSING),
    "set-contact-information": (SetContactInformation, Lane.ORGANIZATIONS),
    "start-email-update": (StartEmailUpdate, Lane.ORGANIZATIONS),
    "accept-email-update": (AcceptEmailUpdate, Lane.ORGANIZATIONS),
    "assign-access": (AssignAccess, Lane.ACCESS),
    "remove-access": (RemoveAccess, Lane.ACCESS),
    "enable-regions": (EnableRegions, Lane.MEMBER),
    "set-setting": (SetSetting, Lane.MEMBER),
    "register-baseline": (RegisterBaseline, Lane.LANDING_ZONE),
    "await-baseline": (AwaitBaseline, Lane.LANDING_ZONE),
    "reset-controls": (ResetControls, Lane.LANDING_ZONE),
    "change-control": (ChangeTheControl, Lane.LANDING_ZONE),
    "await-control": (AwaitControl, Lane.LANDING_ZONE),
    "provision-account": (ProvisionAccount, Lane.CONTROL_TOWER),
    "await-product": (AwaitProduct, Lane.CONTROL_TOWER),
    "update-product": (UpdateProduct, Lane.CONTROL_TOWER),
    "remove-former-user": (RemoveFormerUser, Lane.ORGANIZATIONS),
    "end-product": (EndProduct, Lane.CONTROL_TOWER),
    "await-product-gone": (AwaitProductGone, Lane.CONTROL_TOWER),
    "enter-unit": (EnterUnit, Lane.CONTROL_TOWER),
    "enroll-through-unit": (EnrollThroughUnit, Lane.CONTROL_TOWER),
    "await-enrollment": (AwaitEnrollment, Lane.CONTROL_TOWER),
    "leave-unit": (LeaveUnit, Lane.CONTROL_TOWER),
    "await-unenrollment": (AwaitUnenrollment, Lane.CONTROL_TOWER),
    "repair": (Repair, Lane.MEMBER),
}
_KIND_OF: Final = {step: (kind, lane) for kind, (step, lane) in _KINDS.items()}


def operation_of(step: Step) -> Operation:
    kind, lane = _KIND_OF[type(step)]
    return Operation(kind=kind, lane=lane, arguments=asdict(step))


def step_of(operation: Operation) -> Step:
    """The step that `operation_of` wrote. Raises `PermanentServiceError` for one of another version."""
    try:
        step: Step = _KINDS[operation.kind][0](**operation.arguments)
    except (KeyError, TypeError) as error:
        raise PermanentServiceError(
            f'operation "{operation.kind}": this version does not know it in this form',
            hint="plan and apply with the same version of vend",
        ) from error
    return step
