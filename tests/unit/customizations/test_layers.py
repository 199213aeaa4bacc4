"""Which accounts a layer selects."""

import pytest

from pipeline.customizations.layers import Layer, Selector, is_unit_of
from tests.builders import a_request


@pytest.mark.parametrize(
    ("pattern", "units"),
    [
        ("Workloads/**", {"Workloads", "Workloads/Prod", "Workloads/Prod/EU"}),
        ("Workloads/*", {"Workloads/Prod"}),
        ("Workloads", {"Workloads"}),
        ("Workloads/Prod", {"Workloads/Prod"}),
        ("Work*", {"Workloads"}),
        ("*/Prod", {"Workloads/Prod"}),
        ("**/Prod", {"Workloads/Prod"}),
        ("**", {"/", "Workloads", "Workloads/Prod", "Workloads/Prod/EU", "Security"}),
        ("workloads/**", set()),
        ("Workloads/**/EU", {"Workloads/Prod/EU"}),
    ],
)
def test_patterns_of_units_know_levels(pattern: str, units: set[str]) -> None:
    every = ("/", "Workloads", "Workloads/Prod", "Workloads/Prod/EU", "Security")
    assert {unit for unit in every if is_unit_of(pattern, unit)} == units


def test_a_layer_without_a_selector_is_for_every_account() -> None:
    assert Layer(name="baseline").selects(a_request("web"))


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (Selector(units=("Workloads",)), True),
        (Selector(units=("Security", "Workloads")), True),
        (Selector(units=("Workloads",), keys=("we*",)), True),
        (Selector(units=("Workloads",), keys=("api",)), False),
        (Selector(tags={"tier": "1"}), True),
        (Selector(tags={"tier": "*", "stage": "pr*"}), True),
        (Selector(tags={"tier": "*", "stage": "dev"}), False),
        (Selector(tags={"owner": "*"}), False),
    ],
)
def test_a_selector_wants_everything_that_it_names(selector: Selector, *, expected: bool) -> None:
    request = a_request("web", tags={"tier": "1", "stage": "prod"})
    assert Layer(name="network", selector=selector).selects(request) is expected


@pytest.mark.parametrize(
    "exclude", [Selector(units=("Workloads",)), Selector(keys=("w?b",)), Selector(tags={"tier": "1", "owner": "x"})]
)
def test_what_an_exclusion_names_in_any_way_is_left_out(exclude: Selector) -> None:
    request = a_request("web", tags={"tier": "1"})
    assert not Layer(name="network", exclude=exclude).selects(request)
    assert Layer(name="network", exclude=exclude).selects(a_request("api", organizational_unit="Security"))
