"""Drift on demand: as if somebody had done it by hand, past Control Tower.

https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from pipeline.sandbox.control_tower import events, inside
from pipeline.sandbox.control_tower.catalogue import is_policy
from pipeline.sandbox.control_tower.drift import Drift, Drifted
from pipeline.sandbox.control_tower.landing_zone import TRUSTED_SERVICE, LandingZone
from pipeline.sandbox.control_tower.records import EnabledControl
from pipeline.sandbox.organization import ROOT_ID
from pipeline.sandbox.records import Account, Unit

_ROLE: Final = "AWSControlTowerStackSetRole"


class DriftError(ValueError):
    """It cannot be caused; the text says why."""


def cause(zone: LandingZone, kind: str, target: str) -> str:
    """Cause drift, and say what was done. `target` may be empty: then something fitting is taken. Raises `DriftError`."""
    if kind not in KINDS:
        raise DriftError(f'"{kind}": there is no such drift; it is one of {", ".join(KINDS)}.')
    return KINDS[kind](zone, target)


def present(zone: LandingZone) -> list[Drifted]:
    """All drift that there is now, in AWS's words."""
    found = zone.zone_drifts() | {each for each in zone.drifts if not each.kind.is_of_landing_zone}
    found |= {Drifted(kind=Drift.ACCOUNT_REMOVED_FROM_ORGANIZATION, target=each) for each in zone.removed}
    found |= {
        Drifted(kind=Drift.CONTROL_INEFFECTIVE, target=each.arn)
        for each in zone.controls.values()
        if each.is_ineffective
    }
    for account in zone.organization.latest.accounts:
        if (kind := _drift_of(zone, account)) is not None:
            found.add(Drifted(kind=kind, target=account.id))
    return sorted(found, key=lambda each: (each.kind, each.target))


def _drift_of(zone: LandingZone, account: Account) -> Drift | None:
    child = zone.on(account.id)
    if child is None or not zone.account_differs(account):
        return None
    unit = zone.on(account.parent_id)
    has_moved = unit is None or unit.arn != child.parent
    return Drift.ACCOUNT_MOVED_BETWEEN_OUS if has_moved else Drift.INHERITANCE


def _moved_account(zone: LandingZone, target: str) -> str:
    account = _account(zone, target)
    others = [each for each in _registered(zone) if each.id != account.parent_id]
    destination = others[0].id if others else ROOT_ID
    zone.organization.put(replace(account, parent_id=destination))
    return f'"{account.name}" ({account.id}) was moved to {destination}.'


def _removed_account(zone: LandingZone, target: str) -> str:
    account = _account(zone, target)
    zone.organization.remove(account)
    return f'"{account.name}" ({account.id}) was removed from the organization.'


def _scp_updated(zone: LandingZone, target: str) -> str:
    unit = _unit(zone, target)
    _note(zone, Drift.SCP_UPDATED, unit.id, {"organizationalUnitId": unit.id})
    return f'A service control policy of Control Tower\'s on "{unit.name}" ({unit.id}) was edited.'


def _scp_detached(zone: LandingZone, target: str) -> str:
    unit = _unit(zone, target)
    _note(zone, Drift.SCP_DETACHED_FROM_OU, unit.id, {"organizationalUnitId": unit.id})
    return f'A service control policy of Control Tower\'s was detached from "{unit.name}" ({unit.id}).'


def _unit_deleted(zone: LandingZone, target: str) -> str:
    unit = zone.organization.latest.units.get(zone.security_unit_id)
    if unit is None:
        raise DriftError("The Security unit is deleted already.")
    if target not in {"", unit.id, unit.name}:
        raise DriftError(
            f'"{target}": only the Security unit is foundational; others are deleted through Organizations.'
        )
    if zone.organization.latest.units.children(unit.id):
        raise DriftError(f'"{unit.name}" ({unit.id}) holds other units.')
    for account in zone.organization.latest.accounts.children(unit.id):
        zone.organization.put(replace(account, parent_id=ROOT_ID))
    zone.organization.drop_unit(unit)
    drifted = Drifted(kind=Drift.ORGANIZATIONAL_UNIT_DELETED, target=unit.id)
    events.drift_detected(zone, drifted, {"organizationalUnitId": unit.id})
    return f'"{unit.name}" ({unit.id}) was deleted; its accounts are in the root.'


def _role_drift(zone: LandingZone, target: str) -> str:
    role = target or _ROLE
    _note(zone, Drift.ROLE_CHANGED, role, {"roleName": role})
    return f'The role "{role}" of the management account was deleted.'


def _trusted_access_disabled(zone: LandingZone, target: str) -> str:
    if target not in {"", TRUSTED_SERVICE}:
        raise DriftError(f'"{target}": the trusted service is {TRUSTED_SERVICE}.')
    if zone.organization.service_access.pop(TRUSTED_SERVICE, None) is None:
        raise DriftError(f"Trusted access of {TRUSTED_SERVICE} is disabled already.")
    events.drift_detected(zone, Drifted(kind=Drift.TRUSTED_ACCESS_DISABLED, target=TRUSTED_SERVICE), {})
    return f"Trusted access of {TRUSTED_SERVICE} was disabled."


