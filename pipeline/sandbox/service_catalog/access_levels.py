"""Whose products are seen: all of the account, those of a role, or those of one session.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AccessLevelFilter.html
"""

from typing import Final

from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service_catalog.callers import principal
from pipeline.sandbox.service_catalog.catalog import Catalog
from pipeline.sandbox.service_catalog.records import ProvisionedProduct, ServiceRecord
from pipeline.sandbox.service_catalog.shapes import invalid

ACCOUNT: Final = "Account"
USER: Final = "User"


def seen_products(call: Call, catalog: Catalog, parameters: Fields, default: str) -> list[ProvisionedProduct]:
    """The products at the access level that is asked for, or at the operation's default, oldest first."""
    level = parameters.get("AccessLevelFilter") or {}
    if level.get("Value", "self") != "self":
        raise invalid("The value of an access level filter is self.")
    caller = principal(call)
    products = list(catalog.products.values())
    match level.get("Key", default):
        case "Account":
            return products
        case "Role":
            return [each for each in products if each.user_arn == caller.arn]
        case _:
            return [each for each in products if each.session_arn == caller.session]


def seen_records(call: Call, catalog: Catalog, parameters: Fields) -> list[ServiceRecord]:
    """The records at the access level, by default the user's; `SearchFilter` names a product or a provisioned product.

    Those of a product that is gone are seen at the level of the account alone.
    """
    filtered = parameters.get("SearchFilter") or {}
    wanted = filtered.get("Value")
    key = str(filtered.get("Key", "")).lower()
    if key not in {"", "product", "provisionedproduct"}:
        raise invalid("The key of a search filter is product or provisionedproduct.")
    is_all = (parameters.get("AccessLevelFilter") or {}).get("Key") == ACCOUNT
    seen = {each.id for each in seen_products(call, catalog, parameters, USER)}
    records = [each for each in catalog.records.values() if is_all or each.product_id in seen]
    if key == "product":
        return records if wanted == catalog.product_id else []
    return [each for each in records if wanted in {None, each.product_id}]
