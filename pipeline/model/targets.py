"""Targets: which accounts a person wants something done to now, in the terms of AFT's aft-invoke-customizations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.finding import Location


class TargetType(StrEnum):
    """What a filter names accounts by."""

    ALL = "all"
    CORE = "core"
    """Log archive and audit of the landing zone."""
    OUS = "ous"
    TAGS = "tags"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One unit or account id that a filter names, and where it was written."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFilter:
    """`named`: units or account ids, for these types. `tags`: for tags, all that an account has to have."""

    type: TargetType
    location: Location
    named: tuple[Named, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What `include` names, united, without what `exclude` names."""

    include: tuple[TargetFilter, ...]
    exclude: tuple[TargetFilter, ...] = ()
    location: Location
