"""What is to be done about an account's product: one row for each state that it can be in.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionedProductAttribute.html
"""

from enum import Enum

from pipeline.model.landing_zone import Product


class Decision(Enum):
    PROVISION = "provision"
    """There is neither a product nor an account."""
    ENROLL = "enroll"
    """There is an account without a product: provision one for it."""
    WAIT = "wait"
    """An operation is on it."""
    USE = "use"
    """It is as it was provisioned: compare, and update what differs."""
    USE_WITH_CARE = "use with care"
    """Its last operation did not do all that it should; an update may put it right."""
    REPLACE = "replace"
    """It never became an account: terminate it, which touches nothing, and provision again."""
    ASK = "ask a person"
    """It never succeeded, and there is an account: to terminate it would un-manage the account and move it to the root."""


def decide(product: Product | None, *, account_exists: bool) -> Decision:
    """`account_exists`: an account of the organization is the product's or, without a product, the request's.

    A status that this version does not know is for a person.
    """
    if product is None:
        return Decision.ENROLL if account_exists else Decision.PROVISION
    match product.status:
        case "UNDER_CHANGE" | "PLAN_IN_PROGRESS":
            return Decision.WAIT
        case "AVAILABLE":
            return Decision.USE
        case "TAINTED" if product.has_succeeded:
            return Decision.USE_WITH_CARE
        case "ERROR" | "TAINTED":
            return Decision.ASK if account_exists else Decision.REPLACE
        case _:
            return Decision.ASK
