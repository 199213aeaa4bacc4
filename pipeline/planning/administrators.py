"""First administrators who have lost what Account Factory once gave them.

Their access goes before another one gets it, so a run that dies in between and a request that is taken back leave an account
whose product tells an administrator without access. Whether that is meant is for people: many take this access away on purpose.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline.model.account import WantedState
from pipeline.model.finding import Finding, Severity
from pipeline.model.observed import ObservedAccount
from pipeline.model.request import AccountRequest

_NAMED: Final = 5


def administrators_without_access(owned: Iterable[tuple[AccountRequest, ObservedAccount]]) -> Iterator[Finding]:
    """A warning for each first administrator whom requests name, and who has lost access to accounts of theirs."""
    lost: dict[str, list[tuple[AccountRequest, str]]] = {}
    for request, account in sorted(owned, key=lambda each: each[0].key):
        email = _administrator(request, account)
        if account.lacks_administrator and email is not None and request.spec.state is WantedState.OPEN:
            lost.setdefault(email, []).append((request, account.account_id))
    for email, some in sorted(lost.items()):
        ids = [account_id for _, account_id in some]
        more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
        listed = ", ".join(f'"{each}"' for each in ids[:_NAMED]) + more
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
