"""Which customizations have to run, and why."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.customizations.deciding import DAYS, Due, Reason, decide
from pipeline.customizations.fingerprint import PARTS, Fingerprint
from pipeline.customizations.state import Listing, Mark
from pipeline.model.customization import Target

TARGET = Target(account_id="210000000001", customization="base")
TODAY = date(2026, 3, 4)
DAYS_AROUND = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def parts(**changes: str) -> Mapping[str, str]:
    return {name: changes.get(name, name[0] * 64) for name in PARTS}


WANTED = Fingerprint(parts=parts())
VERIFIED = Mark(day=TODAY, fingerprint=WANTED.text, etag="etag")


def decided(*marks: Mark, etag: str | None = "etag", wanted: Fingerprint = WANTED, today: date = TODAY) -> Due | None:
    etags = {} if etag is None else {TARGET: etag}
    return decide({TARGET: wanted}, Listing(etags=etags, marks={TARGET: marks} if marks else {}), today)[TARGET]


def reasons(due: Due | None) -> tuple[Reason, ...]:
    return () if due is None else due.reasons


def test_unchanged_and_verified_is_not_due() -> None:
    assert decided(VERIFIED) is None


def test_without_a_state_it_is_verified_as_long_as_there_is_none() -> None:
    """A customization of data sources alone has no state."""
    mark = Mark(day=TODAY, fingerprint=WANTED.text, etag="none")

    assert decided(mark, etag=None) is None
    assert reasons(decided(mark, etag="etag")) == (Reason.STATE_MOVED,)


def test_unknown_to_us_is_never_applied() -> None:
    """Also where there is a state: that may be an empty one, which a plan has made."""
    assert reasons(decided()) == reasons(decided(etag=None)) == (Reason.NEVER_APPLIED,)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("source", Reason.SOURCE_CHANGED),
        ("inputs", Reason.INPUTS_CHANGED),
        ("settings", Reason.SETTINGS_CHANGED),
        ("terraform", Reason.TERRAFORM_CHANGED),
    ],
)
def test_what_changed_is_told(part: str, reason: Reason) -> None:
    due = decided(VERIFIED, wanted=Fingerprint(parts=parts(**{part: "z" * 64})))

    assert due == Due(reasons=(reason,), since=VERIFIED, earlier_source="s" * 24 if part == "source" else "")


def test_all_that_changed_is_told() -> None:
    due = decided(VERIFIED, wanted=Fingerprint(parts=parts(source="z" * 64, inputs="z" * 64)))

    assert reasons(due) == (Reason.SOURCE_CHANGED, Reason.INPUTS_CHANGED)


def test_state_of_another_etag_was_moved_by_somebody_else() -> None:
    assert reasons(decided(VERIFIED, etag="another")) == reasons(decided(VERIFIED, etag=None)) == (Reason.STATE_MOVED,)


def test_begun_apply_is_due() -> None:
    assert reasons(decided(Mark(day=TODAY, fingerprint=WANTED.text, begun="abc"))) == (Reason.INTERRUPTED,)


def test_unpinned_is_never_skipped() -> None:
    assert reasons(decided(VERIFIED, wanted=Fingerprint(parts=parts(), pinned=False))) == (Reason.UNPINNED,)


def test_mark_of_what_is_wanted_counts_among_several() -> None:
    """A run was killed after it wrote the new mark, before it removed the old one."""
    old = Mark(day=TODAY, fingerprint="-".join("x" * 24 for _ in PARTS), etag="other")

    assert decided(*sorted((old, VERIFIED))) is None


@given(verified=DAYS_AROUND, number=st.integers(0, 10**12 - 1))
def test_every_customization_is_verified_within_its_days(verified: date, number: int) -> None:
    """From one verification to the next there are never more than `DAYS` days, if somebody looks each day."""
    target = Target(account_id=f"{number:012}", customization="base")
    listing = Listing(
        etags={target: "etag"}, marks={target: (Mark(day=verified, fingerprint=WANTED.text, etag="etag"),)}
    )
    due = [
        decide({target: WANTED}, listing, verified + timedelta(days=after))[target] is not None
        for after in range(DAYS + 1)
    ]

    assert due[0] is False
    assert due[-1] is True
    assert due == sorted(due)


@given(today=DAYS_AROUND)
def test_verification_is_spread_over_the_days(today: date) -> None:
    """Of accounts that were all verified yesterday, about one in `DAYS` is due today."""
    targets = [Target(account_id=f"{number:012}", customization="base") for number in range(700)]
    mark = Mark(day=today - timedelta(days=1), fingerprint=WANTED.text, etag="etag")
    listing = Listing(etags=dict.fromkeys(targets, "etag"), marks=dict.fromkeys(targets, (mark,)))

    due = decide(dict.fromkeys(targets, WANTED), listing, today)

    assert 60 < sum(each is not None for each in due.values()) < 140
