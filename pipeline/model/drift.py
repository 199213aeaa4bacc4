"""Drift of a landing zone: what Control Tower calls it, what it means, what repairs it, and what it blocks meanwhile.

https://docs.aws.amazon.com/controltower/latest/userguide/drift.html
https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DriftKind(StrEnum):
    """Kinds of drift; a value is AWS's own word (`driftType`) where it has one."""

    LANDING_ZONE = "LANDING_ZONE"
    ACCOUNT_MOVED = "ACCOUNT_MOVED_BETWEEN_OUS"
    ACCOUNT_REMOVED = "ACCOUNT_REMOVED_FROM_ORGANIZATION"
    POLICY_CHANGED = "SCP_UPDATED"
    POLICY_DETACHED = "SCP_DETACHED_FROM_OU"
    UNIT_DELETED = "ORGANIZATIONAL_UNIT_DELETED"
    ROLE_CHANGED = "ROLE_CHANGED"
    TRUSTED_ACCESS_OFF = "TRUSTED_ACCESS_DISABLED"
    SECURITY_HUB_CONTROL_OFF = "SECURITY_HUB_CONTROL_DISABLED"
    CONTROL_INEFFECTIVE = "CONTROL_INEFFECTIVE"
    INHERITANCE = "INHERITANCE"
    CONTROL = "CONTROL"
    POLICY = "POLICY"
    """A control that is a policy: AWS tells that it is drifted, and not whether it was edited or detached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFacts:
    """`meaning`: what is so. `repair`: what puts it right. `blocks`: what does not work until then, empty for nothing."""

    meaning: str
    repair: str
    blocks: str = ""


_RESET: Final = "reset the landing zone in the Control Tower console"
_RESET_OR_UNIT: Final = f"{_RESET}, or register the unit again"

DRIFT: Final[Mapping[DriftKind, DriftFacts]] = {
    DriftKind.LANDING_ZONE: DriftFacts(
        meaning="the landing zone is drifted", repair=_RESET, blocks="enrolling accounts that are there"
    ),
    DriftKind.ACCOUNT_MOVED: DriftFacts(
        meaning="an account was moved outside of Control Tower",
        repair="update its product, or reset the baseline of its unit; automatic enrolment repairs it by itself",
        blocks="the right controls on that account",
    ),
    DriftKind.ACCOUNT_REMOVED: DriftFacts(
        meaning="an account has left the organization", repair="terminate its product, which is tainted"
    ),
    DriftKind.POLICY_CHANGED: DriftFacts(
        meaning="a service control policy of Control Tower was edited", repair=_RESET_OR_UNIT
    ),
    DriftKind.POLICY_DETACHED: DriftFacts(
        meaning="a service control policy of Control Tower was detached from a unit", repair=_RESET_OR_UNIT
    ),
    DriftKind.UNIT_DELETED: DriftFacts(
        meaning="the Security unit was deleted", repair=_RESET, blocks="everything else in Control Tower"
    ),
    DriftKind.ROLE_CHANGED: DriftFacts(
        meaning="a role of Control Tower was changed or deleted",
        repair=_RESET,
        blocks="everything else in Control Tower",
    ),
    DriftKind.TRUSTED_ACCESS_OFF: DriftFacts(
        meaning="trusted access of Control Tower to the organization is off",
        repair=f"turn trusted access on again, or {_RESET}",
        blocks="operations on the landing zone",
    ),
    DriftKind.SECURITY_HUB_CONTROL_OFF: DriftFacts(
        meaning="a control of Security Hub was turned off", repair="reset the control, or enable it again"
    ),
    DriftKind.CONTROL_INEFFECTIVE: DriftFacts(
        meaning="a control does not work any more", repair="reset the control, or enable it again"
    ),
    DriftKind.INHERITANCE: DriftFacts(
        meaning="the baseline or the controls of an account differ from those of its unit",
        repair="reset the baseline of its unit, or update its product; automatic enrolment repairs it by itself",
    ),
    DriftKind.CONTROL: DriftFacts(meaning="a control on a unit is drifted", repair="reset the control"),
    DriftKind.POLICY: DriftFacts(
        meaning="a policy of Control Tower was edited, or detached from a unit", repair=_RESET_OR_UNIT
    ),
}
