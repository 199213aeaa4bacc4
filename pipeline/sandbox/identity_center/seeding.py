"""What an organization's Identity Center holds at the beginning.

https://docs.aws.amazon.com/controltower/latest/userguide/sso-groups.html
"""

from collections.abc import Mapping
from typing import Final

from pipeline.sandbox.identity_center.center import ADMINISTRATORS, IdentityCenter
from pipeline.sandbox.organization import Organization

_POLICY: Final = "arn:aws:iam::aws:policy/"
_OWN_SETS: Final[Mapping[str, str]] = {
    "AdministratorAccess": "AdministratorAccess",
    "PowerUserAccess": "PowerUserAccess",
    "ReadOnlyAccess": "ReadOnlyAccess",
}
_TOWER_SETS: Final[Mapping[str, str]] = {
    ADMINISTRATORS: "AdministratorAccess",
    "AWSOrganizationsFullAccess": "AWSOrganizationsFullAccess",
    "AWSPowerUserAccess": "PowerUserAccess",
    "AWSReadOnlyAccess": "job-function/ViewOnlyAccess",
    "AWSServiceCatalogAdminFullAccess": "AWSServiceCatalogAdminFullAccess",
    "AWSServiceCatalogEndUserAccess": "AWSServiceCatalogEndUserFullAccess",
}
_OWN_GROUPS: Final = ("Payments-Admins", "Search-Admins", "Platform-Admins", "Security-Auditors")
_TOWER_GROUPS: Final = (
    "AWSAccountFactory",
    "AWSAuditAccountAdmins",
    "AWSControlTowerAdmins",
    "AWSLogArchiveAdmins",
    "AWSLogArchiveViewers",
    "AWSSecurityAuditPowerUsers",
    "AWSSecurityAuditors",
    "AWSServiceCatalogAdmins",
)
_USERS: Final = (("ada@example.com", "Ada", "Lovelace"), ("platform@example.com", "Platform", "Team"))


def open_center(organization: Organization, region: str, *, of_control_tower: bool) -> IdentityCenter:
    """An instance with a few groups, users and permission sets; `of_control_tower` adds those that its set-up makes."""
    center = IdentityCenter(organization, region)
    for name, policy in {**_OWN_SETS, **(_TOWER_SETS if of_control_tower else {})}.items():
        policies = {f"{_POLICY}{policy}": policy.rpartition("/")[2]}
        center.add_permission_set(name, description=f"{name} in the account", managed_policies=policies)
    for name in (*_OWN_GROUPS, *(_TOWER_GROUPS if of_control_tower else ())):
        center.add_group(name, f"{name} of the organization")
    users = [center.add_user(*each) for each in _USERS]
    payments = next(each for each in center.groups.values() if each.name == "Payments-Admins")
    center.add_member(payments.id, users[0].id)
    return center
