"""Account Factory as the set-up of a landing zone leaves it in Service Catalog.

https://docs.aws.amazon.com/controltower/latest/userguide/account-factory.html
"""

import re
from dataclasses import replace
from typing import Final

from pipeline.sandbox.control_tower.account_factory import AccountFactory
from pipeline.sandbox.control_tower.landing_zone import LandingZone
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import MANAGEMENT_ID
from pipeline.sandbox.records import Account
from pipeline.sandbox.service_catalog.catalog import Catalog, outputs
from pipeline.sandbox.service_catalog.parameters import EMAIL, NAME, UNIT
from pipeline.sandbox.service_catalog.records import (
    ProductStatus,
    ProvisionedProduct,
    RecordKind,
    RecordStatus,
    ServiceRecord,
)

ADMINISTRATOR: Final = f"arn:aws:iam::{MANAGEMENT_ID}:user/administrator"
"""Who set the landing zone up: Control Tower gives them access to the portfolio, and nobody else in IAM."""
_BEFORE: Final = "1.0"
"""The version of an artifact that a landing zone's update has deactivated."""


def stock(zone: LandingZone) -> Catalog:
    """The catalog of a landing zone, with a product for each account that it manages, but for the shared ones."""
    organization = zone.organization
    catalog = Catalog(zone, AccountFactory(zone))
    catalog.principals[ADMINISTRATOR] = "IAM"
    catalog.publish(_BEFORE)
    catalog.publish(zone.settings.version)
    for account in organization.latest.accounts:
        if account.id != MANAGEMENT_ID and not zone.is_shared(account.id) and zone.on(account.id) is not None:
            _put_product(catalog, account)
    return catalog


def _put_product(catalog: Catalog, account: Account) -> None:
    """A product as if the account had been provisioned when it joined."""
    organization = catalog.organization
    artifact = next(each for each in catalog.artifacts.values() if each.is_active)
    values = _values(catalog, account)
    sequence = organization.next_sequence()
    product = ProvisionedProduct(
        id=f"pp-{token('provisioned-product', sequence, 13)}",
        sequence=sequence,
        name=re.sub(r"[^A-Za-z0-9._-]+", "-", account.name).lstrip("._-") or f"account-{account.id}",
        artifact_id=artifact.id,
        status=ProductStatus.AVAILABLE,
        created=account.joined,
        token=token("provision-token", sequence, 32),
        parameters=values,
        user_arn=ADMINISTRATOR,
        session_arn=ADMINISTRATOR,
        last_record_id="",
        last_provisioning_id="",
        physical_id=account.id,
    )
    record = ServiceRecord(
        id=f"rec-{token('record', sequence, 13)}",
        sequence=sequence,
        kind=RecordKind.PROVISION,
        product_id=product.id,
        product_name=product.name,
        artifact_id=artifact.id,
        status=RecordStatus.SUCCEEDED,
        created=account.joined,
        updated=account.joined,
        outputs=outputs(account.id, values),
    )
    catalog.records[record.id] = record
    catalog.products[product.id] = replace(
        product, last_record_id=record.id, last_provisioning_id=record.id, last_success_id=record.id
    )


def _values(catalog: Catalog, account: Account) -> dict[str, str]:
    unit = catalog.organization.latest.units.get(account.parent_id)
    return {
        EMAIL: account.email,
        NAME: account.name,
        UNIT: f"{unit.name} ({unit.id})" if unit else "Root",
        "SSOUserEmail": "platform@example.com",
        "SSOUserFirstName": "Platform",
        "SSOUserLastName": "Team",
    }
