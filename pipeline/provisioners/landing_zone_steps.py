"""The steps that a landing zone of Control Tower adds; see `provisioners.steps`.

To begin and to wait are two steps, so a death while waiting repeats a poll and not the call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.model.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterBaseline:
    """Enable, update or reset the baseline of a unit. `action` is a `UnitAction`; `before` and `after` are its versions.

    `last_operation` as in `RegisterUnit`: a sound baseline is reset as long as that is the last operation on it.
    """

    path: str
    action: str
    before: str | None
    after: str
    last_operation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitBaseline:
    """Ask how the baseline of a unit goes, until it is there in this version, and not drifted."""

    path: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetControls:
    """Reset each optional control of a unit, one after the other: the second half of resetting its baseline."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTheControl:
    """Enable, update, reset or disable one control on a unit. `action` is a `ControlAction`."""

    path: str
    control: str
    action: str
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitControl:
    """Ask how the control goes, until it is as the same `ChangeTheControl` asked for."""

    path: str
    control: str
    action: str
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionAccount:
    """Ask Account Factory for an account, or, with an `account_id`, to enroll that one.

    `product` is the name of the provisioned product. `email` and `name` of an account that is there are read again from
    Organizations before they are sent. `sso_user`: `email`, `first_name`, `last_name`; None where the request names nobody.
    """

    key: str
    product: str
    account_id: str | None
    name: str
    email: str
    unit: str
    sso_user: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitProduct:
    """Follow the record of a product to its end. Done when the product is available and its account is known.

    `product` is None where the account alone says which product it is.
    """

    key: str
    product: str | None
    account_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProduct:
    """Update an account's product: another unit, another first administrator, or the same ones once more.

    `unit_before` and `unit_after` are None where the unit stays; `sso_user` is None where the administrator stays.
    """

    key: str
    account_id: str
    unit_before: str | None = None
    unit_after: str | None = None
    sso_user_before: Mapping[str, Json] | None = None
    sso_user: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFormerUser:
    """Take Account Factory's access to the account from its first administrator, by e-mail address, before another one gets it.

    Nothing where the account's product tells another one already, or what the request's own `access` gives.
    https://docs.aws.amazon.com/controltower/latest/userguide/updating-account-factory-accounts.html
    """

    key: str
    account_id: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndProduct:
    """Terminate the account's product: Control Tower lets the account go. Nothing to do where it has none."""

    key: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitProductGone:
    """Ask how the termination goes, until there is no product and no baseline of the account."""

    key: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterUnit:
    """Move an account into a unit that enrolls it. `account_id` is None for an account of this change."""

    key: str
    account_id: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollThroughUnit:
    """Reset the unit's baseline so that it enrolls the account, where the landing zone does not do that by itself."""

    key: str
    account_id: str | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitEnrollment:
    """Ask how the enrollment goes, until the account has the baseline of its unit."""

    key: str
    account_id: str | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveUnit:
    """Move an enrolled account to the root, so that Control Tower lets it go. Nothing to do where it is not enrolled."""

    key: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitUnenrollment:
    """Ask until the account has no baseline any more."""

    key: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Put right, inside an account, what stands in the way of enrolling it. `repair` is a word of `repair:` in a request."""

    key: str
    account_id: str
    repair: str


GovernUnitStep = RegisterBaseline | AwaitBaseline | ResetControls | ChangeTheControl | AwaitControl
FactoryStep = ProvisionAccount | AwaitProduct
ProductStep = UpdateProduct | RemoveFormerUser | EndProduct | AwaitProductGone
EnrollStep = EnterUnit | EnrollThroughUnit | AwaitEnrollment | LeaveUnit | AwaitUnenrollment | Repair
GovernedAccountStep = ProductStep | EnrollStep
"""Steps on an account that exists."""

LandingZoneStep = GovernUnitStep | FactoryStep | GovernedAccountStep
