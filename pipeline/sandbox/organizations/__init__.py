"""AWS Organizations, by its documentation.

https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html
Not imitated, and refused as unknown: handshakes, policies of one's own, removing accounts.
"""

from typing import Final

from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.organizations import access, accounts, closing, creation, tags, units
from pipeline.sandbox.service import Definition, Refusal
from pipeline.sandbox.validation import Problem

_TAGGING: Final = frozenset({"TagResource", "UntagResource"})


def _authorize(call: Call, operation: str) -> None:
    """Members may describe the organization; delegated administrators read everything and tag.

    https://docs.aws.amazon.com/organizations/latest/APIReference/action-reference.html
    """
    if call.caller == MANAGEMENT_ID or operation == "DescribeOrganization":
        return
    reads = operation.startswith(("List", "Describe")) or operation in _TAGGING
    if not (reads and call.organization.delegations.get(call.caller)):
        raise Refusal("AccessDeniedException", "You don't have permissions to access this resource.")


def _invalid(problems: list[Problem]) -> Refusal:
    text = "; ".join(problem.message for problem in problems)
    return Refusal("InvalidInputException", f"You specified an invalid value: {text}.", Reason=problems[0].reason)


def _throttled() -> Refusal:
    text = "AWS Organizations can't complete your request because you sent too many requests."
    return Refusal("TooManyRequestsException", text, Type="RATE")


ORGANIZATIONS: Final = Definition(
    name="organizations",
    operations={
        "CloseAccount": closing.close_account,
        "CreateAccount": creation.create_account,
        "CreateOrganizationalUnit": units.create_organizational_unit,
        "DeleteOrganizationalUnit": units.delete_organizational_unit,
        "DeregisterDelegatedAdministrator": access.deregister_delegated_administrator,
        "DescribeAccount": accounts.describe_account,
        "DescribeCreateAccountStatus": creation.describe_create_account_status,
        "DescribeOrganization": accounts.describe_organization,
        "DescribeOrganizationalUnit": units.describe_organizational_unit,
        "DescribePolicy": access.describe_policy,
        "DisableAWSServiceAccess": access.disable_aws_service_access,
        "EnableAWSServiceAccess": access.enable_aws_service_access,
        "ListAWSServiceAccessForOrganization": access.list_aws_service_access,
        "ListAccounts": accounts.list_accounts,
        "ListAccountsForParent": accounts.list_accounts_for_parent,
        "ListChildren": accounts.list_children,
        "ListCreateAccountStatus": creation.list_create_account_status,
        "ListDelegatedAdministrators": access.list_delegated_administrators,
        "ListDelegatedServicesForAccount": access.list_delegated_services,
        "ListOrganizationalUnitsForParent": units.list_organizational_units_for_parent,
        "ListParents": accounts.list_parents,
        "ListPolicies": access.list_policies,
        "ListPoliciesForTarget": access.list_policies_for_target,
        "ListRoots": units.list_roots,
        "ListTagsForResource": tags.list_tags_for_resource,
        "MoveAccount": accounts.move_account,
        "RegisterDelegatedAdministrator": access.register_delegated_administrator,
        "TagResource": tags.tag_resource,
        "UntagResource": tags.untag_resource,
        "UpdateOrganizationalUnit": units.update_organizational_unit,
    },
    invalid=_invalid,
    throttled=_throttled,
    authorize=_authorize,
)
