"""Changing one value of a request where it is written, and nothing else of the file.

The text is edited at the places that the parser names, not written anew from its values: so comments, quotes, order, line
ends and layout of everything else stay byte for byte, which no round trip through a YAML writer promises. Then our own reader
has to find exactly what was wanted, or nothing is changed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pipeline.account_requests.layout import Entry, Span, layout_of
from pipeline.account_requests.writing import quoted
from pipeline.account_requests.written import Document
from pipeline.account_requests.yaml import read
from pipeline.model.drift_report import Edit, ListEdit
from pipeline.model.json import Json, canonical
from pipeline.model.request import Path

_BOM: Final = "\ufeff"
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9/_-]*(?: [A-Za-z0-9/_-]+)*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some reader of YAML takes for something else than text."""


class UneditableError(ValueError):
    """The text cannot be edited safely; the words say why. Nothing was changed."""


def edited(data: bytes, file: str, edits: Iterable[Edit], inherited: Document | None = None) -> bytes:
    """The file with the edits made, one after the other.

    `inherited`: what the folders above hand down. What is inherited is written into the file itself: a list as a whole, and null
    where nothing is asked for any more. Raises `UneditableError`.
    """
    text = _text_of(data, file)
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    handed_down = inherited.value if inherited else {}
    for edit in edits:
        for part in _parts(edit, _value(text, file), handed_down):
            text = _apply(text, file, part, handed_down)
    return (mark + text).encode()


def _parts(edit: Edit, own: Mapping[str, Json], inherited: Mapping[str, Json]) -> Iterator[Edit]:
    """A mapping is edited key by key, so that the keys that stay keep their layout."""
    if not isinstance(edit.value, Mapping):
        yield edit
        return
    below = _at(inherited, edit.path)
    handed_down = below if isinstance(below, Mapping) else {}
    before = _at(own, edit.path)
    if isinstance(before, Mapping) and before:
        for name in dict.fromkeys((*edit.value, *before, *handed_down)):
            yield from _parts(Edit(path=(*edit.path, name), value=edit.value.get(name)), own, inherited)
        return
    yield Edit(path=edit.path, value={**dict.fromkeys(handed_down), **edit.value})


def _apply(text: str, file: str, edit: Edit, inherited: Mapping[str, Json]) -> str:
    own = _value(text, file)
    before, below = _at(own, edit.path), _at(inherited, edit.path)
    if isinstance(edit.value, ListEdit) and isinstance(before, list):
        wanted: Json = _changed(before, edit.value)
        done = _with_items(text, edit.path, before, edit.value)
    else:
        wanted = _changed(below, edit.value) if isinstance(edit.value, ListEdit) else edit.value
        if wanted is None and below is None and not _has(own, edit.path):
            return text
        done = _without(text, edit.path) if wanted is None and below is None else _with(text, edit.path, wanted)
    if not _reads_as(done, file, _put(own, edit.path, wanted, is_there=wanted is not None or below is not None)):
        raise UneditableError(f"{file}: {'.'.join(edit.path)} cannot be changed by itself; write it by hand")
    return done


def _reads_as(text: str, file: str, wanted: Mapping[str, Json]) -> bool:
    """Whether the reader finds what was there before, but for the value that was to change."""
    found = read(text.encode(), file)
    return isinstance(found, Document) and canonical(found.value) == canonical(wanted)


def _put(document: Mapping[str, Json], path: Path, wanted: Json, *, is_there: bool) -> dict[str, Json]:
    """The document with the value at the path, or without it and every mapping that would be empty then."""
    name, *rest = path
    if rest:
        below = document.get(name)
        inside = _put(below if isinstance(below, Mapping) else {}, tuple(rest), wanted, is_there=is_there)
        wanted, is_there = inside, bool(inside)
    return {key: each for key, each in document.items() if key != name} | ({name: wanted} if is_there else {})


def _changed(before: Json, edit: ListEdit) -> list[Json]:
    items = list(before) if isinstance(before, list | tuple) else []
    gone = [canonical(each) for each in edit.removed]
    kept = [each for each in items if canonical(each) not in gone]
    return [*kept, *(each for each in edit.added if canonical(each) not in {canonical(item) for item in kept})]


def _text_of(data: bytes, file: str) -> str:
    if not isinstance(read(data, file), Document):
        raise UneditableError(f"{file}: it has findings of its own; correct them first")
    return data.decode("utf-8")


def _value(text: str, file: str) -> dict[str, Json]:
    found = read(text.encode(), file)
    if not isinstance(found, Document):
        raise UneditableError(f"{file}: it has findings of its own; correct them first")
    return found.value


