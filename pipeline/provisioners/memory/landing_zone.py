"""A landing zone in memory: units with baselines and controls, accounts with baselines and products of Account Factory.

Mutable, and part of the organization, so that a run may die and another take over. What AWS takes its time for is under change
until somebody has asked `delay` times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.model.account import ROOT, UNOBSERVED
from pipeline.model.json import Json
from pipeline.model.landing_zone import (
    Check,
    EnabledControl,
    Enrollment,
    LandingZone,
    Mode,
    Product,
    Registration,
    Standing,
    products_by_account,
)
from pipeline.model.observed import Details, ObservedAccount, ObservedState


@dataclass(slots=True, kw_only=True)
class MemoryProduct:
    """`steps_left`: how often somebody has still to ask until it is done; `wanted_unit`: where its account then is."""

    product_id: str
    name: str
    account_id: str | None = None
    status: str = "AVAILABLE"
    has_succeeded: bool = True
    sso_user: Mapping[str, Json] | None = None
    steps_left: int = 0
    wanted_unit: str = ROOT
    email: str = ""
    account_name: str = ""

    def seen(self) -> Product:
        return Product(
            product_id=self.product_id,
            name=self.name,
            status=self.status,
            has_succeeded=self.has_succeeded,
            account_id=self.account_id,
        )


@dataclass(slots=True, kw_only=True)
class MemoryLandingZone:
    """`registrations` by unit, `enrollments` and `checks` by account id, `products` by name. `delay` as above."""

    zone: LandingZone
    registrations: dict[str, Registration] = field(default_factory=dict)
    enrollments: dict[str, Enrollment] = field(default_factory=dict)
    products: dict[str, MemoryProduct] = field(default_factory=dict)
    checks: dict[str, dict[str, Check]] = field(default_factory=dict)
    delay: int = 1
    waits: dict[str, int] = field(default_factory=dict)
    operations: int = 0

    @classmethod
    def of(cls, observed: ObservedState, zone: LandingZone) -> "MemoryLandingZone":
        """The landing zone that was observed."""
        made = cls(zone=zone)
        made.registrations = {each.path: each.registration for each in observed.units if each.registration is not None}
        for account in observed.accounts:
            if account.enrollment is not None:
                made.enrollments[account.account_id] = account.enrollment
            if account.checks:
                made.checks[account.account_id] = {each.name: each for each in account.checks}
            user = account.spec.sso_user
            for product in (*((account.product,) if account.product else ()), *account.more_products):
                made.add(product, sso_user=dict(user) if isinstance(user, Mapping) else None)
        for product in observed.products:
            made.add(product)
        return made

    def add(self, product: Product, *, sso_user: Mapping[str, Json] | None = None) -> MemoryProduct:
        made = MemoryProduct(
            product_id=product.product_id,
            name=product.name,
            account_id=product.account_id,
            status=product.status,
            has_succeeded=product.has_succeeded,
            sso_user=sso_user,
        )
        self.products[made.name] = made
        return made

    @property
    def is_factory(self) -> bool:
        return self.zone.mode is Mode.SERVICE_CATALOG

    def product_of(self, account_id: str) -> MemoryProduct | None:
        some = products_by_account(each.seen() for each in self.products.values()).get(account_id)
        return None if some is None else self.products[some[0].name]

    def is_still_waiting(self, what: str) -> bool:
        """Whether somebody has to ask for it again; begins to count with the first question."""
        left = self.waits.setdefault(what, self.delay)
        if left <= 0:
            del self.waits[what]
            return False
        self.waits[what] = left - 1
        return True

    def enroll(self, account_id: str, unit: str) -> None:
        """The account has the baseline of its unit, if Control Tower governs that."""
        registration = self.registrations.get(unit)
        if registration is None:
            self.enrollments.pop(account_id, None)
        else:
            self.enrollments[account_id] = Enrollment(
                standing=Standing.SUCCEEDED, version=registration.version, unit=unit
            )

    def set_baseline(self, unit: str, version: str, standing: Standing) -> None:
        known = self.registrations.get(unit, Registration(standing=standing, version=version))
        self.operations += standing is Standing.UNDER_CHANGE
        operation = f"operation-{self.operations}" if standing is Standing.UNDER_CHANGE else known.operation
        self.registrations[unit] = replace(
            known, standing=standing, version=version, is_drifted=False, operation=operation
        )

    def mend_controls(self, unit: str, *, policies: bool) -> None:
        """A reset of a unit attaches its policies anew; its other controls are reset one by one."""
        known = self.registrations.get(unit)
        for each in known.controls if known is not None else ():
            if (each.policy is not None) is policies and each.is_broken:
                mended = replace(each, standing=Standing.SUCCEEDED, is_drifted=False, implementation="")
                self.set_control(unit, mended, each.control)

    def set_control(self, unit: str, control: EnabledControl | None, identifier: str) -> None:
        known = self.registrations[unit]
        others = tuple(each for each in known.controls if each.control != identifier)
        added = () if control is None else (control,)
        controls = sorted((*others, *added), key=lambda each: each.control)
        self.registrations[unit] = replace(known, controls=tuple(controls))


def with_landing_zone(observed: ObservedState, landing_zone: MemoryLandingZone) -> ObservedState:
    """The organization with what the bulk reads of Control Tower and Service Catalog tell."""
    products = products_by_account(each.seen() for each in landing_zone.products.values())
    ids = {account.account_id for account in observed.accounts}
    others = (each for each in landing_zone.products.values() if each.account_id not in ids)
    return replace(
        observed,
        landing_zone=landing_zone.zone,
        units=tuple(replace(unit, registration=landing_zone.registrations.get(unit.path)) for unit in observed.units),
        accounts=tuple(
            replace(
                account,
                enrollment=landing_zone.enrollments.get(account.account_id),
                product=next(iter(products.get(account.account_id, ())), None),
                more_products=products.get(account.account_id, ())[1:],
            )
            for account in observed.accounts
        ),
        products=tuple(each.seen() for each in sorted(others, key=lambda each: each.product_id)),
    )


def with_governed_details(
    account: ObservedAccount, details: Details, landing_zone: MemoryLandingZone
) -> ObservedAccount:
    """The account with its first administrator, and the conditions of enrolling it."""
    known = landing_zone.checks.get(account.account_id, {})
    fitting = Check(name="config", passed=True, message="there is no recorder")
    checks = tuple(known.values()) or (fitting,)
    product = landing_zone.product_of(account.account_id)
    user = None if product is None else product.sso_user
    spec = replace(account.spec, sso_user=UNOBSERVED if user is None or not details.sso_user else user)
    return replace(account, spec=spec, checks=checks if details.enrollment else ())
