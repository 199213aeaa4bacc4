"""The Service Catalog of the management account, in the landing zone's home Region: Account Factory, and what it made.

https://docs.aws.amazon.com/controltower/latest/userguide/account-factory.html
Service Catalog calls Control Tower and polls it until it is done; here it polls whenever anybody looks at anything.
Of a failed first provisioning nothing is documented but that the product is in error: here it is ERROR without an account,
and TAINTED with one. So is every product whose later operation failed, or whose account left the organization.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from pipeline.sandbox.control_tower.account_factory import AccountFactory
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.control_tower.records import AccountOperation
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.records import FAILED, IN_PROGRESS, SUCCEEDED
from pipeline.sandbox.service_catalog.records import (
    NOT_AVAILABLE,
    Artifact,
    Flight,
    ProductStatus,
    ProvisionedProduct,
    RecordKind,
    RecordStatus,
    ServiceRecord,
)

STEP: Final = 1.0
"""Seconds of Service Catalog's own: until it begins with a record, and until it has tidied up after a failure."""
_REFUSED: Final = "InvalidParametersException"
"""The code among a record's errors; AWS publishes none, so nobody should look at more than the description."""


class Catalog:
    """Hold the organization's lock while calling any of it.

    `answers` are the first answers to idempotent requests, by operation and token, with what was asked for.
    """

    def __init__(self, zone: LandingZone, workflow: AccountFactory) -> None:
        organization = zone.organization
        self.organization = organization
        self.workflow = workflow
        self.region = zone.settings.home_region
        self.portfolio_id = f"port-{token('portfolio', 1, 13)}"
        self.product_id = f"prod-{token('product', 1, 13)}"
        self.view_id = f"prodview-{token('product-view', 1, 13)}"
        self.path_id = f"lpv2-{token('launch-path', 1, 13)}"
        self.created = organization.clock.now()
        self.principals: dict[str, str] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.products: dict[str, ProvisionedProduct] = {}
        self.records: dict[str, ServiceRecord] = {}
        self.answers: dict[tuple[str, str], tuple[Mapping[str, Any], dict[str, Any]]] = {}
        self._flights: dict[str, Flight] = {}
        self._manages_access = zone.settings.manages_access
        organization.polls.append(self.poll)

    def arn(self, kind: str, resource_id: str) -> str:
        """The ARN of a `portfolio`, a `product` or, with its name, a provisioned product, which is a `stack`.

        https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsservicecatalog.html
        """
        service = "servicecatalog" if kind == "stack" else "catalog"
        return f"arn:aws:{service}:{self.region}:{MANAGEMENT_ID}:{kind}/{resource_id}"

    def publish(self, version: str) -> Artifact:
        """Publish an artifact for a version of the landing zone; the others are active no longer."""
        self.artifacts = {each.id: replace(each, is_active=False) for each in self.artifacts.values()}
        sequence = self.organization.next_sequence()
        artifact = Artifact(
            id=f"pa-{token('artifact', sequence, 13)}",
            sequence=sequence,
            name=f"AWS Control Tower Account Factory {version}",
            description=f"Account Factory of landing zone {version}",
            created=self.organization.clock.now(),
            is_active=True,
        )
        self.artifacts[artifact.id] = artifact
        return artifact

    def product_named(self, name: str) -> ProvisionedProduct | None:
        return next((each for each in self.products.values() if each.name == name), None)

    def current(self, product: ProvisionedProduct) -> ProvisionedProduct:
        """The product, tainted if its account is not as it was provisioned."""
        account_id = str(product.physical_id)
        if product.status is ProductStatus.AVAILABLE and self.workflow.is_tainted(account_id):
            text = f"The account {account_id} is not as it was provisioned."
            return replace(product, status=ProductStatus.TAINTED, message=text)
        return product

    def begin(self, product: ProvisionedProduct, kind: RecordKind, flight: Callable[[str], Flight]) -> ServiceRecord:
        """A record of the product, whose `flight` is made from the record's id; the product is under change."""
        sequence = self.organization.next_sequence()
        now = self.organization.clock.now()
        record = ServiceRecord(
            id=f"rec-{token('record', sequence, 13)}",
            sequence=sequence,
            kind=kind,
            product_id=product.id,
            product_name=product.name,
            artifact_id=product.artifact_id,
            status=RecordStatus.CREATED,
            created=now,
            updated=now,
        )
        self.records[record.id] = record
        self._flights[record.id] = flight(record.id)
        provisioning = product.last_provisioning_id if kind is RecordKind.TERMINATE else record.id
        self.products[product.id] = replace(
            product, status=ProductStatus.UNDER_CHANGE, last_record_id=record.id, last_provisioning_id=provisioning
        )
        return record

    def poll(self) -> None:
        """Take the records that are in flight as far as Control Tower is."""
        for flight in list(self._flights.values()):
            self._follow(flight, self.records[flight.record_id])

    def _follow(self, flight: Flight, record: ServiceRecord) -> None:
        now = self.organization.clock.monotonic()
        if record.status is RecordStatus.CREATED:
            if self.organization.clock.now() - record.created < timedelta(seconds=STEP):
                return
            record = self._note(record, RecordStatus.IN_PROGRESS)
        progress = self._progress(flight)
        self._know_account(record, progress)
        if progress is None or progress.status == SUCCEEDED:
            self._succeed(flight, record)
        elif progress.status == IN_PROGRESS:
            return
        elif flight.ignores_errors:
            self._succeed(flight, record)
        elif flight.failed_at is None:
            self._note(record, RecordStatus.IN_PROGRESS_IN_ERROR, errors=((_REFUSED, progress.error),))
            self._flights[record.id] = replace(flight, failed_at=now)
        elif now - flight.failed_at >= STEP:
            self._fail(flight, record, progress.error)

    def _progress(self, flight: Flight) -> AccountOperation | None:
        if flight.refusal:
            return AccountOperation(status=FAILED, account_id=None, error=flight.refusal)
        return None if flight.operation is None else self.workflow.operation(flight.operation)

    def _note(self, record: ServiceRecord, status: RecordStatus, **more: Any) -> ServiceRecord:
        noted = replace(record, status=status, updated=self.organization.clock.now(), **more)
        self.records[record.id] = noted
        return noted

    def _know_account(self, record: ServiceRecord, progress: AccountOperation | None) -> None:
        product = self.products[record.product_id]
        if progress is not None and progress.account_id is not None and product.physical_id is None:
            self.products[product.id] = replace(product, physical_id=progress.account_id)

    def _succeed(self, flight: Flight, record: ServiceRecord) -> None:
        del self._flights[record.id]
        product = self.products[record.product_id]
        if record.kind is RecordKind.TERMINATE:
            self._note(record, RecordStatus.SUCCEEDED)
            del self.products[product.id]
            return
        account_id = str(product.physical_id)
        parameters = self._associated(account_id, flight.parameters)
        self._note(record, RecordStatus.SUCCEEDED, outputs=outputs(account_id, parameters))
        self.products[product.id] = replace(
            product,
            status=ProductStatus.AVAILABLE,
            message="",
            parameters=parameters,
            artifact_id=record.artifact_id,
            last_success_id=record.id,
        )
        center = self.organization.identity_center
        if self._manages_access and center is not None:
            center.give_administrator(account_id, flight.parameters)

    def _associated(self, account_id: str, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """With the account's present address: an update after a change of it associates the new one.

        https://docs.aws.amazon.com/controltower/latest/userguide/change-account-email.html
        """
        account = self.organization.latest.accounts.get(account_id)
        return parameters if account is None else {**parameters, "AccountEmail": account.email}

    def _fail(self, flight: Flight, record: ServiceRecord, error: str) -> None:
        del self._flights[record.id]
        product = self.products[record.product_id]
        told = None if record.kind is RecordKind.TERMINATE else outputs(product.physical_id, flight.parameters)
        self._note(record, RecordStatus.FAILED, outputs=told)
        status = ProductStatus.ERROR if product.physical_id is None else ProductStatus.TAINTED
        self.products[product.id] = replace(product, status=status, message=error)


def outputs(account_id: str | None, parameters: Mapping[str, str]) -> dict[str, str]:
    """What a record tells of the account."""
    return {
        "AccountEmail": parameters["AccountEmail"],
        "AccountId": account_id or NOT_AVAILABLE,
        "SSOUserEmail": parameters["SSOUserEmail"],
    }
