"""What is inside accounts, in the form of an observation: for tests of Regions and settings."""

from typing import Any

from pipeline.model.account_settings import Setting

REGIONS = ("eu-west-1", "us-east-1")
"""Enabled in every account."""

NEW_REGION = "eu-south-2"

AT_BIRTH: dict[str, Any] = {
    Setting.ALIAS: None,
    Setting.PASSWORD_POLICY: None,
    Setting.S3_BLOCK_PUBLIC_ACCESS: False,
    Setting.EBS_ENCRYPTION_BY_DEFAULT: False,
    Setting.EBS_ENCRYPTION_KEY: {"key": "alias/aws/ebs", "aliases": ["alias/aws/ebs"]},
    Setting.IMDSV2: None,
    Setting.CUSTOM_FIELDS: {},
    Setting.DEFAULT_VPCS: {"id": "vpc-0a", "used_by": []},
}
"""The value of each setting in a new account, or in a new Region of one."""

VOLUME_KEY = {"key": "arn:aws:kms:eu-west-1:111122223333:key/mrk-0", "aliases": ["alias/volumes"]}
USED_VPC = {"id": "vpc-0b", "used_by": ["eni-01 of i-02"]}


def everywhere(value: Any, *regions: str) -> dict[str, Any]:
    return dict.fromkeys(regions or REGIONS, value)


def fresh_settings() -> dict[str, Any]:
    """Every setting of a new account."""
    return {each.value: everywhere(AT_BIRTH[each]) if each.is_regional else AT_BIRTH[each] for each in Setting}
