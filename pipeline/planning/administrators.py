"""First administrators: those whom nobody makes, and those who have lost what Account Factory once gave them.

The access of a former one goes before another one gets it, so a run that dies in between and a request that is taken back leave
an account whose product tells an administrator without access. Whether that is meant is for people: many take this access away
on purpose.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pipeline.model.access import PrincipalKind, observed_access, wanted_access
from pipeline.model.account import WantedState
from pipeline.model.finding import Finding, Severity
from pipeline.model.landing_zone import LandingZone, Mode
from pipeline.model.observed import ObservedAccount
from pipeline.model.request import AccountRequest

_NAMED: Final = 5


def has_administrators(zone: LandingZone) -> bool:
    """Where Control Tower does not manage access, Account Factory asks for a first administrator and makes nothing of it."""
    return zone.mode is Mode.SERVICE_CATALOG and zone.manages_access


def administrators_not_made(
    asked: Iterable[tuple[AccountRequest, ObservedAccount | None]], zone: LandingZone
) -> Iterator[Finding]:
    """One warning about all requests that name a first administrator themselves, where nobody makes one.

    What a request inherits was written for any account. Who has access to the account, or gets it by `access`, needs no other.
    """
    found = [] if has_administrators(zone) else [each for each, account in asked if _is_left_without(each, account)]
    if not found:
        return
    keys = sorted(each.key for each in found)
    first = min(found, key=lambda each: each.key)
    reason = (
        "an account that its unit enrolls gets none"
        if zone.mode is Mode.AUTO_ENROLL
        else "Control Tower does not manage IAM Identity Center here"
    )
    yield Finding(
        location=first.origin("sso_user"),
        rule="sso-user-not-made",
        message=f"the first administrator that `sso_user` names is not made for {_listed(keys)}: {reason}",
        hint="name the user in `access`, with a permission set, and remove `sso_user`",
        attribute="sso_user",
        severity=Severity.WARNING,
    )


def _is_left_without(request: AccountRequest, account: ObservedAccount | None) -> bool:
    spec = request.spec
    if spec.state is not WantedState.OPEN or spec.managed is False or not isinstance(spec.sso_user, Mapping):
        return False
    email = str(spec.sso_user.get("email")).casefold()
    given = (*wanted_access(spec), *((observed_access(account.spec) or ()) if account is not None else ()))
    has_access = any(
        each.principal.kind is PrincipalKind.USER and each.principal.name.casefold() == email for each in given
    )
    return not has_access and request.origin("sso_user", "email").file == request.origin().file


def administrators_without_access(owned: Iterable[tuple[AccountRequest, ObservedAccount]]) -> Iterator[Finding]:
    """A warning for each first administrator whom requests name, and who has lost access to accounts of theirs."""
    lost: dict[str, list[tuple[AccountRequest, str]]] = {}
    for request, account in sorted(owned, key=lambda each: each[0].key):
        email = _administrator(request, account)
        if account.lacks_administrator and email is not None and request.spec.state is WantedState.OPEN:
            lost.setdefault(email, []).append((request, account.account_id))
    for email, some in sorted(lost.items()):
        listed = _listed([account_id for _, account_id in some])
        yield Finding(
            location=some[0][0].origin("sso_user"),
            rule="sso-user-without-access",
            message=f'first administrator "{email}" has no AWSAdministratorAccess any more in {listed}',
            hint="name the user in `access` with this permission set to give it again; it is not given by itself",
            attribute="sso_user",
            severity=Severity.WARNING,
        )


def _administrator(request: AccountRequest, account: ObservedAccount) -> str | None:
    """The address that both the request and the product tell; another one is a change of the plan."""
    wanted, told = request.spec.sso_user, account.spec.sso_user
    if not (isinstance(wanted, Mapping) and isinstance(told, Mapping)):
        return None
    email = str(wanted.get("email")).casefold()
    return email if email == str(told.get("email")).casefold() else None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(f'"{each}"' for each in names[:_NAMED]) + more
