"""The small parts that reading is made of: pages, records, the roster, patience."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline.errors import TemporaryServiceError
from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG, AccountState, WantedState
from pipeline.provisioners.aws.organizations.creating import poll_delay
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.organizations.records import observed_account, parent_of
from pipeline.provisioners.aws.organizations.roster import MAX_AGE, Roster
from pipeline.provisioners.aws.organizations.settling import CAP, settle
from tests.unit.provisioners.clocks import StillClock


class Pages:
    """A list in pages, the tokens of which may expire."""

    def __init__(self, *pages: list[int], expires: int = 0, code: str = "", reason: str = "") -> None:
        self._pages = pages
        self._expires = expires
        self._error = {"Error": {"Code": code, "Message": "expired"}, "Reason": reason}
        self.calls: list[dict[str, Any]] = []

    def read(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        number = int(arguments.get("NextToken", "0"))
        if number and self._expires:
            self._expires -= 1
            raise ClientError(self._error, "ListThings")  # type: ignore[arg-type] # the parts that are read
        page: dict[str, Any] = {"Things": self._pages[number]}
        return page | ({"NextToken": str(number + 1)} if number + 1 < len(self._pages) else {})


class TestListing:
    def test_empty_pages_do_not_end_a_list(self) -> None:
        pages = Pages([], [1], [], [2, 3], [])
        assert listed(pages.read, "Things", MaxResults=20) == [1, 2, 3]
        assert len(pages.calls) == 5
        assert all(call["MaxResults"] == 20 for call in pages.calls)

    @pytest.mark.parametrize(
        ("code", "reason"),
        [("PaginationTokenExpiredException", ""), ("InvalidInputException", "INVALID_NEXT_TOKEN")],
    )
    def test_an_expired_token_begins_the_list_anew(self, code: str, reason: str) -> None:
        pages = Pages([1], [2], expires=1, code=code, reason=reason)
        assert listed(pages.read, "Things") == [1, 2]

    def test_a_token_that_always_expires_is_an_error(self) -> None:
        pages = Pages([1], [2], expires=99, code="PaginationTokenExpiredException")
        with pytest.raises(ClientError):
            listed(pages.read, "Things")

    def test_another_error_is_not_retried(self) -> None:
        pages = Pages([1], [2], expires=1, code="AccessDeniedException")
        with pytest.raises(ClientError):
            listed(pages.read, "Things")
        assert len(pages.calls) == 2


def record(**attributes: Any) -> Any:
    return {"Id": "210000000006", "Name": "billing", "Email": "aws+billing@example.com", **attributes}


class TestRecords:
    @pytest.mark.parametrize(
        ("attributes", "state", "wanted"),
        [
            ({"State": "ACTIVE"}, AccountState.ACTIVE, WantedState.OPEN),
            ({"State": "SUSPENDED", "Status": "SUSPENDED"}, AccountState.SUSPENDED, WantedState.OPEN),
            ({"State": "CLOSED", "Status": "SUSPENDED"}, AccountState.CLOSED, WantedState.CLOSED),
            ({"State": "PENDING_CLOSURE"}, AccountState.PENDING_CLOSURE, WantedState.CLOSED),
            ({"State": "HIBERNATING"}, AccountState.UNKNOWN, WantedState.OPEN),
            ({"Status": "ACTIVE"}, AccountState.ACTIVE, WantedState.OPEN),
            ({"Status": "SUSPENDED"}, AccountState.SUSPENDED, WantedState.CLOSED),
            ({}, AccountState.UNKNOWN, WantedState.OPEN),
        ],
    )
    def test_the_state_is_read_by_state_and_falls_back_to_status(
        self, attributes: dict[str, str], state: AccountState, wanted: WantedState
    ) -> None:
        account = observed_account(record(**attributes), "Workloads", {})
        assert (account.state, account.spec.state) == (state, wanted)

    def test_ownership_tags_are_ownership_and_no_tags(self) -> None:
        tags = {REQUEST_TAG: "billing", REPOSITORY_TAG: "example", "aws:created": "x", "b": "2", "a": ""}
        account = observed_account(record(State="ACTIVE"), "Workloads", tags)
        assert (account.key, account.repository, account.spec.tags) == ("billing", "example", {"a": "", "b": "2"})

    def test_the_moment_of_joining_is_iso_8601(self) -> None:
        joined = datetime(2026, 3, 4, 9, tzinfo=UTC)
        assert observed_account(record(JoinedTimestamp=joined), "/", {}).joined == "2026-03-04T09:00:00+00:00"

    @pytest.mark.parametrize(
        ("paths", "parent"),
        [
            (["o-aa111bb222/r-a1b2/210000000006/"], "r-a1b2"),
            (["o-aa111bb222/r-a1b2/ou-a1b2-11111111/ou-a1b2-22222222/210000000006/"], "ou-a1b2-22222222"),
            ([], None),
            (None, None),
        ],
    )
    def test_the_parent_is_the_last_but_one_part_of_the_path(self, paths: list[str] | None, parent: str | None) -> None:
        assert parent_of(record(Paths=paths)) == parent


class TestRoster:
    def test_addresses_are_compared_without_regard_to_case_and_listed_once(self) -> None:
        listings: list[int] = []
        roster = Roster(lambda: listings.append(1) or [("1", "AWS+Billing@example.com")], StillClock())
        assert roster.find("aws+billing@EXAMPLE.com") == "1"
        assert roster.find("aws+other@example.com") is None
        assert len(listings) == 1

    def test_a_listing_that_was_made_anyway_is_taken(self) -> None:
        roster = Roster(lambda: pytest.fail("no listing is needed"), StillClock())
        roster.remember([("1", "a@example.com")])
        assert roster.find("a@example.com") == "1"

    def test_looking_again_lists_again_only_after_a_while(self) -> None:
        listings, clock = list[int](), StillClock()
        roster = Roster(lambda: listings.append(1) or [], clock)
        for _ in range(10):
            roster.find_again("a@example.com", since=clock.monotonic())
        assert len(listings) == 1
        clock.time += MAX_AGE + 1
        roster.find_again("a@example.com", since=0.0)
        assert len(listings) == 2

    def test_a_listing_from_before_the_moment_in_question_does_not_count(self) -> None:
        listings, clock = list[int](), StillClock()
        roster = Roster(lambda: listings.append(1) or [], clock)
        roster.remember([])
        clock.time += 1
        roster.find_again("a@example.com", since=clock.monotonic())
        assert len(listings) == 1


class TestSettling:
    def test_it_looks_until_there_is_something_at_growing_intervals(self) -> None:
        clock, seen = StillClock(), iter([None, None, None, "there"])
        assert settle(clock, lambda: next(seen), "not visible yet") == "there"
        assert clock.sleeps == sorted(clock.sleeps)
        assert len(clock.sleeps) == 3

    def test_it_gives_up_after_the_cap(self) -> None:
        clock = StillClock()
        began = clock.time
        with pytest.raises(TemporaryServiceError, match="not visible yet"):
            settle(clock, lambda: None, "not visible yet")
        assert clock.time - began == pytest.approx(CAP)

    def test_false_is_something_to_see(self) -> None:
        assert settle(StillClock(), lambda: False, "not visible yet") is False


def test_polls_of_a_creation_grow_from_2_to_15_seconds() -> None:
    delays = [poll_delay(polls) for polls in range(100)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (2.0, 15.0)
