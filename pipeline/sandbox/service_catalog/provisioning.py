"""ProvisionProduct, UpdateProvisionedProduct, TerminateProvisionedProduct: asked for at once, answered by a record.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_UpdateProvisionedProduct.html
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_TerminateProvisionedProduct.html
A token that was used before gives the answer that it gave before; that it is refused with other parameters, and that it is
kept for as long as the sandbox lives, is our choice. So is the code for a product that is under change already.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from pipeline.sandbox.control_tower.account_factory import AccountFactoryRefusal
from pipeline.sandbox.identifiers import token
from pipeline.sandbox.organization import Call
from pipeline.sandbox.records import Fields
from pipeline.sandbox.service import Refusal
from pipeline.sandbox.service_catalog.callers import principal
from pipeline.sandbox.service_catalog.catalog import Catalog
from pipeline.sandbox.service_catalog.parameters import EMAIL, NAME, UNIT, new_values, sso_user, updated_values
from pipeline.sandbox.service_catalog.portfolios import require_path
from pipeline.sandbox.service_catalog.products import launched, named_artifact
from pipeline.sandbox.service_catalog.records import (
    Artifact,
    Flight,
    ProductStatus,
    ProvisionedProduct,
    RecordKind,
    ServiceRecord,
)
from pipeline.sandbox.service_catalog.shapes import invalid, not_found, one_of, opened, record_fields

_NEVER_TAKEN: Final = ("Tags", "NotificationArns", "ProvisioningPreferences")
"""https://docs.aws.amazon.com/controltower/latest/userguide/provision-as-end-user.html: the product has no use for them."""


def provision_product(call: Call, parameters: Fields) -> Fields:
    catalog, artifact = launched(call, parameters)
    return _once(catalog, "ProvisionProduct", parameters, lambda: _provision(call, catalog, artifact, parameters))


def update_provisioned_product(call: Call, parameters: Fields) -> Fields:
    catalog, product = _provisioned(call, parameters)
    return _once(catalog, "UpdateProvisionedProduct", parameters, lambda: _update(call, catalog, product, parameters))


def terminate_provisioned_product(call: Call, parameters: Fields) -> Fields:
    """The token is good for as long as the product is being terminated; then there is no product, or it may be tried again."""
    catalog, product = _provisioned(call, parameters)
    if product.status is not ProductStatus.UNDER_CHANGE:
        catalog.answers.pop(("TerminateProvisionedProduct", parameters["TerminateToken"]), None)
    return _once(catalog, "TerminateProvisionedProduct", parameters, lambda: _terminate(catalog, product, parameters))


def _once(catalog: Catalog, operation: str, parameters: Fields, act: Callable[[], ServiceRecord]) -> Fields:
    key = next(value for name, value in parameters.items() if name in _TOKENS)
    asked = {name: value for name, value in parameters.items() if name != "AcceptLanguage"}
    known = catalog.answers.get((operation, key))
    if known is not None:
        if known[0] != asked:
            raise invalid("The idempotency token was used before, with different parameters.")
        return known[1]
    answer: Fields = {"RecordDetail": record_fields(catalog, act())}
    catalog.answers[operation, key] = asked, answer
    return answer


_TOKENS: Final = frozenset({"ProvisionToken", "UpdateToken", "TerminateToken"})


def _provision(call: Call, catalog: Catalog, artifact: Artifact, parameters: Fields) -> ServiceRecord:
    _refuse_what_is_never_taken(parameters)
    name = parameters["ProvisionedProductName"]
    values = new_values(parameters.get("ProvisioningParameters") or ())
    _refuse_taken(catalog, name)
    operation = _begun(
        lambda: catalog.workflow.provision(
            email=values[EMAIL], name=values[NAME], unit=values[UNIT], sso_user=sso_user(values)
        )
    )
    caller = principal(call)
    sequence = call.organization.next_sequence()
    product = ProvisionedProduct(
        id=f"pp-{token('provisioned-product', sequence, 13)}",
        sequence=sequence,
        name=name,
        artifact_id=artifact.id,
        status=ProductStatus.UNDER_CHANGE,
        created=call.organization.clock.now(),
        token=parameters["ProvisionToken"],
        parameters=values,
        user_arn=caller.arn,
        session_arn=caller.session,
        last_record_id="",
        last_provisioning_id="",
    )
    return catalog.begin(product, RecordKind.PROVISION, _flight(operation, values))


