"""The steps of a landing zone, in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from pipeline.errors import PermanentServiceError
from pipeline.model.account import ROOT
from pipeline.model.change import ControlAction
from pipeline.model.landing_zone import EnabledControl, Standing
from pipeline.model.operation import Done, Facts, Result, Vanished, Waiting
from pipeline.provisioners.landing_zone_steps import (
    AwaitBaseline,
    AwaitControl,
    AwaitEnrollment,
    AwaitProduct,
    AwaitProductGone,
    AwaitUnenrollment,
    ChangeTheControl,
    EndProduct,
    EnrollStep,
    EnrollThroughUnit,
    EnterUnit,
    FactoryStep,
    GovernedAccountStep,
    GovernUnitStep,
    LandingZoneStep,
    LeaveUnit,
    ProductStep,
    ProvisionAccount,
    RegisterBaseline,
    RemoveFormerUser,
    Repair,
    ResetControls,
    UpdateProduct,
)
from pipeline.provisioners.memory.landing_zone import MemoryLandingZone, MemoryProduct
from pipeline.provisioners.memory.organization import MANAGEMENT_ID, MemoryAccount, MemoryOrganization
from pipeline.provisioners.ownership import owner_of
from pipeline.provisioners.preconditions import Look, compare, refuse_foreign, refuse_management

_LATER = Waiting(reason="Control Tower is at work", delay=1.0)


class Governing:
    """Carries out the steps of one landing zone. `wrote` hears the kind of every operation that has just changed something."""

    def __init__(
        self,
        organization: MemoryOrganization,
        landing_zone: MemoryLandingZone,
        repository: str,
        wrote: Callable[[str], None],
    ) -> None:
        self._organization = organization
        self._zone = landing_zone
        self._repository = repository
        self._wrote = wrote

    def perform(self, step: LandingZoneStep, kind: str, facts: Facts) -> Result:
        match step:
            case RegisterBaseline() | AwaitBaseline() | ResetControls() | ChangeTheControl() | AwaitControl():
                return self._on_unit(step, kind)
            case ProvisionAccount() | AwaitProduct():
                return self._on_factory(step, kind, facts)
            case _:
                return self._on_account(step, kind, facts)

    def finish(self) -> None:
        """AWS goes on with what is under change, and with accounts that were moved, though nobody asks."""
        for path, registration in tuple(self._zone.registrations.items()):
            if registration.standing is Standing.UNDER_CHANGE:
                self._zone.waits.clear()
                self._complete_unit(path, registration.version)
        for product in self._zone.products.values():
            if product.status == "UNDER_CHANGE":
                self._complete(product)
        if self._zone.zone.enrolls_automatically:
            for account in self._organization.accounts.values():
                if account.account_id in self._zone.enrollments:
                    self._zone.enroll(account.account_id, account.unit)

    def _on_unit(self, step: GovernUnitStep, kind: str) -> Result:
        match step:
            case RegisterBaseline():
                return self._register(step, kind)
            case AwaitBaseline(path=path, after=after):
                return self._registered(path, after)
            case ResetControls(path=path):
                self._zone.mend_controls(path, policies=False)
                return Done(message="controls are reset")
            case ChangeTheControl():
                return self._change_control(step, kind)
            case AwaitControl(path=path, control=control):
                waits = self._zone.is_still_waiting(f"control {path} {control}")
                return _LATER if waits else Done(message="is as wanted")
            case _:
                assert_never(step)

    def _registered(self, path: str, version: str) -> Result:
        if self._zone.is_still_waiting(f"unit {path}"):
            return _LATER
        self._complete_unit(path, version)
        return Done(message=f"is registered with version {version}")

    def _complete_unit(self, path: str, version: str) -> None:
        if path in self._zone.registrations and self._zone.registrations[path].standing is Standing.UNDER_CHANGE:
            self._zone.mend_controls(path, policies=True)
        self._zone.set_baseline(path, version, Standing.SUCCEEDED)
        for account in self._organization.accounts.values():
            if account.unit == path and not account.state.is_closing:
                self._zone.enroll(account.account_id, path)

    def _register(self, step: RegisterBaseline, kind: str) -> Result:
        path, after = step.path, step.after
        known = self._zone.registrations.get(path)
        if path not in self._organization.units:
            return Vanished(reason=f'unit "{path}" is not there')
        if known is not None and known.standing is Standing.UNDER_CHANGE:
            return Done(message="is on its way")
        is_overtaken = known is not None and step.last_operation not in {"", known.operation}
        is_sound = known is not None and known.standing is Standing.SUCCEEDED and not known.is_drifted
        if known is not None and is_sound and known.version == after and (is_overtaken or not step.last_operation):
            return Done(message="is so")
        if is_overtaken:
            return Vanished(reason=f'unit "{path}" was worked on since the plan')
        if (None if known is None else known.version) != step.before:
            return Vanished(reason=f'unit "{path}" has another version of the baseline')
        self._zone.set_baseline(path, after, Standing.UNDER_CHANGE)
        self._wrote(kind)
        return Done(message="requested")

    def _change_control(self, step: ChangeTheControl, kind: str) -> Result:
        known = self._zone.registrations.get(step.path)
        if known is None:
            return Vanished(reason=f'unit "{step.path}" is not registered')
        before = next((each for each in known.controls if each.control == step.control), None)
        if before is not None and before.policy is not None and step.action == ControlAction.RESET:
            raise PermanentServiceError(f'control "{step.control}" is a {before.policy}', hint="reset its unit")
        kept = before.parameters if before is not None and step.action == ControlAction.RESET else step.parameters
        wanted = None
        if step.action != ControlAction.DISABLE:
            wanted = EnabledControl(
                control=step.control, standing=Standing.SUCCEEDED, is_drifted=False, parameters=dict(kept)
            )
        if wanted != before:
            self._zone.set_control(step.path, wanted, step.control)
            self._wrote(kind)
        return Done(message="requested")

    def _on_factory(self, step: FactoryStep, kind: str, facts: Facts) -> Result:
        match step:
            case ProvisionAccount():
                return self._provision(step, kind)
            case AwaitProduct(product=name, account_id=account_id):
                product = self._product(name, account_id or facts.get("account_id"))
                return Done(message="there is no product") if product is None else self._follow(product)
            case _:
                assert_never(step)

    def _product(self, name: str | None, account_id: str | None) -> MemoryProduct | None:
        if name is not None:
            return self._zone.products.get(name)
        return None if account_id is None else self._zone.product_of(account_id)

    def _provision(self, step: ProvisionAccount, kind: str) -> Result:
        known = self._zone.products.get(step.product)
        if known is not None and (known.status != "ERROR" or known.account_id is not None):
            return Done(message="already requested")
        account = None if step.account_id is None else self._organization.accounts.get(step.account_id)
        if step.account_id is None and self._organization.by_email(step.email) is not None:
            raise PermanentServiceError(
                f'request "{step.key}": another account has the address "{step.email}"', hint="plan again"
            )
        self._zone.products[step.product] = MemoryProduct(
            product_id=f"pp-{len(self._zone.products):08d}",
            name=step.product,
            account_id=None if account is None else account.account_id,
            status="UNDER_CHANGE",
            has_succeeded=False,
            sso_user=step.sso_user,
            steps_left=self._zone.delay,
            wanted_unit=step.unit,
            email=step.email,
            account_name=step.name,
        )
        self._wrote(kind)
        return Done(message="requested")

    def _follow(self, product: MemoryProduct) -> Result:
        if product.status == "UNDER_CHANGE":
            if product.steps_left > 0:
                product.steps_left -= 1
                return _LATER
            self._complete(product)
        if product.account_id is None:
            raise PermanentServiceError(f'product "{product.name}" is {product.status}', hint="plan again")
        return Done(message="is provisioned", facts={"account_id": product.account_id})

    def _complete(self, product: MemoryProduct) -> None:
        if product.account_id is None:
            creation = self._organization.add_creation(product.account_name, product.email, {})
            product.account_id = self._organization.complete(creation).account_id
        account = self._organization.accounts[product.account_id]
        account.unit = product.wanted_unit
        self._zone.enroll(account.account_id, account.unit)
        product.status, product.has_succeeded = "AVAILABLE", True

    def _on_account(self, step: GovernedAccountStep, kind: str, facts: Facts) -> Result:
        account_id = step.account_id or facts.get("account_id", "")
        refuse_management(account_id, MANAGEMENT_ID)
        account = self._organization.accounts.get(account_id)
        if account is None:
            return Vanished(reason=f'account "{account_id}" is not in the organization')
        refuse_foreign(step, account_id, owner_of(account.tags), self._repository)
        if isinstance(step, ProductStep):
            return self._on_product(step, account, kind)
        return self._on_enrollment(step, account, kind)

    def _on_product(self, step: ProductStep, account: MemoryAccount, kind: str) -> Result:
        product = self._zone.product_of(account.account_id)
        match step:
            case UpdateProduct():
                return self._update(step, account, product, kind)
            case RemoveFormerUser():
                return Done(message="has no access any more")
            case EndProduct():
                if product is not None:
                    self._let_go(account)
                    del self._zone.products[product.name]
                    self._wrote(kind)
                return Done(message="is not under Control Tower")
            case AwaitProductGone():
                return Done(message="is not under Control Tower")
            case _:
                assert_never(step)

    def _update(self, step: UpdateProduct, account: MemoryAccount, product: MemoryProduct | None, kind: str) -> Result:
        if product is not None and product.status == "UNDER_CHANGE":
            return Done(message="already requested")
        if step.unit_after is not None and account.unit != step.unit_after:
            seen = compare(account.account_id, "its unit", account.unit, before=step.unit_before, after=step.unit_after)
            if isinstance(seen, Vanished):
                return seen
        if product is None:
            account.unit = step.unit_after or account.unit
        else:
            product.status, product.steps_left = "UNDER_CHANGE", self._zone.delay
            product.wanted_unit = step.unit_after or account.unit
            product.sso_user = step.sso_user or product.sso_user
        self._wrote(kind)
        return Done(message="requested")

    def _on_enrollment(self, step: EnrollStep, account: MemoryAccount, kind: str) -> Result:
        match step:
            case EnterUnit(before=before, after=after):
                return self._enter(account, before, after, kind)
            case AwaitEnrollment(unit=unit):
                return self._enrolled(account.account_id, unit)
            case LeaveUnit():
                if account.account_id in self._zone.enrollments:
                    self._let_go(account)
                    self._wrote(kind)
                return Done(message="is in the root")
            case Repair(repair=repair):
                return self._repair(account.account_id, repair, kind)
            case EnrollThroughUnit() | AwaitUnenrollment():
                return Done()
            case _:
                assert_never(step)

    def _enter(self, account: MemoryAccount, before: str, after: str, kind: str) -> Result:
        seen = compare(account.account_id, "its unit", account.unit, before=before, after=after)
        if seen is Look.ACT:
            account.unit = after
            self._wrote(kind)
        return seen if isinstance(seen, Vanished) else Done(message=f"is in {after}")

    def _enrolled(self, account_id: str, unit: str) -> Result:
        if self._zone.is_still_waiting(f"account {account_id}"):
            return _LATER
        self._zone.enroll(account_id, unit)
        return Done(message=f"is enrolled in {unit}")

    def _let_go(self, account: MemoryAccount) -> None:
        account.unit = ROOT
        self._zone.enrollments.pop(account.account_id, None)

    def _repair(self, account_id: str, repair: str, kind: str) -> Result:
        checks = self._zone.checks.get(account_id, {})
        for name, check in checks.items():
            if check.repair == repair and check.passed is not True:
                checks[name] = replace(check, passed=True)
                self._wrote(kind)
        return Done(message="is repaired")
