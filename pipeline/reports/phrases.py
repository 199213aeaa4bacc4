"""Phrases: our words with foreign values in them, kept apart until a rendering knows how to escape the values."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from pipeline.reports import escaping


@dataclass(frozen=True, slots=True)
class Value:
    """Text from YAML or AWS. `exact`: set off from the words around it, as code or in quotes."""

    text: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of ours that quotes foreign values: a reason, a message, a hint."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """Something to copy into a shell."""

    text: str


Piece = str | Value | Sentence | Command
Phrase = tuple[Piece, ...]

DOT: Phrase = (" · ",)


def joined(phrases: Iterable[Phrase], separator: Phrase) -> Phrase:
    pieces: list[Piece] = []
    for phrase in phrases:
        if pieces:
            pieces.extend(separator)
        pieces.extend(phrase)
    return tuple(pieces)


def plain(phrase: Phrase) -> str:
    """The phrase for a terminal."""
    return "".join(_plain(piece) for piece in phrase)


def raw(phrase: Phrase) -> str:
    """The phrase with its values as they came: whoever takes it has to escape it."""
    return "".join(piece if isinstance(piece, str) else piece.text for piece in phrase)


def marked(phrase: Phrase) -> str:
    """The phrase in Markdown, also inside a table cell."""
    return "".join(_marked(piece) for piece in phrase)


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 change`, `1,234 changes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _plain(piece: Piece) -> str:
    match piece:
        case str():
            return piece
        case Value(text=text, exact=True):
            return f'"{escaping.visible(text)}"'
        case Value(text=text):
            return escaping.visible(text) or "(empty)"
        case Sentence(text=text) | Command(text=text):
            return escaping.visible(text)
        case _:
            assert_never(piece)


def _marked(piece: Piece) -> str:
    match piece:
        case str():
            return piece
        case Value(text=text, exact=exact):
            return escaping.code(text) if exact else escaping.value(text)
        case Sentence(text=text):
            return escaping.prose(text)
        case Command(text=text):
            return escaping.code(text)
        case _:
            assert_never(piece)
