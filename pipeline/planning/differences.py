"""How one account differs from its request: every difference is a change, a hold or a finding."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipeline.model.account import (
    UNOBSERVED,
    AccountState,
    Contact,
    ContactType,
    Reach,
    WantedState,
    catalogue,
)
from pipeline.model.change import (
    AccountChange,
    CloseAccount,
    CreateAccount,
    FieldChange,
    MoveAccount,
    UpdateAccount,
    contact_json,
)
from pipeline.model.finding import Finding, Severity
from pipeline.model.json import Json
from pipeline.model.observed import ObservedAccount
from pipeline.model.plan import Deferred, Hold
from pipeline.model.request import AccountRequest, Path
from pipeline.planning.access import access_changes, access_of_others, unread_access
from pipeline.planning.account_settings import changes_inside, unread_inside, vpcs_in_use
from pipeline.planning.contact_information import PATH as CONTACT_INFORMATION
from pipeline.planning.contact_information import contact_information_change, unread_contact_information
from pipeline.planning.email import email_change, email_holds


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRules:
    """`is_ignored` answers for a tag key whether it is never touched; `removes`: undeclared tags are removed."""

    is_ignored: Callable[[str], bool]
    removes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one request asks for that is not so."""

    changes: tuple[AccountChange, ...] = ()
    holds: tuple[Hold, ...] = ()
    findings: tuple[Finding, ...] = ()
    deferred: Deferred | None = None


def of_new_account(request: AccountRequest, repository: str, rules: TagRules) -> Difference:
    """The difference of a request that has no account yet, or whose account is being created."""
    if request.spec.state is WantedState.CLOSED:
        message = f'request "{request.key}" asks to close an account, and there is none'
        return Difference(
            findings=(_warning(request, "nothing-to-close", message, "remove the request", at=("state",)),)
        )
    tags = _declared_tags(request)
    ignored = [key for key in sorted(tags) if rules.is_ignored(key)]
    kept = {key: value for key, value in tags.items() if not rules.is_ignored(key)}
    creation = CreateAccount(key=request.key, repository=repository, spec=replace(request.spec, tags=kept))
    return Difference(
        changes=(creation,),
        findings=tuple(_ignored_tag(request, key) for key in ignored),
        deferred=_deferred(request),
    )


def of_account(
    request: AccountRequest,
    account: ObservedAccount,
    adoption: FieldChange | None,
    rules: TagRules,
    govern: Callable[[Difference], Difference] = lambda difference: difference,
) -> Difference:
    """The difference between a request and its account; `adoption` is the change of its ownership tags, if it needs one.

    A closed account is either as asked for, or waits for a person; an account that is not ready waits with all its changes.
    `govern`: what Control Tower makes of the difference of an open account.
    """
    if account.is_closed:
        wants_open = request.spec.state is WantedState.OPEN
        return Difference(holds=(_closed_account(request, account),) if wants_open else ())
    if request.spec.state is WantedState.CLOSED:
        claim = (_update(request, account, (adoption,)),) if adoption else ()
        close = CloseAccount(key=request.key, account_id=account.account_id, name=account.spec.name)
        return _as_far_as_ready(request, account, govern(Difference(changes=(*claim, close))))
    difference = Difference(
        changes=tuple(_changes(request, account, adoption, rules)),
        holds=(*email_holds(request, account), *vpcs_in_use(request, account)),
        findings=(
            *_unset_ignored_tags(request, account, rules),
            *_unobserved(request, account),
            *access_of_others(request, account),
        ),
        deferred=_deferred(request),
    )
    return _as_far_as_ready(request, account, govern(difference))


def _changes(
    request: AccountRequest, account: ObservedAccount, adoption: FieldChange | None, rules: TagRules
) -> Iterator[AccountChange]:
    fields = (
        *((adoption,) if adoption else ()),
        *_renaming(request, account),
        *_tag_changes(request, account, rules),
        *_contact_changes(request, account),
        *contact_information_change(request, account),
        *access_changes(request, account),
        *changes_inside(request, account),
    )
    if fields:
        yield _update(request, account, fields)
    if (change := email_change(request, account)) is not None:
        yield change
    before, after = account.spec.organizational_unit, request.spec.organizational_unit
    if before != after:
        yield MoveAccount(
            key=request.key, account_id=account.account_id, name=account.spec.name, before=before, after=after
        )


def _update(request: AccountRequest, account: ObservedAccount, fields: tuple[FieldChange, ...]) -> UpdateAccount:
    return UpdateAccount(key=request.key, account_id=account.account_id, name=account.spec.name, fields=fields)


def _renaming(request: AccountRequest, account: ObservedAccount) -> Iterator[FieldChange]:
    if request.spec.name != account.spec.name:
        yield FieldChange(path=("name",), before=account.spec.name, after=request.spec.name)


def _declared_tags(request: AccountRequest) -> Mapping[str, str]:
    return request.spec.tags if request.spec.tags is not UNOBSERVED else {}


def _tag_changes(request: AccountRequest, account: ObservedAccount, rules: TagRules) -> Iterator[FieldChange]:
    wanted, actual = _declared_tags(request), account.spec.tags
    if actual is UNOBSERVED or actual == wanted:
        return
    for key in sorted({*wanted, *actual} if rules.removes else wanted):
        before, after = actual.get(key), wanted.get(key)
        if before != after and not rules.is_ignored(key):
            yield FieldChange(path=("tags", key), before=before, after=after)


