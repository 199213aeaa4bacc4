"""Text for a terminal: colors, columns, wrapped lines. Everything given here is escaped already."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from pipeline.reports.escaping import columns

_RESET: Final = "\x1b[0m"
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_RELEASE: Final = re.compile(r"confirm: \{[^{}]*\}")
_NARROWEST: Final = 20


class Color(StrEnum):
    """Select Graphic Rendition codes that light and dark terminals show well."""

    BOLD = "\x1b[1m"
    DIM = "\x1b[2m"
    RED = "\x1b[31m"
    GREEN = "\x1b[32m"
    YELLOW = "\x1b[33m"
    CYAN = "\x1b[36m"


def paint(text: str, color: Color, *, on: bool) -> str:
    return f"{color.value}{text}{_RESET}" if on and text else text


def padded(text: str, width: int) -> str:
    """The text, filled up to `width` columns; a longer one stays as it is."""
    return text + " " * max(width - columns(text), 0)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters where spaces allow it; words and releases are never broken, to be copied."""
    # An escaped text has no no-break space of its own, and textwrap breaks at ASCII spaces only.
    held = _RELEASE.sub(lambda match: match[0].replace(" ", _NO_BREAK), text)
    lines = textwrap.wrap(held, max(width, _NARROWEST), break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in lines] or [""]


def bullets(texts: Iterable[str], width: int) -> list[str]:
    """Indented lines, one or more for each text."""
    return [
        ("  " if place == 0 else "    ") + line for text in texts for place, line in enumerate(wrapped(text, width - 4))
    ]


def listed(names: Sequence[str], limit: int) -> str:
    """`a, b and 5 more`."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"
