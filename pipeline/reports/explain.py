"""The effective request, with the file and line of every value."""

import json
from collections.abc import Iterable
from typing import Final, Protocol

from pipeline.model.finding import Location
from pipeline.model.json import Json
from pipeline.reports.escaping import columns, visible
from pipeline.reports.terminal import padded

_WIDEST_VALUE: Final = 60


class Explained(Protocol):
    """One value of an effective request: where in the document, what, and where it was written."""

    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def value(self) -> Json: ...
    @property
    def location(self) -> Location: ...


def as_text(rows: Iterable[Explained]) -> str:
    """One line per value, in the order of the document: path, value, `file:line`.

    A text stands as it is, unless it would read as something else ("4711", "true", ""): then it is quoted.
    """
    cells = [(_path(row.path), _value(row.value), visible(_place(row.location))) for row in rows]
    path_width = max((columns(path) for path, _, _ in cells), default=0)
    value_width = min(max((columns(value) for _, value, _ in cells), default=0), _WIDEST_VALUE)
    return "".join(
        f"{padded(path, path_width)}  {padded(value, value_width)}  {place}\n" for path, value, place in cells
    )


def as_json(rows: Iterable[Explained]) -> str:
    """A list of objects with `path`, `value`, `file`, `line` and `column`; ASCII only."""
    document = [
        {
            "path": list(row.path),
            "value": row.value,
            "file": row.location.file,
            "line": row.location.line,
            "column": row.location.column,
        }
        for row in rows
    ]
    return json.dumps(document, indent=2) + "\n"


def _path(path: tuple[str, ...]) -> str:
    return ".".join(visible(part) if _is_simple(part) else visible(_json(part)) for part in path)


def _is_simple(part: str) -> bool:
    return part.replace("-", "").replace("_", "").isalnum()


def _value(value: Json) -> str:
    return visible(value if isinstance(value, str) and _reads_as_text(value) else _json(value))


def _reads_as_text(text: str) -> bool:
    if text != text.strip() or not text:
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


def _place(location: Location) -> str:
    return f"{location.file}:{location.line}"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
