"""Orders: texts that sort runs by when they began."""

import re
from datetime import UTC, datetime
from typing import Final

_FORM: Final = "%Y%m%dT%H%M%S.%fZ"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


def order_time(moment: datetime) -> str:
    """`20261122T170501.000000Z`: sorts as text as it does in time."""
    return moment.astimezone(UTC).strftime(_FORM)


def told_time(told: str | None) -> str:
    """The same, of a moment in ISO 8601; empty for none."""
    return order_time(datetime.fromisoformat(told)) if told else ""


def order_of(began: datetime, run: str) -> str:
    """The order of a run: when it began, and its name among those of the same moment."""
    return f"{order_time(began)}-{_UNSAFE.sub('-', run)[:40]}".removesuffix("-")


def is_before(order: str, moment: str) -> bool:
    """Whether the run of `order` began before the moment (an `order_time`); one without an order did not."""
    return bool(order) and order[: len(moment)] < moment
