"""The sandbox as a whole, served in this process or in a thread of it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.test import EnvironBuilder

from pipeline.sandbox import members
from pipeline.sandbox.account_management import ACCOUNT_MANAGEMENT
from pipeline.sandbox.account_management.email import passwords
from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.control_tower import CONTROL_TOWER
from pipeline.sandbox.control_tower.control_catalog import CONTROL_CATALOG
from pipeline.sandbox.control_tower.endpoints import LandingZoneEndpoints
from pipeline.sandbox.dispatch import dispatcher, moto_tagging
from pipeline.sandbox.endpoints import Endpoints, WrongBodyError, plain
from pipeline.sandbox.event_lookup import EVENT_HISTORY
from pipeline.sandbox.faults import Fault, Kind, read_fault
from pipeline.sandbox.front import Answered, Front
from pipeline.sandbox.identity_center import IDENTITY_STORE, SSO_ADMIN
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import Organization
from pipeline.sandbox.organizations import ORGANIZATIONS
from pipeline.sandbox.seed import sow
from pipeline.sandbox.service import ServiceApplication
from pipeline.sandbox.service_catalog import SERVICE_CATALOG
from pipeline.sandbox.tagging import definition as tagging
from pipeline.sandbox.transport import LoopbackServer, run


class Sandbox:
    """One organization, the services in front of it, and what steers them. moto's accounts are this process's."""

    def __init__(self, options: Options, clock: ScaledClock | None = None) -> None:
        self.options = options
        self.clock = clock or ScaledClock(options.time_scale)
        self.organization = self._sown(options)
        of_control_tower = (CONTROL_TOWER, CONTROL_CATALOG, SERVICE_CATALOG, SSO_ADMIN, IDENTITY_STORE)
        definitions = (ORGANIZATIONS, ACCOUNT_MANAGEMENT, EVENT_HISTORY, *of_control_tower, tagging(moto_tagging()))
        ours = {each.name: ServiceApplication(each, lambda: self.organization) for each in definitions}
        self._dispatch = dispatcher(ours, lambda: self.organization)
        self.front = Front(self._dispatch, definitions, self._is_valid, Endpoints(self._routes()))

    @property
    def calls(self) -> list[Answered]:
        """The calls that were answered, oldest first, as (service, operation, error code or None)."""
        return list(self.front.calls)

    def reset(self, seed: str | None = None) -> None:
        """Begin anew, with another seed if one is given: the organization, the accounts' insides, calls and faults."""
        options = replace(self.options, seed=seed or self.options.seed)
        self.organization = self._sown(options)
        self.options = options
        run(self._dispatch, _reset_request())
        members.open_management()
        self.front.calls.clear()
        self.front.faults.clear()

    def inject(self, fault: Fault) -> None:
        """Let a fault happen to calls that come."""
        if fault.kind is Kind.WORKFLOW_FAILURE:
            self._of_landing_zone.inject(fault)
        elif fault.kind is Kind.CREATION_FAILURE:
            with self.organization.lock:
                self.organization.failures += [fault.failure_reason] * fault.times
        else:
            self.front.faults.add(fault)

    def _sown(self, options: Options) -> Organization:
        members.open_management()
        organization = Organization(options, self.clock)
        sow(organization, options.seed)
        return organization

    @property
    def _of_landing_zone(self) -> LandingZoneEndpoints:
        return LandingZoneEndpoints(self.organization)

    def _is_valid(self, account_id: str, access_key: str) -> bool:
        known = self.organization.latest.accounts.get(account_id)
        return known is not None and members.knows_key(account_id, access_key)

    def _routes(self) -> dict[tuple[str, str], Any]:
        return {
            ("GET", "health"): lambda _: {"seed": self.options.seed, "pid": os.getpid()},
            ("GET", "calls"): lambda _: {"calls": self.calls},
            ("DELETE", "calls"): lambda _: self.front.calls.clear(),
            ("GET", "faults"): lambda _: {"faults": [plain(each) for each in self._pending()]},
            ("POST", "faults"): self._post_faults,
            ("DELETE", "faults"): lambda _: self._clear_faults(),
            ("GET", "drift"): lambda _: self._of_landing_zone.drift(),
            ("POST", "drift"): self._post_drift,
            ("GET", "events"): lambda _: self._of_landing_zone.events(),
            ("GET", "otp"): lambda _: self._otp(),
            ("POST", "clock"): self._post_clock,
            ("POST", "reset"): self._post_reset,
        }

    def _pending(self) -> tuple[Fault, ...]:
        return self.front.faults.pending() + self._of_landing_zone.faults()

    def _clear_faults(self) -> None:
        self.front.faults.clear()
        self._of_landing_zone.clear_faults()

    def _post_faults(self, body: Any) -> None:
        for fault in [read_fault(each) for each in (body if isinstance(body, list) else [body])]:
            self.inject(fault)

    def _post_drift(self, body: Any) -> dict[str, str]:
        return self._of_landing_zone.cause(body)

    def _post_reset(self, body: Any) -> None:
        if not isinstance(body, dict) or not isinstance(body.get("seed", ""), str):
            raise WrongBodyError('The body is {"seed": name}.')
        self.reset(body.get("seed"))

    def _post_clock(self, body: Any) -> dict[str, str]:
        seconds = body.get("advance") if isinstance(body, dict) else None
        if not isinstance(seconds, int | float) or seconds < 0:
            raise WrongBodyError('The body is {"advance": seconds}.')
        self.clock.advance(seconds)
        return {"now": self.clock.now().isoformat()}

    def _otp(self) -> dict[str, dict[str, str]]:
        with self.organization.lock:
            return passwords(self.organization)


def _reset_request() -> dict[str, Any]:
    """At its own endpoint, moto forgets all accounts."""
    return dict(EnvironBuilder(path="/moto-api/reset", method="POST").get_environ())


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that answers at `url`."""

    sandbox: Sandbox
    url: str

    @property
    def clock(self) -> ScaledClock:
        return self.sandbox.clock

    @property
    def calls(self) -> list[Answered]:
        return self.sandbox.calls

    def reset(self, seed: str | None = None) -> None:
        self.sandbox.reset(seed)

    def inject(self, fault: Fault) -> None:
        self.sandbox.inject(fault)


@contextmanager
def running(options: Options, clock: ScaledClock | None = None) -> Iterator[Served]:
    """A sandbox in a thread of this process, for tests. One at a time: moto keeps its accounts in module globals."""
    sandbox = Sandbox(options, clock)
    server = LoopbackServer(options.port, sandbox.front)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Served(sandbox, server.url)
    finally:
        server.shutdown()
        server.close()
        thread.join()


def serve(options: Options, ready: Any) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called with the URL as soon as requests are answered."""
    server = LoopbackServer(options.port, Sandbox(options).front)

    def stop(_signal: int, _frame: object) -> None:
        # shutdown waits for serve_forever, which this very thread runs
        threading.Thread(target=server.shutdown, daemon=True).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    try:
        ready(server.url)
        server.serve_forever(poll_interval=0.05)
    finally:
        server.close()
