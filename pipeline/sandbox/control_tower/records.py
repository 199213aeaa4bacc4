"""What a landing zone consists of: frozen records, replaced as a whole by every write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """How the last operation on a baseline or a control went: `statusSummary.status` of the API."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNDER_CHANGE = "UNDER_CHANGE"


class Status(StrEnum):
    """Of an operation."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Family(StrEnum):
    """What an operation works on; the families get in each other's way."""

    LANDING_ZONE = "landing-zone"
    BASELINE = "baseline"
    CONTROL = "control"
    ACCOUNT = "account"


class Step(StrEnum):
    """What a workflow does, by the names that a fault of the kind `workflow-failure` strikes at."""

    CREATE_ACCOUNT = "create-account"
    EXECUTION_ROLE = "execution-role"
    BASELINE = "baseline"
    CONTROLS = "controls"
    UN_MANAGE = "un-manage"
    UNIT_BASELINE = "unit-baseline"
    UNIT_CONTROL = "unit-control"
    LANDING_ZONE = "landing-zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was decided at the set-up of the landing zone. `version` and `latest_version` are of the landing zone."""

    home_region: str
    version: str
    latest_version: str
    governed_regions: tuple[str, ...]
    enrolls_automatically: bool
    manages_access: bool
    log_archive_id: str
    audit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledBaseline:
    """A baseline on a unit, or on an account: then `parent` is the ARN of its unit's, except for the shared accounts.

    `target` is the id of the unit or account. `was_tampered`: somebody changed what the baseline had set up.
    """

    arn: str
    sequence: int
    baseline: str
    version: str
    target: str
    standing: Standing
    operation: str
    parent: str | None = None
    was_tampered: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledControl:
    """A control on a unit. `is_ineffective`: what the control had set up was changed or turned off."""

    arn: str
    sequence: int
    control: str
    target: str
    standing: Standing
    operation: str
    is_ineffective: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that takes its time. `subject` is what it works on: an ARN, or the e-mail address of an account to be.

    `message` is empty unless it failed.
    """

    id: str
    kind: str
    family: Family
    subject: str
    status: Status
    started: datetime
    ended: datetime | None = None
    account_id: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOperation:
    """How far an account operation is: `status` is IN_PROGRESS, SUCCEEDED or FAILED.

    `account_id` is None while there is no account, and stays so when its creation failed; `error` is AWS's text.
    """

    status: str
    account_id: str | None
    error: str