def _control_drift(zone: LandingZone, target: str) -> str:
    """`target` is a control by its ARN or the last part of it, of the control or of it enabled; or a unit."""
    control = next((each for each in zone.controls.values() if _is_meant(zone, each, target)), None)
    if control is None:
        raise DriftError(f'"{target}": there is no such enabled control whose drift is looked for.')
    zone.controls[control.arn] = replace(control, is_ineffective=True)
    events.drift_detected(zone, Drifted(kind=Drift.CONTROL_INEFFECTIVE, target=control.arn), {})
    return f"What {control.control} had set up on {control.target} was removed."


def _is_meant(zone: LandingZone, control: EnabledControl, target: str) -> bool:
    unit = zone.organization.latest.units.get(control.target)
    names = {"", control.arn, control.control, control.target, *(part.rpartition("/")[2] for part in _arns(control))}
    return not is_policy(control.control) and (target in names or (unit is not None and target == unit.name))


def _arns(control: EnabledControl) -> tuple[str, str]:
    return control.arn, control.control


def _inheritance_drift(zone: LandingZone, target: str) -> str:
    account = _account(zone, target)
    child = zone.on(account.id)
    if child is not None:
        zone.put(replace(child, was_tampered=True))
    return f'A resource of the baseline of "{account.name}" ({account.id}) was changed.'


def _default_vpc(zone: LandingZone, target: str) -> str:
    """No drift that Control Tower sees: it is told when the account is next updated."""
    account, region = _account(zone, target), zone.settings.home_region
    inside.add_default_vpc(account.id, region)
    zone.added_vpcs.add((account.id, region))
    return f'A default VPC was added to "{account.name}" ({account.id}) in {region}.'


def _sts_deactivated(zone: LandingZone, target: str) -> str:
    """No drift, but in the way of enrolling: the account settings of IAM's console, which has no API for it.

    `target` is any account of the organization and, behind a slash, a Region; without one, the home Region.
    """
    account, region = _account_and_region(zone, target)
    zone.organization.token_services_off.add((account.id, region))
    return f'STS was deactivated for "{account.name}" ({account.id}) in {region}.'


def _sts_activated(zone: LandingZone, target: str) -> str:
    account, region = _account_and_region(zone, target)
    zone.organization.token_services_off.discard((account.id, region))
    return f'STS was activated for "{account.name}" ({account.id}) in {region}.'


KINDS: Final[Mapping[str, Callable[[LandingZone, str], str]]] = {
    "moved-account": _moved_account,
    "removed-account": _removed_account,
    "scp-updated": _scp_updated,
    "scp-detached": _scp_detached,
    "unit-deleted": _unit_deleted,
    "role-drift": _role_drift,
    "trusted-access-disabled": _trusted_access_disabled,
    "control-drift": _control_drift,
    "inheritance-drift": _inheritance_drift,
    "default-vpc": _default_vpc,
    "sts-deactivated": _sts_deactivated,
    "sts-activated": _sts_activated,
}


def _note(zone: LandingZone, kind: Drift, target: str, members: dict[str, str]) -> None:
    drifted = Drifted(kind=kind, target=target)
    zone.drifts.add(drifted)
    events.drift_detected(zone, drifted, members)


def _account(zone: LandingZone, target: str) -> Account:
    """An enrolled account by id, name or address; any if nothing is given."""
    for account in zone.organization.latest.accounts:
        is_meant = not target or target in {account.id, account.name, account.email}
        if is_meant and zone.on(account.id) is not None:
            return account
    raise DriftError(f'"{target}": there is no such enrolled account.')


def _account_and_region(zone: LandingZone, target: str) -> tuple[Account, str]:
    """Of `ACCOUNT` or `ACCOUNT/REGION`, enrolled or not, of the Regions that the landing zone governs."""
    named, _, region = target.partition("/")
    found = next(
        (each for each in zone.organization.latest.accounts if named in {each.id, each.name, each.email}), None
    )
    if found is None:
        raise DriftError(f'"{named}": there is no such account; the target is ACCOUNT or ACCOUNT/REGION.')
    if region and region not in zone.settings.governed_regions:
        raise DriftError(f'"{region}": the landing zone governs {", ".join(zone.settings.governed_regions)}.')
    return found, region or zone.settings.home_region


def _unit(zone: LandingZone, target: str) -> Unit:
    """A registered unit by id, name or path; any if nothing is given."""
    for unit in _registered(zone):
        path = "/".join(each.name for each in zone.organization.latest.ancestors(unit.id)[1:])
        if not target or target in {unit.id, unit.name, path}:
            return unit
    raise DriftError(f'"{target}": there is no such registered unit.')


def _registered(zone: LandingZone) -> list[Unit]:
    return [each for each in zone.organization.latest.units if zone.on(each.id) is not None]
