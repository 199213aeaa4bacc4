"""What Control Tower does by itself when an account is moved, or leaves.

https://docs.aws.amazon.com/controltower/latest/userguide/account-auto-enrollment.html
Where automatic enrolment is on, an account that comes into a registered unit is enrolled, and one that goes to another place
is un-enrolled, some time later. Where it is off, the account is in drift.
"""

from typing import Final

from pipeline.sandbox.control_tower import enrolment, events
from pipeline.sandbox.control_tower.account_factory import CONCURRENT
from pipeline.sandbox.control_tower.drift import Drift, Drifted
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import Family
from pipeline.sandbox.records import ACTIVE, Account

_AGAIN: Final = 1.0
"""Seconds until Control Tower looks whether its other operations have ended."""


def watch(zone: LandingZone) -> None:
    """From now on, notice what becomes of the organization's accounts."""

    def notice(before: Account | None, after: Account | None, at: float) -> None:
        if before is not None and after is None:
            _removed(zone, before)
        elif before is not None and after is not None and before.parent_id != after.parent_id and not zone.is_moving:
            _moved(zone, before, after, at)

    zone.organization.watchers.append(notice)


def _removed(zone: LandingZone, account: Account) -> None:
    if zone.on(account.id) is not None:
        zone.removed.add(account.id)
        drifted = Drifted(kind=Drift.ACCOUNT_REMOVED_FROM_ORGANIZATION, target=account.id)
        events.drift_detected(zone, drifted, {"accountId": account.id})


def _moved(zone: LandingZone, before: Account, after: Account, at: float) -> None:
    if zone.settings.enrolls_automatically:
        zone.later(zone.organization.options.enrolment_delay, lambda then: _follow(zone, after.id, then), at)
    elif zone.on(after.id) is not None:
        drifted = Drifted(kind=Drift.ACCOUNT_MOVED_BETWEEN_OUS, target=after.id)
        where = {"accountId": after.id, "sourceId": before.parent_id, "destinationId": after.parent_id}
        events.drift_detected(zone, drifted, where)


def _follow(zone: LandingZone, account_id: str, at: float) -> None:
    """Enrol or un-enrol the account by where it is now, or look again later if something else is going on."""
    account = zone.organization.latest.accounts.get(account_id)
    if account is None or account.state != ACTIVE or not zone.account_differs(account):
        return
    others = zone.running(Family.LANDING_ZONE, Family.BASELINE, Family.CONTROL)
    accounts = zone.running(Family.ACCOUNT)
    if others or len(accounts) >= CONCURRENT or any(each.account_id == account_id for each in accounts):
        zone.later(_AGAIN, lambda then: _follow(zone, account_id, then), at)
    elif zone.on(account.parent_id) is None:
        _leave(zone, account, at)
    else:
        _enroll(zone, account, at)


def _enroll(zone: LandingZone, account: Account, at: float) -> None:
    unit, baseline = zone.organization.latest.units.get(account.parent_id), zone.on(account.parent_id)
    if unit is None or baseline is None or not zone.is_registered(unit) or zone.is_outdated(unit) or zone.is_blocked:
        return  # such a unit takes no account; its re-registration enrols what is in it
    operation = zone.start("ENROLL_ACCOUNT", Family.ACCOUNT, account.email, account.id)
    error = enrolment.problem(zone, account, needs_role=False)
    enrolment.begin(zone, account, baseline, operation.id)

    def end(then: float) -> None:
        failure = enrolment.finish(zone, account.id, "EnableBaseline", then, refused=error)
        zone.end(operation, then, failure)
        _follow(zone, account.id, then)

    zone.later(zone.organization.options.baseline_delay, end, at)


def _leave(zone: LandingZone, account: Account, at: float) -> None:
    operation = zone.start("UN_ENROLL_ACCOUNT", Family.ACCOUNT, account.email, account.id)

    def end(then: float) -> None:
        enrolment.un_manage(zone, account.id, then, to_root=False)
        zone.end(operation, then)
        _follow(zone, account.id, then)

    zone.later(zone.organization.options.baseline_delay, end, at)
