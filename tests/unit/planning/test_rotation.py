"""Every account has its turn, and a share of them each day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.planning.rotation import NOBODY, Share, share_of

DAY = date(2026, 11, 22)
ids = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}")


@given(ids, st.integers(1, 12), st.integers(1, 12))
def test_each_account_has_its_turn_before_a_whole_round_is_over(account_id: str, part: int, whole: int) -> None:
    share = Share(min(part, whole), whole)
    days = -(-share.whole // share.part)

    assert any(share.has(account_id, DAY + timedelta(days=number)) for number in range(days))


@given(ids)
def test_nobody_and_everybody(account_id: str) -> None:
    assert not NOBODY.has(account_id, DAY)
    assert share_of("1").has(account_id, DAY)


def test_about_a_seventh_of_the_accounts_has_its_turn_on_one_day() -> None:
    turn = sum(Share(1, 7).has(f"{number:012d}", DAY) for number in range(7_000))

    assert 850 < turn < 1_150


@pytest.mark.parametrize(("text", "share"), [("1/7", Share(1, 7)), ("25%", Share(25, 100)), ("0", Share(0, 1))])
def test_shares_are_written_as_people_write_them(text: str, share: Share) -> None:
    assert share_of(text) == share


@pytest.mark.parametrize("text", ["", "7", "2/1", "1/0", "-1", "101%", "1/7 ", "a"])
def test_anything_else_is_no_share(text: str) -> None:
    with pytest.raises(ValueError, match="is no share"):
        share_of(text)
