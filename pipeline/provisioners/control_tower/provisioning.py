"""Asking Account Factory for an account, and waiting for it.

`ProvisionProduct` creates an account for an address that no member has, and enrolls the member that has it: so the address of
an account that is to be enrolled is the one that Organizations tells, read right before.
"""

from typing import Any, Final, assert_never

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError, TemporaryServiceError
from pipeline.model.operation import Done, Facts, Result, Vanished
from pipeline.provisioners.aws.organizations.roster import MAX_AGE
from pipeline.provisioners.aws.organizations.settling import settle
from pipeline.provisioners.control_tower.decision import Decision, decide
from pipeline.provisioners.control_tower.following import RECORD, failure, refused, still_going, waiting
from pipeline.provisioners.control_tower.products import TERMINATION, Record, SeenProduct
from pipeline.provisioners.control_tower.requests import new_parameters, token, user_of
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.landing_zone_steps import AwaitProduct, ProvisionAccount

ACCOUNT: Final = "account_id"
_ATTEMPTS: Final = 10
"""Earlier requests of one product that AWS may remember by their tokens."""


class Provisioning:
    """Safe to use from many threads."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        self._products = tower.products

    def request(self, step: ProvisionAccount, facts: Facts) -> Result:
        """Ask for the product, unless it is there or asked for already."""
        if RECORD in facts:
            return Done(message="already requested", facts=facts)
        address = self._address(step)
        if isinstance(address, Vanished):
            return address
        email, name = address
        seen, exists = self._look(step, email)
        if seen is None:
            decision = decide(None, account_exists=exists)
            return self._enroll(step, email, name) if decision is Decision.ENROLL else self._begin(step, email, name)
        return self._go_on(step, seen, decide(seen.product, account_exists=exists), facts)

    def _go_on(self, step: ProvisionAccount, seen: SeenProduct, decision: Decision, facts: Facts) -> Result:
        """There is a product of the request already. One that was good for another account is not gone on with."""
        if seen.product.has_succeeded and self._is_of_another(step, seen):
            if decision is Decision.WAIT:
                return waiting("the former product of this name is being changed", facts)
            raise _of_another(step, seen)
        match decision:
            case Decision.WAIT:
                return self._join(seen, facts)
            case Decision.USE | Decision.USE_WITH_CARE:
                return _there(seen)
            case Decision.REPLACE:
                return self._replace(step, seen, facts)
            case Decision.ASK:
                raise _for_a_person(step, seen)
            case Decision.PROVISION | Decision.ENROLL:
                raise RuntimeError(f"there is a product, so this is not the answer: {decision}")
            case never:
                assert_never(never)

    def wait(self, step: AwaitProduct, facts: Facts) -> Result:
        """Follow the product's record; done when the account is there and visible."""
        if RECORD not in facts and (account_id := facts.get(ACCOUNT)) is not None:
            return Done(message=f"account {account_id} is there", facts={ACCOUNT: account_id})
        where = _where(step)
        record = self._record(step, facts)
        if record is None:
            if step.product is None:
                return Done()
            raise TemporaryServiceError(f"{where}: its product is not visible yet", delay=5.0, hint="run again")
        if record.has_succeeded:
            return self._succeeded(step, record)
        if record.has_failed:
            self._tower.gate.ended(record.product_name)
            raise failure(record, where)
        return still_going(record, where, self._tower.clock.now().timestamp(), facts)

    def _address(self, step: ProvisionAccount) -> tuple[str, str] | Vanished:
        """The address and the name to send: of an account that is there, exactly those that it has at this moment."""
        if step.account_id is None:
            return step.email, step.name
        seen = self._tower.backend.accounts.see_if_there(step.account_id)
        if seen is None or seen.is_closed:
            state = "is not in the organization" if seen is None else "is closed"
            return Vanished(reason=f'account "{step.account_id}": it {state}')
        return seen.email, seen.name

    def _look(self, step: ProvisionAccount, email: str) -> tuple[SeenProduct | None, bool]:
        """The request's product, by name or by account, and whether there is an account that it stands for."""
        seen = self._products.named(step.product)
        account_id = step.account_id or (None if seen is None else seen.product.account_id)
        if seen is None and step.account_id is not None:
            seen = self._products.of_account(step.account_id)
        if account_id is not None and self._tower.backend.accounts.see_if_there(account_id) is not None:
            return seen, True
        is_decided = seen is not None and decide(seen.product, account_exists=False) is not Decision.REPLACE
        if is_decided:
            return seen, False
        # A listing of the last minute: another request, or somebody in the console, may have used the address since the plan.
        since = self._tower.clock.monotonic() - MAX_AGE
        return seen, self._tower.backend.search.roster.find_again(email, since) is not None

    def _is_of_another(self, step: ProvisionAccount, seen: SeenProduct) -> bool:
        """Whether its account is another one than the step's or, for a new account, is closed or gone."""
        own = seen.product.account_id
        if own is None or step.account_id is not None:
            return own not in {None, step.account_id}
        there = self._tower.backend.accounts.see_if_there(own)
        if there is None and seen.product.status == "AVAILABLE":
            raise TemporaryServiceError(
                f'request "{step.key}": account "{own}" of product "{seen.product.name}" is not visible',
                delay=5.0,
                hint="run again; if the account has left the organization, terminate the product in Service Catalog first",
            )
        return there is None or there.is_closed

    def _enroll(self, step: ProvisionAccount, email: str, name: str) -> Result:
        if step.account_id is None:
            raise PermanentServiceError(
                f'request "{step.key}": an account of this organization has the address "{email}", and is not this request\'s',
                hint="plan again: an account that is nobody's is shown as an adoption; for another's, choose another address",
            )
        return self._begin(step, email, name)

    def _begin(self, step: ProvisionAccount, email: str, name: str) -> Result:
        unit = self._tower.unit(step.unit)
        if unit is None:
            return Vanished(reason=f'request "{step.key}": the unit "{step.unit}" is not there')
        if self._tower.baseline_of_unit(unit) is None:
            return Vanished(reason=f'request "{step.key}": Control Tower does not govern the unit "{step.unit}"')
        user = user_of(step.key, step.sso_user, email, is_used=self._tower.settings.manages_access)
        factory = self._tower.factory.required()
        request: dict[str, Any] = {
            "ProductId": factory.product_id,
            "ProvisioningArtifactId": factory.active,
            "ProvisionedProductName": step.product,
            "ProvisioningParameters": new_parameters(
                email=email, name=name, unit=self._tower.unit_parameter(unit), user=user
            ),
        }
        if (path := self._tower.factory.path_id) is not None:
            request["PathId"] = path
        return self._tower.gate.begin(step.product, lambda: self._send(step, request))

    def _send(self, step: ProvisionAccount, request: dict[str, Any]) -> Result:
        """Send it with a token of its own content, so that a repeated request is the same one.

        AWS answers a token that it knows with what it answered before, which may be of a product that was terminated since:
        that earlier record is then part of the next token.
        """
        earlier = ""
        for _ in range(_ATTEMPTS):
            try:
                answer = self._tower.clients.catalog.provision_product(
                    **request, ProvisionToken=token("provision", request, earlier)
                )
            except ClientError as error:
                return refused(error, f'request "{step.key}"')
            record_id = str(answer["RecordDetail"]["RecordId"])
            if not self._is_of_the_past(record_id):
                return Done(message="requested", facts={RECORD: record_id})
            earlier = record_id
        raise PermanentServiceError(
            f'request "{step.key}": product "{step.product}" was provisioned and terminated {_ATTEMPTS} times',
            hint="look at the product's records in Service Catalog, and correct what they name",
        )

    def _is_of_the_past(self, record_id: str) -> bool:
        record = self._products.record(record_id)
        has_ended = record is not None and (record.has_failed or record.has_succeeded)
        return record is not None and has_ended and self._products.with_id(record.product_id) is None

    def _join(self, seen: SeenProduct, facts: Facts) -> Result:
        """An operation is on the product: of an earlier try, or of another run; unless it is on its way out, it is ours."""
        record = None if seen.last_record is None else self._products.record(seen.last_record)
        if record is None or record.kind == TERMINATION:
            return waiting("the former product of this name is being terminated", facts)
        return Done(message="already requested", facts={RECORD: record.record_id})

    def _replace(self, step: ProvisionAccount, seen: SeenProduct, facts: Facts) -> Result:
        """Terminate what never became an account; there is nothing in it that could be lost."""
        call = self._tower.clients.catalog.terminate_provisioned_product
        try:
            call(
                ProvisionedProductId=seen.product_id,
                TerminateToken=token("terminate", seen.product_id, seen.last_record),
                IgnoreErrors=False,
            )
        except ClientError as error:
            return refused(error, f'request "{step.key}"')
        return waiting("a product that had failed is being terminated first", facts)

    def _record(self, step: AwaitProduct, facts: Facts) -> Record | None:
        record_id = facts.get(RECORD)
        if record_id is None:
            seen = self._product_of(step)
            record_id = None if seen is None else seen.last_record
        return None if record_id is None else self._products.record(record_id)

    def _product_of(self, step: AwaitProduct) -> SeenProduct | None:
        seen = None if step.product is None else self._products.named(step.product)
        if seen is None and step.account_id is not None:
            seen = self._products.of_account(step.account_id)
        return seen

    def _succeeded(self, step: AwaitProduct, record: Record) -> Result:
        self._tower.gate.ended(record.product_name)
        where = _where(step)
        account_id = record.account_id or self._account_of(record)
        if account_id is None:
            raise TemporaryServiceError(
                f'{where}: the account of record "{record.record_id}" is not told yet', delay=5.0, hint="run again"
            )
        if step.account_id is not None and account_id != step.account_id:
            raise PermanentServiceError(
                f'{where}: the product is of account "{account_id}"; record "{record.record_id}"',
                hint="look at both accounts in the Control Tower console before anything else is done",
            )
        look = self._tower.backend.accounts.see_if_there
        settle(self._tower.clock, lambda: look(account_id), f'account "{account_id}": it is there, and not visible yet')
        return Done(message=f"account {account_id} is under Control Tower", facts={ACCOUNT: account_id})

    def _account_of(self, record: Record) -> str | None:
        seen = self._products.named(record.product_name)
        return None if seen is None else seen.product.account_id


def _there(seen: SeenProduct) -> Result:
    account_id = seen.product.account_id
    if account_id is None:
        raise TemporaryServiceError(
            "Account Factory: the product's account is not told yet", delay=5.0, hint="run again"
        )
    return Done(message=f"account {account_id} is there already", facts={ACCOUNT: account_id})


def _of_another(step: ProvisionAccount, seen: SeenProduct) -> PermanentServiceError:
    product = seen.product
    return PermanentServiceError(
        f'request "{step.key}": product "{product.name}" is of account "{product.account_id}", not of the one that is asked for',
        hint="terminate the product in Service Catalog when nobody needs it any more, then run again",
    )


def _for_a_person(step: ProvisionAccount, seen: SeenProduct) -> PermanentServiceError:
    return PermanentServiceError(
        f'request "{step.key}": product "{seen.product.name}" is {seen.product.status}, never succeeded, and its account exists',
        hint="terminate the product in Service Catalog: that un-manages the account and moves it to the root; then run again",
    )


def _where(step: AwaitProduct) -> str:
    return f'request "{step.key}"' if step.account_id is None else f'account "{step.account_id}"'
