"""The portfolio of Account Factory, and who may launch from it.

https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_portfolios_users.html
Power in IAM is not enough: whoever provisions has to be associated with the portfolio.
"""

from dataclasses import dataclass
from typing import Final

from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal
from pipeline.sandbox.service_catalog.callers import principal
from pipeline.sandbox.service_catalog.catalog import Catalog
from pipeline.sandbox.service_catalog.records import OWNER, PORTFOLIO_NAME
from pipeline.sandbox.service_catalog.shapes import invalid, not_found, opened, page

MOST_PRINCIPALS: Final = 100
"""https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html"""


@dataclass(frozen=True, slots=True)
class _Entry:
    sequence: int
    fields: Fields


def _portfolio_fields(catalog: Catalog) -> Fields:
    return {
        "Id": catalog.portfolio_id,
        "ARN": catalog.arn("portfolio", catalog.portfolio_id),
        "DisplayName": PORTFOLIO_NAME,
        "Description": "AWS Control Tower Account Factory",
        "CreatedTime": catalog.created,
        "ProviderName": OWNER,
    }


def list_portfolios(call: Call, parameters: Fields) -> Fields:  # noqa: ARG001 - a handler
    catalog = opened(call)
    return {"PortfolioDetails": [] if catalog is None else [_portfolio_fields(catalog)]}


def describe_portfolio(call: Call, parameters: Fields) -> Fields:
    return {"PortfolioDetail": _portfolio_fields(_portfolio(call, parameters["Id"])), "Tags": [], "TagOptions": []}


def list_portfolios_for_product(call: Call, parameters: Fields) -> Fields:
    return {"PortfolioDetails": [_portfolio_fields(stocked(call, parameters["ProductId"]))]}


def list_principals_for_portfolio(call: Call, parameters: Fields) -> Fields:
    catalog = _portfolio(call, parameters["PortfolioId"])
    entries = [
        _Entry(index, {"PrincipalARN": arn, "PrincipalType": kind})
        for index, (arn, kind) in enumerate(catalog.principals.items(), 1)
    ]
    some, rest = page(entries, parameters, "principals")
    return {"Principals": [each.fields for each in some], **rest}


def associate_principal(call: Call, parameters: Fields) -> Fields:
    """A principal that is associated already is no error."""
    catalog, arn = _portfolio(call, parameters["PortfolioId"]), parameters["PrincipalARN"]
    kind = parameters["PrincipalType"]
    if not arn.startswith("arn:aws:iam:"):
        raise invalid(f"Invalid principal ARN: {arn}")
    if (arn.split(":")[4] == "") is not (kind == "IAM_PATTERN"):
        raise invalid(f"Invalid principal ARN for the type {kind}: {arn}")
    if arn not in catalog.principals and len(catalog.principals) >= MOST_PRINCIPALS:
        raise Refusal("LimitExceededException", "The limit of principals for this portfolio has been reached.")
    catalog.principals[arn] = kind
    return {}


def disassociate_principal(call: Call, parameters: Fields) -> Fields:
    catalog = _portfolio(call, parameters["PortfolioId"])
    if catalog.principals.pop(parameters["PrincipalARN"], None) is None:
        raise not_found(f"Principal {parameters['PrincipalARN']} not found.")
    return {}


def list_launch_paths(call: Call, parameters: Fields) -> Fields:
    catalog = stocked(call, parameters["ProductId"])
    require_path(call, catalog)
    return {"LaunchPathSummaries": [path_fields(catalog) | {"ConstraintSummaries": [], "Tags": []}]}


def path_fields(catalog: Catalog) -> Fields:
    return {"Id": catalog.path_id, "Name": PORTFOLIO_NAME}


def may_launch(call: Call, catalog: Catalog) -> bool:
    return principal(call).is_among(catalog.principals)


def require_path(call: Call, catalog: Catalog) -> None:
    """Raise `Refusal` if no launch path leads the caller to the product."""
    if not may_launch(call, catalog):
        raise not_found(f"No launch paths found for resource: {catalog.product_id}")


def stocked(call: Call, product_id: str) -> Catalog:
    """The catalog, if it has this product. Raises `Refusal`."""
    catalog = opened(call)
    if catalog is None or product_id != catalog.product_id:
        raise not_found(f"Product {product_id} not found.")
    return catalog


def _portfolio(call: Call, portfolio_id: str) -> Catalog:
    catalog = opened(call)
    if catalog is None or portfolio_id != catalog.portfolio_id:
        raise not_found(f"Portfolio {portfolio_id} not found.")
    return catalog
