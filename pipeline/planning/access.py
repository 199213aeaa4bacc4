"""How access to an account differs from its request.

Requests speak for the assignments that we have made, and for those that they name. Whatever else is assigned is told, and
left alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from pipeline.model.access import ASSIGNED, FOREIGN, Assignment, IdentityCenter, observed_access, wanted_access
from pipeline.model.account import Unobserved
from pipeline.model.change import FieldChange
from pipeline.model.finding import Finding, Severity
from pipeline.model.observed import ObservedAccount, ObservedState
from pipeline.model.request import AccountRequest, Path

ACCOUNTS_OF_IDENTITY_CENTER: Final = 7_000
"""https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html"""

_OF_CONTROL_TOWER: Final = frozenset(
    {
        "AWSAccountFactory",
        "AWSAuditAccountAdmins",
        "AWSControlTowerAdmins",
        "AWSLogArchiveAdmins",
        "AWSLogArchiveViewers",
        "AWSSecurityAuditPowerUsers",
        "AWSSecurityAuditors",
        "AWSServiceCatalogAdmins",
    }
)
"""Groups that Control Tower makes and assigns: https://docs.aws.amazon.com/controltower/latest/userguide/sso-groups.html"""


def access_changes(request: AccountRequest, account: ObservedAccount) -> Iterator[FieldChange]:
    """What has to be assigned, what is to be ours, and what of ours is not asked for any more."""
    observed = observed_access(account.spec)
    if observed is None:
        return
    wanted = wanted_access(request.spec)
    for assignment in wanted:
        if not observed.get(assignment, False):
            before = FOREIGN if assignment in observed else None
            yield FieldChange(path=assignment.path, before=before, after=ASSIGNED)
    for assignment in sorted(set(observed) - set(wanted)):
        if observed[assignment]:
            yield FieldChange(path=assignment.path, before=ASSIGNED, after=None)


def access_of_others(request: AccountRequest, account: ObservedAccount) -> Iterator[Finding]:
    """Assignments that no request speaks for: told where access is asked for, and left alone."""
    observed, wanted = observed_access(account.spec) or {}, wanted_access(request.spec)
    others = [each for each in sorted(observed) if not (observed[each] or each in wanted or _is_known(each, request))]
    if others:
        listed = ", ".join(f"{each.principal} with {each.permission_set}" for each in others)
        yield _finding(
            request,
            ("access",),
            "access-of-others",
            f'account "{account.account_id}" has access that no request asks for: {listed}; it is left alone',
            "name it in `access` to answer for it here, or remove it in IAM Identity Center",
            severity=Severity.WARNING,
        )


def unread_access(request: AccountRequest, account: ObservedAccount) -> bool:
    """Whether the request asks for access and nobody has read it."""
    return bool(wanted_access(request.spec)) and observed_access(account.spec) is None


def unknown_access(requests: Iterable[AccountRequest], observed: ObservedState) -> Iterator[tuple[str, Finding]]:
    """Request keys, each with a finding: requests that name what IAM Identity Center does not have."""
    center = observed.identity_center
    for request in requests:
        if center is not None and wanted_access(request.spec):
            yield from ((request.key, each) for each in _unknown(request, center))


def too_many_accounts(requests: Iterable[AccountRequest], observed: ObservedState) -> Iterator[Finding]:
    """A warning, once, where there are more accounts than IAM Identity Center serves."""
    asking = sorted((each for each in requests if wanted_access(each.spec)), key=lambda each: each.key)
    if asking and len(observed.accounts) > ACCOUNTS_OF_IDENTITY_CENTER:
        yield _finding(
            asking[0],
            ("access",),
            "identity-center-accounts",
            f"the organization has {len(observed.accounts):,} accounts, and IAM Identity Center serves"
            f" {ACCOUNTS_OF_IDENTITY_CENTER:,}",
            "remove access to accounts that need none",
            severity=Severity.WARNING,
        )


def _unknown(request: AccountRequest, center: IdentityCenter) -> Iterator[Finding]:
    if not center.is_there:
        message = f"IAM Identity Center has no instance in {center.region}, so `access` cannot be given"
        hint = "enable it there, set organization.home_region to its Region, or remove `access`"
        yield _finding(request, ("access",), "identity-center", message, hint)
        return
    missing = {(each.kind, each.name): each.near for each in center.unknown}
    for number, assignment in _numbered(request):
        principal = assignment.principal
        if (near := missing.get((principal.kind, principal.name))) is not None:
            yield _finding(
                request,
                ("access", number, principal.kind.value),
                "access-principal",
                f"IAM Identity Center has no {principal}",
                _meant(near, f"create the {principal.kind}, or correct the name"),
            )
        if assignment.permission_set not in center.permission_sets:
            near = tuple(get_close_matches(assignment.permission_set, center.permission_sets, n=1))
            yield _finding(
                request,
                ("access", number, "permission_set"),
                "access-permission-set",
                f'IAM Identity Center has no permission set "{assignment.permission_set}"',
                _meant(near, "create the permission set, or correct the name"),
            )


def _numbered(request: AccountRequest) -> Iterator[tuple[str, Assignment]]:
    """Each assignment with its place in the list that the request writes."""
    entries: Iterable[Mapping[str, object]] = () if isinstance(request.spec.access, Unobserved) else request.spec.access
    for assignment in wanted_access(request.spec):
        kind, name = assignment.principal.kind.value, assignment.principal.name
        for number, entry in enumerate(entries):
            if entry.get(kind) == name and entry.get("permission_set") == assignment.permission_set:
                yield str(number), assignment
                break


def _meant(near: Iterable[str], otherwise: str) -> str:
    return next((f'did you mean "{name}"?' for name in near), otherwise)


def _is_known(assignment: Assignment, request: AccountRequest) -> bool:
    """Whether Control Tower has made it: for a group of its own, or for the account's first administrator."""
    user = request.spec.sso_user
    first = None if isinstance(user, Unobserved) else user.get("email")
    return assignment.principal.name in _OF_CONTROL_TOWER or assignment.principal.name == first


def _finding(
    request: AccountRequest, at: Path, rule: str, message: str, hint: str, *, severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(
        location=request.origin(*at), rule=rule, message=message, hint=hint, attribute=".".join(at), severity=severity
    )
