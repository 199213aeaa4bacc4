"""What Control Tower looks for, and makes, inside member accounts: its role, AWS Config, default VPCs.

moto keeps all of that. Its backends are looked up without making any, so an account that nobody has entered costs nothing.
Of moto's internals this file uses `config_backends` and `ec2_backends`;
`tests/contract/test_sandbox_control_tower_inside.py` fails when they change.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from moto.config.models import config_backends
from moto.ec2.models import ec2_backends

from pipeline.sandbox import members
from pipeline.sandbox.records import Account

EXECUTION_ROLE: Final = "AWSControlTowerExecution"


def has_role(account: Account) -> bool:
    """Whether the account has the role through which Control Tower works in it, trusting the management account.

    https://docs.aws.amazon.com/controltower/latest/userguide/enroll-manually.html
    """
    return members.trusts_management(account, EXECUTION_ROLE)


def add_role(account: Account) -> None:
    """Make the role if it is not there."""
    members.add_role(account, EXECUTION_ROLE)


def remove_role(account: Account) -> None:
    members.remove_role(account, EXECUTION_ROLE)


def recording_regions(account_id: str, regions: Iterable[str]) -> list[str]:
    """The Regions, of these, that have a recorder or a delivery channel of AWS Config."""
    known: Mapping[str, Any] = config_backends.get(account_id, {})
    return [each for each in regions if each in known and _records(known[each])]


def _records(backend: Any) -> bool:
    return bool(backend.recorders or backend.delivery_channels)


def add_default_vpc(account_id: str, region: str) -> None:
    """Make a default VPC if there is none; an account of moto's comes with one."""
    backend: Any = ec2_backends[account_id][region]
    if not has_default_vpc(account_id, region):
        backend.create_default_vpc()


def has_default_vpc(account_id: str, region: str) -> bool:
    backend: Any = ec2_backends[account_id][region]
    return any(each.is_default for each in backend.vpcs.values())
