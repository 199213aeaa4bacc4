"""Changing and ending an account's product."""

from collections.abc import Mapping
from typing import Any, Final, assert_never

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT
from pipeline.model.landing_zone import Product
from pipeline.model.operation import Done, Facts, Result, Vanished
from pipeline.provisioners.aws.organizations.accounts import SeenAccount
from pipeline.provisioners.aws.organizations.roster import MAX_AGE
from pipeline.provisioners.control_tower.clients import found
from pipeline.provisioners.control_tower.decision import Decision, decide
from pipeline.provisioners.control_tower.following import RECORD, failure, refused, still_going, waiting
from pipeline.provisioners.control_tower.operations import bounded
from pipeline.provisioners.control_tower.products import TERMINATION, SeenProduct
from pipeline.provisioners.control_tower.requests import token, updated_parameters
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.landing_zone_steps import AwaitProductGone, EndProduct, UpdateProduct
from pipeline.provisioners.preconditions import Look, compare
from pipeline.provisioners.steps import Move

_SINCE: Final = "product_end_since"
_NO_PRODUCT: Final = (
    "Account Factory has no product of it: use the Control Tower console, or set control_tower.mode to auto-enroll in "
    "vending.yaml"
)


class Updating:
    """Safe to use from many threads. `account_id` is that of the step, whose ownership was just checked."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        self._products = tower.products

    def update(self, step: UpdateProduct, facts: Facts) -> Result:
        """Update the product, unless it is as wanted; an account that is not enrolled is moved through Organizations."""
        if RECORD in facts:
            return Done(message="already requested", facts=facts)
        seen = self._products.of_account(step.account_id)
        if seen is None:
            return self._without_product(step)
        account = self._tower.backend.accounts.see(step.account_id)
        match decide(seen.product, account_exists=True):
            case Decision.WAIT:
                return waiting("an operation is on the account's product", facts)
            case Decision.ASK:
                raise _unusable(step.account_id, seen.product)
            case Decision.USE | Decision.USE_WITH_CARE:
                look = self._look(step, account, seen)
                if look is Look.ACT:
                    return self._send(step, account, seen)
                return look if isinstance(look, Vanished) else Done(message="is as wanted")
            case Decision.PROVISION | Decision.ENROLL | Decision.REPLACE as never:
                raise RuntimeError(
                    f"account {step.account_id} exists and has a product, so this is not the answer: {never}"
                )
            case unknown:
                assert_never(unknown)

    def end(self, step: EndProduct, facts: Facts) -> Result:
        """Terminate the product; done where the account has none and is not enrolled."""
        if RECORD in facts:
            return Done(message="already requested", facts=facts)
        seen = self._products.of_account(step.account_id)
        if seen is None:
            return self._nothing_to_end(step.account_id)
        if seen.product.is_changing:
            return self._joined(seen, facts)
        return self._terminate(step.account_id, seen)

    def _joined(self, seen: SeenProduct, facts: Facts) -> Result:
        """An operation is on the product: if it is its end, that is gone on with."""
        record = None if seen.last_record is None else self._products.record(seen.last_record)
        if record is not None and record.kind == TERMINATION:
            return Done(message="already requested", facts={RECORD: record.record_id})
        return waiting("an operation is on the account's product", facts)

    def _terminate(self, account_id: str, seen: SeenProduct) -> Result:
        call = self._tower.clients.catalog.terminate_provisioned_product
        request = {
            "ProvisionedProductId": seen.product_id,
            "TerminateToken": token("terminate", seen.product_id, seen.last_record),
            "IgnoreErrors": False,
        }

        def send() -> Result:
            try:
                answer = found(lambda: call(**request))
            except ClientError as error:
                return refused(error, f'account "{account_id}"')
            return Done() if answer is None else Done(facts={RECORD: str(answer["RecordDetail"]["RecordId"])})

        return self._tower.gate.begin(seen.product.name, send, alone=True)

    def wait_for_end(self, step: AwaitProductGone, facts: Facts) -> Result:
        """Done when neither a product nor a baseline of the account is left."""
        where = f'account "{step.account_id}"'
        record = self._products.record(facts[RECORD]) if RECORD in facts else None
        if record is not None and record.has_failed:
            self._tower.gate.ended(record.product_name)
            raise failure(record, where)
        if record is not None and not record.has_succeeded:
            return still_going(record, where, self._tower.clock.now().timestamp(), facts)
        if record is not None:
            self._tower.gate.ended(record.product_name)
        if self._products.of_account(step.account_id) is None and self._baseline(step.account_id) is None:
            return Done(message="is not under Control Tower")
        more = waiting(f"{where}: Control Tower is letting it go", facts)
        hint = "see the account in the Control Tower console, and its product in Service Catalog; then run again"
        return bounded(more, _SINCE, self._tower.clock.now().timestamp(), facts, hint=hint)

    def _without_product(self, step: UpdateProduct) -> Result:
        if self._baseline(step.account_id) is not None:
            raise PermanentServiceError(
                f'account "{step.account_id}": it is enrolled, and not by this way', hint=_NO_PRODUCT
            )
        if step.unit_after is None or step.unit_before is None:
            return Vanished(reason=f'account "{step.account_id}": it is not enrolled')
        move = Move(key=step.key, account_id=step.account_id, before=step.unit_before, after=step.unit_after)
        return self._tower.backend.changing.move(move, step.account_id)

    def _nothing_to_end(self, account_id: str) -> Result:
        if self._baseline(account_id) is None:
            return Done(message="is not under Control Tower")
        raise PermanentServiceError(f'account "{account_id}": it is enrolled, and not by this way', hint=_NO_PRODUCT)

    def _baseline(self, account_id: str) -> object | None:
        return self._tower.baseline_of_account(account_id)

    def _look(self, step: UpdateProduct, account: SeenAccount, seen: SeenProduct) -> Look | Vanished:
        """What is to be done: an account that is in its unit already may still have the baseline of another one."""
        looks = []
        if step.unit_after is not None:
            is_settled = account.organizational_unit == step.unit_after and self._has_baseline_of(
                step.unit_after, account
            )
            before = step.unit_before if account.organizational_unit != step.unit_after else account.organizational_unit
            look = compare(
                step.account_id, "its unit", account.organizational_unit, before=before, after=step.unit_after
            )
            looks.append(look if isinstance(look, Vanished) or is_settled else Look.ACT)
        if step.sso_user is not None:
            looks.append(self._look_at_user(step, step.sso_user, seen))
        vanished = next((each for each in looks if isinstance(each, Vanished)), None)
        if vanished is not None:
            return vanished
        return Look.ACT if Look.ACT in looks or seen.product.status != "AVAILABLE" else Look.DONE

    def _look_at_user(self, step: UpdateProduct, wanted: Mapping[str, Any], seen: SeenProduct) -> Look | Vanished:
        current = self._products.outputs(seen.product_id).get("SSOUserEmail", "").casefold()
        before = str((step.sso_user_before or {}).get("email") or "").casefold()
        after = str(wanted["email"]).casefold()
        return compare(step.account_id, "its first administrator", current, before=before or current, after=after)

    def _has_baseline_of(self, path: str, account: SeenAccount) -> bool:
        unit = self._tower.unit(path)
        of_unit = None if unit is None else self._tower.baseline_of_unit(unit)
        own = self._tower.baseline_of_account(account.account_id)
        return own is not None and of_unit is not None and own.parent == of_unit.arn and own.is_sound

    def _address(self, account: SeenAccount, seen: SeenProduct) -> str:
        """The address that the product tells; one that another account has by now would be that account's."""
        told = self._products.outputs(seen.product_id).get("AccountEmail", "")
        if not told or told.casefold() == account.email.casefold():
            return account.email
        since = self._tower.clock.monotonic() - MAX_AGE
        holder = self._tower.backend.search.roster.find_again(told, since)
        return told if holder in {None, account.account_id} else account.email

    def _send(self, step: UpdateProduct, account: SeenAccount, seen: SeenProduct) -> Result:
        path = step.unit_after or account.organizational_unit
        unit = self._tower.unit(path)
        if unit is None or path == ROOT:
            return Vanished(reason=f'account "{step.account_id}": Account Factory has no unit "{path}"')
        if self._tower.baseline_of_unit(unit) is None:
            return Vanished(reason=f'account "{step.account_id}": Control Tower does not govern the unit "{path}"')
        factory = self._tower.factory.required()
        request: dict[str, Any] = {
            "ProvisionedProductId": seen.product_id,
            "ProductId": factory.product_id,
            "ProvisioningArtifactId": factory.for_update(seen.artifact_id),
            "ProvisioningParameters": updated_parameters(
                email=self._address(account, seen), unit=self._tower.unit_parameter(unit), user=step.sso_user
            ),
        }

        def send() -> Result:
            try:
                answer = self._tower.clients.catalog.update_provisioned_product(
                    **request, UpdateToken=token("update", request, seen.last_record)
                )
            except ClientError as error:
                return refused(error, f'account "{step.account_id}"')
            return Done(message="requested", facts={RECORD: str(answer["RecordDetail"]["RecordId"])})

        return self._tower.gate.begin(seen.product.name, send)


def _unusable(account_id: str, product: Product) -> PermanentServiceError:
    return PermanentServiceError(
        f'account "{account_id}": its product "{product.name}" is {product.status}, and never succeeded',
        hint="terminate the product in Service Catalog: that un-manages the account and moves it to the root; then run again",
    )
