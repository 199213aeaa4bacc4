"""Whose an account is by its product: Account Factory takes no tags, so the name of a product speaks for its request first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.model.effect import product_owner
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.json import Json
from pipeline.model.landing_zone import Mode, Product, product_name
from pipeline.model.observed import ObservedAccount, ObservedState

_TERMINATE: Final = "terminate it in Service Catalog when nobody needs it any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """`accounts`: open accounts that nobody has marked yet; `begun`: products in progress for the first time. By name."""

    repository: str
    accounts: Mapping[str, ObservedAccount]
    begun: Mapping[str, Product]

    def in_the_making(self, key: str) -> Product | None:
        """The product of the request `key`, while Account Factory makes its account."""
        return self.begun.get(product_name(key, self.repository)) if self.begun else None

    def account_of(self, key: str) -> ObservedAccount | None:
        """The unmarked account of the request's product."""
        return self.accounts.get(product_name(key, self.repository)) if self.accounts else None


def products_of(observed: ObservedState, repository: str) -> Products:
    unmarked = [
        (each, each.product)
        for each in sorted(observed.accounts, key=lambda each: each.account_id, reverse=True)
        if each.product is not None and each.key is None and each.repository is None and not each.is_closed
    ]
    products = sorted((*observed.products, *(product for _, product in unmarked)), key=lambda each: each.product_id)
    return Products(
        repository=repository,
        accounts={product.name: account for account, product in unmarked},
        begun={each.name: each for each in products if each.is_changing and not each.has_succeeded},
    )


def owner_before(account: ObservedAccount, key: str, repository: str) -> Json:
    """The owner by the tags; the product, on an unmarked account that the request's product has made; else None."""
    if account.key is not None or account.repository is not None:
        return {"request": account.key, "repository": account.repository}
    product = account.product
    is_its = product is not None and product.name == product_name(key, repository)
    return product_owner(product.name) if product is not None and is_its else None


def left_products(observed: ObservedState) -> Mapping[str, Product]:
    """The products, by name, of accounts that have left the organization or are closed, and those that have no account."""
    closed = [each.product for each in observed.accounts if each.product is not None and each.is_closed]
    return {each.name: each for each in (*observed.products, *closed)}


def useless_products(observed: ObservedState, keys: Iterable[str], repository: str) -> Iterator[Finding]:
    """Warnings of products that nobody has any use for. Those of requests are left out: their plan says what becomes of them."""
    zone = observed.landing_zone
    if zone is None or zone.mode is not Mode.SERVICE_CATALOG:
        return
    ours = {product_name(key, repository) for key in keys}
    for name, product in sorted(left_products(observed).items()):
        if name in ours or product.is_changing:
            continue
        what = f'product "{product.product_id}" ("{name}") of Account Factory is {product.status}'
        if product.account_id is not None:
            message = f'{what}, and its account "{product.account_id}" is closed or has left the organization'
            yield _warning("product-left", message)
        elif product.is_unusable:
            yield _warning("product-failed", f"{what}, and has no account")


def doubled_products(observed: ObservedState) -> Iterator[Finding]:
    """Warnings of accounts that several products are of; plans and runs work with the first."""
    for account in sorted(observed.accounts, key=lambda each: each.account_id):
        if account.product is None or not account.more_products:
            continue
        named = ", ".join(
            f'"{each.product_id}" ("{each.name}", {each.status})' for each in (account.product, *account.more_products)
        )
        yield _warning(
            "product-doubled",
            f'account "{account.account_id}" has {len(account.more_products) + 1} products of Account Factory: {named}; the '
            "first is worked with",
            hint="terminate all of them in Service Catalog, which un-manages the account, and let the next plan enroll it again",
        )


def _warning(rule: str, message: str, hint: str = _TERMINATE) -> Finding:
    return Finding(
        location=Location("vending.yaml"),
        rule=rule,
        message=message,
        hint=hint,
        attribute="provisioner",
        severity=Severity.WARNING,
    )
