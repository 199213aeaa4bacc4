"""A document of many parts within a budget of characters: what matters most gets room first, nothing vanishes uncounted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

WHOLE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """Items that are shown one after the other, as far as there is room, between `opening` and `closing`.

    `rank`: who gets room first, 0 before 1; `share`: at most so much of the room. `render` gives an item's text, `left_out`
    the words for the items that found no room, never longer for fewer of them. A part of which no item is shown is not
    shown at all.
    """

    rank: int
    items: Sequence[T]
    render: Callable[[T], str]
    left_out: Callable[[Sequence[T]], str]
    opening: str = ""
    closing: str = ""
    share: float = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What found room: the text, and the words for what did not, both in the order of the document."""

    text: str
    left_out: tuple[str, ...]


def size(text: str) -> int:
    """Characters as a forge may count them: UTF-16 code units, which are never fewer than code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def left_out_at_most(parts: Sequence[Part[Any]]) -> tuple[str, ...]:
    """The words if nothing found room: never shorter than those of `fit`."""
    return tuple(part.left_out(part.items) for part in parts if part.items)


def fit(parts: Sequence[Part[Any]], room: int) -> Fitted:
    """Give room by rank; keep the order of the document. At most `room` characters by `size`."""
    texts = [""] * len(parts)
    words = [""] * len(parts)
    whole = room
    for place in sorted(range(len(parts)), key=lambda place: parts[place].rank):
        part = parts[place]
        texts[place], rest = _fill(part, min(room, int(whole * part.share)))
        room -= size(texts[place])
        words[place] = part.left_out(rest) if rest else ""
    return Fitted(text="".join(texts), left_out=tuple(filter(None, words)))


def _fill(part: Part[T], room: int) -> tuple[str, Sequence[T]]:
    """The part's text, up to the first item that does not fit, and the items from there on."""
    room -= size(part.opening) + size(part.closing)
    texts: list[str] = []
    for item in part.items:
        text = part.render(item)
        room -= size(text)
        if room < 0:
            break
        texts.append(text)
    shown = part.opening + "".join(texts) + part.closing if texts else ""
    return shown, part.items[len(texts) :]
