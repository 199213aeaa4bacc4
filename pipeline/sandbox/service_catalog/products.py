"""The Account Factory product and its artifacts.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProductAsAdmin.html and its neighbours
Administrators see all of it; others what a launch path leads them to, and of the artifacts the active ones.
"""

from typing import Final

from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service_catalog.catalog import Catalog
from pipeline.sandbox.service_catalog.parameters import described
from pipeline.sandbox.service_catalog.portfolios import may_launch, path_fields, require_path, stocked
from pipeline.sandbox.service_catalog.records import OWNER, PRODUCT_NAME, Artifact
from pipeline.sandbox.service_catalog.shapes import (
    admin_view_fields,
    artifact_detail,
    artifact_fields,
    invalid,
    not_found,
    one_of,
    opened,
    view_fields,
)

_OUTPUTS: Final = {
    "AccountEmail": "The e-mail address of the account",
    "AccountId": "The id of the account",
    "SSOUserEmail": "The e-mail address of the account's first user in IAM Identity Center",
}


def search_products(call: Call, parameters: Fields) -> Fields:
    catalog = opened(call)
    found = catalog is not None and may_launch(call, catalog) and _matches(catalog, parameters)
    return {"ProductViewSummaries": [view_fields(catalog)] if catalog and found else [], "ProductViewAggregations": {}}


def search_products_as_admin(call: Call, parameters: Fields) -> Fields:
    catalog, portfolio_id = opened(call), parameters.get("PortfolioId")
    if portfolio_id and (catalog is None or portfolio_id != catalog.portfolio_id):
        raise not_found(f"Portfolio {portfolio_id} not found.")
    found = catalog is not None and _matches(catalog, parameters)
    return {"ProductViewDetails": [admin_view_fields(catalog)] if catalog and found else []}


def _matches(catalog: Catalog, parameters: Fields) -> bool:
    """Every filter has a value that fits; a text fits if each of its words is somewhere in the product's."""
    words = f"{PRODUCT_NAME} {OWNER} {catalog.product_id}".lower()
    for name, values in (parameters.get("Filters") or {}).items():
        if name == "FullTextSearch":
            fits = any(all(word in words for word in value.lower().split()) for value in values)
        else:
            fits = name == "Owner" and OWNER in values
        if not fits:
            return False
    return True


def describe_product(call: Call, parameters: Fields) -> Fields:
    catalog = _product(call, parameters, "Id", "Name")
    require_path(call, catalog)
    active = [each for each in catalog.artifacts.values() if each.is_active]
    return {
        "ProductViewSummary": view_fields(catalog),
        "ProvisioningArtifacts": [artifact_fields(each) | {"Guidance": "DEFAULT"} for each in active],
        "Budgets": [],
        "LaunchPaths": [path_fields(catalog)],
    }


def describe_product_as_admin(call: Call, parameters: Fields) -> Fields:
    catalog = _product(call, parameters, "Id", "Name")
    return {
        "ProductViewDetail": admin_view_fields(catalog),
        "ProvisioningArtifactSummaries": [artifact_fields(each) for each in catalog.artifacts.values()],
        "Tags": [],
        "TagOptions": [],
        "Budgets": [],
    }


def list_provisioning_artifacts(call: Call, parameters: Fields) -> Fields:
    catalog = stocked(call, parameters["ProductId"])
    return {"ProvisioningArtifactDetails": [artifact_detail(each) for each in catalog.artifacts.values()]}


def describe_provisioning_artifact(call: Call, parameters: Fields) -> Fields:
    catalog = _product(call, parameters, "ProductId", "ProductName")
    artifact = named_artifact(catalog, parameters)
    answer: Fields = {"ProvisioningArtifactDetail": artifact_detail(artifact), "Status": "AVAILABLE"}
    if parameters.get("IncludeProvisioningArtifactParameters"):
        answer["ProvisioningArtifactParameters"] = described()
    return answer


def describe_provisioning_parameters(call: Call, parameters: Fields) -> Fields:
    launched(call, parameters)
    outputs = [{"Key": key, "Description": text} for key, text in _OUTPUTS.items()]
    return {
        "ProvisioningArtifactParameters": described(),
        "ConstraintSummaries": [],
        "UsageInstructions": [],
        "TagOptions": [],
        "ProvisioningArtifactOutputs": outputs,
        "ProvisioningArtifactOutputKeys": outputs,
    }


def launched(call: Call, parameters: Fields) -> tuple[Catalog, Artifact]:
    """What is to be launched, by product, artifact and path, each by id or by name. Raises `Refusal`.

    An artifact that is not active is invisible to whoever launches.
    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProvisioningArtifact.html
    """
    catalog = _product(call, parameters, "ProductId", "ProductName")
    require_path(call, catalog)
    artifact = named_artifact(catalog, parameters)
    if not artifact.is_active:
        raise not_found(f"Provisioning artifact {artifact.id} not found.")
    if parameters.get("PathId") or parameters.get("PathName"):
        key = one_of(parameters, "PathId", "PathName")
        known = path_fields(catalog)["Id" if key == "PathId" else "Name"]
        if parameters[key] != known:
            raise invalid(f"Invalid launch path: {parameters[key]}")
    return catalog, artifact


def named_artifact(catalog: Catalog, parameters: Fields) -> Artifact:
    key = one_of(parameters, "ProvisioningArtifactId", "ProvisioningArtifactName")
    wanted = parameters[key]
    for each in catalog.artifacts.values():
        if wanted == (each.id if key == "ProvisioningArtifactId" else each.name):
            return each
    raise not_found(f"Provisioning artifact {wanted} not found.")


def _product(call: Call, parameters: Fields, by_id: str, by_name: str) -> Catalog:
    if one_of(parameters, by_id, by_name) == by_id:
        return stocked(call, parameters[by_id])
    catalog = opened(call)
    if catalog is None or parameters[by_name] != PRODUCT_NAME:
        raise not_found(f"Product with name {parameters[by_name]} not found")
    return catalog
