"""What has to be there before a run, and whether it is."""

from dataclasses import dataclass
from enum import StrEnum


class Presence(StrEnum):
    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """`detail`: what was found, or why it cannot be told; `remedy`: what to do, empty where there is nothing to do."""

    name: str
    presence: Presence
    detail: str = ""
    remedy: str = ""


def is_complete(found: tuple[Prerequisite, ...]) -> bool:
    """Whether nothing is missing, as far as it can be told."""
    return all(each.presence is not Presence.MISSING for each in found)
