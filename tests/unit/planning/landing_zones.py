"""A landing zone for tests of planning: a plain one, and what lives in it."""

from dataclasses import replace
from typing import Any

from pipeline.model.finding import Location
from pipeline.model.landing_zone import (
    Check,
    EnabledControl,
    Enrollment,
    LandingZone,
    Mode,
    Product,
    Registration,
    Standing,
    product_name,
)
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit
from pipeline.model.plan import Plan
from pipeline.model.request import AccountRequest, DesiredControl, DesiredState, DesiredUnit
from pipeline.planning.planning import make_plan
from tests.builders import MANAGEMENT, REPOSITORY, a_policy, a_request, an_account, the_management_account

VERSION = "4.0"
OLDER = "3.0"
ADA = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
GRACE = {"email": "grace@example.com", "first_name": "Grace", "last_name": "Hopper"}
PASSED = Check(name="config", passed=True, message="no recorder")
NO_ROLE = Check(name="execution_role", passed=False, message="the role is not there", repair="execution_role")
RECORDER = Check(name="config", passed=False, message="there is a recorder", remedy="delete it")
UNREAD = Check(name="sts", passed=None, message="could not be read")
WHERE = Location("account-requests/_organization.yaml")


def a_zone(**values: Any) -> LandingZone:
    """One of the mode service-catalog, active, up to date and not drifted."""
    given = {
        "home_region": "eu-west-1",
        "status": "ACTIVE",
        "version": "3.3",
        "latest_version": "3.3",
        "governed_regions": ("eu-west-1",),
        "security_unit": "Security",
        "security_accounts": ("222200000001",),
        "baseline_version": VERSION,
        "mode": Mode.SERVICE_CATALOG,
        "mode_reason": "the product of Account Factory is there",
    }
    return LandingZone(**{**given, **values})


def automatic(**values: Any) -> LandingZone:
    return a_zone(**{"mode": Mode.AUTO_ENROLL, "enrolls_automatically": True, **values})


def registered(**values: Any) -> Registration:
    return Registration(**{"standing": Standing.SUCCEEDED, "version": VERSION, **values})


def enrolled_in(unit: str | None, **values: Any) -> Enrollment:
    return Enrollment(**{"standing": Standing.SUCCEEDED, "version": VERSION, "unit": unit, **values})


def a_product(key: str, account_id: str | None = None, **values: Any) -> Product:
    given = {
        "product_id": f"pp-{key}",
        "name": product_name(key, REPOSITORY),
        "status": "AVAILABLE",
        "has_succeeded": True,
    }
    return Product(**{**given, "account_id": account_id, **values})


def governed(key: str, *, unit: str = "Workloads", **values: Any) -> ObservedAccount:
    """An account of Account Factory, enrolled in its unit, that fits the request `key`."""
    given: dict[str, Any] = {"enrollment": enrolled_in(unit), "sso_user": ADA, **values}
    account = an_account(key, organizational_unit=unit, **{name: given[name] for name in given if name not in _APART})
    product = given.get("product", a_product(key, account.account_id))
    return _with(account, enrollment=given["enrollment"], product=product)


def outside(
    key: str, *, unit: str = "Workloads", checks: tuple[Check, ...] = (PASSED,), **values: Any
) -> ObservedAccount:
    """An account of the organization that Control Tower does not govern."""
    given = {name: values[name] for name in values if name not in _APART}
    apart = {name: values[name] for name in values if name in _APART}
    return _with(an_account(key, organizational_unit=unit, **given), checks=checks, **apart)


_APART = ("enrollment", "product", "checks")


def _with(account: ObservedAccount, **values: Any) -> ObservedAccount:
    return replace(account, **values)


def a_governed_request(key: str = "payments", **values: Any) -> AccountRequest:
    return a_request(key, **{"sso_user": ADA, **values})


def a_governed_state(
    *accounts: ObservedAccount,
    zone: LandingZone | None = None,
    units: dict[str, Registration | None] | None = None,
    products: tuple[Product, ...] = (),
) -> ObservedState:
    """A landing zone with these accounts; by default `Workloads` and `Workloads/Prod` are registered, `Sandbox` is not."""
    known = {
        "Workloads": registered(),
        "Workloads/Prod": registered(),
        "Sandbox": None,
        "Security": None,
        **(units or {}),
    }
    return ObservedState(
        organization_id="o-exampleorgid1",
        management_account_id=MANAGEMENT,
        read_at="2026-11-22T13:05:01Z",
        accounts=(the_management_account(), *accounts),
        units=tuple(
            ObservedUnit(unit_id=f"ou-{number}", path=path, registration=known.get(path))
            for number, path in enumerate(sorted({"/", *known}))
        ),
        landing_zone=zone or a_zone(),
        products=products,
    )


def a_unit(path: str, *controls: DesiredControl, **values: Any) -> DesiredUnit:
    return DesiredUnit(path=path, location=WHERE, controls=controls, **values)


def a_control(name: str = "AWS-GR_X", **values: Any) -> DesiredControl:
    return DesiredControl(control=name, location=WHERE, **values)


def enabled(name: str = "AWS-GR_X", **values: Any) -> EnabledControl:
    given = {"control": f"arn:aws:controltower:eu-west-1::control/{name}", "standing": Standing.SUCCEEDED}
    return EnabledControl(**{**given, **values})


def a_governed_plan(
    observed: ObservedState, *requests: AccountRequest, units: tuple[DesiredUnit, ...] = (), **policy: Any
) -> Plan:
    desired = DesiredState(requests=requests, units=units)
    return make_plan(desired, observed, a_policy(control_tower=True, **policy))
