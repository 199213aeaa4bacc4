"""Laws of selecting and reading customizations."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from pipeline.customizations.blocks import Body, Call, Literal, NotReadableError
from pipeline.customizations.hcl import read_expression, read_hcl
from pipeline.customizations.layers import Layer, Selector
from pipeline.customizations.selection import check_selection, select
from pipeline.customizations.tf_json import read_json
from pipeline.customizations.types import misfits, type_of
from pipeline.model.finding import has_errors
from pipeline.model.json import Json
from pipeline.model.request import AccountRequest
from tests.builders import a_desired, a_request
from tests.strategies import UNITS, units

NAMES = tuple("abcdef")
names = st.sampled_from(NAMES)
inputs = st.dictionaries(st.sampled_from(("x", "y")), st.integers(0, 3), max_size=2)
layers = st.lists(
    st.builds(
        Layer,
        name=names,
        selector=st.builds(Selector, units=st.lists(units, max_size=2).map(tuple)),
        inputs=inputs,
        depends_on=st.lists(names, max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda layer: layer.name,
).map(tuple)
asked = st.lists(
    st.fixed_dictionaries({"name": names, "inputs": inputs}), max_size=3, unique_by=lambda each: each["name"]
)
requests = st.builds(lambda unit, items: a_request("web", organizational_unit=unit, customizations=items), units, asked)

WORDS = (
    '"',
    "a",
    "=",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\n",
    " ",
    "${",
    "<<EOT\n",
    "EOT\n",
    "variable",
    ",",
    "1",
    "\\",
    "#",
    "é",
)
texts = st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=25).map("".join)


@given(layers, requests)
def test_everything_that_is_selected_or_asked_for_is_there_once_after_what_it_depends_on(
    given_layers: tuple[Layer, ...], request: AccountRequest
) -> None:
    selected = select(given_layers, request, ())
    order = [each.name for each in selected]
    wanted = {layer.name for layer in given_layers if layer.selects(request)}
    wanted |= {item["name"] for item in request.spec.customizations}
    assert sorted(order) == sorted(wanted)
    if not has_errors(check_selection(given_layers, a_desired(request, units=UNITS))):
        for each in selected:
            assert all(order.index(name) < order.index(each.name) for name in each.depends_on)


@given(layers, requests)
def test_what_the_request_says_wins_and_nothing_else_of_the_layer_is_lost(
    given_layers: tuple[Layer, ...], request: AccountRequest
) -> None:
    of_layers = {layer.name: layer.inputs for layer in given_layers if layer.selects(request)}
    of_request = {item["name"]: item["inputs"] for item in request.spec.customizations}
    for each in select(given_layers, request, ()):
        assert each.inputs == {**of_layers.get(each.name, {}), **of_request.get(each.name, {})}
        assert each.origins.keys() <= each.inputs.keys()


@given(texts)
def test_any_text_is_read_or_told_with_a_place_within_it(text: str) -> None:
    for read in (read_hcl, read_json):
        problem = what_is_wrong(text, read)
        assert problem is None or (str(problem) and 1 <= problem.line <= text.count("\n") + 2)


def what_is_wrong(text: str, read: Callable[[str], Body]) -> NotReadableError | None:
    try:
        read(text)
    except NotReadableError as error:
        return error
    return None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\$%{}\né', max_size=5),
    lambda within: (
        st.lists(within, max_size=3) | st.dictionaries(st.text("ab c", min_size=1, max_size=3), within, max_size=3)
    ),
    max_leaves=6,
)


def as_hcl(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return '"' + text.replace("${", "$${").replace("%{", "%%{") + '"'
        case list():
            return f"[{', '.join(map(as_hcl, value))}]"
        case dict():
            return "{" + ", ".join(f"{as_hcl(key)} = {as_hcl(each)}" for key, each in value.items()) + "}"
        case _:
            raise TypeError(value)


@given(values)
def test_a_literal_is_read_as_it_was_written(value: Json) -> None:
    assert read_expression(as_hcl(value)) == Literal(value)


primitives = {"string": st.text("ab", max_size=3), "number": st.integers(-9, 9), "bool": st.booleans()}
typed = st.recursive(
    st.sampled_from(sorted(primitives)).map(lambda name: (name, primitives[name])),
    lambda within: st.one_of(
        within.map(lambda each: (f"list({each[0]})", st.lists(each[1], max_size=2))),
        within.map(lambda each: (f"map({each[0]})", st.dictionaries(st.text("ab", max_size=2), each[1], max_size=2))),
        within.map(lambda each: (f"object({{a = {each[0]}}})", st.fixed_dictionaries({"a": each[1]}))),
        st.tuples(within, within).map(
            lambda both: (f"tuple([{both[0][0]}, {both[1][0]}])", st.tuples(both[0][1], both[1][1]).map(list))
        ),
    ),
    max_leaves=3,
)


@given(st.data())
def test_a_value_of_a_type_fits_it_and_text_in_the_place_of_a_structure_does_not(data: st.DataObject) -> None:
    text, of = data.draw(typed)
    kind = type_of(read_expression(text))
    assert list(misfits(kind, data.draw(of))) == []
    if isinstance(read_expression(text), Call):
        assert list(misfits(kind, "text"))
