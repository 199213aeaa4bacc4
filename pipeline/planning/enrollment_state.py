"""What Control Tower says of one account, read the same way everywhere."""

from enum import StrEnum
from typing import assert_never

from pipeline.model.account import AccountState
from pipeline.model.drift import DRIFT, DriftKind
from pipeline.model.landing_zone import LandingZone, Mode, Standing
from pipeline.model.observed import ObservedAccount
from pipeline.model.request import AccountRequest
from pipeline.planning.territory import Territory


class AccountDrift(StrEnum):
    """Why an enrolled account has to be put right."""

    MOVED = "moved"
    DIFFERS = "differs"
    FAILED = "failed"


def wants_to_be_managed(request: AccountRequest) -> bool:
    """Whoever does not say `managed: false` wants Control Tower to govern the account."""
    return request.spec.managed is not False


def is_governed(account: ObservedAccount, zone: LandingZone) -> bool:
    """Whether the account is enrolled. Where accounts are products, one with a good product is, whatever is said of it.

    Without Account Factory products say nothing: automatic enrolment neither makes nor ends them.
    https://docs.aws.amazon.com/controltower/latest/userguide/account-auto-enrollment.html
    """
    is_product = zone.mode is Mode.SERVICE_CATALOG and account.product is not None and account.product.has_succeeded
    return is_product or account.enrollment is not None


def is_busy(account: ObservedAccount) -> bool:
    """Whether Control Tower is at work on the account."""
    is_changing = account.product is not None and account.product.is_changing
    return is_changing or (account.enrollment is not None and account.enrollment.standing is Standing.UNDER_CHANGE)


def drift_of_account(account: ObservedAccount) -> AccountDrift | None:
    """How the enrolment differs from what the account's unit asks for; None while it is being changed."""
    enrollment = account.enrollment
    if enrollment is None or is_busy(account):
        return None
    if enrollment.standing is Standing.FAILED:
        return AccountDrift.FAILED
    if enrollment.unit not in {None, account.spec.organizational_unit}:
        return AccountDrift.MOVED
    return AccountDrift.DIFFERS if enrollment.is_drifted else None


def needs_reset_of_unit(account: ObservedAccount, zone: LandingZone) -> bool:
    """Whether only the unit's baseline can put the account right: it has no product, or products are not used."""
    if drift_of_account(account) is None or zone.enrolls_automatically or account.state is not AccountState.ACTIVE:
        return False
    return zone.mode is Mode.AUTO_ENROLL or account.product is None


def drift_in_words(drift: AccountDrift, account: ObservedAccount, territory: Territory) -> tuple[str, str]:
    """What is true, and what to do, or what is done."""
    message = _what_is_so(drift, account)
    kind = DriftKind.ACCOUNT_MOVED if drift is AccountDrift.MOVED else DriftKind.INHERITANCE
    if territory.zone.enrolls_automatically:
        return message, "automatic enrolment repairs it by itself, in minutes to hours"
    if needs_reset_of_unit(account, territory.zone) and account.spec.organizational_unit not in territory.planned:
        return message, DRIFT[kind].repair
    return message, "this plan repairs it"


def _what_is_so(drift: AccountDrift, account: ObservedAccount) -> str:
    who = f'account "{account.account_id}"'
    match drift:
        case AccountDrift.MOVED:
            known = account.enrollment.unit if account.enrollment is not None else None
            return f'{who} was moved outside of Control Tower, which still counts it to unit "{known}"'
        case AccountDrift.DIFFERS:
            return f"the baseline or the controls of {who} differ from those of its unit"
        case AccountDrift.FAILED:
            return f"the last operation of Control Tower on {who} has failed"
        case _:
            assert_never(drift)
