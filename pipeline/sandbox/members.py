"""What a member account has from birth: the role through which the management account enters it.

moto keeps IAM and STS. Of moto's internals this file uses `iam_backends`, an account's `create_role`, `create_user` and
`access_keys`, and the table of managed policies; `tests/contract/test_sandbox_seams.py` fails when they change. Accounts
are furnished when somebody first asks to enter them, so ten thousand of them cost nothing until then.
"""

import json
from typing import Any, Final
from weakref import WeakSet

from moto.iam.exceptions import NotFoundException
from moto.iam.models import AWSManagedPolicy, iam_backends

from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.records import ACTIVE, Account

_ADMINISTRATOR: Final = "AdministratorAccess"
_SINCE: Final = "2015-02-06T18:39:46+00:00"
_EVERYTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

_furnished: WeakSet[Any] = WeakSet()
"""moto's IAM backends that have what they are born with; after a reset moto makes others."""


def open_management() -> None:
    """The user whose test credentials everybody gets."""
    iam = _iam(MANAGEMENT_ID)
    if iam not in _furnished:
        _furnished.add(iam)
        iam.create_user(region_name="us-east-1", user_name="administrator", path="/", tags=[])
        key = iam.create_access_key(user_name="administrator")
        del iam.access_keys[key.access_key_id]
        key.access_key_id = access_key_of(MANAGEMENT_ID)
        iam.access_keys[key.access_key_id] = key


def knows_key(account_id: str, access_key: str) -> bool:
    """Whether the account has this access key, of a user or of a session."""
    return access_key in _iam(account_id).access_keys


def can_enter(account: Account, role_arn: str) -> bool:
    """Whether the account is in use and has the role. Trust policies are not evaluated; one that denies lets nobody in."""
    if account.state != ACTIVE:
        return False
    try:
        role = _furnished_iam(account).get_role_by_arn(role_arn)
    except NotFoundException:
        return False
    return '"Deny"' not in str(role.assume_role_policy_document)


def trusts_management(account: Account, role_name: str) -> bool:
    """Whether the account has the role, and the role's trust names the management account."""
    try:
        role = _furnished_iam(account).get_role(role_name)
    except NotFoundException:
        return False
    return MANAGEMENT_ID in str(role.assume_role_policy_document)


def add_role(account: Account, role_name: str) -> None:
    """Make a role like the one that the account was born with; nothing happens if there is one of that name."""
    if account.id not in iam_backends and role_name in {account.role_name, *account.further_roles}:
        return  # it is made when somebody enters
    iam = _furnished_iam(account)
    try:
        iam.get_role(role_name)
    except NotFoundException:
        _create_role(iam, role_name)


def remove_role(account: Account, role_name: str) -> None:
    """Remove the role and what is attached to it; nothing happens if it is not there."""
    iam = _furnished_iam(account)
    try:
        role = iam.get_role(role_name)
    except NotFoundException:
        return
    for policy_arn in list(role.managed_policies):
        iam.detach_role_policy(policy_arn, role_name)
    for policy_name in list(role.policies):
        iam.delete_role_policy(role_name, policy_name)
    iam.delete_role(role_name)


def _furnished_iam(account: Account) -> Any:
    """The account's IAM, with what the account was born with."""
    iam = _iam(account.id)
    if iam not in _furnished and account.id != MANAGEMENT_ID:
        _furnished.add(iam)
        for name in (account.role_name, *account.further_roles):
            _create_role(iam, name)
    return iam


def _iam(account_id: str) -> Any:
    return iam_backends[account_id]["aws"]


def _create_role(iam: Any, name: str) -> None:
    """Make the role that Organizations makes in a new account.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
    """
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT_ID}:root"},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(
        role_name=name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    data = {
        "Path": "/",
        "DefaultVersionId": "v1",
        "Document": _EVERYTHING,
        "CreateDate": _SINCE,
        "UpdateDate": _SINCE,
    }
    policy = AWSManagedPolicy.from_data(_ADMINISTRATOR, iam.account_id, iam.region_name, data)
    iam.managed_policies[policy.arn] = policy
    iam.attach_role_policy(policy.arn, name)
