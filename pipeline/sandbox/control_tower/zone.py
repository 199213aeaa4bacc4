"""The landing zone: looking at it, resetting it, updating it.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetLandingZone.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_ResetLandingZone.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_UpdateLandingZone.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline.sandbox.control_tower.asked import (
    found_zone,
    not_found,
    operation_of,
    refuse_when_busy,
    validation,
    zone_of,
)
from pipeline.sandbox.control_tower.catalogue import VERSIONS, is_older
from pipeline.sandbox.control_tower.landing_zone import TRUSTED_SERVICE, LandingZone
from pipeline.sandbox.control_tower.records import Family, Settings, Status, Step
from pipeline.sandbox.organization import ROOT_ID, Call
from pipeline.sandbox.organizations.units import new_unit
from pipeline.sandbox.records import Fields

SECURITY: Final = "Security"


def list_landing_zones(call: Call, parameters: Fields) -> Fields:  # noqa: ARG001 - a handler
    zone = found_zone(call)
    return {"landingZones": [] if zone is None else [{"arn": zone.arn}]}


def get_landing_zone(call: Call, parameters: Fields) -> Fields:
    zone = _named(call, parameters)
    settings = zone.settings
    fields: Fields = {
        "arn": zone.arn,
        "version": settings.version,
        "latestAvailableVersion": settings.latest_version,
        "status": _status(zone),
        "driftStatus": {"status": "DRIFTED" if zone.zone_drifts() else "IN_SYNC"},
        "manifest": _manifest(zone),
    }
    if settings.enrolls_automatically:
        fields["remediationTypes"] = ["INHERITANCE_DRIFT"]
    return {"landingZone": fields}


def reset_landing_zone(call: Call, parameters: Fields) -> Fields:
    zone = _named(call, parameters)
    if zone.settings.version == "3.0":
        raise validation("A landing zone can be reset from version 3.1 on.")
    refuse_when_busy(zone)
    operation = zone.start("RESET", Family.LANDING_ZONE, zone.arn)

    def end(at: float) -> None:
        error = zone.strike(Step.LANDING_ZONE)
        if not error:
            _repair(zone, at)
        zone.end(operation, at, error)

    zone.later(call.organization.options.baseline_delay, end)
    return {"operationIdentifier": operation.id}


def update_landing_zone(call: Call, parameters: Fields) -> Fields:
    """Another version, other governed Regions, other remediation: nothing else of the manifest is changed here.

    Service Catalog gets a new version of Account Factory, and units that have an older baseline need an update.
    """
    zone, version = _named(call, parameters), parameters["version"]
    if version not in VERSIONS or is_older(version, zone.settings.version):
        raise validation(f"The landing zone has version {zone.settings.version}; it cannot be updated to {version}.")
    refuse_when_busy(zone)
    operation = zone.start("UPDATE", Family.LANDING_ZONE, zone.arn)

    def end(at: float) -> None:
        error = zone.strike(Step.LANDING_ZONE)
        if not error:
            zone.settings = _updated(zone.settings, parameters)
            _repair(zone, at)
            if call.organization.catalog is not None:
                call.organization.catalog.publish(version)
        zone.end(operation, at, error)

    zone.later(call.organization.options.baseline_delay, end)
    return {"operationIdentifier": operation.id}


def _updated(settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    regions = (wanted.get("manifest") or {}).get("governedRegions", settings.governed_regions)
    remediation = wanted.get("remediationTypes")
    automatic = settings.enrolls_automatically if remediation is None else "INHERITANCE_DRIFT" in remediation
    return replace(
        settings,
        version=wanted["version"],
        governed_regions=tuple(sorted({settings.home_region, *regions})),
        enrolls_automatically=automatic,
    )


def get_landing_zone_operation(call: Call, parameters: Fields) -> Fields:
    return {"operationDetails": operation_of(zone_of(call), parameters["operationIdentifier"], Family.LANDING_ZONE)}


def _named(call: Call, parameters: Fields) -> LandingZone:
    zone, identifier = found_zone(call), parameters["landingZoneIdentifier"]
    if zone is None or identifier not in {zone.arn, zone.arn.rpartition("/")[2]}:
        raise not_found(f"The landing zone {identifier} does not exist.")
    return zone


def _status(zone: LandingZone) -> str:
    if zone.running(Family.LANDING_ZONE):
        return "PROCESSING"
    done = [each for each in zone.operations.values() if each.family is Family.LANDING_ZONE]
    return "FAILED" if done and done[-1].status is Status.FAILED else "ACTIVE"


def _repair(zone: LandingZone, at: float) -> None:
    """Everything that GetLandingZone calls drift is put right."""
    organization = zone.organization
    zone.drifts = {each for each in zone.drifts if not each.kind.is_of_landing_zone}
    organization.service_access.setdefault(TRUSTED_SERVICE, organization.moment(at))
    if organization.latest.units.get(zone.security_unit_id) is not None:
        return
    found = next((each for each in organization.latest.units.children(ROOT_ID) if each.name == SECURITY), None)
    if found is None:
        found = new_unit(organization.next_sequence(), ROOT_ID, SECURITY)
        organization.put(found, at)
    zone.security_unit_id = found.id
    for account_id in (zone.settings.log_archive_id, zone.settings.audit_id):
        account = organization.latest.accounts.get(account_id)
        if account is not None:
            zone.move(account, found.id, at)


def _manifest(zone: LandingZone) -> Fields:
    """What the landing zone was set up with: https://docs.aws.amazon.com/controltower/latest/userguide/lz-api-launch.html."""
    settings = zone.settings
    retention = {"loggingBucket": {"retentionDays": 365}, "accessLoggingBucket": {"retentionDays": 3650}}
    manifest: Fields = {
        "governedRegions": list(settings.governed_regions),
        "centralizedLogging": {"accountId": settings.log_archive_id, "configurations": retention, "enabled": True},
        "securityRoles": {"accountId": settings.audit_id},
        "accessManagement": {"enabled": settings.manages_access},
    }
    if settings.version.startswith("3."):
        manifest["organizationStructure"] = {"security": {"name": SECURITY}, "sandbox": {"name": "Sandbox"}}
    else:
        manifest["securityRoles"]["enabled"] = True
        manifest["config"] = {"accountId": settings.audit_id, "configurations": retention, "enabled": True}
        manifest["backup"] = {"enabled": False}
    return manifest
