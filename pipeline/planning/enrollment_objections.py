"""What stands in the way of a change that Control Tower takes part in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from pipeline.model.account import ROOT
from pipeline.model.change import (
    AccountChange,
    CloseAccount,
    CreateAccount,
    EnrollAccount,
    MoveAccount,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.email_update import EmailStanding
from pipeline.model.landing_zone import Check, Mode, product_name
from pipeline.model.observed import ObservedAccount
from pipeline.model.request import AccountRequest
from pipeline.planning.email import SPREADING_GUARD
from pipeline.planning.enrollment_state import is_busy, wants_to_be_managed
from pipeline.planning.territory import Objection, Territory, is_within, obstacles_of
from pipeline.planning.unit_resets import NO_RESETS, Resets

_OURS_TO_REPLACE: Final = frozenset({"AVAILABLE", "ERROR", "TAINTED"})
"""Of a product without an account: gone on with, or terminated and provisioned again."""

UNREAD_GUARD: Final = "enrollment-checks-unread"
"""Guard of an enrolment whose conditions nobody could read; `confirm: {managed: true}` releases it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request, its account, and where it is to live."""

    request: AccountRequest
    account: ObservedAccount
    territory: Territory
    repository: str
    resets: Resets = NO_RESETS

    @property
    def unit(self) -> str:
        return self.request.spec.organizational_unit

    @property
    def product(self) -> str | None:
        """The name of the product that the account gets, where accounts are products."""
        is_product = self.territory.zone.mode is Mode.SERVICE_CATALOG
        return product_name(self.request.key, self.repository) if is_product else None


def to_creation(request: AccountRequest, territory: Territory, product: str | None, resets: Resets) -> Objection | None:
    """`product`: the name of the product that the account gets, where accounts are products."""
    if not wants_to_be_managed(request):
        return Objection(
            guard="unmanaged-creation",
            reason="a new account comes under Control Tower, and the request says `managed: false`",
            release=f"remove `managed: false` in {request.origin().file}; or create the account yourself, and plan again",
        )
    return (
        _to_unit_of_new(territory.objection_to(request.spec.organizational_unit))
        or territory.pause()
        or obstacles_of(territory.zone)
        or to_missing_administrator(request, territory)
        or _to_left_product(territory, product)
        or resets.objection_to(request.spec.organizational_unit)
    )


def _to_unit_of_new(objection: Objection | None) -> Objection | None:
    """To stay outside of Control Tower is for accounts that are there."""
    if objection is None or objection.guard != "unit-not-registered":
        return objection
    return replace(objection, release=objection.release.partition(";")[0])


def to_missing_administrator(request: AccountRequest, territory: Territory) -> Objection | None:
    """Account Factory asks for a first administrator, and uses it where Control Tower manages IAM Identity Center."""
    zone = territory.zone
    if zone.mode is not Mode.SERVICE_CATALOG or not zone.manages_access or isinstance(request.spec.sso_user, Mapping):
        return None
    return Objection(
        guard="sso-user",
        reason="Account Factory asks for the first administrator of the account, and the request names none",
        release=f"write `sso_user` in {request.origin().file}, or in a _defaults.yaml",
    )


def to_changing_shared(case: Case) -> Objection | None:
    if case.account.account_id not in case.territory.zone.security_accounts:
        return None
    return Objection(
        guard="shared-account",
        reason=f'account "{case.account.account_id}" is one of Control Tower\'s shared accounts, which stay as they are',
        release=(
            f"take the change back in {case.request.origin().file}; where somebody has moved the account, reset the landing zone "
            "in the Control Tower console"
        ),
    )


def to_changing_busy(case: Case) -> Objection | None:
    if not is_busy(case.account):
        return None
    return Objection(
        guard="account-busy",
        reason=f'Control Tower is changing account "{case.account.account_id}"',
        release="plan again when it has ended",
    )


def to_failed_product(case: Case) -> Objection | None:
    """A product that never was any good cannot be updated; ending it moves the account, so a person does that.

    https://docs.aws.amazon.com/controltower/latest/userguide/troubleshooting.html
    """
    product = case.account.product
    if product is None and (left := case.territory.left.get(case.product or "")) is not None:
        if left.account_id is not None:
            return _to_left_product(case.territory, case.product)
        product = left
    if case.territory.zone.mode is not Mode.SERVICE_CATALOG or product is None or not product.is_unusable:
        return None
    return Objection(
        guard="product-failed",
        reason=f'product "{product.product_id}" of Account Factory is {product.status}, and its account is there',
        release=(
            f"see why it failed, terminate it in Service Catalog when nobody works in account"
            f' "{case.account.account_id}" (which then moves to the root), and plan again'
        ),
    )


def _to_left_product(territory: Territory, name: str | None) -> Objection | None:
    """A product of that name whose account is gone, or that is in a state nobody knows: Account Factory would go on with it."""
    product = territory.left.get(name or "")
    if product is None or (product.account_id is None and (product.is_changing or product.status in _OURS_TO_REPLACE)):
        return None
    account = f', and its account "{product.account_id}" is closed or has left the organization'
    return Objection(
        guard="product-left",
        reason=f'product "{product.product_id}" of Account Factory is {product.status}{account if product.account_id else ""}',
        release="plan again when that has ended"
        if product.is_changing
        else f'look whether that account is really gone, terminate "{product.product_id}" in Service Catalog, and plan again',
    )


def to_changing_address(case: Case) -> Objection | None:
    """Account Factory makes a new account for an address that no member has, and AWS takes hours to show a changed one."""
    update = case.account.email_update
    if case.product is None or update is None or update.standing is not EmailStanding.ACCEPTED:
        return None
    return Objection(
        guard=SPREADING_GUARD,
        reason=f'the address of account "{case.account.account_id}" is changing, and an enrolment names the account by it',
        release="plan again when AWS shows the new address, within 4 hours",
    )


def to_missing_product(case: Case) -> Objection | None:
    """An account that its unit enrolled has no product, and Account Factory neither moves it nor lets it go."""
    zone, account = case.territory.zone, case.account
    if zone.mode is not Mode.SERVICE_CATALOG or account.product is not None or account.enrollment is None:
        return None
    return Objection(
        guard="no-product",
        reason=f'account "{account.account_id}" is enrolled, and Account Factory has no product of it',
        release="do it in the Control Tower console, or write `control_tower: {mode: auto-enroll}` in vending.yaml",
    )


def to_coming_from_a_new_unit(case: Case) -> Objection | None:
    """Registering the unit that an account is in enrolls it there, and then Account Factory cannot move it any more."""
    unit = case.account.spec.organizational_unit
    if case.territory.zone.mode is not Mode.SERVICE_CATALOG or unit == case.unit or unit not in case.territory.planned:
        return None
    return Objection(
        guard="no-product",
        reason=f'registering unit "{unit}" enrolls the account there, and Account Factory has no product of it then',
        release=f'let the account move before `register: true` is written for "{unit}"',
    )


def to_moving(case: Case) -> Objection | None:
    """A move into a unit that Control Tower does not govern would take the account out by the way."""
    objection = case.territory.objection_to(case.unit)
    if objection is None or objection.guard != "unit-not-registered":
        return objection
    reason = f"{objection.reason}, so the move would take the account out of Control Tower"
    return replace(objection, reason=reason)


def to_staying_out(case: Case) -> Objection | None:
    """In a unit that Control Tower governs the account would be enrolled, at the latest by the unit's next reset."""
    if any(is_within(case.unit, each) for each in case.territory.deleted):
        return case.territory.objection_to(case.unit)
    if not case.territory.governs(case.unit):
        return None
    when = "" if case.territory.zone.enrolls_automatically else ", when it is reset,"
    return Objection(
        guard="unit-enrolls",
        reason=f'unit "{case.unit}"{when} enrolls every account in it, and the request says `managed: false`',
        release=(
            f'write `organizational_unit: "{ROOT}"`, or a unit that Control Tower does not govern, in '
            f"{case.request.origin().file}; or remove `managed: false`"
        ),
    )


