"""How the address of an account's root user comes to be the one that its request asks for.

A change begins with a code that AWS sends to the new mailbox, once; then it waits for a person, who hands the code in. Nothing
here ever asks for a second code: that is a person's decision too.
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, assert_never

from pipeline.model.change import FieldChange, UpdateAccount
from pipeline.model.email_update import EmailStanding, EmailUpdate
from pipeline.model.finding import Finding
from pipeline.model.observed import ObservedAccount
from pipeline.model.plan import Hold
from pipeline.model.request import AccountRequest

CODE_GUARD: Final = "email-code"
"""A code was sent, and a person has to do something about it."""

SPREADING_GUARD: Final = "email-spreading"
"""The code was right, and AWS does not show the new address yet."""


def email_change(request: AccountRequest, account: ObservedAccount) -> UpdateAccount | None:
    """The beginning of the change: alone, so that a guard of addresses holds nothing else. None where one is on its way."""
    return None if not _differs(request, account) or _under_way(request, account) else _update(request, account)


def email_holds(request: AccountRequest, account: ObservedAccount) -> Iterator[Hold]:
    """The change that is on its way, and what it waits for."""
    update = _under_way(request, account)
    if update is not None and _differs(request, account):
        guard = SPREADING_GUARD if update.standing is EmailStanding.ACCEPTED else CODE_GUARD
        reason, release = _words(request, account, update)
        yield Hold(change=_update(request, account), guard=guard, reason=reason, release=release)


def addresses_in_use(
    matched: Iterable[tuple[AccountRequest, ObservedAccount]], accounts: Iterable[ObservedAccount]
) -> Iterator[tuple[str, Finding]]:
    """Request keys, each with a finding: requests whose new address another account of the organization has."""
    owners: Mapping[str, str] = {each.spec.email.lower(): each.account_id for each in accounts}
    for request, account in matched:
        other = owners.get(request.spec.email.lower())
        if _differs(request, account) and other is not None and other != account.account_id:
            yield (
                request.key,
                Finding(
                    location=request.origin("email"),
                    rule="email-in-use",
                    message=f'e-mail "{request.spec.email}" is the address of account "{other}"',
                    hint="choose another address; AWS gives each to one account only, and never again after that is closed",
                    attribute="email",
                ),
            )


def _differs(request: AccountRequest, account: ObservedAccount) -> bool:
    """The case of letters makes no difference to an address."""
    return request.spec.email.lower() != account.spec.email.lower()


def _under_way(request: AccountRequest, account: ObservedAccount) -> EmailUpdate | None:
    """A change to this very address, or to one that AWS does not tell because somebody else has asked for it."""
    update = account.email_update
    return update if update is not None and (update.mark is None or update.is_for(request.spec.email)) else None


def _update(request: AccountRequest, account: ObservedAccount) -> UpdateAccount:
    field = FieldChange(path=("email",), before=account.spec.email, after=request.spec.email)
    return UpdateAccount(key=request.key, account_id=account.account_id, name=account.spec.name, fields=(field,))


def _words(request: AccountRequest, account: ObservedAccount, update: EmailUpdate) -> tuple[str, str]:
    """Why the change waits, and what ends that."""
    email, again = request.spec.email, f"run `vend email-code {request.key} --send-again`"
    back = f"or write `email: {account.spec.email}` in {request.origin('email').file}"
    if update.mark is None:
        somebody = f'somebody has asked AWS for another address of account "{account.account_id}"'
        return (
            f"{somebody}, and AWS does not say which; that is good until {update.until}",
            f'if the code came to "{email}", run `vend email-code {request.key} CODE`; otherwise {again}; {back}',
        )
    match update.standing:
        case EmailStanding.WAITING:
            return (
                f'waiting for the code that AWS has sent to "{email}", until {update.until}',
                f"run `vend email-code {request.key} CODE` with the code from that mailbox; {back}",
            )
        case EmailStanding.EXPIRED:
            return (
                f'the code that AWS has sent to "{email}" was good until {update.until}, and nobody has handed it in',
                f"{again} to have another one sent; {back}",
            )
        case EmailStanding.FAILED:
            return f'AWS has not taken the change of the address to "{email}"', f"{again} to try it once more; {back}"
        case EmailStanding.ACCEPTED:
            return (
                f'AWS has accepted "{email}", and takes up to 4 hours to show it',
                "nothing has to be done: plan again later",
            )
        case _:
            assert_never(update.standing)
