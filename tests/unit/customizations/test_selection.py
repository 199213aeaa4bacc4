"""Which customizations an account gets, in which order, with which inputs."""

from typing import Any

import pytest

from pipeline.customizations.layers import Layer, Selector
from pipeline.customizations.selection import check_selection, select
from pipeline.model.customization import Customization, When
from pipeline.model.finding import Location, Severity
from tests.builders import a_desired, a_request

FOLDERS = ("terraform/account-customizations/network", "terraform/baseline")


def selected(*layers: Layer, asked: tuple[dict[str, Any], ...] = (), **spec: Any) -> tuple[Customization, ...]:
    return select(layers, a_request("web", customizations=asked, **spec), FOLDERS)


def names(*layers: Layer, asked: tuple[str, ...] = ()) -> list[str]:
    return [each.name for each in selected(*layers, asked=tuple({"name": name} for name in asked))]


def told(*layers: Layer, requests: tuple[Any, ...] = ()) -> list[str]:
    return [f"{each.message}; {each.hint}" for each in check_selection(layers, a_desired(*requests))]


def test_layers_come_in_their_order_and_then_what_the_request_adds() -> None:
    assert names(Layer(name="b"), Layer(name="a"), asked=("d", "c")) == ["b", "a", "d", "c"]


def test_a_layer_that_does_not_select_the_account_is_not_there() -> None:
    assert names(Layer(name="a", selector=Selector(units=("Security",))), Layer(name="b")) == ["b"]


def test_nothing_comes_before_what_it_depends_on_and_everything_else_stays() -> None:
    layers = (Layer(name="a", depends_on=("c",)), Layer(name="b"), Layer(name="c"))
    assert names(*layers) == ["b", "c", "a"]


def test_a_layer_can_depend_on_what_a_request_adds() -> None:
    assert names(Layer(name="dns", depends_on=("network",)), asked=("network",)) == ["network", "dns"]


def test_what_the_account_does_not_get_is_not_waited_for() -> None:
    (only,) = selected(Layer(name="dns", depends_on=("network",)))
    assert only.depends_on == ()


def test_what_is_for_new_accounts_comes_first() -> None:
    assert names(Layer(name="a"), Layer(name="b", when=When.PROVISIONING)) == ["b", "a"]


def test_a_circle_of_dependencies_loses_nobody() -> None:
    layers = (Layer(name="a", depends_on=("b",)), Layer(name="b", depends_on=("a",)), Layer(name="c"))
    assert sorted(names(*layers)) == ["a", "b", "c"]


def test_a_name_in_a_layer_and_in_the_request_is_one_customization_whose_inputs_merge() -> None:
    place = Location("vending.yaml", 5, 9)
    layer = Layer(name="network", inputs={"zones": 2, "name": "x"}, origins={"zones": place, "name": place})
    (only,) = selected(layer, asked=({"name": "network", "inputs": {"zones": 3}},))
    assert only.inputs == {"zones": 3, "name": "x"}
    assert only.origins == {"zones": Location("account-requests/web.yaml"), "name": place}


def test_a_request_names_a_layer_that_does_not_select_it_and_gets_its_terraform_but_not_its_inputs() -> None:
    layer = Layer(name="network", source="terraform/baseline", inputs={"zones": 2}, selector=Selector(keys=("api",)))
    (only,) = selected(layer, asked=({"name": "network"},))
    assert (only.source, only.inputs) == ("terraform/baseline", {})


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("baseline", "terraform/baseline"),
        ("network", "terraform/account-customizations/network"),
        ("unheard-of", "terraform/account-customizations/unheard-of"),
    ],
)
def test_the_source_is_the_folder_of_that_name_unless_one_is_given(name: str, source: str) -> None:
    assert [each.source for each in selected(Layer(name=name))] == [source]
    assert [each.source for each in selected(Layer(name=name, source="x"))] == ["x"]
    assert [each.source for each in selected(asked=({"name": name, "source": "y"},))] == ["y"]


def test_two_layers_of_one_name_are_told_with_both_places() -> None:
    first, second = (Layer(name="a", location=Location("vending.yaml", line)) for line in (3, 4))
    (finding,) = check_selection((first, second), a_desired())
    assert str(finding.location) == "vending.yaml:4:1"
    assert finding.message == 'there is already a layer "a" at vending.yaml:3:1'


def test_a_request_that_names_one_customization_twice_is_told() -> None:
    request = a_request("web", customizations=({"name": "a"}, {"name": "a", "inputs": {"x": 1}}))
    assert told(requests=(request,)) == ['the customization "a" is named twice; keep one of the two']


def test_a_request_that_gives_a_layer_another_source_is_told() -> None:
    request = a_request("web", customizations=({"name": "a", "source": "terraform/b"},))
    (message,) = told(Layer(name="a"), requests=(request,))
    assert message.startswith('the customization "a" has another source in the layer of that name')


def test_a_dependency_that_nobody_has_is_told_with_a_suggestion() -> None:
    (message,) = told(Layer(name="dns", depends_on=("netwrok",)), Layer(name="network"))
    assert message == (
        'the layer "dns" depends on "netwrok", which no layer and no request names; did you mean "network"?'
    )


def test_a_circle_is_told_once_with_everybody_in_it() -> None:
    layers = tuple(Layer(name=name, depends_on=(on,)) for name, on in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")))
    assert told(*layers) == ["layers depend on each other in a circle: a → b → c → a; remove one of these dependencies"]
    assert told(Layer(name="a", depends_on=("a",)))[0].startswith("layers depend on each other in a circle: a → a")


def test_what_is_for_new_accounts_cannot_wait_for_what_runs_on_all() -> None:
    (message,) = told(Layer(name="a", depends_on=("b",), when=When.PROVISIONING), Layer(name="b"))
    assert message.startswith('the layer "a" runs before all others, and depends on "b", which does not')


def test_a_selector_that_nothing_meets_is_a_warning() -> None:
    layer = Layer(name="network", selector=Selector(units=("Worklods/**",)))
    found = check_selection((layer,), a_desired(a_request("web")))
    assert {each.severity for each in found} == {Severity.WARNING}
    assert [f"{each.message}; {each.hint}" for each in found] == [
        'the layer "network" selects no account; compare it with the requests',
        'the units "Worklods/**" of the layer "network" are not declared; did you mean "Workloads"?',
    ]
