"""The landing zones that a sandbox can begin with, in the organization that was sown.

The Security unit has the shared accounts. Every other unit is registered, and its accounts are enrolled, but for those of
`UNREGISTERED`; that of `OUTDATED` needs a baseline update. A unit that Control Tower sets up by itself, Sandbox, is made where
it is missing.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from pipeline.sandbox.control_tower import automatic
from pipeline.sandbox.control_tower.catalogue import (
    AUDIT_BASELINE,
    IDENTITY_CENTER_BASELINE,
    IDENTITY_CENTER_PARAMETER,
    LATEST_VERSION,
    LOG_ARCHIVE_BASELINE,
    TOWER_BASELINE,
    VERSION_OF_OTHERS,
    VERSIONS,
)
from pipeline.sandbox.control_tower.inside import EXECUTION_ROLE
from pipeline.sandbox.control_tower.landing_zone import TRUSTED_SERVICE, LandingZone
from pipeline.sandbox.control_tower.records import EnabledBaseline, EnabledControl, Family, Settings, Standing
from pipeline.sandbox.control_tower.zone import SECURITY
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID, Organization
from pipeline.sandbox.organizations.units import new_unit
from pipeline.sandbox.records import ACTIVE, Account, Unit

UNREGISTERED: Final = "Legacy"
OUTDATED: Final = "Prod"
OUTDATED_VERSION: Final = "2.0"
"""Older than what goes with any landing zone of the sandbox."""

_SINCE: Final = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)
_SECOND_REGION: Final = "eu-central-1"
_CONTROLS: Final = (
    ("Infrastructure", "AWS-GR_ENCRYPTED_VOLUMES"),
    ("Workloads", "AWS-GR_RESTRICT_ROOT_USER"),
    ("Sandbox", "AWS-GR_RDS_INSTANCE_PUBLIC_ACCESS_CHECK"),
)


class SetupError(ValueError):
    """There is no such landing zone."""


def set_up(organization: Organization, *, is_sample: bool) -> LandingZone:
    """The landing zone that the options of the organization describe. Raises `SetupError`.

    `is_sample` adds the unregistered unit, with an account that can be enrolled and one that lacks the role, and lets one
    unit be outdated.
    """
    options = organization.options
    if options.landing_zone_version not in VERSIONS:
        known = ", ".join(VERSIONS)
        raise SetupError(
            f'"{options.landing_zone_version}": there is no such landing zone; its version is one of {known}.'
        )
    security = _unit(organization, SECURITY)
    _unit(organization, "Sandbox")
    settings = Settings(
        home_region=options.home_region,
        version=options.landing_zone_version,
        latest_version=LATEST_VERSION,
        governed_regions=tuple(sorted({options.home_region, _SECOND_REGION})),
        enrolls_automatically=options.auto_enroll and options.landing_zone_version != "3.0",
        manages_access=not options.own_identity_center,
        log_archive_id=_shared(organization, security, "log-archive"),
        audit_id=_shared(organization, security, "audit"),
    )
    zone = LandingZone(organization, settings, security.id)
    organization.service_access[TRUSTED_SERVICE] = _SINCE
    done = zone.start("CREATE", Family.LANDING_ZONE, zone.arn)
    zone.end(done, organization.clock.monotonic())
    _enable_shared(zone, done.id)
    if is_sample:
        _add_legacy(organization)
    _register(zone, done.id, is_sample=is_sample)
    _enable_controls(zone, done.id)
    automatic.watch(zone)
    return zone


def _unit(organization: Organization, name: str) -> Unit:
    """The unit of this name beneath the root, made if it is missing."""
    found = next((each for each in organization.latest.units.children(ROOT_ID) if each.name == name), None)
    if found is None:
        found = new_unit(organization.next_sequence(), ROOT_ID, name)
        organization.put(found)
    return found


def _shared(organization: Organization, security: Unit, name: str) -> str:
    """The id of a shared account, made if it is missing."""
    accounts = organization.latest.accounts.children(security.id)
    found = next((each for each in accounts if each.name == name), None)
    if found is None:
        found = _account(organization, name, f"aws+{name}@example.com", security.id)
    organization.put(replace(found, further_roles=(EXECUTION_ROLE,)))
    return found.id


def _account(organization: Organization, name: str, email: str, unit_id: str, *further_roles: str) -> Account:
    return Account(
        id=organization.next_account_id(),
        sequence=organization.next_sequence(),
        parent_id=unit_id,
        name=name,
        email=email,
        state=ACTIVE,
        joined=_SINCE,
        further_roles=further_roles,
    )


def _add_legacy(organization: Organization) -> None:
    unit_id = _unit(organization, UNREGISTERED).id
    organization.put(_account(organization, "Legacy ERP", "erp-root@example.com", unit_id, EXECUTION_ROLE))
    organization.put(_account(organization, "Legacy Wiki", "wiki-root@example.com", unit_id))


def _enable_shared(zone: LandingZone, operation: str) -> None:
    """What a landing zone enables on the accounts that all others share."""
    shared = [(AUDIT_BASELINE, zone.settings.audit_id), (LOG_ARCHIVE_BASELINE, zone.settings.log_archive_id)]
    if zone.settings.manages_access:
        shared.append((IDENTITY_CENTER_BASELINE, MANAGEMENT_ID))
    for baseline, account_id in shared:
        zone.put(_enabled(zone, baseline, account_id, operation, version=VERSION_OF_OTHERS))


def _register(zone: LandingZone, operation: str, *, is_sample: bool) -> None:
    organization = zone.organization
    center = zone.on(MANAGEMENT_ID, IDENTITY_CENTER_BASELINE)
    parameters = {} if center is None else {IDENTITY_CENTER_PARAMETER: center.arn}
    for unit in list(organization.latest.units):
        if unit.id == ROOT_ID or zone.in_security(unit.id) or (is_sample and unit.name == UNREGISTERED):
            continue
        version = OUTDATED_VERSION if is_sample and unit.name == OUTDATED else zone.baseline_version
        enabled = _enabled(zone, TOWER_BASELINE, unit.id, operation, version=version)
        zone.put(replace(enabled, parameters=parameters))
        for account in organization.latest.accounts.children(unit.id):
            roles = (*account.further_roles, EXECUTION_ROLE)
            organization.put(replace(account, further_roles=roles))
            child = _enabled(zone, TOWER_BASELINE, account.id, operation, version=version)
            zone.put(replace(child, parent=enabled.arn, parameters=parameters))


def _enabled(zone: LandingZone, baseline: str, target: str, operation: str, *, version: str) -> EnabledBaseline:
    arn, sequence = zone.new_arn("enabledbaseline")
    return EnabledBaseline(
        arn=arn,
        sequence=sequence,
        baseline=baseline,
        version=version,
        target=target,
        standing=Standing.SUCCEEDED,
        operation=operation,
    )


def _enable_controls(zone: LandingZone, operation: str) -> None:
    units = {each.name: each for each in zone.organization.latest.units.children(ROOT_ID)}
    for name, control in _CONTROLS:
        if name in units:
            arn, sequence = zone.new_arn("enabledcontrol")
            zone.controls[arn] = EnabledControl(
                arn=arn,
                sequence=sequence,
                control=f"arn:aws:controltower:{zone.settings.home_region}::control/{control}",
                target=units[name].id,
                standing=Standing.SUCCEEDED,
                operation=operation,
            )
