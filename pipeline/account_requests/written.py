"""Values as they were written: JSON with a place for everything."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.model.finding import Location
from pipeline.model.json import Json
from pipeline.model.request import Path

Scalar = None | bool | int | float | str


class Node(NamedTuple):
    """One value, and where it was written: most of a load is making these, so the places are made on demand."""

    content: "Scalar | list[Node] | dict[str, Node]"
    file: str
    line: int
    column: int
    key_line: int
    key_column: int

    @property
    def place(self) -> Location:
        """Where the value stands; of a block below a key, where the key stands."""
        return Location(self.file, self.line, self.column)

    @property
    def key(self) -> Location:
        """Where its key stands; of what has no key, its place."""
        return Location(self.file, self.key_line, self.key_column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file that holds a mapping, or several merged into one. `root` is the mapping."""

    root: Node

    @property
    def content(self) -> dict[str, Node]:
        return self.root.content if isinstance(self.root.content, dict) else {}

    @property
    def value(self) -> dict[str, Json]:
        """The document as JSON."""
        return _plain_mapping(self.content)

    @property
    def places(self) -> "Places":
        return Places(self.root)

    def nearest(self, path: Path) -> Node:
        """The node at `path`, or the last one on the way there."""
        *_, node = _way(self.root, path)
        return node


class Places(Mapping[Path, Location]):
    """The place of every value of a document, in document order; the items of a list are counted from "0"."""

    __slots__ = ("_root",)

    def __init__(self, root: Node) -> None:
        self._root = root

    def __getitem__(self, path: Path) -> Location:
        way = tuple(_way(self._root, path))
        if len(way) <= len(path):
            raise KeyError(path)
        return way[-1].place

    def __iter__(self) -> Iterator[Path]:
        return _paths((), self._root)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def plain(node: Node) -> Json:
    """The value without its places."""
    content = node.content
    if isinstance(content, dict):
        return _plain_mapping(content)
    return [plain(each) for each in content] if isinstance(content, list) else content


def _plain_mapping(content: dict[str, Node]) -> dict[str, Json]:
    return {
        key: plain(node) if isinstance(within := node.content, dict | list) else within for key, node in content.items()
    }


def _way(root: Node, path: Path) -> Iterator[Node]:
    """The nodes on the way from the root along the path, as far as it goes."""
    node: Node | None = root
    steps = iter(path)
    while node is not None:
        yield node
        step = next(steps, None)
        node = None if step is None else _below(node, step)


def _paths(path: Path, node: Node) -> Iterator[Path]:
    yield path
    for step, below in _steps(node):
        yield from _paths((*path, step), below)


def _steps(node: Node) -> Iterable[tuple[str, Node]]:
    content = node.content
    if isinstance(content, dict):
        return content.items()
    return [(str(number), below) for number, below in enumerate(content)] if isinstance(content, list) else ()


def _below(node: Node, step: str) -> Node | None:
    match node.content:
        case dict(content):
            return content.get(step)
        case list(content):
            return content[int(step)] if step.isdecimal() and int(step) < len(content) else None
        case _:
            return None
