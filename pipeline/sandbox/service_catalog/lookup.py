"""Provisioned products and their records, one by one.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeRecord.html
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_GetProvisionedProductOutputs.html
"""

from dataclasses import dataclass

from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service_catalog.access_levels import seen_records
from pipeline.sandbox.service_catalog.provisioning import known_product
from pipeline.sandbox.service_catalog.shapes import (
    invalid,
    not_found,
    one_of,
    opened,
    output_fields,
    page,
    product_fields,
    record_fields,
)


@dataclass(frozen=True, slots=True)
class _Output:
    sequence: int
    fields: Fields


def describe_provisioned_product(call: Call, parameters: Fields) -> Fields:
    key = one_of(parameters, "Id", "Name")
    catalog, product = known_product(call, parameters[key], by_id=key == "Id")
    return {"ProvisionedProductDetail": product_fields(catalog, product), "CloudWatchDashboards": []}


def describe_record(call: Call, parameters: Fields) -> Fields:
    """The record stays when its product is gone."""
    catalog = opened(call)
    record = None if catalog is None else catalog.records.get(parameters["Id"])
    if catalog is None or record is None:
        raise not_found(f"Record {parameters['Id']} not found.")
    some, rest = _outputs(output_fields(record), parameters)
    return {"RecordDetail": record_fields(catalog, record), "RecordOutputs": some, **rest}


def list_record_history(call: Call, parameters: Fields) -> Fields:
    """The newest first."""
    catalog = opened(call)
    if catalog is None:
        return {"RecordDetails": []}
    records = list(reversed(seen_records(call, catalog, parameters)))
    some, rest = page(records, parameters, "records")
    return {"RecordDetails": [record_fields(catalog, each) for each in some], **rest}


def get_provisioned_product_outputs(call: Call, parameters: Fields) -> Fields:
    """Those of the last record that went well; there are none before."""
    key = one_of(parameters, "ProvisionedProductId", "ProvisionedProductName")
    catalog, product = known_product(call, parameters[key], by_id=key == "ProvisionedProductId")
    if product.last_success_id is None:
        raise invalid(f"Provisioned product {product.id} has no outputs: it is {product.status}.")
    outputs = output_fields(catalog.records[product.last_success_id])
    wanted = parameters.get("OutputKeys")
    if wanted and (unknown := sorted(set(wanted) - {each["OutputKey"] for each in outputs})):
        raise invalid(f"Invalid output keys: {', '.join(unknown)}")
    some, rest = _outputs([each for each in outputs if not wanted or each["OutputKey"] in wanted], parameters)
    return {"Outputs": some, **rest}


def _outputs(outputs: list[Fields], parameters: Fields) -> tuple[list[Fields], Fields]:
    numbered = [_Output(index, each) for index, each in enumerate(outputs, 1)]
    some, rest = page(numbered, parameters, "outputs")
    return [each.fields for each in some], rest
