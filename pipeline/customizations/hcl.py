"""Terraform's native syntax (`*.tf`, `*.tfvars`), read with python-hcl2.

We take its parse tree: its dictionaries keep the quotes of strings and lose the lines. It is no validator (it accepts
`a = 1 b = 2`), so what is readable here may still be refused by Terraform.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from pipeline.customizations.blocks import (
    Attribute,
    Block,
    Body,
    Call,
    Expression,
    Literal,
    Name,
    NotReadableError,
    Opaque,
    listed,
    mapped,
)

_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_MARKS: Final = {"$${": "\ue000{", "%%{": "\ue001{"}
"""What stands for `$${` and `%%{` while the text is parsed: python-hcl2 reads them only where a closing brace follows."""

_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([nrt"\\]))')
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_HEREDOC = re.compile(r"<<(-?)([^\n]+)\n(.*?)(?:\n)?[ \t]*\2\s*", re.DOTALL)


@lru_cache(maxsize=4096)
def read_hcl(text: str) -> Body:
    """What the text says; read once for the same text. Raises `NotReadableError` with the line and column."""
    import hcl2  # noqa: PLC0415 - it costs 0.3 s with its grammar, and most verbs read no Terraform
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415 - comes with it

    try:
        return _body(hcl2.parses_to_tree(_marked(text)).children[0])
    except UnexpectedInput as error:
        message, line, column = _problem(error, text)
        raise NotReadableError(message, line=line, column=column) from None
    except RecursionError:
        raise NotReadableError("it is nested too deeply") from None


def read_expression(text: str) -> Expression:
    """One expression, like the text of a type in `*.tf.json`. Raises `NotReadableError`."""
    attribute = read_hcl(f"value = {text}\n").attributes.get("value")
    return Opaque() if attribute is None else attribute.value


def _problem(error: Any, text: str) -> tuple[str, int, int]:
    token = getattr(error, "token", None)
    line = error.line if error.line > 0 else text.count("\n") + 1
    if token is None or token.type == "$END":
        return "the file ends in the middle of a block or value", line, error.column
    words = str(token).rstrip().partition("\n")[0][:40]
    return f'"{words}" is not expected here' if words else "the line ends in the middle of a value", line, error.column


def _body(tree: Any) -> Body:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for child in _trees(tree):
        if child.data == "attribute":
            parts = list(_trees(child))
            attributes[_word(parts[0])] = Attribute(line=child.meta.line, value=_expression(parts[1]))
        elif child.data == "block":
            blocks.append(_block(child))
    return Body(attributes=attributes, blocks=tuple(blocks))


def _block(tree: Any) -> Block:
    kind, *labels, body = _trees(tree)
    names = tuple(_word(label) for label in labels)
    return Block(kind=_word(kind), labels=names, line=tree.meta.line, body=_body(body))


def _word(tree: Any) -> str:
    """A bare word, or a label in quotes."""
    if tree.data == "string":
        return _text(tree) or ""
    return str(tree.children[0])


def _expression(tree: Any) -> Expression:
    form = _FORMS.get(tree.data)
    return Opaque() if form is None else form(tree)


def _term(tree: Any) -> Expression:
    within = list(_trees(tree))
    return _expression(within[0]) if len(within) == 1 else Opaque()


def _negative(tree: Any) -> Expression:
    match tree.children[0].type, _term(tree):
        case "MINUS", Literal(int(number) | float(number)):
            return Literal(-number)
        case _:
            return Opaque()


def _string(tree: Any) -> Expression:
    text = _text(tree) if tree.data == "string" else _heredoc(str(tree.children[0]))
    return Opaque() if text is None else Literal(text)


def _entries(tree: Any) -> Iterator[tuple[str, Expression]]:
    for element in _trees(tree):
        key, value = _trees(element)
        term = next(_trees(key))
        match Opaque() if str(term.children[0]) == "(" else _expression(term):
            case Name(text):
                yield text, _expression(value)
            case Literal(bool() | None):
                continue
            case Literal(text):
                yield str(text), _expression(value)
            case _:
                continue


def _call(tree: Any) -> Expression:
    name, *arguments = _trees(tree)
    given = [_expression(each) for part in arguments if part.data == "arguments" for each in _trees(part)]
    return Call(_word(name), tuple(given))


def _text(tree: Any) -> str | None:
    """The text of a string, or None if Terraform has to evaluate something in it."""
    tokens = [part.children[0] for part in _trees(tree)]
    if not all(isinstance(token, str) for token in tokens):
        return None
    return _unmarked("".join(_ESCAPE.sub(_unescaped, token) for token in tokens))


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(min(int(code, 16), 0x10FFFF)) if code else _ESCAPED[match[3]]


def _heredoc(text: str) -> str | None:
    match = _HEREDOC.fullmatch(text)
    if match is None or re.search(r"[$%]\{", text):
        return None
    lines = match[3].split("\n")
    if match[1]:
        margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        lines = [line[margin:] for line in lines]
    return _unmarked("\n".join(lines)) + "\n"


def _marked(text: str) -> str:
    for escape, mark in _MARKS.items():
        text = text.replace(escape, mark)
    return text


def _unmarked(text: str) -> str:
    for escape, mark in _MARKS.items():
        text = text.replace(mark, escape[1:])
    return text


def _trees(tree: Any) -> Iterator[Any]:
    """The children that mean something: no punctuation, no comments."""
    return (child for child in tree.children if not isinstance(child, str) and child.data != "new_line_or_comment")


_FORMS: Final[Mapping[str, Callable[[Any], Expression]]] = {
    "expr_term": _term,
    "literal_value": lambda tree: Literal(_WORDS[str(tree.children[0])]),
    "int_lit": lambda tree: Literal(int(tree.children[0])),
    "float_lit": lambda tree: Literal(float(tree.children[0])),
    "unary_op": _negative,
    "string": _string,
    "heredoc_template": _string,
    "heredoc_template_trim": _string,
    "identifier": lambda tree: Name(str(tree.children[0])),
    "tuple": lambda tree: listed(tuple(_expression(each) for each in _trees(tree))),
    "object": lambda tree: mapped(tuple(_entries(tree))),
    "function_call": _call,
}
"""How each form of a value is read; the others only Terraform can evaluate."""
