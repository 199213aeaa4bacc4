"""States and marks, in a bucket and in a folder."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.customizations.overrides import LocalBackend, S3Backend, local_state, state_key
from pipeline.customizations.state import (
    Listing,
    LocalStateStore,
    Mark,
    S3StateStore,
    StateStore,
    checked,
    session_policy,
)
from pipeline.errors import UsageError
from pipeline.model.customization import Target

ONE = Target(account_id="210000000001", customization="base")
LONGER = Target(account_id="210000000001", customization="base-more")
TWO = Target(account_id="210000000002", customization="base")
BUCKET = S3Backend(bucket="states", region="eu-west-1")
TODAY = date(2026, 3, 4)


class FakeS3:
    """A bucket in memory, a thousand keys a page; `calls` names what was asked."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []

    def list_objects_v2(self, **parameters: Any) -> Mapping[str, Any]:
        self.calls.append("list")
        after = parameters.get("ContinuationToken", "")
        keys = [key for key in sorted(self.objects) if key.startswith(parameters["Prefix"]) and key > after]
        more = {"NextContinuationToken": keys[999]} if len(keys) > 1000 else {}
        return {"Contents": [{"Key": key, "ETag": f'"etag{len(self.objects[key])}"'} for key in keys[:1000]], **more}

    def get_object(self, **parameters: Any) -> Mapping[str, Any]:
        self.calls.append("get")
        return {"Body": io.BytesIO(self.objects[parameters["Key"]])}

    def put_object(self, **parameters: Any) -> Mapping[str, Any]:
        self.calls.append("put")
        self.objects[parameters["Key"]] = parameters["Body"]
        return {}

    def delete_object(self, **parameters: Any) -> Mapping[str, Any]:
        self.calls.append("delete")
        del self.objects[parameters["Key"]]
        return {}


WriteState = Callable[[Target, bytes], None]