def _has(value: Json, path: Path) -> bool:
    above = _at(value, path[:-1])
    return isinstance(above, Mapping) and path[-1] in above


def _at(value: Json, path: Path) -> Json:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _with(text: str, path: Path, wanted: Json) -> str:
    """The text with the value at the path, which is replaced, or added to the innermost mapping that is there."""
    span, depth = layout_of(text), 0
    while depth < len(path):
        entry = span.entry(path[depth])
        if entry is None:
            break
        depth += 1
        if depth == len(path) or not entry.value.is_mapping:
            return _replaced(text, entry, _nested(path[depth:], wanted))
        span = entry.value
    return _added(text, span, path[depth], _nested(path[depth + 1 :], wanted))


def _nested(path: Path, wanted: Json) -> Json:
    for step in reversed(path):
        wanted = {step: wanted}
    return wanted


def _replaced(text: str, entry: Entry, wanted: Json) -> str:
    value = entry.value
    if value.is_on_its_own_lines:
        colon = text.index(":", entry.name_end) + 1
        return f"{text[:colon]} {_written(wanted)}{text[value.end :]}"
    space = "" if text[value.start - 1 : value.start].isspace() else " "
    return f"{text[: value.start]}{space}{_written(wanted)}{text[value.end :]}"


def _added(text: str, mapping: Span, name: str, wanted: Json) -> str:
    written = f"{_key(name)}: {_written(wanted)}"
    if mapping.is_flow:
        return _added_in_flow(text, mapping, written)
    return _added_as_line(text, mapping, written)


def _added_as_line(text: str, block: Span, written: str) -> str:
    first, last = block.entries[0], block.entries[-1]
    indent = first.start - _line_start(text, first.start)
    place, new_line = _line_end(text, last.end), "\r\n" if "\r\n" in text else "\n"
    before = "" if text[:place].endswith("\n") else new_line
    return f"{text[:place]}{before}{' ' * indent}{written}{new_line}{text[place:]}"


def _added_in_flow(text: str, flow: Span, written: str) -> str:
    if not flow.entries:
        return f"{text[: flow.start + 1]}{written}{text[flow.start + 1 :]}"
    end = flow.entries[-1].end
    return f"{text[:end]}, {written}{text[end:]}"


def _without(text: str, path: Path) -> str:
    """The text without the entry, and without every mapping that would be empty then."""
    spans = [layout_of(text)]
    for step in path[:-1]:
        entry = spans[-1].entry(step)
        if entry is None:
            return text
        spans.append(entry.value)
    depth = len(path) - 1
    while depth > 0 and len(spans[depth].entries) == 1 and spans[depth].entry(path[depth]) is not None:
        depth -= 1
    place = spans[depth].place_of(path[depth])
    return text if place is None else _cut(text, spans[depth], place)


def _cut(text: str, within: Span, place: int) -> str:
    """The text without one entry of a mapping, or one item of a list."""
    entry, others = within.entries[place], within.entries
    if not within.is_flow:
        return text[: _line_start(text, entry.start)] + text[_line_end(text, entry.end) :]
    if place + 1 < len(others):
        return text[: entry.start] + text[others[place + 1].start :]
    return text[: others[place - 1].end if place else entry.start] + text[entry.end :]


def _with_items(text: str, path: Path, before: Sequence[Json], edit: ListEdit) -> str:
    """The text with items of a list taken out and added, the others left as they are written."""
    wanted = _changed(before, edit)
    if not wanted:
        return _with(text, path, [])
    gone = {canonical(each) for each in edit.removed}
    for place in reversed([place for place, each in enumerate(before) if canonical(each) in gone]):
        text = _cut(text, _span_at(text, path), place)
    kept = sum(canonical(each) not in gone for each in before)
    for each in wanted[kept:]:
        items = _span_at(text, path)
        if items.is_flow:
            text = _added_in_flow(text, items, _written(each))
        else:
            text = _added_as_line(text, items, f"- {_written(each)}")
    return text


def _span_at(text: str, path: Path) -> Span:
    span = layout_of(text)
    for step in path:
        entry = span.entry(step)
        if entry is None:
            raise UneditableError(f"{'.'.join(path)} is not in the file")
        span = entry.value
    return span


def _written(value: Json) -> str:
    """A value on one line, as it may stand in a block and in a flow: text in double quotes, unless it is plain words."""
    match value:
        case str():
            return _key(value)
        case Mapping():
            return "{" + ", ".join(f"{_key(name)}: {_written(each)}" for name, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_written, value)) + "]"
        case _:
            return canonical(value)


def _key(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    return text if is_plain else quoted(text)


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    """Behind the line in which something ends, with the comment that follows it there."""
    if place and text[place - 1] == "\n":
        return place
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1
