"""What Service Catalog keeps of Account Factory: frozen records, replaced as a whole by every write."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

PORTFOLIO_NAME: Final = "AWS Control Tower Account Factory Portfolio"
PRODUCT_NAME: Final = "AWS Control Tower Account Factory"
OWNER: Final = "AWS Control Tower"
TYPE: Final = "CONTROL_TOWER_ACCOUNT"
NOT_AVAILABLE: Final = "Not Available"
"""The account id among the outputs of a record whose account was never made."""


class RecordStatus(StrEnum):
    """How far a record is.

    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_RecordDetail.html
    """

    CREATED = "CREATED"
    IN_PROGRESS = "IN_PROGRESS"
    IN_PROGRESS_IN_ERROR = "IN_PROGRESS_IN_ERROR"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class ProductStatus(StrEnum):
    """How a provisioned product is; plans, and so PLAN_IN_PROGRESS, there are none.

    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionedProductDetail.html
    """

    AVAILABLE = "AVAILABLE"
    UNDER_CHANGE = "UNDER_CHANGE"
    TAINTED = "TAINTED"
    ERROR = "ERROR"


class RecordKind(StrEnum):
    PROVISION = "PROVISION_PRODUCT"
    UPDATE = "UPDATE_PROVISIONED_PRODUCT"
    TERMINATE = "TERMINATE_PROVISIONED_PRODUCT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A version of the Account Factory product; a landing zone's update publishes another one."""

    id: str
    sequence: int
    name: str
    description: str
    created: datetime
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """One request about a provisioned product and what became of it. `errors` are pairs of code and description."""

    id: str
    sequence: int
    kind: RecordKind
    product_id: str
    product_name: str
    artifact_id: str
    status: RecordStatus
    created: datetime
    updated: datetime
    errors: tuple[tuple[str, str], ...] = ()
    outputs: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedProduct:
    """An account as Service Catalog sees it. `physical_id` is the account's id, None until there is an account.

    `parameters` are those of the last success, or of the first try. `user_arn` is who provisioned it, and
    `session_arn` the session in which they did.
    """

    id: str
    sequence: int
    name: str
    artifact_id: str
    status: ProductStatus
    created: datetime
    token: str
    parameters: Mapping[str, str]
    user_arn: str
    session_arn: str
    last_record_id: str
    last_provisioning_id: str
    last_success_id: str | None = None
    physical_id: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A record that has not ended. `operation` is Control Tower's; None if there is nothing for it to do, or if it refused.

    `refusal` is its text. `failed_at` is the moment at which a failure was seen, while Service Catalog still tidies up.
    """

    record_id: str
    operation: str | None
    parameters: Mapping[str, str]
    refusal: str = ""
    ignores_errors: bool = False
    failed_at: float | None = None
