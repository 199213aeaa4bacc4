"""Lifecycle events of Control Tower: understood, or told what is wrong with them; never an error of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.account_requests.events import LARGEST, LifecycleEvent, read_event
from pipeline.model.finding import Finding

ACCOUNT, UNIT = "222233334444", "ou-ab12-cd34ef56"


def account_event(name: str = "CreateManagedAccount", state: str = "SUCCEEDED", **account: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html"""
    status = {
        "organizationalUnit": {"organizationalUnitName": "Prod", "organizationalUnitId": UNIT},
        "account": {"accountName": "web", "accountId": ACCOUNT, **account},
        "state": state,
        "message": "AWS Control Tower says so.",
    }
    part = f"{name[0].lower()}{name[1:]}Status"
    return enveloped({"eventName": name, "serviceEventDetails": {part: status}})


def baseline_event(name: str, target: str, status: str = "SUCCEEDED") -> dict[str, Any]:
    details = {
        "arn": "arn:aws:controltower:eu-west-1:111122223333:enabledbaseline/X",
        "targetIdentifier": target,
        "statusSummary": {"status": status},
    }
    part = f"{name[0].lower()}{name[1:]}Status"
    return enveloped({"eventName": name, "serviceEventDetails": {part: {"enabledBaselineDetails": details}}})


def enveloped(record: dict[str, Any]) -> dict[str, Any]:
    return {"source": "aws.controltower", "detail": {"eventSource": "controltower.amazonaws.com", **record}}


def read(document: Any) -> LifecycleEvent | Finding:
    return read_event(json.dumps(document).encode(), "event.json")


def rule_of(document: Any) -> str:
    found = read(document)
    assert isinstance(found, Finding), found
    assert found.hint
    assert found.location.file == "event.json"
    return found.rule


@pytest.mark.parametrize("name", ["CreateManagedAccount", "UpdateManagedAccount"])
def test_an_event_of_an_account_names_it_and_its_unit(name: str) -> None:
    assert read(account_event(name)) == LifecycleEvent(
        name=name,
        has_succeeded=True,
        account_id=ACCOUNT,
        account_name="web",
        unit_id=UNIT,
        unit_name="Prod",
        message="AWS Control Tower says so.",
    )


def test_the_record_of_cloudtrail_is_understood_without_its_envelope() -> None:
    assert read(account_event()["detail"]) == read(account_event())


@pytest.mark.parametrize("name", ["EnableBaseline", "ResetEnabledBaseline", "UpdateEnabledBaseline", "DisableBaseline"])
def test_an_event_of_a_baseline_names_an_account_or_a_unit(name: str) -> None:
    of_account = read(baseline_event(name, f"arn:aws:organizations::111122223333:account/o-exampleorgid1/{ACCOUNT}"))
    of_unit = read(
        baseline_event(name, f"arn:aws-us-gov:organizations::111122223333:ou/o-exampleorgid1/{UNIT}", "FAILED")
    )
    assert of_account == LifecycleEvent(name=name, has_succeeded=True, account_id=ACCOUNT)
    assert of_unit == LifecycleEvent(name=name, has_succeeded=False, unit_id=UNIT)


def test_an_account_that_could_not_be_made_has_no_id() -> None:
    found = read(account_event(state="FAILED", accountId=""))
    assert isinstance(found, LifecycleEvent)
    assert (found.has_succeeded, found.account_id, found.account_name) == (False, None, "web")


def test_what_is_going_on_has_neither_succeeded_nor_failed() -> None:
    target = f"arn:aws:organizations::111122223333:account/o-exampleorgid1/{ACCOUNT}"
    found = read(baseline_event("EnableBaseline", target, "UNDER_CHANGE"))
    assert isinstance(found, LifecycleEvent)
    assert found.has_succeeded is None


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ([], "event-json"),
        ({}, "event-source"),
        ({"source": "aws.ec2", "detail": account_event()["detail"]}, "event-source"),
        ({**account_event(), "source": ["aws.controltower"]}, "event-source"),
        (enveloped({"eventName": "SetupLandingZone"}), "event-unknown"),
        (enveloped({}), "event-unknown"),
        (enveloped({"eventName": "CreateManagedAccount"}), "event-shape"),
        (enveloped({"eventName": "CreateManagedAccount", "serviceEventDetails": {}}), "event-shape"),
        (account_event(accountId="22223333444"), "event-account"),
        (account_event(accountId=222233334444), "event-account"),
        (account_event(accountId="222233334444\n"), "event-account"),
        (
            baseline_event("EnableBaseline", "arn:aws:organizations::111122223333:account/o-exampleorgid1/x"),
            "event-target",
        ),
        (
            baseline_event("EnableBaseline", f"arn:aws:organizations::1:account/o-exampleorgid1/{ACCOUNT}"),
            "event-target",
        ),
    ],
)
def test_what_is_wrong_is_a_finding_with_the_remedy(document: Any, rule: str) -> None:
    assert rule_of(document) == rule


def test_an_event_that_is_no_call_is_named_by_its_kind() -> None:
    """As drift of a landing zone 4.0: https://docs.aws.amazon.com/controltower/latest/userguide/drift.html"""
    event = {"source": "aws.controltower", "detail-type": "Drift Detected", "detail": {"driftType": "SCP_UPDATED"}}
    found = read(event)
    assert isinstance(found, Finding)
    assert '"Drift Detected"' in found.message


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b" " * (LARGEST + 1)])
def test_what_is_no_json_is_a_finding(data: bytes) -> None:
    assert isinstance(read_event(data, "event.json"), Finding)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda within: st.lists(within, max_size=2) | st.dictionaries(st.text(max_size=5), within, max_size=2),
    max_leaves=5,
)


@given(st.data())
def test_no_event_raises_whatever_stands_in_it(data: st.DataObject) -> None:
    """A value anywhere in a good event is replaced by any other."""
    document = data.draw(st.sampled_from([account_event(), baseline_event("EnableBaseline", "x")]))
    place = document
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]
    found = read(document)
    if isinstance(found, LifecycleEvent) and found.account_id is not None:
        assert found.account_id.isdecimal()
