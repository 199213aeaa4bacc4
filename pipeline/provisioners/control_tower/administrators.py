"""Which accounts a first administrator can administer: Account Factory gives that once, and does not look again.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignmentsForPrincipal.html
"""

import threading
from typing import Final

from botocore.exceptions import ClientError

from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.identity_center.directory import Directory, Instance
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.former_user import PERMISSION_SET

_PAGE: Final = 100
_UNTOLD: Final = frozenset({"AccessDeniedException", "ResourceNotFoundException"})
"""The latter where a user or a permission set is deleted while it is read."""


class Administrators:
    """For one observation. Safe to use from many threads.

    For each user the id, a call for every 100 assignments, and one for each permission set among these: nothing for each account.
    """

    def __init__(self, connection: Connection) -> None:
        self._directory = Directory(connection)
        self._lock = threading.Lock()
        self._accounts: dict[str, frozenset[str] | None] = {}
        self._names: dict[str, str] = {}

    def lacks(self, email: str, account_id: str) -> bool:
        """Whether the user has no administrator's access to the account, by no way.

        False also where that cannot be read, and for a user who is not there, or not by this address.
        """
        with self._lock:
            key = email.casefold()
            if key not in self._accounts:
                self._accounts[key] = self._readable(email)
            accounts = self._accounts[key]
        return accounts is not None and account_id not in accounts

    def _readable(self, email: str) -> frozenset[str] | None:
        """None without an instance in this Region, for a role that may not ask, and for nobody."""
        try:
            instance = self._directory.instance
            return None if instance is None else self._read(instance, email)
        except ClientError as error:
            if code_of(error) in _UNTOLD:
                return None
            raise

    def _read(self, instance: Instance, email: str) -> frozenset[str] | None:
        user = self._directory.id_of_address(email)
        if user is None:
            return None
        some = listed(
            self._directory.admin.list_account_assignments_for_principal,
            "AccountAssignments",
            InstanceArn=instance.arn,
            PrincipalId=user,
            PrincipalType="USER",
            MaxResults=_PAGE,
        )
        return frozenset(
            str(each["AccountId"])
            for each in some
            if self._name(instance, str(each["PermissionSetArn"])) == PERMISSION_SET
        )

    def _name(self, instance: Instance, arn: str) -> str:
        if arn not in self._names:
            call = self._directory.admin.describe_permission_set
            self._names[arn] = str(call(InstanceArn=instance.arn, PermissionSetArn=arn)["PermissionSet"]["Name"])
        return self._names[arn]
