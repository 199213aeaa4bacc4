"""Taking Account Factory's access from a first administrator, before another one gets it.

Account Factory gives the new one access, and leaves the old one's in place. Once its product tells the new one, nothing tells
who the old one was; so the old one's access goes first, and whoever dies in between leaves a difference that the next plan sees.
https://docs.aws.amazon.com/controltower/latest/userguide/updating-account-factory-accounts.html
"""

from typing import Any, Final

from pipeline.errors import PermanentServiceError
from pipeline.model.access import PrincipalKind
from pipeline.model.operation import Done, Facts, Result, Waiting
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.identity_center.directory import Directory
from pipeline.provisioners.aws.identity_center.marks import Marks, mark_of
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.control_tower.products import Products
from pipeline.provisioners.landing_zone_steps import RemoveFormerUser

PERMISSION_SET: Final = "AWSAdministratorAccess"
"""What Account Factory assigns: https://docs.aws.amazon.com/controltower/latest/userguide/sso-groups.html"""

_REQUEST: Final = "former_user_request"
_PAGE: Final = 100


class FormerUsers:
    """Safe to use from many threads."""

    def __init__(self, connection: Connection, products: Products) -> None:
        self._directory = Directory(connection)
        self._marks = Marks(connection)
        self._products = products

    def remove(self, step: RemoveFormerUser, facts: Facts) -> Result:
        """Done when the user has no such access to the account, or is not there any more. What requests have given stays.

        Nobody loses access whom the account's product does not tell as its first administrator, or where it takes no update.
        """
        if not self._is_told(step):
            return Done(message=f'"{step.email}" is no first administrator whom Account Factory can replace')
        user = self._directory.id_of_address(step.email)
        permission_set = self._directory.permission_sets().get(PERMISSION_SET)
        if user is None or permission_set is None:
            return Done(message=f'"{step.email}" is not in IAM Identity Center')
        if mark_of(PrincipalKind.USER.value, user, permission_set) in self._marks.of(step.account_id):
            return Done(message=f'"{step.email}" keeps the access that `access` of the request gives')
        instance = self._directory.required().arn
        if (request := facts.get(_REQUEST)) is not None:
            answer = self._directory.admin.describe_account_assignment_deletion_status(
                InstanceArn=instance, AccountAssignmentDeletionRequestId=request
            )
            self._judge(step, answer["AccountAssignmentDeletionStatus"])
        if not self._is_assigned(instance, permission_set, step.account_id, user):
            return Done(message=f'"{step.email}" has no access of Account Factory any more')
        if request is not None:
            return Waiting(reason="IAM Identity Center is at it", delay=5.0)
        answer = self._directory.admin.delete_account_assignment(
            InstanceArn=instance,
            TargetId=step.account_id,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=permission_set,
            PrincipalType="USER",
            PrincipalId=user,
        )
        request = str(answer["AccountAssignmentDeletionStatus"]["RequestId"])
        return Waiting(reason="IAM Identity Center is at it", delay=5.0, facts={_REQUEST: request})

    def _is_told(self, step: RemoveFormerUser) -> bool:
        seen = self._products.of_account(step.account_id)
        if seen is None or seen.product.is_unusable:
            return False
        told = self._products.outputs(seen.product_id).get("SSOUserEmail", "")
        return told.casefold() == step.email.casefold()

    def _is_assigned(self, instance: str, permission_set: str, account_id: str, user: str) -> bool:
        some = listed(
            self._directory.admin.list_account_assignments,
            "AccountAssignments",
            InstanceArn=instance,
            AccountId=account_id,
            PermissionSetArn=permission_set,
            MaxResults=_PAGE,
        )
        return any(each.get("PrincipalType") == "USER" and each.get("PrincipalId") == user for each in some)

    def _judge(self, step: RemoveFormerUser, status: dict[str, Any]) -> None:
        if status.get("Status") == "FAILED":
            raise PermanentServiceError(
                f'account "{step.account_id}": IAM Identity Center has not removed "{step.email}": '
                f"{status.get('FailureReason', 'it gives no reason')}",
                hint="remove the assignment in the IAM Identity Center console",
            )