@pytest.fixture(params=["bucket", "folder"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[StateStore, WriteState]:
    """A store, and how Terraform would write a state."""
    if request.param == "bucket":
        s3 = FakeS3()
        return S3StateStore(s3, BUCKET), lambda target, text: s3.objects.update({state_key(BUCKET, target): text})
    backend = LocalBackend(directory=tmp_path)

    def write(target: Target, text: bytes) -> None:
        path = local_state(backend, target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)

    return LocalStateStore(backend), write


def test_listing_tells_of_all_states_and_marks(kept: tuple[StateStore, WriteState]) -> None:
    store, write = kept
    write(ONE, b"one")
    write(LONGER, b"longer")
    store.mark(ONE, Mark(day=TODAY, fingerprint="f-1", etag="none"))
    store.mark(TWO, Mark(day=TODAY, fingerprint="f-2", begun="abc"))

    whole, one = store.listing(), store.listing(ONE)

    assert set(whole.etags) == {ONE, LONGER}
    assert whole.marks == {
        ONE: (Mark(day=TODAY, fingerprint="f-1", etag="none"),),
        TWO: (Mark(day=TODAY, fingerprint="f-2", begun="abc"),),
    }
    assert one == Listing(etags={ONE: whole.etags[ONE]}, marks={ONE: whole.marks[ONE]})


def test_etag_changes_with_the_state(kept: tuple[StateStore, WriteState]) -> None:
    store, write = kept
    write(ONE, b"one")
    before = store.listing().etags[ONE]
    write(ONE, b"moved on")

    assert store.listing().etags[ONE] != before


def test_new_mark_takes_the_place_of_all_others(kept: tuple[StateStore, WriteState]) -> None:
    store, _ = kept
    store.mark(LONGER, Mark(day=TODAY, fingerprint="f-9", etag="e"))
    for fingerprint in ("f-1", "f-2", "f-2"):
        store.mark(ONE, Mark(day=TODAY, fingerprint=fingerprint, etag="e"))

    assert store.listing().marks == {
        ONE: (Mark(day=TODAY, fingerprint="f-2", etag="e"),),
        LONGER: (Mark(day=TODAY, fingerprint="f-9", etag="e"),),
    }


def test_state_is_read_as_it_was_written(kept: tuple[StateStore, WriteState]) -> None:
    store, write = kept
    write(LONGER, b"longer")

    assert store.read_state(LONGER) == b"longer"
    assert store.read_state(ONE) is None


def test_sources_are_remembered_once(kept: tuple[StateStore, WriteState]) -> None:
    store, _ = kept
    store.remember_source("abc", {"main.tf": "1"})
    store.remember_source("abc", {"main.tf": "1"})

    assert store.recall_source("abc") == {"main.tf": "1"}
    assert store.recall_source("abcd") is None
    assert store.listing() == Listing()


def test_one_call_lists_a_thousand_objects() -> None:
    """500 accounts, each with a state and a mark."""
    s3 = FakeS3()
    store = S3StateStore(s3, BUCKET)
    for number in range(500):
        account = f"{number:012}"
        s3.objects[f"accounts/{account}/customizations/base.tfstate"] = b"{}"
        s3.objects[f"accounts/{account}/customizations/base/f-1.etag2.20260304"] = b""

    assert len(store.listing().marks) == 500
    assert s3.calls == ["list"]

    s3.objects["accounts/999999999999/customizations/base.tfstate"] = b"{}"

    assert len(store.listing().etags) == 501
    assert s3.calls == ["list"] * 3


def test_new_mark_is_written_before_the_old_one_goes() -> None:
    """Killed in between, both are there; never none."""
    s3 = FakeS3()
    store = S3StateStore(s3, BUCKET)
    store.mark(ONE, Mark(day=TODAY, fingerprint="f-1", etag="e"))
    s3.calls.clear()
    store.mark(ONE, Mark(day=TODAY, fingerprint="f-2", etag="e"))

    assert s3.calls == ["list", "put", "delete"]


@given(
    name=st.text(max_size=60)
    | st.from_regex(r"accounts/[0-9]{12}/customizations/[a-z]{1,3}(/.{0,20}|\.tfstate(\.tflock)?)", fullmatch=True)
)
def test_names_of_other_people_are_no_marks_and_break_nothing(name: str) -> None:
    s3 = FakeS3()
    s3.objects = {f"accounts/{name.removeprefix('accounts/')}": b""}
    listing = S3StateStore(s3, BUCKET).listing()

    assert len(listing.etags) + len(listing.marks) <= 1


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("21000000000", "base"),
        ("../000000001", "base"),
        ("210000000001", "../x"),
        ("210000000001", "a.b"),
        ("210000000001", ""),
    ],
)
def test_names_that_lead_elsewhere_are_refused(account: str, name: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in the key of a state"):
        checked(Target(account_id=account, customization=name))


@pytest.mark.parametrize("prefix", ["", "customizations", "customizations/x", "/x", "x/"])
def test_prefix_where_the_states_of_no_account_are_looked_for_is_refused(prefix: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        S3Backend(bucket="states", region="eu-west-1", prefix=prefix)


def test_session_policy_reaches_the_states_of_one_account_alone() -> None:
    """Objects of this account that are states or their locks; fits in what STS takes."""
    policy = session_policy(BUCKET, "210000000001")
    listing, looking, *writing = policy["Statement"]
    states = "arn:aws:s3:::states/accounts/210000000001/customizations/*.tfstate"

    assert len(json.dumps(policy)) < 2048
    assert listing["Action"] == "s3:ListBucket"
    assert looking["Resource"] == [states, "arn:aws:s3:::states/customizations/*.tfstate"]
    assert [each["Resource"] for each in writing] == [states, f"{states}.tflock"]
    reading = json.dumps(session_policy(BUCKET, "210000000001", write=False))
    assert "Put" not in reading
    assert "Delete" not in reading
