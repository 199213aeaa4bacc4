"""Readers see the organization as it was one delay ago: no earlier, no later, nothing lost."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox.records import Account, Unit
from pipeline.sandbox.store import Store, Table, Tables

THEN = datetime(2026, 1, 1, tzinfo=UTC)
PARENTS = ("r-ex01", "ou-1", "ou-2")


def account(number: int, parent: str = PARENTS[0], name: str = "one") -> Account:
    return Account(
        id=str(number),
        sequence=number,
        parent_id=parent,
        name=name,
        email=f"{number}@example.com",
        state="ACTIVE",
        joined=THEN,
    )


def unit(number: int) -> Unit:
    return Unit(id=f"ou-{number}", sequence=number, parent_id="r-ex01", name=f"unit {number}")


WRITES = st.lists(
    st.tuples(
        st.floats(0, 10),  # seconds since the write before
        st.builds(account, st.integers(1, 5), st.sampled_from(PARENTS), st.sampled_from(("one", "two"))),
    ),
    max_size=20,
)


def contents(tables: Tables) -> tuple[list[Account], dict[str, list[Account]]]:
    return list(tables.accounts), {parent: tables.accounts.children(parent) for parent in PARENTS}


@given(writes=WRITES, delay=st.floats(0.5, 20), later=st.floats(0, 100))
def test_a_reader_sees_what_was_written_one_delay_ago(
    writes: list[tuple[float, Account]], delay: float, later: float
) -> None:
    store, expected, now = Store(delay), Tables(), 0.0
    moments = []
    for pause, record in writes:
        now += pause
        store.put(record, now)
        moments.append((now, record))
    now += later
    for moment, record in moments:
        if moment + delay <= now:
            expected.put(record)

    assert contents(store.visible(now)) == contents(expected)


@given(writes=WRITES)
def test_without_a_delay_readers_see_every_write_at_once(writes: list[tuple[float, Account]]) -> None:
    store = Store(0)
    for moment, record in writes:
        store.put(record, moment)

        assert store.visible(moment).accounts.get(record.id) == record


@given(writes=WRITES)
def test_a_table_lists_each_record_once_in_its_order_under_its_last_parent(
    writes: list[tuple[float, Account]],
) -> None:
    table: Table[Account] = Table()
    last: dict[str, Account] = {}
    for _, record in writes:
        table.put(record)
        last[record.id] = record

    in_order = sorted(last.values(), key=lambda each: each.sequence)
    assert list(table) == in_order
    for parent in PARENTS:
        assert table.children(parent) == [each for each in in_order if each.parent_id == parent]
    for start in range(6):
        assert list(table.after(start)) == [each for each in in_order if each.sequence > start]


def test_a_unit_that_was_dropped_is_seen_for_one_delay_more() -> None:
    store = Store(5)
    store.put(unit(1), 0)
    store.settle()
    store.drop(unit(1), 10)

    assert store.latest.units.get("ou-1") is None
    assert store.visible(14.9).units.get("ou-1") == unit(1)
    assert store.visible(15).units.get("ou-1") is None


def test_ancestors_run_from_the_root_down_and_are_none_for_a_stranger() -> None:
    tables = Tables()
    root = Unit(id="r-ex01", sequence=1, parent_id="", name="Root")
    nested = replace(unit(3), parent_id="ou-2")
    for each in (root, unit(2), nested):
        tables.put(each)

    assert tables.ancestors("ou-3") == [root, unit(2), nested]
    assert tables.ancestors("ou-9") == []
