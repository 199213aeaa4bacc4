"""Pages of a listing: nothing twice, nothing lost, also while the listing changes; and principals by ARN or pattern."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox.paging import page_behind, write_token
from pipeline.sandbox.service_catalog.callers import Principal


@dataclass(frozen=True)
class Item:
    sequence: int


SEQUENCES = st.lists(st.integers(1, 1000), unique=True, max_size=30).map(sorted)


@given(sequences=SEQUENCES, limit=st.integers(1, 10), leaving=st.lists(st.booleans(), min_size=30, max_size=30))
def test_pages_hold_everything_once_also_when_the_last_of_a_page_goes(
    sequences: list[int], limit: int, leaving: list[bool]
) -> None:
    items = [Item(each) for each in sequences]
    seen: list[Item] = []
    token = None
    for is_leaving in leaving:
        some, token = page_behind(items, token, limit, "things")
        seen += some
        if token is None:
            break
        if is_leaving:
            items.remove(some[-1])

    assert [each.sequence for each in seen] == sequences


@given(st.integers(1, 10**9))
def test_a_token_of_another_listing_is_refused(after: int) -> None:
    token = write_token("others", after)
    with pytest.raises(ValueError, match=re.escape(token)):
        page_behind([Item(after)], token, 1, "things")


@pytest.mark.parametrize(
    ("known", "kind", "fits"),
    [
        ("arn:aws:iam::111122223333:role/a/Pipeline", "IAM", True),
        ("arn:aws:iam::111122223333:role/a/Pipe*", "IAM", False),
        ("arn:aws:iam::999999999999:role/a/Pipeline", "IAM", False),
        ("arn:aws:iam:::role/a/Pipeline", "IAM_PATTERN", True),
        ("arn:aws:iam:::role/a/Pipe*", "IAM_PATTERN", True),
        ("arn:aws:iam:::role/?/Pipeline", "IAM_PATTERN", True),
        ("arn:aws:iam:::role/b/*", "IAM_PATTERN", False),
        ("arn:aws:iam:::user/a/Pipeline", "IAM_PATTERN", False),
    ],
)
def test_a_principal_is_known_by_its_arn_or_by_a_pattern_without_account(known: str, kind: str, fits: bool) -> None:  # noqa: FBT001 - a row of a table
    role = "arn:aws:iam::111122223333:role/a/Pipeline"

    assert Principal(role, "arn:aws:sts::111122223333:assumed-role/Pipeline/run").is_among({known: kind}) is fits
