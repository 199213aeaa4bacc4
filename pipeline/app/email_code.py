"""`vend email-code`: hand in the code that AWS has sent to the new address of an account, or have another one sent."""

import logging
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.app.desire import Desire, read_desire
from pipeline.app.observe import observe_organization
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace
from pipeline.errors import ExitCode, UsageError
from pipeline.model.account import AccountState
from pipeline.model.observed import Details, ObservedAccount, ObservedState
from pipeline.model.operation import Done
from pipeline.model.request import AccountRequest
from pipeline.planning.email import CODE_GUARD, email_holds
from pipeline.planning.matching import match
from pipeline.provisioners.aws.writes import ApiWrite
from pipeline.provisioners.protocol import Provisioner
from pipeline.provisioners.steps import operation_of
from pipeline.provisioners.upkeep_steps import AcceptEmailUpdate, StartEmailUpdate
from pipeline.reconcile.engine import Stop

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What came of it. `note`: what is left to do, or empty."""

    account_id: str
    message: str
    note: str
    exit_code: ExitCode


def email_code(workspace: Workspace, parts: Parts, key: str, code: str | None) -> Handed:
    """Hand the code in; without one, have another code sent.

    Only a change that is on its way already, and so was reviewed and applied, is gone on with. Raises `UsageError` for any
    other, and `ServiceError` when AWS says no: to a wrong code, for instance.
    """
    desire = read_desire(workspace, parts)
    request = _request(desire, key)
    provisioner = parts.provisioner(desire.settings, parts.new_run_id(), _wrote, Stop())
    account = _account(desire, request, provisioner)
    _require_waiting(request, account)
    before, email = account.spec.email, request.spec.email
    step = (
        StartEmailUpdate(key=key, account_id=account.account_id, before=before, after=email, again=True)
        if code is None
        else AcceptEmailUpdate(key=key, account_id=account.account_id, email=email, code=code)
    )
    result = provisioner.perform(operation_of(step), {})
    is_done = isinstance(result, Done)
    return Handed(
        account_id=account.account_id,
        message=result.message if isinstance(result, Done) else result.reason,
        note=_of_product(account) if is_done and code is not None else "",
        exit_code=ExitCode.OK if is_done else ExitCode.INCOMPLETE,
    )


def _request(desire: Desire, key: str) -> AccountRequest:
    found = next((request for request in desire.desired.requests if request.key == key), None)
    if found is None:
        near = get_close_matches(key, [request.key for request in desire.desired.requests], n=1)
        hint = f'did you mean "{near[0]}"?' if near else "the key is the file name without .yaml; see `vend validate`"
        raise UsageError(f'there is no valid account request "{key}"', hint=hint)
    return found


def _account(desire: Desire, request: AccountRequest, provisioner: Provisioner) -> ObservedAccount:
    """The account of the request, with how its change of address is getting on."""
    observed = observe_organization(desire, provisioner)
    matching = match(desire.desired, observed, desire.settings.repository)
    account = matching.accounts.get(request.key)
    if not isinstance(account, ObservedAccount) or request.key in matching.adoptions:
        raise UsageError(
            f'request "{request.key}" has no account that is marked as its own', hint="run `vend plan`, which says why"
        )
    if account.state is not AccountState.ACTIVE:
        raise UsageError(f'account "{account.account_id}" is {account.state.value}', hint="look at it in AWS")
    return _of_id(provisioner.observe_details(observed, {account.account_id: Details(email=True)}), account.account_id)


def _of_id(observed: ObservedState, account_id: str) -> ObservedAccount:
    return next(each for each in observed.accounts if each.account_id == account_id)


def _require_waiting(request: AccountRequest, account: ObservedAccount) -> None:
    """Raises `UsageError` unless AWS waits for a code, or has ceased to wait for one that was not handed in."""
    email = request.spec.email
    if account.spec.email.lower() == email.lower():
        raise UsageError(
            f'account "{account.account_id}": its address is "{account.spec.email}" already',
            hint="nothing has to be done",
        )
    holds = list(email_holds(request, account))
    if not holds:
        raise UsageError(
            f'account "{account.account_id}": AWS was not asked to change its address to "{email}" yet',
            hint="have the change reviewed and applied first: `vend plan`, then `vend apply --reviewed plan.json`",
        )
    if holds[0].guard != CODE_GUARD:
        raise UsageError(f'account "{account.account_id}": {holds[0].reason}', hint=holds[0].release)


def _of_product(account: ObservedAccount) -> str:
    """What is left to do by hand: https://docs.aws.amazon.com/controltower/latest/userguide/change-account-email.html."""
    if account.product is None:
        return ""
    return (
        f'Account Factory\'s product "{account.product.name}" still has the old address. When AWS shows the new one, update'
        " the product in Service Catalog with all its parameters, and the new AccountEmail."
    )


def _wrote(write: ApiWrite) -> None:
    _logger.info(
        "AWS %s %s: %s, request id %s", write.service, write.operation, write.error or "done", write.request_id
    )