def to_unmet_conditions(case: Case) -> Objection | None:
    """Conditions that do not hold, and that this run may not put right."""
    checks, file = case.account.checks, case.request.origin().file
    failed = [check for check in checks if check.passed is False and check.repair not in case.request.repair]
    if failed:
        remedies = dict.fromkeys(_remedy(check, file) for check in failed)
        return Objection(
            guard="enrollment-checks",
            reason="; ".join(check.message for check in failed),
            release="; ".join((*remedies, "then plan again")),
        )
    unread = [check.message for check in checks if check.passed is None]
    if (checks and not unread) or case.request.confirm.get("managed") is True:
        return None
    return Objection(
        guard=UNREAD_GUARD,
        reason="; ".join(unread) or "the conditions of enrolling the account were not read",
        release=f"let plans enter the account, and plan again; or write `confirm: {{managed: true}}` in {file}",
    )


def to_asking_now(change: AccountChange, case: Case) -> Objection | None:
    """What Control Tower takes part in waits while it is busy, or broken."""
    if not _takes_part(change, case):
        return None
    is_asked_of_factory = isinstance(change, EnrollAccount | MoveAccount | UpdateAccount)
    return case.territory.pause() or (obstacles_of(case.territory.zone) if is_asked_of_factory else None)


def _takes_part(change: AccountChange, case: Case) -> bool:
    match change:
        case EnrollAccount() | UnmanageAccount() | CreateAccount():
            return True
        case MoveAccount():
            return wants_to_be_managed(case.request)
        case CloseAccount(unmanages=unmanages):
            return unmanages
        case UpdateAccount(fields=fields):
            return any(each.path in {("sso_user",), ("enrollment",)} for each in fields)
        case _:
            assert_never(change)


def _remedy(check: Check, file: str) -> str:
    return f"write `repair: [{check.repair}]` in {file}" if check.repair is not None else check.remedy
