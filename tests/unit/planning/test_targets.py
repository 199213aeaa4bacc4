"""Targets stand for accounts that are ours and in use; what names nothing is a finding."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.model.account import AccountState
from pipeline.model.customization import Customization, When
from pipeline.model.finding import Location
from pipeline.model.landing_zone import LandingZone
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit
from pipeline.model.targets import Named, TargetFilter, Targets, TargetType
from pipeline.planning.targets import Chosen, Meant, accounts_in_use, meant_by
from tests.builders import REPOSITORY, a_desired, a_request, a_state, account_id_of, an_account, unowned

PLACE = Location("targets.json", 3, 5)
UNITS = ("/", "Workloads", "Workloads/Prod", "Workloads/Test", "Sandbox", "Sandbox/Prod")
HOMES = {"web": "Workloads/Prod", "shop": "Workloads/Prod", "lab": "Sandbox/Prod", "play": "Sandbox", "top": "/"}


def accounts(**tags: dict[str, str]) -> dict[str, ObservedAccount]:
    return {key: an_account(key, organizational_unit=unit, tags=tags.get(key, {})) for key, unit in HOMES.items()}


def a_filter(of: str, *values: str, **tags: str) -> TargetFilter:
    named = tuple(Named(text=value, location=PLACE) for value in values)
    return TargetFilter(type=TargetType(of), location=PLACE, named=named, tags=tags)


def organization(**values: Any) -> ObservedState:
    units = tuple(ObservedUnit(unit_id=f"ou-ab12-{number:08d}", path=path) for number, path in enumerate(UNITS))
    return replace(a_state(*accounts().values()), **{"units": units, **values})


def meant(
    *include: TargetFilter, exclude: tuple[TargetFilter, ...] = (), tags: dict[str, dict[str, str]] | None = None
) -> Meant:
    targets = Targets(include=include, exclude=exclude, location=PLACE)
    return meant_by(targets, accounts(**(tags or {})), organization())


def keys(
    *include: TargetFilter, exclude: tuple[TargetFilter, ...] = (), tags: dict[str, dict[str, str]] | None = None
) -> set[str]:
    found = meant(*include, exclude=exclude, tags=tags)
    assert found.findings == ()
    return set(found.keys)


def said(*include: TargetFilter, exclude: tuple[TargetFilter, ...] = ()) -> str:
    (finding,) = meant(*include, exclude=exclude).findings
    assert finding.location == PLACE
    assert finding.hint
    return f"{finding.message}; {finding.hint}"


def test_inclusions_are_united_and_exclusions_taken_out() -> None:
    wanted = a_filter("ous", "Workloads/Prod"), a_filter("accounts", account_id_of("play"))

    assert keys(*wanted) == {"web", "shop", "play"}
    assert keys(*wanted, exclude=(a_filter("accounts", account_id_of("web")),)) == {"shop", "play"}
    assert keys(a_filter("all")) == set(HOMES)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("Workloads/Prod", {"web", "shop"}),
        ("Workloads/**", {"web", "shop"}),
        ("Sandbox", {"play"}),
        ("Sandbox/**", {"play", "lab"}),
        ("Prod (ou-ab12-00000005)", {"lab"}),
        ("Prod (ou-ab12-00000002)/**", {"web", "shop"}),
        ("/", {"top"}),
        ("Root", {"top"}),
        ("/**", set(HOMES)),
    ],
)
def test_a_unit_stands_for_the_accounts_directly_in_it_unless_it_says_everything_below(
    unit: str, expected: set[str]
) -> None:
    assert keys(a_filter("ous", unit)) == expected


def test_an_account_has_to_have_every_tag() -> None:
    tags = {"web": {"Team": "a", "Stage": "prod"}, "shop": {"Team": "a"}}

    assert keys(a_filter("tags", Team="a"), tags=tags) == {"web", "shop"}
    assert keys(a_filter("tags", Team="a", Stage="prod"), tags=tags) == {"web"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (a_filter("ous", "Wrokloads"), 'there is no unit "Wrokloads" in the organization;'),
        (a_filter("ous", "Workloads/Stage"), 'there is no unit "Workloads/Stage" in the organization;'),
        (a_filter("ous", "Test (ou-ab12-00000005)"), 'there is no unit "Test (ou-ab12-00000005)" in the organization;'),
        (
            a_filter("ous", "Prod"),
            '2 units are called "Prod"; write which: "Prod (ou-ab12-00000005)" for Sandbox/Prod, "Prod (ou-ab12-00000002)"',
        ),
        (a_filter("ous", "Test"), 'the filter by "ous" names no account that has a request and is in use;'),
        (a_filter("tags", Team="nobody"), 'the filter by "tags" names no account'),
        (a_filter("accounts", "999999999999"), 'there is no account "999999999999" in the organization;'),
        (a_filter("core"), 'accounts of type "core" are those of a landing zone, and none is observed;'),
    ],
)
def test_what_names_nothing_is_a_finding_whether_it_includes_or_excludes(wanted: TargetFilter, expected: str) -> None:
    assert said(wanted).startswith(expected)
    assert said(a_filter("all"), exclude=(wanted,)).startswith(expected)


def test_excluding_all_that_is_included_is_a_finding() -> None:
    web = a_filter("accounts", account_id_of("web"))

    assert said(web, exclude=(web,)).startswith("every account that is included is excluded, too;")


def test_an_account_without_a_request_is_told_apart_from_one_that_does_not_exist() -> None:
    observed = replace(organization(), accounts=(*organization().accounts, unowned("crm")))
    targets = Targets(include=(a_filter("accounts", account_id_of("crm")),), location=PLACE)

    (finding,) = meant_by(targets, accounts(), observed).findings
    assert finding.message == f'the account "{account_id_of("crm")}" has no account request, or is not in use'


def test_core_accounts_are_log_archive_and_audit_of_the_landing_zone() -> None:
    zone = LandingZone(
        home_region="eu-west-1",
        status="ACTIVE",
        version="4.0",
        latest_version="4.0",
        security_accounts=(account_id_of("lab"),),
    )
    targets = Targets(include=(a_filter("core"),), location=PLACE)

    assert meant_by(targets, accounts(), organization(landing_zone=zone)).keys == {"lab"}


def test_only_accounts_that_are_ours_active_and_asked_to_be_open_are_in_use() -> None:
    requests = [a_request(key) for key in ("ours", "suspended", "adopted", "new")]
    observed = a_state(
        an_account("ours"), an_account("suspended", state=AccountState.SUSPENDED), unowned("adopted"), unowned("nobody")
    )

    assert set(accounts_in_use(a_desired(*requests), observed, REPOSITORY)) == {"ours"}


def test_what_is_for_new_accounts_is_forced_by_its_name_alone() -> None:
    always = Customization(name="base", source="x", location=PLACE)
    once = replace(always, when=When.PROVISIONING)

    assert Chosen(force=True).forces(always)
    assert not Chosen(force=True).forces(once)
    assert Chosen(force=True, names=frozenset({"base"})).forces(once)
    assert not Chosen(names=frozenset({"base"})).forces(always)
