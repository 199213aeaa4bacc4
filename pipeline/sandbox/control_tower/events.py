"""Lifecycle events, as CloudTrail and EventBridge show them.

https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html
"""

from datetime import datetime
from typing import Any, Final

from pipeline.sandbox.control_tower.drift import Drifted
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import EnabledBaseline, Operation, Status
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.organizations.shapes import arn
from pipeline.sandbox.records import Fields

_MEMBER: Final = {
    "EnableBaseline": "enableBaselineStatus",
    "DisableBaseline": "disableBaselineStatus",
    "ResetEnabledBaseline": "resetEnabledBaselineStatus",
    "UpdateEnabledBaseline": "updateEnabledBaselineStatus",
    "CreateManagedAccount": "createManagedAccountStatus",
    "UpdateManagedAccount": "updateManagedAccountStatus",
}


def managed_account(zone: LandingZone, event: str, operation: Operation, account: Fields, unit: Fields) -> None:
    """CreateManagedAccount or UpdateManagedAccount, when its operation has ended.

    `account` has `accountName`, and `accountId` if there is one; `unit` has the unit's name and id.
    """
    went_well = operation.status is Status.SUCCEEDED
    what = "created" if event.startswith("Create") else "updated"
    said = f"AWS Control Tower successfully {what} a managed account." if went_well else operation.message
    ended = operation.ended or operation.started
    status = {
        "organizationalUnit": unit,
        "account": account,
        "state": operation.status.value,
        "message": said,
        "requestedTimestamp": _moment(operation.started),
        "completedTimestamp": _moment(ended),
    }
    _service_event(zone, event, status, ended)


def baseline(zone: LandingZone, event: str, child: EnabledBaseline, at: float) -> None:
    """What became of an account's baseline."""
    moment = zone.organization.moment(at)
    details = {
        "arn": child.arn,
        "parentIdentifier": child.parent,
        "targetIdentifier": arn("account", child.target),
        "baselineVersion": child.version,
        "statusSummary": {"status": child.standing.value, "lastOperationIdentifier": child.operation},
    }
    _service_event(zone, event, {"enabledBaselineDetails": details, "completedTimestamp": _moment(moment)}, moment)


def drift_detected(zone: LandingZone, drifted: Drifted, members: Fields) -> None:
    """Landing zone 4.0 tells drift to EventBridge; earlier ones, to a topic that the sandbox does not have."""
    if zone.settings.version.startswith("4."):
        detail = {"driftType": drifted.kind.value, "managementAccountId": MANAGEMENT_ID, **members}
        _put(zone, "Drift Detected", detail, zone.organization.clock.now())


def _service_event(zone: LandingZone, event: str, status: Fields, moment: datetime) -> None:
    detail = {
        "eventVersion": "1.05",
        "userIdentity": {"accountId": MANAGEMENT_ID, "invokedBy": "AWS Internal"},
        "eventTime": _moment(moment),
        "eventSource": "controltower.amazonaws.com",
        "eventName": event,
        "awsRegion": zone.settings.home_region,
        "eventType": "AwsServiceEvent",
        "readOnly": False,
        "recipientAccountId": MANAGEMENT_ID,
        "serviceEventDetails": {_MEMBER[event]: status},
    }
    _put(zone, "AWS Service Event via CloudTrail", detail, moment)


def _put(zone: LandingZone, detail_type: str, detail: dict[str, Any], moment: datetime) -> None:
    digits = token("event", zone.organization.next_sequence(), 32)
    zone.events.append(
        {
            "version": "0",
            "id": "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])),
            "detail-type": detail_type,
            "source": "aws.controltower",
            "account": MANAGEMENT_ID,
            "time": _moment(moment),
            "region": zone.settings.home_region,
            "resources": [],
            "detail": detail,
        }
    )


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
