"""Assignments of accounts: read them, make them, take them away.

Identity Center takes a request and is done with it later; the request's id is among the facts, one for each assignment. A run
that dies in between finds the assignment itself, or a conflict with the request that is still on its way, and waits.
https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import PermanentServiceError
from pipeline.model.access import Assignment, PrincipalKind
from pipeline.model.operation import Done, Facts, Result, Vanished, Waiting
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.identity_center.directory import Directory
from pipeline.provisioners.aws.identity_center.marks import Marks, mark_of
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.upkeep_steps import AssignAccess, RemoveAccess

PAUSE: Final = 3.0
"""Seconds between two looks at a request; most take less than ten."""

_PAGE: Final = 100
_REQUEST: Final = "access_request"
_TYPES: Final[Mapping[str, PrincipalKind]] = {"GROUP": PrincipalKind.GROUP, "USER": PrincipalKind.USER}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """An assignment in the ids that AWS gives."""

    instance: str
    account_id: str
    permission_set: str
    kind: PrincipalKind
    principal_id: str

    @property
    def mark(self) -> str:
        return mark_of(self.kind.value, self.principal_id, self.permission_set)

    @property
    def arguments(self) -> dict[str, str]:
        return {
            "InstanceArn": self.instance,
            "TargetId": self.account_id,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": self.permission_set,
            "PrincipalType": self.kind.name,
            "PrincipalId": self.principal_id,
        }


class Assignments:
    """Safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._marks = Marks(connection)
        self.directory = Directory(connection)

    def read(self, account_id: str) -> dict[Assignment, bool]:
        """Every assignment of an account, and whether it is ours: a call for each permission set that is provisioned there."""
        instance, marks = self.directory.required().arn, self._marks.of(account_id)
        names = {arn: name for name, arn in self.directory.permission_sets().items()}
        call = self.directory.admin.list_permission_sets_provisioned_to_account
        provisioned = listed(call, "PermissionSets", InstanceArn=instance, AccountId=account_id, MaxResults=_PAGE)
        return {
            Assignment.of(
                ("access", kind.value, self.directory.name_of(kind, principal_id), names.get(arn, arn))
            ): mark_of(kind.value, principal_id, arn) in marks
            for arn in provisioned
            for kind, principal_id in self._assigned(instance, account_id, arn)
        }

    def assign(self, step: AssignAccess, account_id: str, facts: Facts) -> Result:
        """Mark it, ask for it, follow the request, read it. What others have assigned meanwhile stays theirs."""
        target = self._target(step.assignment, account_id, self.directory.required_id(step.assignment.principal))
        done = Done(message=f"{step.assignment.principal} has {step.permission_set}")
        request = facts.get(f"{_REQUEST}:{target.mark}")
        if request is None:
            if self._is_assigned(target):
                if step.takes_over:
                    self._marks.add(account_id, target.mark)
                return done
            self._marks.add(account_id, target.mark)
            answer = self.directory.admin.create_account_assignment(**target.arguments)
            return self._asked(target, answer["AccountAssignmentCreationStatus"])
        answer = self.directory.admin.describe_account_assignment_creation_status(
            InstanceArn=target.instance, AccountAssignmentCreationRequestId=request
        )
        if (waiting := self._followed(target, answer["AccountAssignmentCreationStatus"])) is not None:
            return waiting
        self._settle(target, assigned=True)
        return done

    def remove(self, step: RemoveAccess, account_id: str, facts: Facts) -> Result:
        """Ask for its removal, follow the request, read that it is gone, take the mark away."""
        done = Done(message=f"{step.assignment.principal} has no {step.permission_set} any more")
        principal_id = self.directory.id_for_removal(step.assignment.principal)
        if principal_id is None:
            return Vanished(reason=f'account "{account_id}": there is no {step.assignment.principal} any more')
        target = self._target(step.assignment, account_id, principal_id)
        request = facts.get(f"{_REQUEST}:{target.mark}")
        if request is None and self._is_assigned(target):
            if target.mark not in self._marks.of(account_id):
                return Vanished(
                    reason=f'account "{account_id}": {step.permission_set} of {step.assignment.principal} is not ours'
                )
            answer = self.directory.admin.delete_account_assignment(**target.arguments)
            return self._asked(target, answer["AccountAssignmentDeletionStatus"])
        if request is not None:
            answer = self.directory.admin.describe_account_assignment_deletion_status(
                InstanceArn=target.instance, AccountAssignmentDeletionRequestId=request
            )
            if (waiting := self._followed(target, answer["AccountAssignmentDeletionStatus"])) is not None:
                return waiting
            self._settle(target, assigned=False)
        self._marks.remove(account_id, target.mark)
        return done

    def _target(self, assignment: Assignment, account_id: str, principal_id: str) -> _Target:
        return _Target(
            instance=self.directory.required().arn,
            account_id=account_id,
            permission_set=self.directory.permission_set(assignment.permission_set),
            kind=assignment.principal.kind,
            principal_id=principal_id,
        )

    def _asked(self, target: _Target, status: Mapping[str, Any]) -> Waiting:
        return Waiting(
            reason="IAM Identity Center is at it",
            delay=PAUSE,
            facts={f"{_REQUEST}:{target.mark}": str(status["RequestId"])},
        )

    def _followed(self, target: _Target, status: Mapping[str, Any]) -> Waiting | None:
        """None when the request has succeeded. Raises `PermanentServiceError` when it has failed."""
        match status.get("Status"):
            case "SUCCEEDED":
                return None
            case "FAILED":
                raise PermanentServiceError(
                    f'account "{target.account_id}": IAM Identity Center has not changed the assignment: '
                    f"{status.get('FailureReason', 'it gives no reason')}",
                    hint="remove what it names, then run again",
                )
            case _:
                return Waiting(reason="IAM Identity Center is at it", delay=PAUSE)

    def _is_assigned(self, target: _Target) -> bool:
        found = self._assigned(target.instance, target.account_id, target.permission_set)
        return (target.kind, target.principal_id) in set(found)

    def _settle(self, target: _Target, *, assigned: bool) -> None:
        settle(
            self._connection.clock,
            lambda: self._is_assigned(target) is assigned or None,
            f'account "{target.account_id}": its assignment is changed, and not visible yet',
        )

    def _assigned(self, instance: str, account_id: str, permission_set: str) -> Iterator[tuple[PrincipalKind, str]]:
        found = listed(
            self.directory.admin.list_account_assignments,
            "AccountAssignments",
            InstanceArn=instance,
            AccountId=account_id,
            PermissionSetArn=permission_set,
            MaxResults=_PAGE,
        )
        for each in found:
            if (kind := _TYPES.get(each["PrincipalType"])) is not None:
                yield kind, str(each["PrincipalId"])
