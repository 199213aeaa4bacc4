"""A landing zone of AWS Control Tower: itself, and what it says of units and accounts.

https://docs.aws.amazon.com/controltower/latest/APIReference/Welcome.html
A word that AWS invents later (a status, a version) stays as it is: not ready, never a crash.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pipeline.model.drift import DriftKind
from pipeline.model.json import Json, digest

EXECUTION_ROLE: Final = "execution_role"
"""The condition that AWSControlTowerExecution is in an account, and the word of its repair."""

REPAIRS: Final = (EXECUTION_ROLE,)
"""What a run may put right in an account so that it can be enrolled: the words of `repair` in a request."""

_READABLE: Final = 100
"""Characters of a request key in the name of its product."""


class Mode(StrEnum):
    """How accounts come into a landing zone."""

    SERVICE_CATALOG = "service-catalog"
    """Each account is a provisioned product of Account Factory."""
    AUTO_ENROLL = "auto-enroll"
    """Accounts are created and moved through Organizations; a registered unit enrolls what is in it."""


class Standing(StrEnum):
    """How AWS is getting on with what it was asked for: a baseline, a control."""

    SUCCEEDED = "SUCCEEDED"
    UNDER_CHANGE = "UNDER_CHANGE"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why Account Factory cannot be used, and what to do."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDrift:
    """A drift of the landing zone itself that some read tells. `subject`: what has drifted, in AWS's name for it."""

    kind: DriftKind
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingZone:
    """`status` is ACTIVE, PROCESSING or FAILED. `governed_regions` and `security_accounts` are sorted.

    `enrolls_automatically`: the landing zone repairs inheritance drift, so a registered unit enrolls what is moved into it.
    `manages_access`: Control Tower manages IAM Identity Center. `baseline_version`: of AWSControlTowerBaseline, the newest
    that fits. `mode` and `mode_reason`: how accounts are provisioned, and why in this way. `factory_obstacles` are empty where
    Account Factory can be used, or is not needed. `drifts`: what of its drift the reads tell, since AWS says only that it is
    drifted; those of policies and of the Security unit are seen where these are. `security_unit`: the path of the unit that has
    the shared accounts, None where they are in the root; `security_unit_name`: as it was set up, which AWS tells before 4.0.
    """

    home_region: str
    status: str
    version: str
    latest_version: str
    is_drifted: bool = False
    drifts: tuple[KnownDrift, ...] = ()
    enrolls_automatically: bool = False
    manages_access: bool = True
    governed_regions: tuple[str, ...] = ()
    security_unit: str | None = None
    security_unit_name: str | None = None
    security_accounts: tuple[str, ...] = ()
    baseline_version: str | None = None
    mode: Mode = Mode.SERVICE_CATALOG
    mode_reason: str = ""
    factory_obstacles: tuple[Obstacle, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.status == "ACTIVE"


_SERVICE_CONTROL_POLICY: Final = "AWS::Organizations::Policy::SERVICE_CONTROL_POLICY"
"""https://docs.aws.amazon.com/controlcatalog/latest/APIReference/API_ImplementationDetails.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnabledControl:
    """A control on a unit. `control` is its identifier (an ARN); `is_drifted` None where Control Tower does not check.

    `implementation` is what it is made of, in the words of AWS Control Catalog; empty where nobody has asked, which is done
    for those that are drifted or have failed.
    """

    control: str
    standing: Standing
    is_drifted: bool | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    implementation: str = ""

    @property
    def name(self) -> str:
        """The last part of the identifier; people may write that alone."""
        return self.control.rpartition("/")[2]

    @property
    def is_broken(self) -> bool:
        return self.is_drifted is True or self.standing is Standing.FAILED

    @property
    def policy(self) -> str | None:
        """What it is in words, where it is a policy that is not reset by itself; None for others, and where nobody knows.

        That is so for service control policies alone; what is made of other policies is reset like any control:
        https://docs.aws.amazon.com/controltower/latest/APIReference/API_ResetEnabledControl.html
        https://docs.aws.amazon.com/controltower/latest/userguide/governance-drift.html
        """
        return "service control policy" if self.implementation == _SERVICE_CONTROL_POLICY else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A unit's AWSControlTowerBaseline, and controls on it: all where somebody declares some, else those that are broken.

    `operation`: the id of Control Tower's last operation on the baseline; another one follows with every registration, update
    and reset. Empty where AWS tells none.
    """

    standing: Standing
    version: str
    is_drifted: bool = False
    controls: tuple[EnabledControl, ...] = ()
    operation: str = ""


def product_name(key: str, repository: str) -> str:
    """The name of the product of a request: readable, and no other request's, in this repository or another one.

    It tells whose an account is before its tags can. 1 to 128 of `[a-zA-Z0-9][a-zA-Z0-9._-]*`, and never changed later:
    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html
    """
    readable = re.sub("[^a-zA-Z0-9._-]+", "-", key).lstrip("._-")[:_READABLE] or "account"
    return f"{readable}-{digest([repository, key])[:10]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A provisioned product of Account Factory. `status`: AVAILABLE, UNDER_CHANGE, TAINTED, ERROR, PLAN_IN_PROGRESS.

    `has_succeeded`: some provisioning or update of it once ended well. `account_id` is None while there is no account.
    """

    product_id: str
    name: str
    status: str
    has_succeeded: bool
    account_id: str | None = None

    @property
    def is_changing(self) -> bool:
        return self.status in {"UNDER_CHANGE", "PLAN_IN_PROGRESS"}

    @property
    def is_unusable(self) -> bool:
        """It has failed, and never been any good: it has to be terminated before anything else.

        A product that was once good may be updated, also after a failure.
        """
        return not self.is_changing and not (self.has_succeeded and self.status in {"AVAILABLE", "TAINTED"})


def products_by_account(products: Iterable[Product]) -> Mapping[str, tuple[Product, ...]]:
    """The products of each account, by its id: first the one that stands for the account.

    That is a good one before one that is being changed, and that before one that never was any good; of several the first by
    its id, so that everybody names the same.
    """
    found: dict[str, list[Product]] = {}
    for each in sorted(products, key=lambda one: (one.is_unusable, one.is_changing, one.product_id)):
        if each.account_id is not None:
            found.setdefault(each.account_id, []).append(each)
    return {account_id: tuple(some) for account_id, some in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """An account's AWSControlTowerBaseline.

    `is_drifted`: it differs from its unit's. `unit`: the path of the unit whose baseline it has; another one than the account's
    after a move that Control Tower did not make.
    """

    standing: Standing
    version: str
    is_drifted: bool = False
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of enrolling an account. `passed` None: it could not be read.

    `repair`: the word of `repair:` in a request that lets a run put it right; None where a person has to.
    """

    name: str
    passed: bool | None
    message: str
    remedy: str = ""
    repair: str | None = None
