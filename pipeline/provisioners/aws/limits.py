"""The rates that AWS documents, kept on our side, so that AWS never has to refuse a request.

One `Limits` is shared by all clients of a run. A request pays just before it is signed, at every attempt: a signature is
valid for five minutes, and a place in the queue of `CreateAccount` may take longer than that.
"""

import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls per second in the long run, and calls at once after a pause."""

    per_second: float
    burst: int


ANY: Final = "*"
"""In place of an operation: all of a service share one rate."""

RATES: Final[Mapping[tuple[str, str], Rate]] = {
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html (per account; the limits per
    # organization are higher, and the management account makes all of our calls)
    ("organizations", "CloseAccount"): Rate(0.05, 1),
    ("organizations", "CreateAccount"): Rate(0.1, 3),
    ("organizations", "CreateOrganizationalUnit"): Rate(1, 2),
    ("organizations", "DescribeAccount"): Rate(20, 30),
    ("organizations", "DescribeCreateAccountStatus"): Rate(2, 2),
    ("organizations", "DescribeOrganization"): Rate(1, 2),
    ("organizations", "DescribeOrganizationalUnit"): Rate(2, 2),
    ("organizations", "ListAWSServiceAccessForOrganization"): Rate(1, 3),
    ("organizations", "ListAccounts"): Rate(8, 12),
    ("organizations", "ListAccountsForParent"): Rate(5, 8),
    ("organizations", "ListCreateAccountStatus"): Rate(5, 8),
    ("organizations", "ListOrganizationalUnitsForParent"): Rate(5, 8),
    ("organizations", "ListParents"): Rate(5, 8),
    ("organizations", "ListRoots"): Rate(1, 2),
    ("organizations", "ListTagsForResource"): Rate(10, 15),
    ("organizations", "MoveAccount"): Rate(2, 3),
    ("organizations", "TagResource"): Rate(4, 6),
    ("organizations", "UntagResource"): Rate(4, 6),
    # https://docs.aws.amazon.com/accounts/latest/reference/quotas.html
    ("account", "DeleteAlternateContact"): Rate(1, 6),
    ("account", "EnableRegion"): Rate(1, 1),
    ("account", "GetAlternateContact"): Rate(10, 15),
    ("account", "ListRegions"): Rate(5, 5),
    ("account", "PutAccountName"): Rate(1, 1),
    ("account", "PutAlternateContact"): Rate(5, 8),
    ("account", "AcceptPrimaryEmailUpdate"): Rate(1, 1),
    ("account", "GetContactInformation"): Rate(10, 15),
    ("account", "PutContactInformation"): Rate(5, 8),
    ("account", "StartPrimaryEmailUpdate"): Rate(1, 1),
    # https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html: all operations of each together.
    ("identitystore", ANY): Rate(20, 20),
    ("sso-admin", ANY): Rate(20, 20),
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html: of each account in each Region.
    ("cloudtrail", "LookupEvents"): Rate(2, 2),
    # Not published. Ten accounts in progress ask less than once a second each, and observing an organization of 10,000 takes
    # some hundred calls; more than that would only slow down what Control Tower does by itself.
    ("controlcatalog", ANY): Rate(5, 10),
    ("controltower", ANY): Rate(5, 10),
    ("servicecatalog", ANY): Rate(5, 10),
    # Not published. Five a second read 10,000 accounts in 20 s, while ListAccounts takes a minute: it is never waited for.
    ("resourcegroupstaggingapi", "GetResources"): Rate(5, 5),
}

SHARE: Final = 0.99
"""How much of a documented rate is used. The hundredth that is left lets AWS's bucket fill up again in the long run."""

JITTER: Final = 0.3
"""Seconds by which one request may travel longer than another (a new connection, for instance), and so arrive together with
later ones. As many tokens of the burst as that takes stay unused; where there is no burst, the pause is longer by it."""


class Bucket:
    """A token bucket in which callers are served in the order of their arrival.

    Each caller draws a number; number n is due at `origin + n * interval`.
    """

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._clock = clock
        self._interval = 1 / (rate.per_second * SHARE)
        if rate.burst == 1:
            self._interval = max(self._interval, 1 / rate.per_second + JITTER)
        usable = max(1, rate.burst - max(1, math.ceil(rate.per_second * JITTER)))
        self._saved = (usable - 1) * self._interval
        self._lock = threading.Lock()
        self._next = 0
        self._origin = clock.monotonic() - self._saved

    def take(self) -> None:
        """Return when the caller may send."""
        with self._lock:
            number = self._next
            self._next += 1
            fullest = self._clock.monotonic() - self._saved
            self._origin += max(0.0, fullest - self._due(number))
        while (wait := self._wait(number)) > 0:
            self._clock.sleep(wait)

    def empty(self) -> None:
        """AWS has refused a request: the next token is one interval away, for those who wait already, too."""
        with self._lock:
            now = self._clock.monotonic()
            waiting_since = max(0, math.ceil((now - self._origin) / self._interval))
            first = min(self._next, waiting_since)
            self._origin += max(0.0, now + self._interval - self._due(first))

    def _due(self, number: int) -> float:
        return self._origin + number * self._interval

    def _wait(self, number: int) -> float:
        with self._lock:
            return self._due(number) - self._clock.monotonic()


class Limits:
    """One bucket per operation, or per service where all of it shares a rate, for all clients and threads of a run.

    Operations without a published rate pass freely.
    """

    def __init__(self, clock: Clock, rates: Mapping[tuple[str, str], Rate] = RATES) -> None:
        self._buckets = {operation: Bucket(rate, clock) for operation, rate in rates.items()}

    def pay(self, service: str, operation: str) -> None:
        """Wait for this operation's turn."""
        for bucket in self._of(service, operation):
            bucket.take()

    def refused(self, service: str, operation: str) -> None:
        """AWS has throttled this operation, whatever we have counted."""
        for bucket in self._of(service, operation):
            bucket.empty()

    def _of(self, service: str, operation: str) -> Iterator[Bucket]:
        for key in ((service, operation), (service, ANY)):
            if (bucket := self._buckets.get(key)) is not None:
                yield bucket


class Tollgate:
    """The limits at the events of one client of botocore."""

    def __init__(self, service: str, limits: Limits, throttling_codes: frozenset[str]) -> None:
        self._service = service
        self._limits = limits
        self._throttling_codes = throttling_codes

    def request_created(self, *, operation_name: str, **_: Any) -> None:
        self._limits.pay(self._service, operation_name)

    def response_received(self, *, event_name: str, parsed_response: Mapping[str, Any] | None, **_: Any) -> None:
        if (parsed_response or {}).get("Error", {}).get("Code") in self._throttling_codes:
            self._limits.refused(self._service, event_name.rsplit(".", 1)[-1])
