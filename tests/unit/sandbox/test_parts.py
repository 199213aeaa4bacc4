"""The small parts of the sandbox: ids, rates, fault rules, tokens, options, validation."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox.__main__ import parser
from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.faults import Fault, FaultRuleError, Faults, Kind, read_fault
from pipeline.sandbox.identifiers import access_key_of, account_of, token
from pipeline.sandbox.options import Options, arguments
from pipeline.sandbox.organizations import ORGANIZATIONS
from pipeline.sandbox.organizations.closing import quota
from pipeline.sandbox.paging import read_token, write_token
from pipeline.sandbox.service import service_model
from pipeline.sandbox.throttling import LIMITS, TokenBuckets
from pipeline.sandbox.validation import problems

ACCOUNT_IDS = st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}")


@given(ACCOUNT_IDS)
def test_an_access_key_leads_back_to_its_account(account_id: str) -> None:
    key = access_key_of(account_id)

    assert account_of(key) == account_id
    assert re.fullmatch("[A-Z0-9]{20}", key)


@given(st.text(max_size=25) | st.from_regex("[A-Z0-9]{20}", fullmatch=True))
def test_any_text_is_a_key_of_an_account_or_of_none(text: str) -> None:
    account = account_of(text)

    assert account is None or account.isdigit()


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_tokens_of_different_sequences_differ(one: int, other: int) -> None:
    assert (token("unit", one, 8) == token("unit", other, 8)) == (one == other)


@given(st.integers(0, 10**9))
def test_a_page_token_is_good_for_its_own_listing_alone(after: int) -> None:
    given_out = write_token("accounts", after)

    assert read_token("accounts", given_out) == after
    with pytest.raises(ValueError, match=re.escape(given_out)):
        read_token("units", given_out)


@given(
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=200),
    operation=st.sampled_from(sorted(LIMITS["organizations"])),
)
def test_no_more_calls_are_admitted_than_burst_and_rate_allow(pauses: list[float], operation: str) -> None:
    clock = ScaledClock(0)
    buckets, rate = TokenBuckets(clock), LIMITS["organizations"][operation].account
    admitted = 0
    for pause in pauses:
        clock.advance(pause)
        admitted += buckets.admits("organizations", operation, "111122223333")

    assert admitted <= rate.burst + sum(pauses) * rate.per_second + 1e-6


def test_callers_have_buckets_of_their_own_and_share_the_organizations() -> None:
    buckets = TokenBuckets(ScaledClock(0))

    def admitted(caller: str) -> int:
        return sum(buckets.admits("organizations", "ListAccounts", caller) for _ in range(20))

    assert [admitted("one"), admitted("two"), admitted("three")] == [12, 3, 0]


@pytest.mark.parametrize("service", sorted(LIMITS))
def test_every_rate_is_of_an_operation_that_there_is(service: str) -> None:
    assert set(LIMITS[service]) <= set(service_model(service).operation_names)


def test_every_imitated_operation_is_one_that_there_is() -> None:
    assert set(ORGANIZATIONS.operations) <= set(service_model("organizations").operation_names)


@pytest.mark.parametrize(("members", "closures"), [(10, 250), (1_250, 250), (2_000, 400), (10_000, 1_000)])
def test_the_quota_of_closures_grows_with_the_organization(members: int, closures: int) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
    assert quota(members) == closures


def strikes(faults: Faults, operation: str, calls: int) -> list[bool]:
    return [faults.strike("organizations", operation) is not None for _ in range(calls)]


@given(skip=st.integers(0, 5), times=st.integers(1, 5))
def test_a_fault_strikes_as_often_as_it_says_after_what_it_skips(skip: int, times: int) -> None:
    faults = Faults()
    faults.add(Fault(kind=Kind.THROTTLE, skip=skip, times=times))

    assert strikes(faults, "ListRoots", skip + times + 2) == [False] * skip + [True] * times + [False] * 2
    assert faults.pending() == ()


def test_a_fault_that_still_skips_leaves_the_call_to_the_next() -> None:
    faults = Faults()
    faults.add(Fault(kind=Kind.THROTTLE, operation="ListRoots", skip=1))
    faults.add(Fault(kind=Kind.DELAY, times=1))

    kinds = [getattr(faults.strike("organizations", "ListRoots"), "kind", None) for _ in range(3)]

    assert kinds == [Kind.DELAY, Kind.THROTTLE, None]


@pytest.mark.parametrize(
    "rule",
    [
        None,
        [],
        {},
        {"kind": "x"},
        {"kind": "throttle", "often": 1},
        {"kind": []},
        {"kind": "delay", "seconds": "1"},
        {"kind": "delay", "times": -1},
    ],
)
def test_a_rule_that_cannot_be_read_is_an_error(rule: object) -> None:
    with pytest.raises(FaultRuleError):
        read_fault(rule)


def test_a_failure_reason_alone_makes_a_failed_creation() -> None:
    assert read_fault({"failure_reason": "INTERNAL_FAILURE"}).kind is Kind.CREATION_FAILURE


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(port=1, seed="empty", throttle=True, legacy_status=True, consistency_delay=1.5, account_limit=7),
    ],
)
def test_options_survive_the_command_line(options: Options) -> None:
    parsed = vars(parser().parse_args(arguments(options, ready_file=Path("ready"))))

    assert parsed.pop("ready_file") == Path("ready")
    assert Options(**parsed) == options


def test_a_clock_that_stands_still_moves_by_advance_and_sleep_alone() -> None:
    clock = ScaledClock(0)
    before = clock.now()
    clock.advance(60)
    clock.sleep(30)

    assert clock.monotonic() == 90
    assert (clock.now() - before).total_seconds() == 90


@pytest.mark.parametrize(
    ("operation", "value", "expected"),
    [
        ("CreateAccount", {"Email": "a@b.cd", "AccountName": "x"}, []),
        ("CreateAccount", {"Email": "a@b.cd"}, [("AccountName", "INPUT_REQUIRED")]),
        ("CreateAccount", {"Email": "a@b.cd\n", "AccountName": "x"}, [("Email", "INVALID_PATTERN")]),
        ("CreateAccount", {"Email": 7, "AccountName": "x"}, [("Email", "INVALID_PATTERN")]),
        ("TagResource", {"ResourceId": "r-ex01", "Tags": {}}, [("Tags", "INVALID_PATTERN")]),
        ("TagResource", {"ResourceId": "r-ex01", "Tags": [{"Value": ""}]}, [("Tags.0.Key", "INPUT_REQUIRED")]),
        ("ListAccounts", {"MaxResults": "1"}, [("MaxResults", "INVALID_PATTERN")]),
        ("ListAccounts", {"MaxResults": True}, [("MaxResults", "INVALID_PATTERN")]),
        ("ListAccounts", {"Unknown": 1}, []),
    ],
)  # fmt: skip
def test_input_is_checked_against_the_model_of_the_service(
    operation: str, value: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    shape = service_model("organizations").operation_model(operation).input_shape
    assert shape is not None

    assert [(each.path, each.reason) for each in problems(shape, value)] == expected


@pytest.mark.parametrize(
    ("text", "fits"), [("Straße 1", True), ("日本", True), ("a b", True), ("a*b", False), ("a\n", False)]
)
def test_tags_consist_of_letters_digits_and_spaces_of_any_script(text: str, fits: bool) -> None:  # noqa: FBT001 - a row
    shape = service_model("organizations").shape_for("TagValue")

    assert (list(problems(shape, text)) == []) is fits
