"""Both syntaxes of Terraform as plain values with lines."""

import json

import pytest

from pipeline.customizations.blocks import Call, Fields, Items, Literal, Name, NotReadableError, Opaque
from pipeline.customizations.hcl import read_expression, read_hcl
from pipeline.customizations.tf_json import read_json, read_values
from pipeline.model.json import Json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"text"', "text"),
        ('""', ""),
        (r'"a\n\t\"\\ \u00e4 \U0001F600"', 'a\n\t"\\ ä 😀'),
        ('"$${not} %%{evaluated}"', "${not} %{evaluated}"),
        ("3", 3),
        ("-2.5", -2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("null", None),
        ("[]", []),
        ('[1, "a", [true]]', [1, "a", [True]]),
        ('{a = 1, "b" : 2, 3 = null}', {"a": 1, "b": 2, "3": None}),
        ("(4)", 4),
        ("<<EOT\na\n  b\nEOT\n", "a\n  b\n"),
        ("<<-EOT\n    a\n      b\n    EOT\n", "a\n  b\n"),
    ],
)
def test_literals_are_values(text: str, value: Json) -> None:
    assert read_expression(text) == Literal(value)


@pytest.mark.parametrize(
    "text",
    ['"${var.x}"', '"%{ if true }x%{ endif }"', "1 + 1", "!true", "-x", "var.x", "<<EOT\n${x}\nEOT\n", "a ? b : c"],
)
def test_what_only_terraform_can_evaluate_is_opaque(text: str) -> None:
    assert read_expression(text) == Opaque()


def test_types_and_mixtures_keep_their_form() -> None:
    assert read_expression("list(string)") == Call("list", (Name("string"),))
    assert read_expression("[1, var.x]") == Items((Literal(1), Opaque()))
    assert read_expression("{a = 1, b = var.x, (c) = 2}") == Fields((("a", Literal(1)), ("b", Opaque())))


def test_blocks_have_labels_and_lines() -> None:
    body = read_hcl('\n# a comment\nvariable "a" {}\n\nterraform {\n  backend "s3" {\n    bucket = "x"\n  }\n}\n')
    variable, terraform = body.blocks
    assert (variable.kind, variable.labels, variable.line) == ("variable", ("a",), 3)
    (backend,) = terraform.body.blocks
    assert (backend.labels, backend.line, backend.body.attributes["bucket"].line) == (("s3",), 6, 7)
    assert backend.body.text("bucket") == "x"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a = 1\nb = {\n", 3, "the file ends in the middle of a block or value"),
        ("a = 1\nb = \nc = 2\n", 2, "the line ends in the middle of a value"),
        ('a = 1\n\nvariable "x" { type = string, default = 1 }', 3, '"," is not expected here'),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(NotReadableError) as caught:
        read_hcl(text)
    assert (str(caught.value), caught.value.line) == (message, line)


def test_nesting_without_end_is_told() -> None:
    for text in ("a = " + "[" * 1500 + "]" * 1500, "a {\n" * 1500 + "}\n" * 1500):
        with pytest.raises(NotReadableError, match="nested too deeply"):
            read_hcl(text)


def test_json_says_the_same_with_lines() -> None:
    text = json.dumps(
        {
            "//": "a comment",
            "variable": {"a": {"type": "list(string)", "default": ["${kept}"]}},
            "provider": {"aws": [{"region": "eu-west-1"}, {"alias": "use1", "region": "${var.region}"}]},
            "terraform": [{"backend": {"s3": {"bucket": "x"}}}],
        },
        indent=1,
    )
    lines = text.splitlines()
    variable, default, aliased, terraform = read_json(text).blocks
    assert (variable.labels, variable.line) == (("a",), 1 + lines.index('  "a": {'))
    assert variable.body.attributes["type"].value == Call("list", (Name("string"),))
    assert variable.body.attributes["default"].value == Literal(["${kept}"])
    assert (default.body.text("region"), aliased.body.text("alias")) == ("eu-west-1", "use1")
    assert aliased.body.attributes["region"].value == Opaque()
    assert aliased.line > default.line
    assert next(terraform.body.of("backend")).labels == ("s3",)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("{", 1, "this is not JSON"),
        ('{\n"a": 1,\n}', 3, "this is not JSON"),
        ("[]", 1, "does not hold an object"),
        ('{\n"variable": {"a": 3}}', 2, '"variable" does not hold an object'),
        ('{\n"variable": {\n"a": {\n"type": "list("}}}', 4, "middle"),
        ("[" * 100_000, 1, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_read_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(NotReadableError, match=message) as caught:
        read_json(text)
    assert caught.value.line == line


def test_values_in_tfvars_are_literal() -> None:
    found = read_values('{"a": "${x}",\n "b": {"c": 1}}').attributes
    assert (found["a"].value, found["b"].value, found["b"].line) == (Literal("${x}"), Literal({"c": 1}), 2)
