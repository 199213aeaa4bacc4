"""Adding what Control Tower says to what Organizations says.

Beyond the calls for the organization, with N accounts and U units: two for the landing zone, one for the names of baselines,
ceil((N + U)/100) for the baselines of all units and accounts, one for the controls that are drifted (and one for each of these,
whichever units it is on), one more for a landing zone that is drifted; and with Account Factory ceil(N/100) for the products
and a handful for the factory itself.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from pipeline.model.account import ROOT, UNOBSERVED, AccountState
from pipeline.model.landing_zone import (
    EnabledControl,
    Enrollment,
    LandingZone,
    Mode,
    Product,
    Registration,
    products_by_account,
)
from pipeline.model.observed import Details, ObservedAccount, ObservedState, ObservedUnit
from pipeline.provisioners.aws.translation import translated
from pipeline.provisioners.control_tower.administrators import Administrators
from pipeline.provisioners.control_tower.checks import Checks
from pipeline.provisioners.control_tower.enabled_controls import EnabledControls
from pipeline.provisioners.control_tower.tower import Tower
from pipeline.provisioners.control_tower.zone import TOWER_BASELINE, Baseline, Zone, fitting_version, known_drifts

THREADS: Final = 8
"""Accounts that are looked into at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    zone: Zone | None
    baselines: tuple[Baseline, ...] = ()
    drifted_controls: Mapping[str, tuple[EnabledControl, ...]] = field(default_factory=dict)
    products: tuple[Product, ...] = ()
    landing_zone: LandingZone | None = None


def observe(tower: Tower) -> ObservedState:
    """The organization with its landing zone. Raises `ServiceError`."""
    with ThreadPoolExecutor(1, "landing-zone") as pool:
        reading = pool.submit(_read, tower)
        observed = tower.backend.observe()
        with translated():
            seen = reading.result()
    if seen.zone is None or seen.landing_zone is None:
        return observed
    return _with_landing_zone(observed, seen, seen.landing_zone)


def observe_details(
    tower: Tower,
    checks: Checks,
    observed: ObservedState,
    wanted: Mapping[str, Details],
) -> ObservedState:
    """`observed`, with the conditions of enrolling, the first administrators, and the controls of the units that are named."""
    if observed.landing_zone is None:
        return observed
    security_unit = observed.landing_zone.security_unit
    administrators = Administrators(tower.clients.connection) if observed.landing_zone.manages_access else None

    def account(each: ObservedAccount) -> ObservedAccount:
        details = wanted.get(each.account_id)
        if details is None:
            return each
        if details.sso_user and each.product is not None:
            each = _administered(tower, administrators, each, each.product)
        return replace(each, checks=checks.of(each, security_unit)) if details.enrollment else each

    def unit(each: ObservedUnit) -> ObservedUnit:
        details = wanted.get(each.unit_id)
        if details is None or each.registration is None:
            return each
        found = EnabledControls(tower).on(each, details.controls)
        return replace(each, registration=replace(each.registration, controls=found))

    with translated(), ThreadPoolExecutor(THREADS, "enrollment") as pool:
        return replace(
            observed,
            accounts=tuple(pool.map(account, observed.accounts)),
            units=tuple(pool.map(unit, observed.units)),
        )


def _administered(
    tower: Tower, administrators: Administrators | None, account: ObservedAccount, product: Product
) -> ObservedAccount:
    """With the first administrator whom the product tells, and whether that is one still."""
    email = tower.products.outputs(product.product_id).get("SSOUserEmail")
    if not email:
        return replace(account, spec=replace(account.spec, sso_user=UNOBSERVED))
    is_settled = account.state is AccountState.ACTIVE and not product.is_changing
    lacks = administrators is not None and is_settled and administrators.lacks(email, account.account_id)
    return replace(account, spec=replace(account.spec, sso_user={"email": email}), lacks_administrator=lacks)


def _read(tower: Tower) -> _Seen:
    zone = tower.look()
    if zone is None:
        return _Seen(zone=None)
    mode, reason = tower.chosen
    uses_factory = mode is Mode.SERVICE_CATALOG
    baselines = tuple(tower.zone.baselines())
    has_factory = uses_factory and tower.factory.factory is not None
    products = tuple(each.product for each in tower.products.all()) if has_factory else ()
    landing_zone = LandingZone(
        home_region=tower.clients.connection.home_region,
        status=zone.status,
        version=zone.version,
        latest_version=zone.latest_version,
        is_drifted=zone.is_drifted,
        drifts=known_drifts(tower.clients) if zone.is_drifted else (),
        enrolls_automatically=zone.enrolls_automatically,
        manages_access=zone.manages_access,
        governed_regions=zone.governed_regions,
        security_accounts=zone.security_accounts,
        security_unit_name=zone.security_unit_name,
        baseline_version=fitting_version(zone.version),
        mode=mode,
        mode_reason=reason,
        factory_obstacles=tower.factory.obstacles() if uses_factory else (),
    )
    return _Seen(
        zone=zone,
        baselines=baselines,
        drifted_controls=EnabledControls(tower).drifted(),
        products=products,
        landing_zone=landing_zone,
    )


def _with_landing_zone(observed: ObservedState, seen: _Seen, landing_zone: LandingZone) -> ObservedState:
    paths = {unit.unit_id: unit.path for unit in observed.units}
    on = {each.target: each for each in seen.baselines if each.name == TOWER_BASELINE}
    unit_of = {each.arn: paths.get(each.target) for each in on.values() if each.is_on_unit}
    here = {account.account_id for account in observed.accounts}
    products = products_by_account(seen.products)
    accounts = tuple(
        replace(
            each,
            enrollment=_enrollment(on.get(each.account_id), unit_of),
            product=next(iter(products.get(each.account_id, ())), None),
            more_products=products.get(each.account_id, ())[1:],
        )
        for each in observed.accounts
    )
    return replace(
        observed,
        accounts=accounts,
        units=tuple(
            replace(unit, registration=_registration(on.get(unit.unit_id), seen.drifted_controls.get(unit.unit_id, ())))
            for unit in observed.units
        ),
        landing_zone=replace(landing_zone, security_unit=_security_unit(accounts, landing_zone.security_accounts)),
        products=tuple(
            sorted((each for each in seen.products if each.account_id not in here), key=lambda each: each.product_id)
        ),
    )


def _registration(baseline: Baseline | None, drifted: tuple[EnabledControl, ...]) -> Registration | None:
    if baseline is None:
        return None
    return Registration(
        standing=baseline.standing,
        version=baseline.version,
        is_drifted=baseline.is_drifted,
        controls=drifted,
        operation=baseline.operation or "",
    )


def _enrollment(baseline: Baseline | None, unit_of: Mapping[str, str | None]) -> Enrollment | None:
    if baseline is None:
        return None
    return Enrollment(
        standing=baseline.standing,
        version=baseline.version,
        is_drifted=baseline.is_drifted,
        unit=unit_of.get(baseline.parent or ""),
    )


def _security_unit(accounts: tuple[ObservedAccount, ...], shared: tuple[str, ...]) -> str | None:
    """The unit that holds the shared accounts: newer manifests do not name it, and it may have been renamed."""
    units = {each.spec.organizational_unit for each in accounts if each.account_id in shared}
    return min(units - {ROOT}, default=None)
