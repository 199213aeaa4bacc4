"""Our reading of YAML: what people expect, with the place of every key and value, and nothing that can surprise.

We take the events of PyYAML's C parser and build the values ourselves. Its composer recurses in C, so that 100,000 nested
brackets end the process; its resolvers are those of YAML 1.1, where `no` is false, `1:30` is 90 and an account id that begins
with 0 is octal. Here `true`, `false`, `null`, `~` and plain decimal numbers have a type, and everything else is text.
"""

import math
import re
from sys import intern
from typing import Any, Final

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from pipeline.account_requests.written import Document, Node, Scalar
from pipeline.model.finding import Finding, Location

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 32
MAX_WHOLE: Final = 2**53
"""The largest whole number that every reader of JSON takes exactly."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_NUMERIC: Final = frozenset("-0123456789")
_WORDS: Final[dict[str, bool | None]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_REFUSED = re.compile(
    r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"  # neither text nor the end of a line
    r"|[\u202a-\u202e\u2066-\u2069]"  # turn the direction of writing: a reviewer sees something else
    r"|\r(?!\n)"
)
_TYPE_NAMES: Final = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}


def read(data: bytes, file: str) -> Document | tuple[Finding, ...]:
    """The document in `data`, or all that is wrong with it; never raises.

    `file` is only used in locations. They lie within the file: lines and columns count from 1, columns in characters.
    """
    if len(data) > MAX_BYTES:
        return (too_large(file),)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode("utf-8", "replace"), file)
        return (
            Finding(location=place, rule="yaml-encoding", message="the file is not UTF-8", hint="save it as UTF-8"),
        )
    if match := _REFUSED.search(text):
        return (_character(match[0], _place(text[: match.start()], file)),)
    reader = _Reader(text, file)
    root = reader.read()
    if reader.findings or root is None or not isinstance(root.content, dict):
        return tuple(reader.findings)
    return Document(root=root)


def too_large(file: str) -> Finding:
    return Finding(
        location=Location(file),
        rule="file-size",
        message="the file is larger than 1 MB",
        hint="take out what it need not hold",
    )


def _place(before: str, file: str) -> Location:
    """The place after the text `before`."""
    return Location(file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


def _character(character: str, place: Location) -> Finding:
    rule, message, hint = "yaml-control-character", f"there is the character U+{ord(character):04X}", "remove it"
    if character == "\t":
        rule, message, hint = "yaml-tab", "there is a tab", "write spaces"
    elif character in "\r\n":
        message, hint = "the text holds the end of a line", 'write it on one line, or folded after ">-"'
    return Finding(location=place, rule=rule, message=message, hint=hint)


class _StopReading(Exception):  # noqa: N818 - not an error of ours: the finding is noted already
    """What follows in the file is not read."""


class _Reader:
    """Builds the tree of one file from the parser's events, and notes what is wrong on the way."""

    def __init__(self, text: str, file: str) -> None:
        self._next: Any = CParser(text).get_event
        self._file = file
        whole = text.removesuffix("\n")
        self._end = Location(file, whole.count("\n") + 1, len(whole.rpartition("\n")[2]) + 1)
        self.findings: list[Finding] = []

    def read(self) -> Node | None:
        try:
            return self._document()
        except _StopReading:
            return None
        except YAMLError as error:
            self._note_syntax(error)
            return None

    def _document(self) -> Node | None:
        self._next()  # the start of the stream
        if isinstance(self._next(), StreamEndEvent):
            self._note(Location(self._file), "yaml-empty", "the file is empty", "write it, or remove it")
            return None
        root = self._node(self._next(), None, 0)
        if root.content is None:
            self._note(root.place, "yaml-empty", "the file is empty", "write it, or remove it")
        elif not isinstance(root.content, dict):
            message = f"the file holds {_TYPE_NAMES[type(root.content)]}, not attributes"
            self._note(root.place, "yaml-mapping", message, "write one attribute on a line, like name: payments-prod")
        while not isinstance(event := self._next(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                self._stop(self._location(event.start_mark), "yaml-documents", "a second document begins", "keep one")
        return root

    def _node(self, event: Any, key: Any, depth: int) -> Node:
        """The value that begins with `event`; `key` is the mark of its key, if it has one."""
        kind, mark = event.__class__, event.start_mark
        if kind is AliasEvent:
            self._note(
                self._location(mark), "yaml-alias", f'there is the alias "*{event.anchor}"', "write the value itself"
            )
            return self._made(None, mark, key)
        if event.anchor is not None or event.tag is not None:
            self._note_properties(event)
        if kind is ScalarEvent:
            return self._made(self._scalar(event), mark, key)
        if depth >= MAX_DEPTH:
            message = f"there are more than {MAX_DEPTH} levels of nesting"
            self._stop(self._location(mark), "yaml-depth", message, "write it flatter")
        content = self._mapping(depth + 1) if kind is MappingStartEvent else self._sequence(depth + 1)
        return self._made(content, mark if event.flow_style or key is None else key, key)

    def _made(self, content: Any, mark: Any, key: Any) -> Node:
        line, column = mark.line + 1, mark.column + 1
        if line > self._end.line:
            line, column = self._end.line, self._end.column
        if key is None:
            return Node(content, self._file, line, column, line, column)
        return Node(content, self._file, line, column, key.line + 1, key.column + 1)

    def _sequence(self, depth: int) -> list[Node]:
        items = []
        while (event := self._next()).__class__ is not SequenceEndEvent:
            items.append(self._node(event, None, depth))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        content: dict[str, Node] = {}
        fetch = self._next
        while (event := fetch()).__class__ is not MappingEndEvent:
            mark = event.start_mark
            if event.__class__ is ScalarEvent and event.anchor is None and event.tag is None:
                name: object = self._scalar(event)
            else:
                name = self._node(event, None, depth).content
            value = self._node(fetch(), mark, depth)
            if not isinstance(name, str):
                what = _TYPE_NAMES.get(type(name), "empty" if name is None else "a mapping")
                hint = "write text; put it in quotes"
                self._note(self._location(mark), "yaml-key", f"the key is {what}, not text", hint)
            elif name in content:
                message = f'"{name}" is already written in line {content[name].key_line}'
                self._note(self._location(mark), "yaml-duplicate-key", message, "keep one of the two")
            else:
                content[intern(name)] = value
        return content

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        if not event.style:  # plain
            if text in _WORDS:
                return _WORDS[text]
            if text[0] in _NUMERIC and _NUMBER.fullmatch(text):
                return self._number(text, event)
        if not text.isprintable() and (match := _REFUSED.search(text) or re.search(r"[\r\n]", text)):
            self.findings.append(_character(match[0], self._location(event.start_mark)))
        return text

    def _number(self, text: str, event: Any) -> int | float:
        if "." in text:
            if math.isfinite(number := float(text)):
                return number
        elif len(text) <= len(str(-MAX_WHOLE)) and abs(whole := int(text)) <= MAX_WHOLE:
            return whole
        place = self._location(event.start_mark)
        self._note(place, "yaml-number", "the number is too large to be kept exactly", "put it in quotes")
        return 0

    def _note_properties(self, event: Any) -> None:
        place = self._location(event.start_mark)
        if event.anchor is not None:
            self._note(place, "yaml-alias", f'there is the anchor "&{event.anchor}"', "remove it")
        if event.tag is not None:
            self._note(place, "yaml-tag", f'there is the tag "{event.tag}"', "remove it; put text in quotes")

    def _note_syntax(self, error: YAMLError) -> None:
        problem = getattr(error, "problem", None) or "it cannot be read"
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = self._end if mark is None else self._location(mark)
        self._note(place, "yaml-syntax", f"this is not YAML: {problem}", _syntax_hint(problem))

    def _location(self, mark: Any) -> Location:
        """The place of a mark; the parser counts the end of a file as one more line, of which people see nothing."""
        return Location(self._file, mark.line + 1, mark.column + 1) if mark.line < self._end.line else self._end

    def _stop(self, place: Location, rule: str, message: str, hint: str) -> None:
        self._note(place, rule, message, hint)
        raise _StopReading

    def _note(self, place: Location, rule: str, message: str, hint: str) -> None:
        self.findings.append(Finding(location=place, rule=rule, message=message, hint=hint))


def _syntax_hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return 'put text that holds ": " in quotes'
    if "cannot start any token" in problem:
        return "put text that begins with a special character in quotes"
    return "look at the indentation, brackets and quotes here"
