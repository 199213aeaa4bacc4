"""Operations: a change, taken apart into steps that any engine can carry out.

Plain data, never closures or clients: a kind, JSON arguments and a lane. Each operation has one external effect, looks
before it acts, and verifies by reading; so doing it twice is doing it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.json import Json

Facts = Mapping[str, str]
"""What earlier operations of the same change found out (`account_id`, `creation_request`): ids and short texts."""


class Lane(StrEnum):
    """Which limit an operation falls under. An engine maps a lane to a pool or a queue of its own.

    Consecutive operations of one change on one lane hold one place of it, waiting included: so five places on `CREATION`
    are at most five account creations in progress, which is AWS's limit.
    """

    ORGANIZATIONS = "organizations"
    CREATION = "creation"
    CLOSING = "closing"
    CONTROL_TOWER = "control-tower"
    """An operation of Control Tower on an account: it takes five at once, whoever asks for them."""
    LANDING_ZONE = "landing-zone"
    """An operation of Control Tower on a unit: one at a time."""
    ACCESS = "access"
    """An assignment in IAM Identity Center: it takes ten at once."""
    MEMBER = "member"
    """Inside a member account, with a session of its own."""
    TERRAFORM = "terraform"
    """A run of Terraform; as many places as there are cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    kind: str
    lane: Lane
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The effect is there, read back. `message` is for people ("moved to Workloads/Prod"); `facts` go to later operations."""

    message: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """AWS is still at it: perform the same operation again after `delay` seconds; `facts` are kept."""

    reason: str
    delay: float
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """What the change was planned on is gone, so the change is not carried out; the next plan looks afresh."""

    reason: str


Result = Done | Waiting | Vanished
