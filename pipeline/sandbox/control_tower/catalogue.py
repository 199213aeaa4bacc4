"""What AWS Control Tower offers: baselines, their versions, and how controls are told apart.

https://docs.aws.amazon.com/controltower/latest/userguide/types-of-baselines.html
https://docs.aws.amazon.com/controltower/latest/userguide/table-of-baselines.html
"""

import re
from collections.abc import Mapping
from typing import Final

TOWER_BASELINE: Final = "AWSControlTowerBaseline"
IDENTITY_CENTER_BASELINE: Final = "IdentityCenterBaseline"
AUDIT_BASELINE: Final = "AuditBaseline"
LOG_ARCHIVE_BASELINE: Final = "LogArchiveBaseline"
IDENTITY_CENTER_PARAMETER: Final = "IdentityCenterEnabledBaselineArn"

BASELINES: Final[Mapping[str, tuple[str, str]]] = {
    TOWER_BASELINE: (
        "17BSJV3IGJ2QSGA2",
        "Sets up resources and mandatory controls for member accounts within the unit.",
    ),
    IDENTITY_CENTER_BASELINE: ("LN25R72TTG6IGPTQ", "Sets up shared resources for AWS Identity Center."),
    AUDIT_BASELINE: ("4T4HA1KMO10S6311", "Sets up resources to monitor security and compliance of accounts."),
    LOG_ARCHIVE_BASELINE: ("J8HX46AHS5MIKQPD", "Sets up a central repository for logs of API activities."),
    "BackupBaseline": ("APO9ATVPBKFRRGLK", "Sets up resources for AWS Backup in the accounts of the unit."),
}
"""By name: the last part of the ARN, and what it is for."""

LATEST_VERSION: Final = "4.0"
_FITTING: Final[Mapping[str, str]] = {
    **dict.fromkeys(("3.0", "3.1"), "3.0"),
    **dict.fromkeys(("3.2", "3.3"), "4.0"),
    "4.0": "5.0",
}
VERSIONS: Final = tuple(_FITTING)
"""The versions of a landing zone that the sandbox imitates."""
VERSION_OF_OTHERS: Final = "1.0"
"""The version of the baselines on the shared accounts."""

_CONTROL: Final = re.compile(
    r"arn:aws:controltower:(?P<region>[a-z0-9-]+)::control/(?:AWS-GR_[A-Z0-9_]+|[A-Z]{8,16})"
    r"|arn:aws:controlcatalog:::control/[0-9a-z]{20,30}"
)
_POLICIES: Final = frozenset(
    f"AWS-GR_{name}"
    for name in (
        *("AUDIT_BUCKET_DELETION_PROHIBITED", "CLOUDTRAIL_CHANGE_PROHIBITED", "CLOUDTRAIL_ENABLED"),
        *("CONFIG_CHANGE_PROHIBITED", "CONFIG_ENABLED", "IAM_ROLE_CHANGE_PROHIBITED", "LAMBDA_CHANGE_PROHIBITED"),
        *("REGION_DENY", "RESTRICT_ROOT_USER", "RESTRICT_ROOT_USER_ACCESS_KEYS", "RESTRICT_S3_DELETE_WITHOUT_MFA"),
        *("SNS_CHANGE_PROHIBITED", "DISALLOW_CROSS_REGION_NETWORKING", "DISALLOW_VPC_INTERNET_ACCESS"),
    )
)


def baseline_arn(region: str, name: str) -> str:
    return f"arn:aws:controltower:{region}::baseline/{BASELINES[name][0]}"


def baseline_named(arn: str) -> str | None:
    """The name of the baseline that an ARN, of any Region, stands for."""
    return next((name for name, (suffix, _) in BASELINES.items() if arn.endswith(f"::baseline/{suffix}")), None)


def fitting_version(landing_zone: str) -> str:
    """The version of AWSControlTowerBaseline that goes with a version of the landing zone."""
    return _FITTING[landing_zone]


def is_older(version: str, than: str) -> bool:
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    return [int(each) for each in version.split(".")]


def is_control(arn: str, region: str) -> bool:
    """Whether the ARN is of a control as it is written in this Region; thousands exist, so its form is what counts."""
    found = _CONTROL.fullmatch(arn)
    return found is not None and found["region"] in {None, region}


def is_policy(arn: str) -> bool:
    """Whether the control is a service control policy, by the names of those that are."""
    return arn.rpartition("/")[2] in _POLICIES


def control_details(arn: str) -> tuple[str, str]:
    """How a control behaves, and what it is made of."""
    if is_policy(arn):
        return "PREVENTIVE", "AWS::Organizations::Policy::SERVICE_CONTROL_POLICY"
    return "DETECTIVE", "AWS::Config::ConfigRule"
