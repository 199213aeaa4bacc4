"""The organization that a sandbox holds: its records, its clock, and what becomes of it as time passes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Final

from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.event_history import EventHistory
from pipeline.sandbox.options import Options
from pipeline.sandbox.records import IN_PROGRESS, PENDING_CLOSURE, Account, Creation, Record, Unit
from pipeline.sandbox.store import Store, Tables
from pipeline.sandbox.throttling import TokenBuckets, Unlimited

if TYPE_CHECKING:
    from pipeline.sandbox.control_tower.landing_zone import LandingZone
    from pipeline.sandbox.identity_center.center import IdentityCenter
    from pipeline.sandbox.service_catalog.catalog import Catalog

ORGANIZATION_ID: Final = "o-exampleorgid1"
ROOT_ID: Final = "r-ex01"
MANAGEMENT_ID: Final = "111122223333"

Action = Callable[[float], None]
"""Something that happens at a moment, in seconds of the clock."""
Watcher = Callable[[Account | None, Account | None, float], None]
"""Told of an account before and after a write, and of the moment; None is an account that is not there."""


class Organization:
    """Everything that the imitated services know. Hold `lock` while calling any of it.

    `failures` are reasons for the next account creations to fail, in order. `closures` are the moments of the closures of
    the last 30 days. `service_access` and `delegations` are read by everybody at once: they are not part of what the
    sandbox lets lag. `metadata_defaults` are by account and Region; `alias_holders` who has, or had, an account alias.
    `token_services_off` are accounts and Regions in which somebody has turned STS off.
    `landing_zone` is AWS Control Tower's, if one was set up. `watchers` are told of every account that is written.
    `catalog` is Service Catalog's of the landing zone. `polls` are services that look what has become of something.
    `event_history` is CloudTrail's.
    """

    def __init__(self, options: Options, clock: ScaledClock) -> None:
        self.options = options
        self.clock = clock
        self.lock = RLock()
        self.store = Store(options.consistency_delay)
        self.throttle: TokenBuckets | Unlimited = TokenBuckets(clock) if options.throttle else Unlimited()
        self.creating: dict[str, Creation] = {}
        self.closing: set[str] = set()
        self.closures: list[datetime] = []
        self.failures: list[str] = []
        self.service_access: dict[str, datetime] = {}
        self.delegations: dict[str, dict[str, datetime]] = {}
        self.account_by_email: dict[str, str] = {}
        self.metadata_defaults: dict[tuple[str, str], dict[str, str]] = {}
        self.alias_holders: dict[str, str] = {}
        self.token_services_off: set[tuple[str, str]] = set()
        self.landing_zone: LandingZone | None = None
        self.watchers: list[Watcher] = []
        self.catalog: Catalog | None = None
        self.identity_center: IdentityCenter | None = None
        self.polls: list[Callable[[], None]] = []
        self.event_history = EventHistory()
        self._sequence = count(1)
        self._new_accounts = count(310_000_000_001)
        self._deadlines: list[tuple[float, int, Action]] = []
        self.put(Unit(id=ROOT_ID, sequence=self.next_sequence(), parent_id="", name="Root"))

    @property
    def latest(self) -> Tables:
        return self.store.latest

    def next_sequence(self) -> int:
        return next(self._sequence)

    def next_account_id(self) -> str:
        return str(next(self._new_accounts))

    def moment(self, at: float) -> datetime:
        """The date and time of a moment of the clock."""
        return self.clock.now() + timedelta(seconds=at - self.clock.monotonic())

    def is_newborn(self, account: Account) -> bool:
        """Whether the account is too young for its role to be known everywhere."""
        return self.clock.now() - account.joined < timedelta(seconds=self.options.role_delay)

    def put(self, record: Record, at: float | None = None) -> None:
        """Write a record, now or as of the moment `at`."""
        moment = self.clock.monotonic() if at is None else at
        before: Account | None = None
        if isinstance(record, Account):
            before = self.latest.accounts.get(record.id)
            if before is not None:
                self.account_by_email.pop(before.email.lower(), None)
            self.account_by_email[record.email.lower()] = record.id
            (self.closing.add if record.state == PENDING_CLOSURE else self.closing.discard)(record.id)
        if isinstance(record, Creation):
            self.creating.pop(record.id, None)
            if record.state == IN_PROGRESS:
                self.creating[record.id] = record
        self.store.put(record, moment)
        if isinstance(record, Account):
            self._tell(before, record, moment)

    def remove(self, account: Account) -> None:
        """The account leaves the organization. Its address stays its own: AWS gives each to one account, wherever that is."""
        moment = self.clock.monotonic()
        self.store.drop(account, moment)
        self._tell(account, None, moment)

    def _tell(self, before: Account | None, after: Account | None, moment: float) -> None:
        for watch in self.watchers:
            watch(before, after, moment)

    def drop_unit(self, unit: Unit) -> None:
        self.store.drop(unit, self.clock.monotonic())

    def settle(self) -> None:
        """Let readers see all that was written so far, however young."""
        self.store.settle()

    def later(self, delay: float, action: Action, since: float | None = None) -> None:
        """Let `action` happen `delay` seconds after the moment `since`, or after now."""
        start = self.clock.monotonic() if since is None else since
        heappush(self._deadlines, (start + delay, self.next_sequence(), action))

    def advance(self) -> None:
        """Let everything happen that is due."""
        now = self.clock.monotonic()
        while self._deadlines and self._deadlines[0][0] <= now:
            due, _, action = heappop(self._deadlines)
            action(due)
        for poll in self.polls:
            poll()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an imitated operation: who calls, from which Region, with which key, and what it may see.

    `reads` is what a read answers from, and may lag; checks before a write look at `organization.latest`.
    """

    organization: Organization
    caller: str
    region: str
    reads: Tables
    access_key: str = ""

    @property
    def latest(self) -> Tables:
        return self.organization.latest
