"""Accounts through AWS Organizations and Account Management alone: the backend for organizations without Control Tower."""

from typing import TYPE_CHECKING

from pipeline.provisioners.aws.connection import Connection

if TYPE_CHECKING:
    from pipeline.provisioners.organizations.provisioner import OrganizationsProvisioner


def connect(connection: Connection, *, execution_role: str, repository: str) -> "OrganizationsProvisioner":
    """The backend on this connection. Makes no call.

    `execution_role` is the role that AWS creates in every new account; `repository` names this repository of requests in
    the ownership tags.
    """
    from pipeline.provisioners.organizations.provisioner import OrganizationsProvisioner  # noqa: PLC0415 - takes the SDK along

    return OrganizationsProvisioner(connection, execution_role=execution_role, repository=repository)
