"""Settings of one Region of an account: EBS encryption and its key, instance metadata, the default VPC."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pipeline.model.account_settings import Setting
from pipeline.model.json import Json
from pipeline.provisioners.aws.account_settings.default_vpc import delete_default_vpc, read_default_vpc
from pipeline.provisioners.aws.account_settings.ebs_key import read_default_key, write_default_key
from pipeline.provisioners.aws.members import Member


class RegionalAccess(NamedTuple):
    """How a setting is read and written in a Region."""

    read: Callable[[Member, str], Json]
    write: Callable[[Member, str, Json], None]


def _of_ec2(read: Callable[[Any], Json], write: Callable[[Any, Json], None]) -> RegionalAccess:
    """For what a client of EC2 in the Region is enough."""
    return RegionalAccess(
        lambda member, region: read(member.compute_in(region)),
        lambda member, region, wanted: write(member.compute_in(region), wanted),
    )


def _read_encryption(ec2: Any) -> Json:
    return bool(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"])


def _write_encryption(ec2: Any, wanted: Json) -> None:
    if wanted:
        ec2.enable_ebs_encryption_by_default()
    else:
        ec2.disable_ebs_encryption_by_default()


def _read_metadata_tokens(ec2: Any) -> Json:
    """`required`, `optional`, or None where the account has no default of its own.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetInstanceMetadataDefaults.html
    """
    tokens = ec2.get_instance_metadata_defaults().get("AccountLevel", {}).get("HttpTokens")
    return None if tokens is None else str(tokens)


def _write_metadata_tokens(ec2: Any, wanted: Json) -> None:
    """Other defaults of instance metadata are left as they are: a parameter that is left out is not changed."""
    ec2.modify_instance_metadata_defaults(HttpTokens=wanted)


REGIONAL: Final[Mapping[Setting, RegionalAccess]] = {
    Setting.EBS_ENCRYPTION_BY_DEFAULT: _of_ec2(_read_encryption, _write_encryption),
    Setting.EBS_ENCRYPTION_KEY: RegionalAccess(read_default_key, write_default_key),
    Setting.IMDSV2: _of_ec2(_read_metadata_tokens, _write_metadata_tokens),
    Setting.DEFAULT_VPCS: _of_ec2(read_default_vpc, lambda ec2, _wanted: delete_default_vpc(ec2)),
}
