"""What every step in a landing zone works with."""

from functools import cached_property
from typing import Final

from pipeline.errors import PermanentServiceError
from pipeline.model.landing_zone import Mode
from pipeline.model.observed import ObservedUnit
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.backend import OrganizationBackend
from pipeline.provisioners.aws.organizations.units import split
from pipeline.provisioners.control_tower.clients import Clients
from pipeline.provisioners.control_tower.control_catalog import ControlCatalog
from pipeline.provisioners.control_tower.factory import FactoryReader
from pipeline.provisioners.control_tower.gate import Gate
from pipeline.provisioners.control_tower.products import Products
from pipeline.provisioners.control_tower.requests import unit_parameter
from pipeline.provisioners.control_tower.zone import Baseline, Zone, ZoneReader

EXECUTION_ROLE: Final = "AWSControlTowerExecution"
"""The role that Control Tower works through: https://docs.aws.amazon.com/controltower/latest/userguide/roles-how.html"""


class Tower:
    """The landing zone and its organization, through one connection. Safe to use from many threads."""

    def __init__(
        self, connection: Connection, backend: OrganizationBackend, *, mode: Mode | None, launch_role: str | None
    ) -> None:
        self.clients = Clients(connection)
        self.clock = connection.clock
        self.backend = backend
        self.wanted_mode = mode
        self._first_seen: Zone | None = None
        self.zone = ZoneReader(self.clients)
        self.products = Products(self.clients)
        self.control_catalog = ControlCatalog(self.clients)
        self.factory = FactoryReader(self.clients, launch_role)
        self.gate = Gate(self.zone, self.products, connection.clock, lambda: self.mode is Mode.SERVICE_CATALOG)

    def look(self) -> Zone | None:
        """The landing zone as it is now; None if there is none in this Region."""
        seen = self.zone.zone()
        self._first_seen = self._first_seen or seen
        return seen

    @cached_property
    def settings(self) -> Zone:
        """The landing zone as this run first saw it, for what no run changes. Raises `PermanentServiceError` without one."""
        zone = self._first_seen or self.zone.zone()
        if zone is None:
            raise PermanentServiceError(
                f"Control Tower: there is no landing zone in {self.clients.connection.home_region}",
                hint="set organization.home_region to the landing zone's home Region, or provisioner to organizations",
                stops_lane=True,
            )
        return zone

    @cached_property
    def chosen(self) -> tuple[Mode, str]:
        """How accounts are provisioned in this run, and why so."""
        if self.wanted_mode is not None:
            return self.wanted_mode, "control_tower.mode says so"
        if self.settings.enrolls_automatically:
            return Mode.AUTO_ENROLL, "the landing zone enrolls by itself what is moved into a registered unit"
        if self.factory.factory is None:
            region = self.clients.connection.home_region
            return Mode.AUTO_ENROLL, f"Service Catalog has no Account Factory in {region}"
        return Mode.SERVICE_CATALOG, "the landing zone does not enroll by itself, and Account Factory is there"

    @property
    def mode(self) -> Mode:
        return self.chosen[0]

    @property
    def known_mode(self) -> Mode | None:
        """The mode, if somebody has asked for it already; makes no call."""
        chosen: tuple[Mode, str] | None = self.__dict__.get("chosen")
        return None if chosen is None else chosen[0]

    def unit_arn(self, unit_id: str) -> str:
        return f"{self._organization_arn}:ou/{self.backend.organization.identity.organization_id}/{unit_id}"

    def account_arn(self, account_id: str) -> str:
        return f"{self._organization_arn}:account/{self.backend.organization.identity.organization_id}/{account_id}"

    def unit(self, path: str) -> ObservedUnit | None:
        return self.backend.organization.units.find(path)

    def unit_parameter(self, unit: ObservedUnit) -> str:
        return unit_parameter(split(unit.path)[1], unit.unit_id)

    def baseline_of_unit(self, unit: ObservedUnit) -> Baseline | None:
        """None for the root, which cannot be registered."""
        return self.zone.on(self.unit_arn(unit.unit_id)) if unit.unit_id.startswith("ou-") else None

    def baseline_of_account(self, account_id: str) -> Baseline | None:
        return self.zone.on(self.account_arn(account_id))

    @property
    def _organization_arn(self) -> str:
        partition = self.clients.connection.partition
        return f"arn:{partition}:organizations::{self.backend.organization.identity.management_account_id}"
