"""Accounts in a landing zone of AWS Control Tower: through Account Factory, or through units that enroll what is in them."""

from typing import TYPE_CHECKING

from pipeline.model.landing_zone import Mode
from pipeline.provisioners.aws.connection import Connection

if TYPE_CHECKING:
    from pipeline.provisioners.control_tower.provisioner import ControlTowerProvisioner


def connect(
    connection: Connection,
    *,
    execution_role: str,
    repository: str,
    mode: Mode | None = None,
    launch_role: str | None = None,
) -> "ControlTowerProvisioner":
    """The backend on this connection. Makes no call.

    `execution_role` is assumed inside accounts. `mode` None chooses by what the landing zone can do. `launch_role` is the ARN
    of the role that changes are made with, None for the credentials as they are: it has to be in Account Factory's portfolio.
    """
    from pipeline.provisioners.control_tower.provisioner import (  # noqa: PLC0415 - takes the SDK along
        ControlTowerProvisioner,
    )

    return ControlTowerProvisioner(
        connection, execution_role=execution_role, repository=repository, mode=mode, launch_role=launch_role
    )
