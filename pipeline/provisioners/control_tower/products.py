"""Provisioned products of Account Factory, and their records.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from pipeline.model.landing_zone import Product, products_by_account
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.clients import PAGES, Clients, found

TYPE: Final = "CONTROL_TOWER_ACCOUNT"
UNDER_CHANGE: Final = "UNDER_CHANGE"
TERMINATION: Final = "TERMINATE_PROVISIONED_PRODUCT"

_PAGE: Final = 100
_ACCOUNT_ID_LENGTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProduct:
    """A product with what the steps need of it. `artifact_id` is the version that it was last provisioned with."""

    product: Product
    last_record: str | None
    artifact_id: str | None

    @property
    def product_id(self) -> str:
        return self.product.product_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of one request about a product. `errors` are AWS's texts."""

    record_id: str
    status: str
    kind: str
    product_id: str
    product_name: str
    created: datetime | None
    errors: tuple[str, ...]
    account_id: str | None

    @property
    def has_failed(self) -> bool:
        return self.status == "FAILED"

    @property
    def has_succeeded(self) -> bool:
        return self.status == "SUCCEEDED"


class Products:
    """Reads of Service Catalog, fresh each time. Safe to use from many threads."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def all(self) -> list[SeenProduct]:
        """Every product of Account Factory, 100 a call."""
        return self._search()

    def under_change(self) -> list[SeenProduct]:
        return [each for each in self._search(f"status:{UNDER_CHANGE}") if each.product.status == UNDER_CHANGE]

    def named(self, name: str) -> SeenProduct | None:
        """The product of that name. A search may lag behind a provisioning, so what it does not find is asked for by name."""
        seen = next((each for each in self._search(f"name:{name}") if each.product.name == name), None)
        if seen is not None:
            return seen
        answer = found(lambda: self._clients.catalog.describe_provisioned_product(Name=name))
        return None if answer is None else _seen(answer["ProvisionedProductDetail"])

    def of_account(self, account_id: str) -> SeenProduct | None:
        """The product that stands for the account, of several."""
        some = {each.product_id: each for each in self._search(f"physicalId:{account_id}")}
        own = products_by_account(each.product for each in some.values()).get(account_id)
        return None if own is None else some[own[0].product_id]

    def with_id(self, product_id: str) -> SeenProduct | None:
        answer = found(lambda: self._clients.catalog.describe_provisioned_product(Id=product_id))
        return None if answer is None else _seen(answer["ProvisionedProductDetail"])

    def record(self, record_id: str) -> Record | None:
        """What became of a request; it is known longer than its product."""
        answer = found(lambda: self._clients.catalog.describe_record(Id=record_id))
        return None if answer is None else _record(answer)

    def outputs(self, product_id: str) -> dict[str, str]:
        """What it told when it was last provisioned (`AccountId`, `AccountEmail`, `SSOUserEmail`); empty for a new one.

        Of a product that has never been provisioned to its end, AWS refuses to tell as of one that it does not know.
        """
        call = self._clients.catalog.get_provisioned_product_outputs
        try:
            some = found(lambda: listed(call, "Outputs", **PAGES, ProvisionedProductId=product_id))
        except ClientError as error:
            if code_of(error) != "InvalidParametersException":
                raise
            return {}
        return {each["OutputKey"]: str(each.get("OutputValue", "")) for each in some or ()}

    def _search(self, query: str = f"type:{TYPE}") -> list[SeenProduct]:
        """Of all users of the account: without the filter, Service Catalog shows the caller's own.

        One query only: whether several all have to fit is not documented.
        """
        entries = listed(
            self._clients.catalog.search_provisioned_products,
            "ProvisionedProducts",
            **PAGES,
            PageSize=_PAGE,
            AccessLevelFilter={"Key": "Account", "Value": "self"},
            Filters={"SearchQuery": [query]},
        )
        return [_seen(each) for each in entries if each.get("Type", TYPE) == TYPE]


def _seen(entry: Mapping[str, Any]) -> SeenProduct:
    return SeenProduct(
        product=Product(
            product_id=str(entry["Id"]),
            name=str(entry.get("Name", "")),
            status=str(entry.get("Status", "")),
            has_succeeded=bool(entry.get("LastSuccessfulProvisioningRecordId")),
            account_id=_account_id(entry.get("PhysicalId")),
        ),
        last_record=entry.get("LastRecordId"),
        artifact_id=entry.get("ProvisioningArtifactId"),
    )


def _record(answer: Mapping[str, Any]) -> Record:
    detail: Mapping[str, Any] = answer["RecordDetail"]
    outputs = {each.get("OutputKey"): each.get("OutputValue") for each in answer.get("RecordOutputs") or ()}
    errors = (
        f"{each.get('Code', '')}: {each.get('Description', '')}".strip(": ")
        for each in detail.get("RecordErrors") or ()
    )
    return Record(
        record_id=str(detail["RecordId"]),
        status=str(detail.get("Status", "")),
        kind=str(detail.get("RecordType", "")),
        product_id=str(detail.get("ProvisionedProductId", "")),
        product_name=str(detail.get("ProvisionedProductName", "")),
        created=detail.get("CreatedTime"),
        errors=tuple(errors),
        account_id=_account_id(outputs.get("AccountId")),
    )


def _account_id(value: object) -> str | None:
    """An id, or None for what stands in its place: a failed creation tells "Not Available"."""
    text = str(value or "")
    return text if len(text) == _ACCOUNT_ID_LENGTH and text.isascii() and text.isdigit() else None
