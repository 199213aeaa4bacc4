"""Where the records live: as they are, and as an eventually consistent reader sees them.

Every write puts a frozen record into the latest tables at once, and into the visible tables when it is old enough. Without
a delay both are the same tables.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar, assert_never

from pipeline.sandbox.records import Account, Creation, Record, Unit

R = TypeVar("R", Account, Unit, Creation)


class Table(Generic[R]):
    """Records by id, in the order of their sequence, as a whole and per parent."""

    def __init__(self) -> None:
        self._rows: dict[str, R] = {}
        self._by_sequence: dict[int, R] = {}
        self._order: list[int] = []
        self._children: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return (self._by_sequence[each] for each in self._order)

    def get(self, record_id: str) -> R | None:
        return self._rows.get(record_id)

    def put(self, record: R) -> None:
        before = self._rows.get(record.id)
        if before is None:
            insort(self._order, record.sequence)
        if before is None or before.parent_id != record.parent_id:
            if before is not None:
                self._children[before.parent_id].remove(before.sequence)
            insort(self._children.setdefault(record.parent_id, []), record.sequence)
        self._rows[record.id] = record
        self._by_sequence[record.sequence] = record

    def drop(self, record: R) -> None:
        del self._rows[record.id], self._by_sequence[record.sequence]
        self._order.remove(record.sequence)
        self._children[record.parent_id].remove(record.sequence)

    def children(self, parent_id: str) -> list[R]:
        return [self._by_sequence[each] for each in self._children.get(parent_id, ())]

    def after(self, sequence: int, parent_id: str | None = None) -> Iterator[R]:
        """The records behind `sequence`, of one parent or all."""
        order = self._order if parent_id is None else self._children.get(parent_id, [])
        return map(self._by_sequence.__getitem__, order[bisect_right(order, sequence) :])


class Tables:
    """One view of the organization."""

    def __init__(self) -> None:
        self.accounts: Table[Account] = Table()
        self.units: Table[Unit] = Table()
        self.creations: Table[Creation] = Table()

    def put(self, record: Record) -> None:
        match record:
            case Account():
                self.accounts.put(record)
            case Unit():
                self.units.put(record)
            case Creation():
                self.creations.put(record)
            case _:
                assert_never(record)

    def drop(self, record: Account | Unit) -> None:
        if isinstance(record, Account):
            self.accounts.drop(record)
        else:
            self.units.drop(record)

    def ancestors(self, parent_id: str) -> list[Unit]:
        """The units from the root down to `parent_id`, itself included; empty if it does not exist."""
        chain: list[Unit] = []
        unit = self.units.get(parent_id)
        while unit is not None:
            chain.insert(0, unit)
            unit = self.units.get(unit.parent_id)
        return chain


class Store:
    """`delay` is how many seconds a write stays invisible to readers."""

    def __init__(self, delay: float) -> None:
        self.latest = Tables()
        self._delay = delay
        self._visible = Tables() if delay else self.latest
        self._journal: deque[tuple[float, bool, Record]] = deque()

    def put(self, record: Record, at: float) -> None:
        """Write a record at the moment `at`; moments never go backwards."""
        self.latest.put(record)
        if self._delay:
            self._journal.append((at + self._delay, True, record))

    def drop(self, record: Account | Unit, at: float) -> None:
        self.latest.drop(record)
        if self._delay:
            self._journal.append((at + self._delay, False, record))

    def settle(self) -> None:
        """Make every write visible."""
        self.visible(float("inf"))

    def visible(self, now: float) -> Tables:
        """What a reader sees at the moment `now`."""
        while self._journal and self._journal[0][0] <= now:
            _, stays, record = self._journal.popleft()
            if stays:
                self._visible.put(record)
            elif not isinstance(record, Creation):
                self._visible.drop(record)
        return self._visible
