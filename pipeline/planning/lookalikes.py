"""New accounts that look like accounts that are there: an address with one wrong letter makes another account.

AWS knows an account by the exact address; names may be the same.
https://docs.aws.amazon.com/controltower/latest/userguide/enroll-account.html
"""

from collections.abc import Iterable, Iterator

from pipeline.model.finding import Finding, Severity
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Bystander
from pipeline.model.request import AccountRequest


def lookalikes(
    creations: Iterable[AccountRequest], unmanaged: Iterable[Bystander], observed: ObservedState
) -> Iterator[Finding]:
    """A warning for each request of a new account whose name an open account that is nobody's has, under another address."""
    ids = {each.account_id for each in unmanaged}
    by_name = {
        each.spec.name.casefold(): each
        for each in sorted(observed.accounts, key=lambda each: each.account_id, reverse=True)
        if each.account_id in ids and not each.is_closed
    }
    for request in creations:
        account = by_name.get(request.spec.name.casefold())
        if account is not None:
            yield Finding(
                location=request.origin("email"),
                rule="looks-like-another",
                message=f'this makes a new account, and account "{account.account_id}" of the same name has the e-mail'
                f' "{account.spec.email}"',
                hint=f'if that one is meant, correct `email`, or write `account_id: "{account.account_id}"`',
                attribute="email",
                severity=Severity.WARNING,
            )
