"""SearchProvisionedProducts and ScanProvisionedProducts.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ScanProvisionedProducts.html
A query is `field:value`, or a text that is looked for in names and ids. That several queries all have to fit, and that a
value is compared as a whole, is our reading: neither is documented.
"""

from collections.abc import Mapping
from typing import Final

from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service_catalog.access_levels import ACCOUNT, USER, seen_products
from pipeline.sandbox.service_catalog.records import ProvisionedProduct
from pipeline.sandbox.service_catalog.shapes import attribute_fields, invalid, opened, page, product_fields

_FIELDS: Final[Mapping[str, str]] = {
    "arn": "Arn",
    "createdTime": "CreatedTime",
    "id": "Id",
    "idempotencyToken": "IdempotencyToken",
    "lastProvisioningRecordId": "LastProvisioningRecordId",
    "lastRecordId": "LastRecordId",
    "lastSuccessfulProvisioningRecordId": "LastSuccessfulProvisioningRecordId",
    "name": "Name",
    "physicalId": "PhysicalId",
    "productId": "ProductId",
    "productName": "ProductName",
    "provisioningArtifactId": "ProvisioningArtifactId",
    "provisioningArtifactName": "ProvisioningArtifactName",
    "status": "Status",
    "tags": "Tags",
    "type": "Type",
    "userArn": "UserArn",
    "userArnSession": "UserArnSession",
}
_SORTED_BY: Final = frozenset({"arn", "id", "name", "lastRecordId"})


def search_provisioned_products(call: Call, parameters: Fields) -> Fields:
    catalog = opened(call)
    queries = _queries(parameters)
    if catalog is None:
        return {"ProvisionedProducts": [], "TotalResultsCount": 0}
    products = seen_products(call, catalog, parameters, ACCOUNT)
    described = [(each, attribute_fields(catalog, each)) for each in products]
    found = [(each, fields) for each, fields in described if all(_fits(fields, *query) for query in queries)]
    fields_of = {each.id: fields for each, fields in found}
    some, rest = page(_sorted([each for each, _ in found], fields_of, parameters), parameters, "search")
    return {"ProvisionedProducts": [fields_of[each.id] for each in some], "TotalResultsCount": len(found), **rest}


def _queries(parameters: Fields) -> list[tuple[str, str]]:
    """Pairs of the member that is looked at, or "", and the value."""
    filters = parameters.get("Filters") or {}
    if unknown := sorted(set(filters) - {"SearchQuery"}):
        raise invalid(f"Invalid filter: {', '.join(unknown)}")
    return [_query(str(each)) for each in filters.get("SearchQuery") or ()]


def _query(text: str) -> tuple[str, str]:
    field, colon, value = text.partition(":")
    if not colon:
        return "", text
    if field not in _FIELDS:
        raise invalid(f"Invalid search query: {text}")
    return _FIELDS[field], value


def _fits(fields: Fields, member: str, value: str) -> bool:
    if not member:
        return any(value.lower() in str(fields.get(each, "")).lower() for each in ("Name", "Id", "PhysicalId"))
    known = fields.get(member)
    return known is not None and str(known).lower() == value.strip('"').lower()


def _sorted(
    products: list[ProvisionedProduct], fields_of: Mapping[str, Fields], parameters: Fields
) -> list[ProvisionedProduct]:
    by = parameters.get("SortBy")
    if not by:
        return products
    if by not in _SORTED_BY:
        raise invalid(f"Invalid sort field: {by}")
    descending = parameters.get("SortOrder") == "DESCENDING"
    return sorted(products, key=lambda each: str(fields_of[each.id][_FIELDS[by]]), reverse=descending)


def scan_provisioned_products(call: Call, parameters: Fields) -> Fields:
    catalog = opened(call)
    if catalog is None:
        return {"ProvisionedProducts": []}
    some, rest = page(seen_products(call, catalog, parameters, USER), parameters, "scan")
    return {"ProvisionedProducts": [product_fields(catalog, each) for each in some], **rest}
