"""What this organization allows a plan to do: plain values, from `vending.yaml`."""

from dataclasses import dataclass
from enum import StrEnum


class TagsMode(StrEnum):
    AUTHORITATIVE = "authoritative"
    """Tags that no request declares are removed, but for the ignored patterns."""
    ADDITIVE = "additive"
    """Declared tags are set; others are left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`repository` names this repository of requests in the ownership tags.

    `tags_ignore`: shell patterns (`map-*`) of tag keys that are never touched. `protected_units`: unit paths; a move into or
    out of one, or of a unit below it, is held. `max_closures`: closures per run. `max_changed_share`: share of the managed
    accounts that one run may change, from ten managed accounts on. `always_confirm`: kinds of change that are held until
    confirmed in the request (create, move, rename, close, enroll, unmanage). `control_tower`: accounts live in a landing zone;
    `max_touched_accounts`: accounts that a unit may have for its baseline to be updated or reset unconfirmed.
    """

    repository: str
    tags_mode: TagsMode = TagsMode.AUTHORITATIVE
    tags_ignore: tuple[str, ...] = ()
    protected_units: tuple[str, ...] = ()
    max_closures: int = 3
    max_changed_share: float = 0.3
    always_confirm: frozenset[str] = frozenset()
    max_touched_accounts: int = 10
    control_tower: bool = False
