"""Changes in a landing zone of Control Tower to steps; `provisioners.expansion` puts them together."""

from typing import TYPE_CHECKING, assert_never, cast

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT, Unobserved
from pipeline.model.change import (
    ChangeControl,
    CreateAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    RegisterUnit,
    UnitAction,
    UpdateAccount,
)
from pipeline.model.landing_zone import Mode
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.model.json import Json

Steps = tuple[LandingZoneStep, ...]


def register(change: RegisterUnit) -> Steps:
    """A reset of a unit is two: its baseline, then each optional control.

    https://docs.aws.amazon.com/controltower/latest/userguide/walkthrough-baseline-steps.html
    """
    begun = RegisterBaseline(
        path=change.path,
        action=change.action.value,
        before=change.before,
        after=change.after,
        last_operation=change.last_operation,
    )
    awaited = AwaitBaseline(path=change.path, after=change.after)
    if change.action is UnitAction.RESET:
        return (begun, awaited, ResetControls(path=change.path))
    return (begun, awaited)


def control(change: ChangeControl) -> Steps:
    path, action, parameters = change.path, change.action.value, dict(change.parameters)
    return (
        ChangeTheControl(path=path, control=change.control, action=action, parameters=parameters),
        AwaitControl(path=path, control=change.control, action=action, parameters=parameters),
    )


def provisioned(change: CreateAccount, product: str) -> Steps:
    """A new account as a product of Account Factory."""
    spec = change.spec
    return (
        ProvisionAccount(
            key=change.key,
            product=product,
            account_id=None,
            name=spec.name,
            email=spec.email,
            unit=spec.organizational_unit,
            sso_user=None if isinstance(spec.sso_user, Unobserved) else spec.sso_user,
        ),
        AwaitProduct(key=change.key, product=product, account_id=None),
    )


def entered(key: str, account_id: str | None, before: str, after: str) -> Steps:
    """An account comes into a unit, and the unit enrolls it."""
    return (
        EnterUnit(key=key, account_id=account_id, before=before, after=after),
        EnrollThroughUnit(key=key, account_id=account_id, unit=after),
        AwaitEnrollment(key=key, account_id=account_id, unit=after),
    )


def move(change: MoveAccount, mode: Mode) -> Steps:
    """The steps decide by looking whether the account is enrolled; one that is not is moved through Organizations."""
    match mode:
        case Mode.SERVICE_CATALOG:
            return (
                UpdateProduct(
                    key=change.key, account_id=change.account_id, unit_before=change.before, unit_after=change.after
                ),
                AwaitProduct(key=change.key, product=None, account_id=change.account_id),
            )
        case Mode.AUTO_ENROLL if change.after == ROOT:
            return (EnterUnit(key=change.key, account_id=change.account_id, before=change.before, after=change.after),)
        case Mode.AUTO_ENROLL:
            return entered(change.key, change.account_id, change.before, change.after)
        case _:
            assert_never(mode)


def enroll(change: EnrollAccount, mode: Mode) -> Steps:
    """Repairs first. Raises `PermanentServiceError` for a plan without a product where Account Factory needs its name."""
    key, account_id = change.key, change.account_id
    repairs = tuple(Repair(key=key, account_id=account_id, repair=each) for each in change.repairs)
    match mode:
        case Mode.SERVICE_CATALOG:
            if change.product is None:
                raise PermanentServiceError(
                    f'enroll "{key}": the plan names no product, and Account Factory needs one', hint="plan again"
                )
            provision = ProvisionAccount(
                key=key,
                product=change.product,
                account_id=account_id,
                name=change.name,
                email=change.email,
                unit=change.after,
                sso_user=change.sso_user,
            )
            wait = AwaitProduct(key=key, product=change.product, account_id=account_id)
            return (*repairs, provision, wait)
        case Mode.AUTO_ENROLL:
            return (*repairs, *entered(key, account_id, change.before, change.after))
        case _:
            assert_never(mode)


def leave(key: str, account_id: str, mode: Mode) -> Steps:
    """Control Tower lets the account go; nothing where it does not govern it, which the steps find out."""
    match mode:
        case Mode.SERVICE_CATALOG:
            return (EndProduct(key=key, account_id=account_id), AwaitProductGone(key=key, account_id=account_id))
        case Mode.AUTO_ENROLL:
            return (LeaveUnit(key=key, account_id=account_id), AwaitUnenrollment(key=key, account_id=account_id))
        case _:
            assert_never(mode)


def repaired(change: UpdateAccount, field: FieldChange) -> Steps:
    """The account's product once more, in the unit that the account is in: that repairs its baseline and its controls."""
    unit = str(cast("Mapping[str, Json]", field.after)["unit"])
    key, account_id = change.key, change.account_id
    return (
        UpdateProduct(key=key, account_id=account_id, unit_before=unit, unit_after=unit),
        AwaitProduct(key=key, product=None, account_id=account_id),
    )


def sso_user(change: UpdateAccount, field: FieldChange) -> Steps:
    """The former first administrator's access, which Account Factory leaves in place, then the new one.

    In this order, since only the product tells who the former one is: once it tells the new one, no later plan sees a
    difference. The update names the new one only; AWS says nowhere that the former one has to have access for it.
    """
    before = cast("Mapping[str, Json] | None", field.before)
    after = cast("Mapping[str, Json]", field.after)
    key, account_id = change.key, change.account_id
    updated = (
        UpdateProduct(key=key, account_id=account_id, sso_user_before=before, sso_user=after),
        AwaitProduct(key=key, product=None, account_id=account_id),
    )
    former = None if before is None else before.get("email")
    if former is None or str(former).casefold() == str(after.get("email")).casefold():
        return updated
    return (RemoveFormerUser(key=key, account_id=account_id, email=str(former)), *updated)
