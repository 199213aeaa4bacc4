"""The way into accounts that may not be enrolled yet, and Control Tower's role in them.

https://docs.aws.amazon.com/controltower/latest/userguide/enroll-manually.html
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.operation import Done, Result
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.members import Member, Members
from pipeline.provisioners.aws.organizations.organization import Organization
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.tower import EXECUTION_ROLE
from pipeline.provisioners.landing_zone_steps import Repair

BIRTH_ROLE: Final = "OrganizationAccountAccessRole"
"""The role that Organizations makes in a new account, unless it is told another one."""

EXECUTION_ROLE_REPAIR: Final = "execution_role"
"""The word of `repair:` in a request."""

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})


class Inside:
    """Safe to use from many threads. `execution_role` is the one that the settings name."""

    def __init__(self, connection: Connection, organization: Organization, *, execution_role: str) -> None:
        self._connection = connection
        self._organization = organization
        self._tower = Members(connection, execution_role=EXECUTION_ROLE)
        names = [name for name in dict.fromkeys((execution_role, BIRTH_ROLE)) if name != EXECUTION_ROLE]
        self._others = [Members(connection, execution_role=name) for name in names]

    def can_assume_tower_role(self, account_id: str) -> bool:
        """Whether Control Tower's role is there and trusts the management account. Raises the SDK's errors."""
        return self._opens(self._tower, account_id)

    @contextmanager
    def entered(self, account_id: str) -> Iterator[Member | None]:
        """Be in the account by whichever role lets us in; None where none does."""
        members = next((each for each in (self._tower, *self._others) if self._opens(each, account_id)), None)
        if members is None:
            yield None
            return
        with members.inside(account_id) as member:
            yield member

    def gets_credentials_in(self, account_id: str, region: str) -> bool | None:
        """Whether STS of the Region is active for the account; None where no role lets us in. Raises the SDK's errors."""
        for members in (self._tower, *self._others):
            try:
                return members.gets_credentials_in(account_id, region)
            except ClientError as error:
                if code_of(error) not in _DENIED:
                    raise
        return None

    def repair(self, step: Repair) -> Result:
        """Make the role, let it trust the management account, give it its policy: whichever of these is missing."""
        if step.repair != EXECUTION_ROLE_REPAIR:
            raise PermanentServiceError(
                f'account "{step.account_id}": "{step.repair}" is no repair of this version',
                hint=f"repair: [{EXECUTION_ROLE_REPAIR}] is",
            )
        done = Done(message=f"{EXECUTION_ROLE} is there")
        if self.can_assume_tower_role(step.account_id):
            return done
        other = next((each for each in self._others if self._opens(each, step.account_id)), None)
        if other is None:
            raise PermanentServiceError(
                f'account "{step.account_id}": no role lets us in, so {EXECUTION_ROLE} cannot be created',
                hint=by_hand(self._connection, self._organization),
            )
        with other.inside(step.account_id) as member:
            self._make(member.iam, step.account_id)
        settle(
            self._connection.clock,
            lambda: self.can_assume_tower_role(step.account_id) or None,
            f'account "{step.account_id}": {EXECUTION_ROLE} is created, and cannot be assumed yet',
        )
        return done

    def _make(self, iam: Any, account_id: str) -> None:
        """Trust comes last: where the role can be assumed it is complete, wherever an earlier try has ended."""
        trust = json.dumps(trust_policy(self._connection, self._organization))
        role = _role(iam)
        if role is None:
            closed = json.dumps(_no_trust(self._connection.partition, account_id))
            iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=closed)
        # Attaching what is attached is no error: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
        policy = f"arn:{self._connection.partition}:iam::aws:policy/AdministratorAccess"
        iam.attach_role_policy(RoleName=EXECUTION_ROLE, PolicyArn=policy)
        if role is None or _document(role) != json.loads(trust):
            iam.update_assume_role_policy(RoleName=EXECUTION_ROLE, PolicyDocument=trust)

    def _opens(self, members: Members, account_id: str) -> bool:
        try:
            with members.inside(account_id) as member:
                member.open()
        except ClientError as error:
            if code_of(error) in _DENIED:
                return False
            raise
        return True


def trust_policy(connection: Connection, organization: Organization) -> dict[str, Any]:
    """The management account of this organization, and nobody else."""
    identity = organization.identity
    principal = f"arn:{connection.partition}:iam::{identity.management_account_id}:root"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": identity.organization_id}},
            }
        ],
    }


def _no_trust(partition: str, account_id: str) -> dict[str, Any]:
    """A trust policy that lets nobody in; a role cannot be made without one, nor without a principal in it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    principal = f"arn:{partition}:iam::{account_id}:root"
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}],
    }


def by_hand(connection: Connection, organization: Organization) -> str:
    """The commands that make the role from inside the account."""
    policy = json.dumps(trust_policy(connection, organization), separators=(",", ":"))
    return (
        f"in the account: aws iam create-role --role-name {EXECUTION_ROLE} --assume-role-policy-document '{policy}' && "
        f"aws iam attach-role-policy --role-name {EXECUTION_ROLE} "
        f"--policy-arn arn:{connection.partition}:iam::aws:policy/AdministratorAccess"
    )


def _role(iam: Any) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = iam.get_role(RoleName=EXECUTION_ROLE)["Role"]
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise
    return answer


def _document(role: Mapping[str, Any]) -> object:
    """The trust policy, which the SDK usually has decoded already."""
    document = role.get("AssumeRolePolicyDocument")
    return json.loads(unquote(document)) if isinstance(document, str) else document
