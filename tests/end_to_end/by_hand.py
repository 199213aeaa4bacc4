"""What somebody does inside an account by hand, in the words of the stories."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3


def _put_a_machine(ec2: Any) -> None:
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Description="a build machine")


def _switch_encryption_off(ec2: Any) -> None:
    ec2.disable_ebs_encryption_by_default()


DEEDS: Final[Mapping[str, Callable[[Any], None]]] = {
    "puts a build machine into the default VPC of": _put_a_machine,
    "switches EBS encryption by default off in": _switch_encryption_off,
}


def do_by_hand(deed: Mapping[str, str]) -> None:
    """A deed, its Region, and the account: `{switches EBS encryption by default off in: us-east-1, account: "2100…"}`."""
    ((what, region),) = ((name, value) for name, value in deed.items() if name != "account")
    role = f"arn:aws:iam::{deed['account']}:role/OrganizationAccountAccessRole"
    given = boto3.client("sts", region_name="us-east-1").assume_role(RoleArn=role, RoleSessionName="by-hand")
    credentials = given["Credentials"]
    DEEDS[what](
        boto3.client(
            "ec2",
            region_name=region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
    )
