"""IAM Identity Center, by its documentation: the services `sso-admin` and `identitystore`.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/welcome.html
https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/welcome.html
moto's own lacks asynchronous assignments, refuses nothing, and its answers miss required members. Not imitated, and refused
as unknown: applications, trusted token issuers, boundaries, the making of instances; and no roles appear in the accounts.
"""

from typing import Final

from pipeline.sandbox.identity_center import assignments, directory, permission_sets
from pipeline.sandbox.identity_center.seeding import open_center
from pipeline.sandbox.identity_center.shapes import authorize, invalid_input
from pipeline.sandbox.service import Definition, Refusal

__all__ = ["IDENTITY_STORE", "SSO_ADMIN", "open_center"]


def _throttled() -> Refusal:
    return Refusal("ThrottlingException", "Rate exceeded")


SSO_ADMIN: Final = Definition(
    name="sso-admin",
    operations={
        "AttachManagedPolicyToPermissionSet": permission_sets.attach_managed_policy,
        "CreateAccountAssignment": assignments.create_account_assignment,
        "CreatePermissionSet": permission_sets.create_permission_set,
        "DeleteAccountAssignment": assignments.delete_account_assignment,
        "DeleteInlinePolicyFromPermissionSet": permission_sets.delete_inline_policy,
        "DeletePermissionSet": permission_sets.delete_permission_set,
        "DescribeAccountAssignmentCreationStatus": assignments.describe_creation,
        "DescribeAccountAssignmentDeletionStatus": assignments.describe_deletion,
        "DescribeInstance": permission_sets.describe_instance,
        "DescribePermissionSet": permission_sets.describe_permission_set,
        "DetachManagedPolicyFromPermissionSet": permission_sets.detach_managed_policy,
        "GetInlinePolicyForPermissionSet": permission_sets.get_inline_policy,
        "ListAccountAssignmentCreationStatus": assignments.list_creations,
        "ListAccountAssignmentDeletionStatus": assignments.list_deletions,
        "ListAccountAssignments": assignments.list_account_assignments,
        "ListAccountAssignmentsForPrincipal": assignments.list_for_principal,
        "ListAccountsForProvisionedPermissionSet": permission_sets.list_accounts_of,
        "ListInstances": permission_sets.list_instances,
        "ListManagedPoliciesInPermissionSet": permission_sets.list_managed_policies,
        "ListPermissionSets": permission_sets.list_permission_sets,
        "ListPermissionSetsProvisionedToAccount": permission_sets.list_provisioned_to_account,
        "ListTagsForResource": permission_sets.list_tags,
        "PutInlinePolicyToPermissionSet": permission_sets.put_inline_policy,
        "TagResource": permission_sets.tag_resource,
        "UntagResource": permission_sets.untag_resource,
        "UpdatePermissionSet": permission_sets.update_permission_set,
    },
    invalid=invalid_input,
    throttled=_throttled,
    authorize=authorize,
)

IDENTITY_STORE: Final = Definition(
    name="identitystore",
    operations={
        "CreateGroup": directory.create_group,
        "CreateGroupMembership": directory.create_group_membership,
        "CreateUser": directory.create_user,
        "DeleteGroup": directory.delete_group,
        "DeleteGroupMembership": directory.delete_group_membership,
        "DeleteUser": directory.delete_user,
        "DescribeGroup": directory.describe_group,
        "DescribeUser": directory.describe_user,
        "GetGroupId": directory.get_group_id,
        "GetUserId": directory.get_user_id,
        "IsMemberInGroups": directory.is_member_in_groups,
        "ListGroupMemberships": directory.list_group_memberships,
        "ListGroupMembershipsForMember": directory.list_memberships_of_member,
        "ListGroups": directory.list_groups,
        "ListUsers": directory.list_users,
    },
    invalid=invalid_input,
    throttled=_throttled,
    authorize=authorize,
)
