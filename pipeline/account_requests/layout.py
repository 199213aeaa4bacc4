"""Where in its text each value of a document is written, from the first character to the last."""

from dataclasses import dataclass
from typing import Any

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key with its value, or one item of a list (then `name` is empty).

    `start`: where the key or the dash begins; `name_end` is behind the key. Offsets in characters.
    """

    name: str
    start: int
    name_end: int
    value: "Span"

    @property
    def end(self) -> int:
        return self.value.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The text of one value. `end` is behind its last character: of a block, behind that of its last entry."""

    start: int
    end: int
    is_mapping: bool = False
    is_flow: bool = False
    is_on_its_own_lines: bool = False
    entries: tuple[Entry, ...] = ()

    def place_of(self, name: str) -> int | None:
        return next((place for place, each in enumerate(self.entries) if each.name == name), None)

    def entry(self, name: str) -> Entry | None:
        place = self.place_of(name) if self.is_mapping else None
        return None if place is None else self.entries[place]


def layout_of(text: str) -> Span:
    """The layout of a document that our reader takes, without a byte order mark. Raises `ValueError` for any other."""
    try:
        return _Walk(text).root()
    except YAMLError as error:
        raise ValueError(str(error)) from error


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Any = CParser(text).get_event
        self._lines = [0]
        for place, character in enumerate(text):
            if character == "\n":
                self._lines.append(place + 1)

    def root(self) -> Span:
        event = self._events()
        while isinstance(event, StreamStartEvent | DocumentStartEvent):
            event = self._events()
        return self._span(event)

    def _span(self, event: Any) -> Span:
        if isinstance(event, MappingStartEvent):
            return self._mapping(event)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event)
        start, end = self._at(event.start_mark), self._at(event.end_mark)
        is_block = isinstance(event, ScalarEvent) and event.style in {"|", ">"}
        return Span(start=start, end=self._content_end(start, end) if is_block else end, is_on_its_own_lines=is_block)

    def _mapping(self, event: Any) -> Span:
        entries: list[Entry] = []
        while not isinstance(key := self._events(), MappingEndEvent):
            value = self._span(self._events())
            start, name_end = self._at(key.start_mark), self._at(key.end_mark)
            entries.append(Entry(name=key.value, start=start, name_end=name_end, value=value))
        return self._collection(event, key, entries, is_mapping=True)

    def _sequence(self, event: Any) -> Span:
        entries: list[Entry] = []
        while not isinstance(item := self._events(), SequenceEndEvent):
            value = self._span(item)
            start = value.start if event.flow_style else self._dash(value.start)
            entries.append(Entry(name="", start=start, name_end=start, value=value))
        return self._collection(event, item, entries, is_mapping=False)

    def _collection(self, event: Any, last: Any, entries: list[Entry], *, is_mapping: bool) -> Span:
        is_flow = bool(event.flow_style)
        start = self._at(event.start_mark)
        end = self._at(last.end_mark) if is_flow or not entries else entries[-1].end
        return Span(
            start=start,
            end=end,
            is_mapping=is_mapping,
            is_flow=is_flow,
            is_on_its_own_lines=not is_flow,
            entries=tuple(entries),
        )

    def _dash(self, place: int) -> int:
        """Where the dash before an item stands; between the two there is nothing but space and comments."""
        line = self._text.rfind("\n", 0, place) + 1
        before = self._text[line:place].rstrip()
        if before.endswith("-"):
            return line + len(before) - 1
        raise ValueError("an item begins on another line than its dash")

    def _content_end(self, start: int, end: int) -> int:
        """The end of a block scalar without the line end behind it."""
        return start + len(self._text[start:end].rstrip("\r\n"))

    def _at(self, mark: Any) -> int:
        """Marks count lines and columns in characters."""
        if mark.line >= len(self._lines):
            return len(self._text)
        return int(self._lines[mark.line]) + int(mark.column)
