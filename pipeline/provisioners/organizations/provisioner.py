"""The backend itself."""

from collections.abc import Mapping

from pipeline.model.change import OrganizationChange
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Facts, Operation, Result
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.backend import OrganizationBackend, performed
from pipeline.provisioners.expansion import expand
from pipeline.provisioners.landing_zone_steps import LandingZoneStep
from pipeline.provisioners.preconditions import refuse_landing_zone
from pipeline.provisioners.steps import step_of


class OrganizationsProvisioner:
    """`Provisioner` over AWS Organizations, Account Management, and a role inside each account.

    Safe to use from many threads; made by `connect`.
    """

    def __init__(self, connection: Connection, *, execution_role: str, repository: str) -> None:
        self._backend = OrganizationBackend(
            connection, execution_role=execution_role, created_role=execution_role, repository=repository
        )

    def observe(self) -> ObservedState:
        return self._backend.observe()

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        return self._backend.observe_details(observed, wanted)

    def expand(self, change: OrganizationChange) -> tuple[Operation, ...]:
        return expand(change)

    def perform(self, operation: Operation, facts: Facts) -> Result:
        step = step_of(operation)
        if isinstance(step, LandingZoneStep):
            refuse_landing_zone(step)
        return performed(lambda: self._backend.step(step, facts), facts)
