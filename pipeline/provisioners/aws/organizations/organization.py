"""What is read once and true for the whole run: the organization's identity, its root, its units."""

from dataclasses import dataclass
from threading import Lock

from pipeline.model.account import ROOT
from pipeline.model.observed import ObservedUnit
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.organizations.units import UnitIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    organization_id: str
    management_account_id: str


class Organization:
    """The organization that the connection's credentials belong to. Asks when it is first asked."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.units = UnitIndex(lambda: connection.organizations, lambda: self.root)
        self._lock = Lock()
        self._identity: Identity | None = None
        self._root: ObservedUnit | None = None

    @property
    def identity(self) -> Identity:
        with self._lock:
            if self._identity is None:
                answer = self.connection.organizations.describe_organization()["Organization"]
                self._identity = Identity(organization_id=answer["Id"], management_account_id=answer["MasterAccountId"])
            return self._identity

    @property
    def root(self) -> ObservedUnit:
        """An organization has one root."""
        with self._lock:
            if self._root is None:
                answer = self.connection.organizations.list_roots()
                self._root = ObservedUnit(unit_id=answer["Roots"][0]["Id"], path=ROOT)
            return self._root
