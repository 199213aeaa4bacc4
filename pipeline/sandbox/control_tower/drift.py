"""The kinds of drift, in AWS's words.

https://docs.aws.amazon.com/controltower/latest/userguide/drift.html
https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Drift(StrEnum):
    ACCOUNT_MOVED_BETWEEN_OUS = "ACCOUNT_MOVED_BETWEEN_OUS"
    ACCOUNT_REMOVED_FROM_ORGANIZATION = "ACCOUNT_REMOVED_FROM_ORGANIZATION"
    SCP_UPDATED = "SCP_UPDATED"
    SCP_DETACHED_FROM_OU = "SCP_DETACHED_FROM_OU"
    ORGANIZATIONAL_UNIT_DELETED = "ORGANIZATIONAL_UNIT_DELETED"
    ROLE_CHANGED = "ROLE_CHANGED"
    """AWS gives role drift no name of its own."""
    TRUSTED_ACCESS_DISABLED = "TRUSTED_ACCESS_DISABLED"
    SECURITY_HUB_CONTROL_DISABLED = "SECURITY_HUB_CONTROL_DISABLED"
    CONTROL_INEFFECTIVE = "CONTROL_INEFFECTIVE"
    INHERITANCE = "INHERITANCE"

    @property
    def is_of_landing_zone(self) -> bool:
        """Whether GetLandingZone tells it, and ResetLandingZone repairs it."""
        return self in {
            Drift.SCP_UPDATED,
            Drift.SCP_DETACHED_FROM_OU,
            Drift.ORGANIZATIONAL_UNIT_DELETED,
            Drift.ROLE_CHANGED,
            Drift.TRUSTED_ACCESS_DISABLED,
        }

    @property
    def blocks_everything(self) -> bool:
        """Whether nothing else is done until it is repaired."""
        return self in {Drift.ORGANIZATIONAL_UNIT_DELETED, Drift.ROLE_CHANGED}


POLICY_DRIFTS: Final = frozenset({Drift.SCP_UPDATED, Drift.SCP_DETACHED_FROM_OU})
"""Of a unit: its controls that are policies are drifted, and registering it again repairs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """`target` is the id of what drifted: an account, a unit, or a control's ARN."""

    kind: Drift
    target: str
