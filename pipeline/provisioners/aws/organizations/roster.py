"""Which account has which e-mail address: one listing, shared by everyone who looks for an address."""

import threading
from collections.abc import Callable, Iterable
from typing import Final

from pipeline.model.clock import Clock

MAX_AGE: Final = 60.0
"""Seconds after which somebody who goes on looking lists again. Creations that are refused come one in ten seconds at most, and
share each other's listings; those that go well cost none."""


class Roster:
    """Addresses of the organization's accounts, compared without regard to case. Safe to use from many threads.

    `list_accounts` answers account id and address of every account.
    """

    def __init__(self, list_accounts: Callable[[], Iterable[tuple[str, str]]], clock: Clock) -> None:
        self._list_accounts = list_accounts
        self._clock = clock
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._listed_at: float | None = None

    def remember(self, accounts: Iterable[tuple[str, str]]) -> None:
        """Take a listing that was made anyway."""
        with self._lock:
            self._keep(accounts)

    def find(self, email: str) -> str | None:
        """The account of that address by the last listing, however old; lists if nobody has yet."""
        with self._lock:
            if self._listed_at is None:
                self._keep(self._list_accounts())
            return self._ids.get(email.casefold())

    def find_again(self, email: str, since: float) -> str | None:
        """The same by a listing that is not older than that moment (of the clock), nor than `MAX_AGE`."""
        with self._lock:
            if self._listed_at is None or self._listed_at < max(since, self._clock.monotonic() - MAX_AGE):
                self._keep(self._list_accounts())
            return self._ids.get(email.casefold())

    def _keep(self, accounts: Iterable[tuple[str, str]]) -> None:
        self._ids = {email.casefold(): account_id for account_id, email in accounts}
        self._listed_at = self._clock.monotonic()
