"""Since when and by whom: from the previous report, and from the calls that can have made a difference."""

from dataclasses import replace

import pytest

from pipeline.errors import DocumentError
from pipeline.model.drift_report import DriftItem, DriftReport, Known, Section, TrailEvent
from pipeline.planning.drift_history import calls_of, history_in, with_authors, with_history

ID = "210000000005"


def item(*path: str, **values: str) -> DriftItem:
    given = {"id": ".".join(path), "kind": "update", "subject": "web", "account_id": ID, **values}
    return DriftItem(section=Section.ACCOUNTS, path=path, **given)  # type: ignore[arg-type]  # texts, all of them


def report(*items: DriftItem) -> DriftReport:
    return DriftReport(repository="r", read_at="2026-11-22T06:00:00+00:00", plan="0" * 64, items=items)


def event(name: str, at: str, *parts: str, account_id: str = ID) -> TrailEvent:
    return TrailEvent(
        event_id=at,
        name=name,
        at=at,
        who=f"arn:{at}",
        from_where="192.0.2.1",
        about=account_id,
        parts=frozenset(parts),
    )


def test_an_item_keeps_the_moment_of_its_first_report() -> None:
    history = {"name": Known(since="2026-11-01T06:00:00+00:00")}

    known, new = with_history(report(item("name"), item("tags", "A")), history).items

    assert (known.since, new.since) == ("2026-11-01T06:00:00+00:00", "2026-11-22T06:00:00+00:00")


def test_the_newest_call_that_can_have_done_it_has_done_it() -> None:
    told = with_authors(
        report(item("tags", "Owner")),
        [
            event("TagResource", "2026-11-20T10:00:00Z", "owner"),
            event("TagResource", "2026-11-21T10:00:00Z", "owner"),
            event("TagResource", "2026-11-22T10:00:00Z", "costcenter"),
            event("MoveAccount", "2026-11-22T11:00:00Z"),
            event("TagResource", "2026-11-22T12:00:00Z", "owner", account_id="210000000006"),
        ],
        {},
    )

    assert [each.author.at for each in told.items if each.author] == ["2026-11-21T10:00:00Z"]


def test_nobody_is_looked_up_twice_or_for_what_the_history_does_not_hold() -> None:
    known = with_authors(report(item("name")), [event("PutAccountName", "2026-11-20T10:00:00Z")], {})

    assert calls_of(known, {}) == frozenset()
    assert calls_of(report(item("settings", "alias")), {}) == frozenset()
    assert calls_of(report(item("organizational_unit")), {}) == {"MoveAccount"}
    assert calls_of(report(replace(item("name"), account_id=None)), {}) == frozenset()


def test_of_each_difference_it_is_told_why_nobody_knows_who_has_made_it() -> None:
    """The settings of an account are in an event history that nobody of the management account can read."""
    items = (item("settings", "alias"), item("customizations", "base"), item("managed"), item("name"), item("state"))

    told = with_authors(report(*items), [], {}, looked=frozenset({"PutAccountName"})).items

    inside = "not looked up, since it is done inside the account, whose event history is not read"
    assert [each.author_words for each in told] == [
        inside,
        inside,
        "not looked up, since CloudTrail notes no call that names it",
        "CloudTrail knows no such call of the last 90 days",
        "not looked up; the notes say why",
    ]
    orphan = replace(item("request"), section=Section.ORPHANS)
    assert with_authors(report(orphan), [], {}).items == (orphan,)


def test_a_control_is_found_by_the_id_of_its_unit() -> None:
    drifted = replace(item("controls", "arn:X"), subject="Workloads", account_id=None)
    units = {"Workloads": "ou-1111-11111111"}
    events = [event("DisableControl", "2026-11-20T10:00:00Z", "arn:x", account_id="ou-1111-11111111")]

    assert calls_of(report(drifted), units) == {"DisableControl", "EnableControl"}
    (told,) = with_authors(report(drifted), events, units).items
    assert told.author is not None
    (other,) = with_authors(report(replace(drifted, path=("controls", "arn:Y"))), events, units).items
    assert other.author is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "account-vending/drift", "version": 1, "items": [{}]}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match=r"old\.json"):
        history_in(text, source="old.json")