def _update(call: Call, catalog: Catalog, product: ProvisionedProduct, parameters: Fields) -> ServiceRecord:
    _refuse_what_is_never_taken(parameters)
    require_path(call, catalog)
    _refuse_change(product)
    artifact = _updated_artifact(catalog, product, parameters)
    values = updated_values(parameters.get("ProvisioningParameters") or (), product.parameters)
    account_id = product.physical_id
    if account_id is None:
        raise invalid(f"Provisioned product {product.id} has no account; terminate it, and provision it again.")
    _refuse_other_account(call, account_id, values, product.parameters)
    operation = _begun(
        lambda: catalog.workflow.update(account_id, unit=values[UNIT], sso_user=sso_user(values)),
    )
    changed = replace(product, artifact_id=artifact.id)
    return catalog.begin(changed, RecordKind.UPDATE, _flight(operation, values))


def _terminate(catalog: Catalog, product: ProvisionedProduct, parameters: Fields) -> ServiceRecord:
    """What Control Tower refuses is told by the record, since the operation itself only knows that there is no product."""
    _refuse_change(product)
    operation, refusal = None, ""
    if product.physical_id is not None and not parameters.get("RetainPhysicalResources"):
        try:
            operation = catalog.workflow.terminate(product.physical_id)
        except AccountFactoryRefusal as error:
            refusal = str(error)
    ignores = bool(parameters.get("IgnoreErrors"))
    flight = _flight(operation, product.parameters, refusal=refusal, ignores_errors=ignores)
    return catalog.begin(product, RecordKind.TERMINATE, flight)


def _flight(
    operation: str | None, values: Mapping[str, str], *, refusal: str = "", ignores_errors: bool = False
) -> Callable[[str], Flight]:
    return lambda record_id: Flight(
        record_id=record_id, operation=operation, parameters=values, refusal=refusal, ignores_errors=ignores_errors
    )


def _begun(start: Callable[[], str]) -> str:
    try:
        return start()
    except AccountFactoryRefusal as refusal:
        raise invalid(str(refusal)) from None


def _provisioned(call: Call, parameters: Fields) -> tuple[Catalog, ProvisionedProduct]:
    key = one_of(parameters, "ProvisionedProductId", "ProvisionedProductName")
    return known_product(call, parameters[key], by_id=key == "ProvisionedProductId")


def known_product(call: Call, wanted: str, *, by_id: bool) -> tuple[Catalog, ProvisionedProduct]:
    """By id, or else by name or ARN. Raises `Refusal`."""
    catalog = opened(call)
    product = None
    if catalog is not None:
        name = wanted.split("/")[1] if wanted.startswith("arn:") and wanted.count("/") > 1 else wanted
        product = catalog.products.get(wanted) if by_id else catalog.product_named(name)
    if catalog is None or product is None:
        raise not_found(f"Provisioned product {wanted} not found.")
    return catalog, product


def _refuse_taken(catalog: Catalog, name: str) -> None:
    """A product that never succeeded is told by its stack."""
    product = catalog.product_named(name)
    if product is None:
        return
    if product.last_success_id is None and product.status is not ProductStatus.UNDER_CHANGE:
        raise invalid(f"A stack named {name} already exists")
    raise Refusal("DuplicateResourceException", f"A provisioned product named {name} already exists.")


def _refuse_change(product: ProvisionedProduct) -> None:
    if product.status is ProductStatus.UNDER_CHANGE:
        raise Refusal("InvalidStateException", f"Provisioned product {product.id} is under change.")


def _refuse_what_is_never_taken(parameters: Fields) -> None:
    if given := [each for each in _NEVER_TAKEN if parameters.get(each)]:
        raise invalid(f"AWS Control Tower Account Factory does not take {', '.join(given)}.")


def _refuse_other_account(call: Call, account_id: str, values: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Address and name are changed in the account, not here; after that the product may be told of them.

    https://docs.aws.amazon.com/controltower/latest/userguide/change-account-email.html
    """
    account = call.latest.accounts.get(account_id)
    current = {} if account is None else {EMAIL: account.email, NAME: account.name}
    for key in (EMAIL, NAME):
        if values[key] not in {before[key], current.get(key)}:
            raise invalid(f"{key} of an existing account cannot be changed from {before[key]} to {values[key]}.")


def _updated_artifact(catalog: Catalog, product: ProvisionedProduct, parameters: Fields) -> Artifact:
    """The one that is named, which has to be active; without a name, the product's own."""
    if parameters.get("ProvisioningArtifactId") or parameters.get("ProvisioningArtifactName"):
        artifact = named_artifact(catalog, parameters)
    else:
        artifact = catalog.artifacts[product.artifact_id]
    if not artifact.is_active:
        raise not_found(f"Provisioning artifact {artifact.id} not found.")
    return artifact