def _unset_ignored_tags(request: AccountRequest, account: ObservedAccount, rules: TagRules) -> Iterator[Finding]:
    wanted, actual = _declared_tags(request), account.spec.tags
    if actual is not UNOBSERVED and actual != wanted:
        for key in sorted(wanted):
            if actual.get(key) != wanted[key] and rules.is_ignored(key):
                yield _ignored_tag(request, key)


def _contact_changes(request: AccountRequest, account: ObservedAccount) -> Iterator[FieldChange]:
    """Contacts that the request names; a type that was not observed is `_unobserved`'s to tell."""
    observed = account.spec.contacts
    if observed is UNOBSERVED:
        return
    for contact_type, after in _named_contacts(request):
        if contact_type in observed and (before := observed[contact_type]) != after:
            path = ("contacts", contact_type.value)
            yield FieldChange(path=path, before=_contact(before), after=_contact(after))


def _named_contacts(request: AccountRequest) -> list[tuple[ContactType, Contact | None]]:
    contacts = request.spec.contacts
    return [] if contacts is UNOBSERVED else sorted(contacts.items(), key=lambda item: item[0])


def _contact(contact: Contact | None) -> Json:
    return None if contact is None else contact_json(contact)


def _closed_account(request: AccountRequest, account: ObservedAccount) -> Hold:
    replace_it = (
        "write another e-mail address"
        if request.account_id is None
        else "remove `account_id` and write another address"
    )
    return Hold(
        change=_update(request, account, (FieldChange(path=("state",), before="closed", after="open"),)),
        guard="account-state",
        reason=f'account "{account.account_id}" is {account.state.value}, and the request asks for an open account',
        release=(
            f"write `state: closed` in {request.origin().file}; or have AWS Support reinstate the account within 90 days"
            f" of its closing; or {replace_it}, to ask for a new account"
        ),
    )


_NOT_READY: Final[Mapping[AccountState, str]] = {
    AccountState.PENDING_ACTIVATION: "plan again when AWS has activated the account",
    AccountState.SUSPENDED: "have AWS Support reinstate the account, then plan again",
    AccountState.UNKNOWN: "look at the account in AWS; a newer version of vend may know its state",
}


def _as_far_as_ready(request: AccountRequest, account: ObservedAccount, difference: Difference) -> Difference:
    if account.state is AccountState.ACTIVE:
        return difference
    remedy = _NOT_READY.get(account.state, "look at the account in AWS")
    held = tuple(
        Hold(
            change=change,
            guard="account-state",
            reason=f'account "{account.account_id}" is {account.state.value}',
            release=f"{remedy}; or take the change back in {request.origin().file}",
        )
        for change in difference.changes
    )
    return replace(difference, changes=(), holds=(*held, *difference.holds))


_UNREADABLE_INSIDE: Final = (
    "let the run assume `execution_role` in the account, and let no service control policy deny the reads;"
    " then plan again"
)


def _unobserved(request: AccountRequest, account: ObservedAccount) -> Iterator[Finding]:
    hint = "observe again, with a version and a role that can read them"
    if account.spec.tags is UNOBSERVED:
        message = f'tags of account "{account.account_id}" are not observed, so they are not compared'
        yield _warning(request, "tags-not-observed", message, hint, at=("tags",))
    observed = account.spec.contacts
    for contact_type, _ in _named_contacts(request):
        if observed is UNOBSERVED or contact_type not in observed:
            message = (
                f'{contact_type.value} contact of account "{account.account_id}" is not observed, so it is not compared'
            )
            yield _warning(request, "contacts-not-observed", message, hint, at=("contacts", contact_type.value))
    if unread_contact_information(request, account):
        message = f'contact information of account "{account.account_id}" is not observed, so it is not compared'
        yield _warning(request, "contact-information-not-observed", message, hint, at=CONTACT_INFORMATION)
    if unread_access(request, account):
        message = f'access to account "{account.account_id}" is not observed, so it is not compared'
        yield _warning(request, "access-not-observed", message, hint, at=("access",))
    for path, what in unread_inside(request, account):
        message = f'{what} of account "{account.account_id}" not observed, so not compared'
        yield _warning(request, f"{path[0]}-not-observed", message, _UNREADABLE_INSIDE, at=path)


def _ignored_tag(request: AccountRequest, key: str) -> Finding:
    message = f'tag "{key}" is declared, and `tags.ignore` says that it is never touched'
    hint = "remove the tag from the request, or the pattern from vending.yaml"
    return _warning(request, "tag-ignored", message, hint, at=("tags", key))


def _warning(request: AccountRequest, rule: str, message: str, hint: str, *, at: Path) -> Finding:
    return Finding(
        location=request.origin(*at),
        rule=rule,
        message=message,
        hint=hint,
        attribute=".".join(at),
        severity=Severity.WARNING,
    )


_CARRIED: Final = tuple(each.name for each in catalogue() if each.reach is Reach.CARRIED)


def _deferred(request: AccountRequest) -> Deferred | None:
    """Attributes that the request sets and this version does not apply."""
    wanted = ((name, getattr(request.spec, name)) for name in _CARRIED)
    named = tuple(name for name, value in wanted if value and value is not UNOBSERVED)
    return Deferred(key=request.key, attributes=named) if named else None
