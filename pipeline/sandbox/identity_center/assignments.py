"""Account assignments: asked for at once, made or removed later.

https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html
https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DescribeAccountAssignmentCreationStatus.html
While a request for an account is in progress another one for the same account is a conflict. A principal or account that
does not exist is told by the request, not by the call.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from pipeline.sandbox.identity_center.center import GROUP, USER, Assignment, IdentityCenter, Request
from pipeline.sandbox.identity_center.shapes import instance, page, permission_set
from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.records import ACTIVE, FAILED, IN_PROGRESS, SUCCEEDED, Fields
from pipeline.sandbox.service import Refusal

_CREATION: Final = "AccountAssignmentCreationStatus"
_DELETION: Final = "AccountAssignmentDeletionStatus"


@dataclass(frozen=True, slots=True)
class _Listed:
    sequence: int
    assignment: Assignment


def create_account_assignment(call: Call, parameters: Fields) -> Fields:
    """An assignment that is there already goes well once more."""
    return {_CREATION: _fields(_begin(call, parameters, is_creation=True))}


def delete_account_assignment(call: Call, parameters: Fields) -> Fields:
    return {_DELETION: _fields(_begin(call, parameters, is_creation=False))}


def _begin(call: Call, parameters: Fields, *, is_creation: bool) -> Request:
    center, known = permission_set(call, parameters)
    target = parameters["TargetId"]
    if target == MANAGEMENT_ID and call.caller != MANAGEMENT_ID:
        # https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
        raise Refusal("AccessDeniedException", "Only the management account assigns access to itself.")
    assignment = Assignment(target, known.arn, parameters["PrincipalType"], parameters["PrincipalId"])
    if any(each.status == IN_PROGRESS and each.assignment.account_id == target for each in center.requests.values()):
        raise Refusal("ConflictException", f"There is a conflicting operation in process on the account {target}.")
    if not is_creation and assignment not in center.assignments:
        raise Refusal("ResourceNotFoundException", "Could not find the account assignment.")
    request_id, sequence = center.new_id("assignment-request")
    request = Request(
        id=request_id,
        sequence=sequence,
        is_creation=is_creation,
        assignment=assignment,
        status=IN_PROGRESS,
        created=call.organization.clock.now(),
    )
    center.requests[request.id] = request
    call.organization.later(call.organization.options.assignment_delay, lambda _: _complete(center, request))
    return request


def _complete(center: IdentityCenter, request: Request) -> None:
    failure = _failure(center, request.assignment) if request.is_creation else ""
    if failure:
        center.requests[request.id] = replace(request, status=FAILED, failure=failure)
        return
    if request.is_creation:
        center.assign(request.assignment)
    else:
        center.assignments.pop(request.assignment, None)
    center.requests[request.id] = replace(request, status=SUCCEEDED)


def _failure(center: IdentityCenter, assignment: Assignment) -> str:
    known = center.groups if assignment.principal_type == GROUP else center.users
    if assignment.principal_id not in known:
        return f"Received a 404 status error: {assignment.principal_type} {assignment.principal_id} not found."
    account = center.organization.latest.accounts.get(assignment.account_id)
    if account is None:
        return f"Received a 404 status error: account {assignment.account_id} not found."
    if account.state != ACTIVE:
        return (
            "AWS SSO is unable to complete your request at this time. Obtaining permissions to manage your AWS account "
            f"'{account.id}' is taking longer than usual."
        )
    if assignment.permission_set_arn not in center.permission_sets:
        return "Received a 404 status error: the permission set does not exist."
    return ""


def describe_creation(call: Call, parameters: Fields) -> Fields:
    request_id = parameters["AccountAssignmentCreationRequestId"]
    return {_CREATION: _fields(_request(call, parameters, request_id, is_creation=True))}


def describe_deletion(call: Call, parameters: Fields) -> Fields:
    request_id = parameters["AccountAssignmentDeletionRequestId"]
    return {_DELETION: _fields(_request(call, parameters, request_id, is_creation=False))}


def _request(call: Call, parameters: Fields, request_id: str, *, is_creation: bool) -> Request:
    request = instance(call, parameters).requests.get(request_id)
    if request is None or request.is_creation is not is_creation:
        raise Refusal("ResourceNotFoundException", f"Could not find the request {request_id}.")
    return request


def list_creations(call: Call, parameters: Fields) -> Fields:
    some, rest = _requests(call, parameters, is_creation=True)
    return {"AccountAssignmentsCreationStatus": some, **rest}


def list_deletions(call: Call, parameters: Fields) -> Fields:
    some, rest = _requests(call, parameters, is_creation=False)
    return {"AccountAssignmentsDeletionStatus": some, **rest}


def _requests(call: Call, parameters: Fields, *, is_creation: bool) -> tuple[list[Fields], Fields]:
    wanted = (parameters.get("Filter") or {}).get("Status")
    known = instance(call, parameters).requests.values()
    found = [each for each in known if each.is_creation is is_creation and wanted in {None, each.status}]
    some, rest = page(found, parameters, f"requests {is_creation} {wanted}")
    return [{"Status": each.status, "RequestId": each.id, "CreatedDate": each.created} for each in some], rest


def list_account_assignments(call: Call, parameters: Fields) -> Fields:
    center, known = permission_set(call, parameters)
    where = parameters["AccountId"], known.arn
    return _listed(center, (each for each in center.assignments if each[:2] == where), parameters, "assignments")


def list_for_principal(call: Call, parameters: Fields) -> Fields:
    """A user's include those of the groups that the user is in."""
    center, principal_id = instance(call, parameters), parameters["PrincipalId"]
    principals = {(parameters["PrincipalType"], principal_id)}
    if parameters["PrincipalType"] == USER:
        principals |= {(GROUP, each) for each in center.groups_of(principal_id)}
    account_id = (parameters.get("Filter") or {}).get("AccountId")
    found = (each for each in center.assignments if each[2:] in principals and account_id in {None, each.account_id})
    return _listed(center, found, parameters, "principal-assignments")


def _listed(center: IdentityCenter, found: Iterable[Assignment], parameters: Fields, listing: str) -> Fields:
    some, rest = page([_Listed(center.assignments[each], each) for each in found], parameters, listing)
    return {"AccountAssignments": [_assignment_fields(each.assignment) for each in some], **rest}


def _assignment_fields(assignment: Assignment) -> Fields:
    return {
        "AccountId": assignment.account_id,
        "PermissionSetArn": assignment.permission_set_arn,
        "PrincipalType": assignment.principal_type,
        "PrincipalId": assignment.principal_id,
    }


def _fields(request: Request) -> Fields:
    assignment = request.assignment
    fields = {
        "Status": request.status,
        "RequestId": request.id,
        "FailureReason": request.failure,
        "TargetId": assignment.account_id,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": assignment.permission_set_arn,
        "PrincipalType": assignment.principal_type,
        "PrincipalId": assignment.principal_id,
        "CreatedDate": request.created,
    }
    return {name: value for name, value in fields.items() if value}
