"""The backend itself: the steps of a landing zone find their way here, all others go where they always go."""

from collections.abc import Mapping
from typing import assert_never

from pipeline.errors import PermanentServiceError
from pipeline.model.change import OrganizationChange
from pipeline.model.landing_zone import Mode
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Facts, Operation, Result, Vanished
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.backend import OrganizationBackend, performed
from pipeline.provisioners.control_tower.checks import Checks
from pipeline.provisioners.control_tower.controls import Controls
from pipeline.provisioners.control_tower.enrolling import Enrolling
from pipeline.provisioners.control_tower.former_user import FormerUsers
from pipeline.provisioners.control_tower.inside import Inside
from pipeline.provisioners.control_tower.observing import observe, observe_details
from pipeline.provisioners.control_tower.provisioning import Provisioning
from pipeline.provisioners.control_tower.tower import EXECUTION_ROLE, Tower
from pipeline.provisioners.control_tower.units import Units
from pipeline.provisioners.control_tower.updating import Updating
from pipeline.provisioners.expansion import expand
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
from pipeline.provisioners.preconditions import account_of
from pipeline.provisioners.steps import Claim, Step, step_of


class ControlTowerProvisioner:
    """`Provisioner` in a landing zone. Safe to use from many threads; made by `connect`."""

    def __init__(
        self,
        connection: Connection,
        *,
        execution_role: str,
        repository: str,
        mode: Mode | None,
        launch_role: str | None,
    ) -> None:
        self._backend = OrganizationBackend(
            connection, execution_role=execution_role, created_role=EXECUTION_ROLE, repository=repository
        )
        self._tower = Tower(connection, self._backend, mode=mode, launch_role=launch_role)
        self._inside = Inside(connection, self._backend.organization, execution_role=execution_role)
        self._checks = Checks(self._tower, self._inside)
        self._provisioning = Provisioning(self._tower)
        self._updating = Updating(self._tower)
        self._enrolling = Enrolling(self._tower)
        self._units = Units(self._tower)
        self._controls = Controls(self._tower)
        self._former_users = FormerUsers(connection, self._tower.products)

    def observe(self) -> ObservedState:
        return observe(self._tower)

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        detailed = self._backend.observe_details(observed, wanted)
        return observe_details(self._tower, self._checks, detailed, wanted)

    def expand(self, change: OrganizationChange) -> tuple[Operation, ...]:
        """Raises `PermanentServiceError` where the mode is chosen by the landing zone, and nobody has looked at it yet."""
        mode = self._tower.wanted_mode or self._tower.known_mode
        if mode is None:
            raise PermanentServiceError("Control Tower: the landing zone was not observed", hint="plan again")
        return expand(change, mode)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        step = step_of(operation)
        return performed(lambda: self._step(step, facts), facts)

    def _step(self, step: Step, facts: Facts) -> Result:
        if not isinstance(step, LandingZoneStep):
            gone = self._not_ours_by_product(step, facts) if isinstance(step, Claim) else None
            return gone or self._backend.step(step, facts)
        if isinstance(step, GovernUnitStep):
            return self._unit_step(step, facts)
        if isinstance(step, FactoryStep):
            return self._factory_step(step, facts)
        account_id = account_of(step, facts)
        self._backend.check(step, account_id)
        if isinstance(step, ProductStep):
            return self._product_step(step, facts)
        return self._enroll_step(step, account_id, facts)

    def _not_ours_by_product(self, step: Claim, facts: Facts) -> Vanished | None:
        """An account that is ours by the name of its product has to be that product's still."""
        name = (step.before or {}).get("product")
        account_id = account_of(step, facts)
        seen = None if name is None else self._tower.products.named(name)
        if name is None or (seen is not None and seen.product.account_id in {None, account_id}):
            return None
        return Vanished(reason=f'account "{account_id}": product "{name}" is not its product any more')

    def _unit_step(self, step: GovernUnitStep, facts: Facts) -> Result:
        match step:
            case RegisterBaseline():
                return self._units.register(step, facts)
            case AwaitBaseline():
                return self._units.wait(step, facts)
            case ResetControls():
                return self._controls.reset_all(step, facts)
            case ChangeTheControl():
                return self._controls.change(step, facts)
            case AwaitControl():
                return self._controls.wait(step, facts)
            case _:
                assert_never(step)

    def _factory_step(self, step: FactoryStep, facts: Facts) -> Result:
        if step.account_id is not None:
            self._backend.check(step, step.account_id)
        match step:
            case ProvisionAccount():
                return self._provisioning.request(step, facts)
            case AwaitProduct():
                return self._provisioning.wait(step, facts)
            case _:
                assert_never(step)

    def _product_step(self, step: ProductStep, facts: Facts) -> Result:
        match step:
            case UpdateProduct():
                return self._updating.update(step, facts)
            case RemoveFormerUser():
                return self._former_users.remove(step, facts)
            case EndProduct():
                return self._updating.end(step, facts)
            case AwaitProductGone():
                return self._updating.wait_for_end(step, facts)
            case _:
                assert_never(step)

    def _enroll_step(self, step: EnrollStep, account_id: str, facts: Facts) -> Result:
        match step:
            case EnterUnit():
                return self._enrolling.enter(step, account_id)
            case EnrollThroughUnit():
                return self._enrolling.enroll(step, account_id, facts)
            case AwaitEnrollment():
                return self._enrolling.wait(step, account_id, facts)
            case LeaveUnit():
                return self._enrolling.leave(step)
            case AwaitUnenrollment():
                return self._enrolling.wait_for_leaving(step, facts)
            case Repair():
                return self._inside.repair(step)
            case _:
                assert_never(step)
