"""How many operations on accounts are in flight, whoever asked for them: Control Tower takes five at once.

https://docs.aws.amazon.com/controltower/latest/userguide/limits.html
"""

import threading
from collections.abc import Callable
from typing import Final

from pipeline.model.clock import Clock
from pipeline.model.operation import Done, Result, Waiting
from pipeline.provisioners.control_tower.products import TERMINATION, Products, SeenProduct
from pipeline.provisioners.control_tower.zone import ZoneReader

AT_ONCE: Final = 5
"""AWS Support can raise it to 10."""

SHOWN_AFTER: Final = 60.0
"""Seconds until lists are sure to show what this process has begun; so long it counts as in flight by our own memory."""

_PAUSE: Final = 10.0


class Gate:
    """Lets one operation begin at a time, while fewer than five are in flight. Safe to use from many threads.

    `uses_products`: whether operations show as products of Account Factory, besides the baselines of accounts.
    """

    def __init__(self, zone: ZoneReader, products: Products, clock: Clock, uses_products: Callable[[], bool]) -> None:
        self._zone = zone
        self._products = products
        self._clock = clock
        self._uses_products = uses_products
        self._lock = threading.Lock()
        self._begun: dict[str, tuple[float, bool]] = {}

    def begin(self, subject: str, start: Callable[[], Result], *, alone: bool = False) -> Result:
        """What `start` comes to, where an operation on `subject` may begin now; what it has begun counts until `ended`, or shown.

        `subject` is a product's name or, without products, an account id. `alone`: of this kind, one at a time; so it is with
        un-managing: https://docs.aws.amazon.com/controltower/latest/userguide/unmanage-account.html
        """
        with self._lock:
            if (waiting := self._waiting(subject, alone=alone)) is not None:
                return waiting
            result = start()
            if isinstance(result, Done):
                self._begun[subject] = (self._clock.monotonic(), alone)
            return result

    def ended(self, subject: str) -> None:
        """An operation on `subject` is over."""
        with self._lock:
            self._begun.pop(subject, None)

    def _waiting(self, subject: str, *, alone: bool) -> Waiting | None:
        changing = self._zone.under_change()
        if unit := next((each for each in changing if each.is_on_unit), None):
            return Waiting(reason=f'Control Tower is changing the unit "{unit.target}"', delay=_PAUSE)
        products = self._products.under_change() if self._uses_products() else []
        names = {each.product.account_id: each.product.name for each in products}
        flying = {names.get(each.target, each.target) for each in changing}
        flying |= {each.product.name for each in products}
        flying |= set(self._shown_later())
        if len(flying - {subject}) >= AT_ONCE:
            reason = f"{len(flying - {subject})} operations of Control Tower on accounts are in progress"
            return Waiting(reason=reason, delay=_PAUSE)
        if alone and self._is_letting_go(subject, products):
            return Waiting(reason="Control Tower lets accounts go one at a time", delay=_PAUSE)
        return None

    def _shown_later(self) -> dict[str, bool]:
        """What this process has begun so lately that lists may not show it, and whether it is one of those that go alone."""
        since = self._clock.monotonic() - SHOWN_AFTER
        self._begun = {subject: begun for subject, begun in self._begun.items() if begun[0] > since}
        return {subject: alone for subject, (_, alone) in self._begun.items()}

    def _is_letting_go(self, subject: str, products: list[SeenProduct]) -> bool:
        if any(alone for each, alone in self._shown_later().items() if each != subject):
            return True
        records = (self._products.record(each.last_record) for each in products if each.last_record is not None)
        return any(each is not None and each.kind == TERMINATION for each in records)
