"""The landing zone that a sandbox holds: its baselines, controls, operations, drift and events."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from pipeline.sandbox.control_tower.catalogue import TOWER_BASELINE, fitting_version, is_older
from pipeline.sandbox.control_tower.drift import Drift, Drifted
from pipeline.sandbox.control_tower.records import (
    EnabledBaseline,
    EnabledControl,
    Family,
    Operation,
    Settings,
    Standing,
    Status,
    Step,
)
from pipeline.sandbox.faults import Faults
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import MANAGEMENT_ID, Organization
from pipeline.sandbox.records import ACTIVE, Account, Unit

TRUSTED_SERVICE: Final = "controltower.amazonaws.com"
WORKFLOW: Final = "control-tower"
"""What a fault of the kind `workflow-failure` gives as its service, or `*`."""
_REMEMBERED: Final = 10_000


class LandingZone:
    """Hold the organization's lock while calling any of it.

    `drifts` are those that somebody caused and nothing else shows; `added_vpcs` are default VPCs by account and Region
    that appeared after enrolment; `removed` are accounts that left the organization while they were enrolled.
    """

    def __init__(self, organization: Organization, settings: Settings, security_unit_id: str) -> None:
        self.organization = organization
        self.settings = settings
        self.security_unit_id = security_unit_id
        self.controls: dict[str, EnabledControl] = {}
        self.operations: dict[str, Operation] = {}
        self.drifts: set[Drifted] = set()
        self.added_vpcs: set[tuple[str, str]] = set()
        self.removed: set[str] = set()
        self.events: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.faults = Faults()
        self.is_moving = False
        self._running: dict[str, Operation] = {}
        self._baselines: dict[str, EnabledBaseline] = {}
        self._by_target: dict[tuple[str, str], str] = {}
        self._children: dict[str, dict[str, None]] = {}

    @property
    def baseline_version(self) -> str:
        """The version of AWSControlTowerBaseline that units have to have."""
        return fitting_version(self.settings.version)

    def put(self, record: EnabledBaseline) -> EnabledBaseline:
        before = self._baselines.get(record.arn)
        if before is not None and before.parent is not None:
            self._children[before.parent].pop(record.arn, None)
        if record.parent is not None:
            self._children.setdefault(record.parent, {})[record.arn] = None
        self._baselines[record.arn] = record
        self._by_target[record.baseline, record.target] = record.arn
        return record

    def drop(self, record: EnabledBaseline) -> None:
        if self._baselines.pop(record.arn, None) is None:
            return
        self._by_target.pop((record.baseline, record.target), None)
        if record.parent is not None:
            self._children[record.parent].pop(record.arn, None)

    def baselines(self) -> Iterator[EnabledBaseline]:
        return iter(sorted(self._baselines.values(), key=lambda each: each.sequence))

    def baseline(self, arn: str) -> EnabledBaseline | None:
        return self._baselines.get(arn)

    def on(self, target: str, baseline: str = TOWER_BASELINE) -> EnabledBaseline | None:
        """The baseline that is enabled on a unit or an account, by the id of the target."""
        return self._baselines.get(self._by_target.get((baseline, target), ""))

    def children(self, parent: EnabledBaseline) -> list[EnabledBaseline]:
        return [self._baselines[each] for each in self._children.get(parent.arn, ())]

    def new_arn(self, kind: str) -> tuple[str, int]:
        """An ARN in the home Region, and its sequence."""
        sequence = self.organization.next_sequence()
        return self._arn(kind, token(kind, sequence, 16).upper()), sequence

    @property
    def arn(self) -> str:
        return self._arn("landingzone", token("landingzone", 1, 16).upper())

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:controltower:{self.settings.home_region}:{MANAGEMENT_ID}:{kind}/{name}"

    def is_registered(self, unit: Unit) -> bool:
        """Whether accounts of the unit can be enrolled: its registration is complete."""
        found = self.on(unit.id)
        return found is not None and found.standing is Standing.SUCCEEDED

    def is_outdated(self, unit: Unit) -> bool:
        found = self.on(unit.id)
        return found is not None and is_older(found.version, self.baseline_version)

    def in_security(self, unit_id: str) -> bool:
        """Whether it is the Security unit, or beneath it."""
        return any(each.id == self.security_unit_id for each in self.organization.latest.ancestors(unit_id))

    def is_shared(self, account_id: str) -> bool:
        return account_id in {self.settings.log_archive_id, self.settings.audit_id}

    def start(self, kind: str, family: Family, subject: str, account_id: str | None = None) -> Operation:
        digits = token("operation", self.organization.next_sequence(), 32)
        operation = Operation(
            id="-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])),
            kind=kind,
            family=family,
            subject=subject,
            status=Status.IN_PROGRESS,
            started=self.organization.clock.now(),
            account_id=account_id,
        )
        self.operations[operation.id] = self._running[operation.id] = operation
        return operation

    def know_account(self, operation: Operation, account_id: str) -> Operation:
        """The operation has an account now."""
        known = replace(operation, account_id=account_id)
        self.operations[operation.id] = self._running[operation.id] = known
        return known

    def end(self, operation: Operation, at: float, error: str = "") -> Operation:
        """The operation ends at the moment `at`: well, unless there is an error to tell."""
        status = Status.FAILED if error else Status.SUCCEEDED
        ended = replace(self.operations[operation.id], status=status, ended=self.organization.moment(at), message=error)
        self.operations[operation.id] = ended
        self._running.pop(operation.id, None)
        return ended

    def running(self, *families: Family) -> list[Operation]:
        """The operations in progress, of these families or of all."""
        return [each for each in self._running.values() if not families or each.family in families]

    def strike(self, step: Step) -> str:
        """The text of the failure that was asked for at this step; empty if none was."""
        fault = self.faults.strike(WORKFLOW, step)
        return "" if fault is None else fault.message

    def account_differs(self, account: Account) -> bool:
        """Whether an account is not as its unit says: inheritance drift, for as long as nobody changes it.

        https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html
        """
        unit, child = self.on(account.parent_id), self.on(account.id)
        if child is None:
            return unit is not None
        if child.standing is Standing.UNDER_CHANGE:
            return False
        return child.was_tampered or unit is None or child.parent != unit.arn

    def unit_differs(self, unit_id: str) -> bool:
        """Whether an account of the unit differs from it."""
        accounts = self.organization.latest.accounts.children(unit_id)
        return any(each.state == ACTIVE and self.account_differs(each) for each in accounts)

    def zone_drifts(self) -> set[Drifted]:
        """The drift of the landing zone itself, which a reset repairs."""
        found = {each for each in self.drifts if each.kind.is_of_landing_zone}
        if TRUSTED_SERVICE not in self.organization.service_access:
            found.add(Drifted(kind=Drift.TRUSTED_ACCESS_DISABLED, target=TRUSTED_SERVICE))
        if self.organization.latest.units.get(self.security_unit_id) is None:
            found.add(Drifted(kind=Drift.ORGANIZATIONAL_UNIT_DELETED, target=self.security_unit_id))
        return found

    @property
    def is_blocked(self) -> bool:
        """Whether everything waits for a reset: a foundational unit, or a role of Control Tower's, is gone."""
        return any(each.kind.blocks_everything for each in self.zone_drifts())

    def move(self, account: Account, unit_id: str, at: float) -> Account:
        """Move an account as Control Tower does: nobody's drift."""
        if account.parent_id == unit_id:
            return account
        with self._by_ourselves():
            moved = replace(account, parent_id=unit_id)
            self.organization.put(moved, at)
        return moved

    @contextmanager
    def _by_ourselves(self) -> Iterator[None]:
        self.is_moving = True
        try:
            yield
        finally:
            self.is_moving = False

    def later(self, delay: float, action: Callable[[float], None], since: float | None = None) -> None:
        """Let `action` happen `delay` seconds after `since`, or after now."""
        self.organization.later(delay, action, since)
