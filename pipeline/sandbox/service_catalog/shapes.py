"""Service Catalog's answers, errors and pages.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_Operations.html
"""

from collections.abc import Sequence
from typing import TypeVar

from pipeline.sandbox.organization import MANAGEMENT_ID, Call
from pipeline.sandbox.paging import Sequenced, page_behind
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal
from pipeline.sandbox.service_catalog.catalog import Catalog
from pipeline.sandbox.service_catalog.records import (
    OWNER,
    PRODUCT_NAME,
    TYPE,
    Artifact,
    ProvisionedProduct,
    ServiceRecord,
)

PAGE = 20


S = TypeVar("S", bound=Sequenced)


def invalid(text: str) -> Refusal:
    return Refusal("InvalidParametersException", text)


def not_found(text: str) -> Refusal:
    return Refusal("ResourceNotFoundException", text)


def opened(call: Call) -> Catalog | None:
    """The catalog that the caller sees; there is none elsewhere than in the management account's home Region."""
    catalog = call.organization.catalog
    if catalog is None or call.caller != MANAGEMENT_ID or call.region != catalog.region:
        return None
    return catalog


def one_of(parameters: Fields, first: str, second: str) -> str:
    """The name of the one that is given of an id and a name; both, or none, is refused."""
    given = [each for each in (first, second) if parameters.get(each)]
    if len(given) != 1:
        raise invalid(f"Specify either {first} or {second}.")
    return given[0]


def page(items: Sequence[S], parameters: Fields, listing: str) -> tuple[list[S], Fields]:
    """At most PageSize of the items behind the PageToken, and NextPageToken if there are more."""
    try:
        some, following = page_behind(items, parameters.get("PageToken"), parameters.get("PageSize") or PAGE, listing)
    except ValueError:
        raise invalid("Invalid page token.") from None
    return some, {"NextPageToken": following} if following else {}


def view_fields(catalog: Catalog) -> Fields:
    """The product, without `Type`: the kind that Account Factory has is not in the API's list."""
    return {
        "Id": catalog.view_id,
        "ProductId": catalog.product_id,
        "Name": PRODUCT_NAME,
        "Owner": OWNER,
        "ShortDescription": "Creates and enrolls accounts in AWS Control Tower.",
        "Distributor": OWNER,
        "HasDefaultPath": False,
    }


def admin_view_fields(catalog: Catalog) -> Fields:
    return {
        "ProductViewSummary": view_fields(catalog),
        "Status": "AVAILABLE",
        "ProductARN": catalog.arn("product", catalog.product_id),
        "CreatedTime": catalog.created,
    }


def artifact_fields(artifact: Artifact) -> Fields:
    return {
        "Id": artifact.id,
        "Name": artifact.name,
        "Description": artifact.description,
        "CreatedTime": artifact.created,
    }


def artifact_detail(artifact: Artifact) -> Fields:
    return artifact_fields(artifact) | {"Active": artifact.is_active, "Guidance": "DEFAULT"}


def record_fields(catalog: Catalog, record: ServiceRecord) -> Fields:
    return {
        "RecordId": record.id,
        "ProvisionedProductName": record.product_name,
        "Status": str(record.status),
        "CreatedTime": record.created,
        "UpdatedTime": record.updated,
        "ProvisionedProductType": TYPE,
        "RecordType": str(record.kind),
        "ProvisionedProductId": record.product_id,
        "ProductId": catalog.product_id,
        "ProvisioningArtifactId": record.artifact_id,
        "PathId": catalog.path_id,
        "RecordErrors": [{"Code": code, "Description": text} for code, text in record.errors],
        "RecordTags": [],
    }


def output_fields(record: ServiceRecord) -> list[Fields]:
    return [{"OutputKey": key, "OutputValue": value} for key, value in (record.outputs or {}).items()]


def product_fields(catalog: Catalog, known: ProvisionedProduct) -> Fields:
    """ProvisionedProductDetail."""
    product = catalog.current(known)
    fields: Fields = {
        "Name": product.name,
        "Arn": catalog.arn("stack", f"{product.name}/{product.id}"),
        "Type": TYPE,
        "Id": product.id,
        "Status": str(product.status),
        "StatusMessage": product.message or None,
        "CreatedTime": product.created,
        "IdempotencyToken": product.token,
        "LastRecordId": product.last_record_id,
        "LastProvisioningRecordId": product.last_provisioning_id,
        "LastSuccessfulProvisioningRecordId": product.last_success_id,
        "ProductId": catalog.product_id,
        "ProvisioningArtifactId": product.artifact_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def attribute_fields(catalog: Catalog, product: ProvisionedProduct) -> Fields:
    """ProvisionedProductAttribute: what a search answers."""
    fields = product_fields(catalog, product) | {
        "Tags": [],
        "PhysicalId": product.physical_id,
        "ProductName": PRODUCT_NAME,
        "ProvisioningArtifactName": catalog.artifacts[product.artifact_id].name,
        "UserArn": product.user_arn,
        "UserArnSession": product.session_arn,
    }
    return {name: value for name, value in fields.items() if value is not None}
