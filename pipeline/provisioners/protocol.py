"""What a backend does. Every backend passes the contract suite in `tests/contract/`."""

from collections.abc import Mapping
from typing import Protocol

from pipeline.model.change import OrganizationChange
from pipeline.model.observed import Details, ObservedState
from pipeline.model.operation import Facts, Operation, Result


class Observer(Protocol):
    """Reads the organization. Never changes it; may be built on a client that cannot."""

    def observe(self) -> ObservedState:
        """The whole organization in the fewest calls. Contacts and Regions stay `UNOBSERVED`.

        Raises `ServiceError` if the organization cannot be read.
        """
        ...

    def observe_details(self, observed: ObservedState, wanted: Mapping[str, Details]) -> ObservedState:
        """`observed`, with the details that are wanted read in addition, by the id of an account or a unit."""
        ...


class Provisioner(Observer, Protocol):
    """Reads and changes the organization."""

    def expand(self, change: OrganizationChange) -> tuple[Operation, ...]:
        """The change as operations, in order. Pure: no call is made."""
        ...

    def perform(self, operation: Operation, facts: Facts) -> Result:
        """Carry out one operation: look, adopt or act, then verify by reading.

        `facts` are those that earlier operations of the same change (or earlier tries of this one) returned. Safe to
        repeat after a death at any point. Raises `TemporaryServiceError` (worth a retry) or `PermanentServiceError`.
        """
        ...
