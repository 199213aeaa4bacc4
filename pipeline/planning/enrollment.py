"""Accounts under Control Tower: new ones, those that come in, those that leave, and what is wrong with those that are in.

Works on what the comparison of a request with its account has found: a move of an account that is not enrolled becomes its
enrolment, a change that Control Tower would not take becomes a hold.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pipeline.model.account import ROOT, AccountState, WantedState
from pipeline.model.change import (
    AccountChange,
    CloseAccount,
    CreateAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    UnmanageAccount,
    UpdateAccount,
)
from pipeline.model.finding import Finding, Severity
from pipeline.model.landing_zone import Mode, product_name
from pipeline.model.request import AccountRequest
from pipeline.planning import enrollment_objections as objections
from pipeline.planning.administrators import has_administrators
from pipeline.planning.differences import Difference
from pipeline.planning.enrollment_objections import Case
from pipeline.planning.enrollment_state import (
    drift_in_words,
    drift_of_account,
    is_busy,
    is_governed,
    needs_reset_of_unit,
    wants_to_be_managed,
)
from pipeline.planning.territory import Objection, Territory, drift_of
from pipeline.planning.unit_resets import Resets


def governed_creation(
    difference: Difference, request: AccountRequest, territory: Territory, resets: Resets
) -> Difference:
    """The difference of a request without an account, in a landing zone: the creation brings the account under Control Tower."""
    changes: list[AccountChange] = []
    holds = list(difference.holds)
    findings = list(difference.findings)
    for change in difference.changes:
        if not isinstance(change, CreateAccount):
            changes.append(change)
            continue
        is_product = territory.zone.mode is Mode.SERVICE_CATALOG
        name = product_name(request.key, change.repository) if is_product else None
        creation = replace(change, product=name, enrolls=not is_product)
        objection = objections.to_creation(request, territory, name, resets)
        if objection is None:
            changes.append(creation)
            findings += resets.told(request)
        else:
            holds.append(objection.on(creation))
    return replace(difference, changes=tuple(changes), holds=tuple(holds), findings=tuple(findings), deferred=None)


def governed_account(case: Case, difference: Difference) -> Difference:
    """The difference between a request and its open account, in a landing zone."""
    changes: list[AccountChange] = []
    holds = list(difference.holds)
    for change, objection in _decided(case, difference.changes):
        found = objection or objections.to_asking_now(change, case)
        if found is None:
            changes.append(change)
        else:
            holds.append(found.on(change))
    enters = any(
        isinstance(each, EnrollAccount) or (isinstance(each, MoveAccount) and _enters(each, case)) for each in changes
    )
    findings = (*difference.findings, *_findings(case), *(case.resets.told(case.request) if enters else ()))
    return replace(difference, changes=tuple(changes), holds=tuple(holds), findings=findings, deferred=None)


def _enters(change: MoveAccount, case: Case) -> bool:
    return wants_to_be_managed(case.request) and change.after != ROOT


_Decision = tuple[AccountChange, Objection | None]


def _decided(case: Case, changes: Iterable[AccountChange]) -> Iterator[_Decision]:
    """The changes as Control Tower takes them, each with what stands in its way."""
    for change in changes:
        match change:
            case MoveAccount():
                pass  # decided below: whether it is a move depends on what the account is
            case CloseAccount():
                closing = replace(change, unmanages=is_governed(case.account, case.territory.zone))
                yield closing, _objection_to_leaving(case)
            case _:
                yield change, None
    if case.request.spec.state is WantedState.CLOSED:
        return
    if not wants_to_be_managed(case.request):
        yield from _outside(case)
    elif is_governed(case.account, case.territory.zone) and not _is_being_enrolled(case):
        yield from _inside(case)
    else:
        yield from _enrolling(case)


def _is_being_enrolled(case: Case) -> bool:
    """Whether an enrolment that we began is still running: the run that goes on with it waits for it."""
    product = case.account.product
    return product is not None and product.name == case.product and product.is_changing and not product.has_succeeded


def _objection_to_leaving(case: Case) -> Objection | None:
    return (
        objections.to_changing_shared(case) or objections.to_missing_product(case) or objections.to_changing_busy(case)
    )


def _outside(case: Case) -> Iterator[_Decision]:
    """An account that Control Tower is not to govern: it leaves, and then goes where the request says."""
    account = case.account
    unit = account.spec.organizational_unit
    if is_governed(account, case.territory.zone):
        leaving = UnmanageAccount(key=case.request.key, account_id=account.account_id, name=account.spec.name)
        objection = _objection_to_leaving(case)
        yield leaving, objection
        unit = ROOT
        if objection is not None:
            return
    if unit != case.unit:
        yield _move(case, unit), objections.to_changing_shared(case) or objections.to_staying_out(case)


def _inside(case: Case) -> Iterator[_Decision]:
    """An account that Control Tower governs: it moves, gets another first administrator, or is put right."""
    before = case.account.spec.organizational_unit
    if before != case.unit:
        yield (
            _move(case, before),
            (
                objections.to_changing_shared(case)
                or objections.to_failed_product(case)
                or objections.to_missing_product(case)
                or objections.to_changing_busy(case)
                or objections.to_moving(case)
                or case.resets.objection_to(case.unit)
            ),
        )
    elif (drift := drift_of_account(case.account)) is not None and _repairs_by_product(case):
        unit = case.account.enrollment.unit if case.account.enrollment is not None else None
        repair = FieldChange(
            path=("enrollment",), before={"drift": drift.value, "unit": unit}, after={"unit": case.unit}
        )
        yield _update(case, repair), objections.to_failed_product(case) or case.territory.objection_to(case.unit)
    if (administrator := _administrator(case)) is not None:
        yield _update(case, administrator), objections.to_failed_product(case) or objections.to_changing_busy(case)


def _enrolling(case: Case) -> Iterator[_Decision]:
    """An account of the organization that comes under Control Tower, unless the registration of its unit does that."""
    account, territory = case.account, case.territory
    before = account.spec.organizational_unit
    if (objection := objections.to_changing_shared(case)) is not None:
        if before != case.unit:
            yield _move(case, before), objection
        return
    is_alone = account.product is None or not account.product.is_unusable
    if is_alone and before == case.unit and (case.unit in territory.planned or _is_waiting_to_be_registered(case)):
        return
    failed = {check.repair for check in account.checks if check.passed is False}
    sso_user = case.request.spec.sso_user
    change = EnrollAccount(
        key=case.request.key,
        account_id=account.account_id,
        name=account.spec.name,
        email=account.spec.email,
        before=before,
        after=case.unit,
        product=case.product,
        repairs=tuple(each for each in case.request.repair if each in failed),
        checks=account.checks,
        sso_user=dict(sso_user) if case.product is not None and isinstance(sso_user, Mapping) else None,
    )
    yield (
        change,
        (
            objections.to_failed_product(case)
            or objections.to_coming_from_a_new_unit(case)
            or territory.objection_to(case.unit)
            or drift_of(territory.zone)
            or objections.to_missing_administrator(case.request, territory)
            or objections.to_changing_address(case)
            or (None if _is_being_enrolled(case) else objections.to_unmet_conditions(case))
            or case.resets.objection_to(case.unit)
        ),
    )


def _is_waiting_to_be_registered(case: Case) -> bool:
    """The hold on the registration tells of the account, too."""
    return case.unit in case.territory.waiting and case.unit not in case.territory.registrations


def _repairs_by_product(case: Case) -> bool:
    """Whether an update of the product repairs the account; otherwise a reset of its unit does, or the landing zone itself."""
    zone = case.territory.zone
    is_for_unit = case.unit in case.territory.planned or needs_reset_of_unit(case.account, zone)
    return not is_for_unit and not zone.enrolls_automatically


def _move(case: Case, before: str) -> MoveAccount:
    account = case.account
    return MoveAccount(
        key=case.request.key, account_id=account.account_id, name=account.spec.name, before=before, after=case.unit
    )


def _update(case: Case, change: FieldChange) -> UpdateAccount:
    account = case.account
    return UpdateAccount(key=case.request.key, account_id=account.account_id, name=account.spec.name, fields=(change,))


def _administrator(case: Case) -> FieldChange | None:
    """Another first administrator. Who it is, is the address: names are used only when the user is made.

    https://docs.aws.amazon.com/controltower/latest/userguide/updating-account-factory-accounts.html
    """
    wanted, known = case.request.spec.sso_user, case.account.spec.sso_user
    if not (has_administrators(case.territory.zone) and isinstance(wanted, Mapping) and isinstance(known, Mapping)):
        return None
    if str(wanted.get("email")).casefold() == str(known.get("email")).casefold():
        return None
    return FieldChange(path=("sso_user",), before=known, after=wanted)


def _findings(case: Case) -> Iterator[Finding]:
    """What is wrong with an account and not repaired by this plan, or repaired in a way that people should know."""
    account, product = case.account, case.account.product
    is_factory = case.territory.zone.mode is Mode.SERVICE_CATALOG
    if is_factory and product is not None and product.status == "TAINTED" and product.has_succeeded:
        message = f'product "{product.product_id}" of account "{account.account_id}" is TAINTED'
        hint = "its last operation did not end as asked; look at its record in Service Catalog"
        yield _warning(case, "product-tainted", message, hint)
    if _lacks_administrator(case):
        message = f'first administrator of account "{account.account_id}" is not observed, so it is not compared'
        yield _warning(case, "sso-user-not-observed", message, "Account Factory has no product of it that tells")
    if is_busy(account):
        message = f'Control Tower is changing account "{account.account_id}"'
        yield _warning(case, "account-busy", message, "plan again when it has ended")
    elif (drift := drift_of_account(account)) is not None and account.state is AccountState.ACTIVE:
        message, hint = drift_in_words(drift, account, case.territory)
        failed = objections.to_failed_product(case)
        yield _warning(case, "enrollment-drift", message, hint if failed is None else failed.release)


def _lacks_administrator(case: Case) -> bool:
    wants = case.request.spec.state is WantedState.OPEN and isinstance(case.request.spec.sso_user, Mapping)
    is_unread = not isinstance(case.account.spec.sso_user, Mapping) and is_governed(case.account, case.territory.zone)
    return wants and is_unread and wants_to_be_managed(case.request) and has_administrators(case.territory.zone)


def _warning(case: Case, rule: str, message: str, hint: str) -> Finding:
    return Finding(
        location=case.request.origin(),
        rule=rule,
        message=message,
        hint=hint,
        severity=Severity.WARNING,
    )
