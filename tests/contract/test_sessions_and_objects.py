"""Sessions that are handed to Terraform, and the objects that remember what is verified, against the sandbox."""

from collections.abc import Iterator
from datetime import date

import pytest

from pipeline.app.clock import SystemClock
from pipeline.customizations.overrides import S3Backend
from pipeline.customizations.state import Mark, S3StateStore
from pipeline.errors import PermanentServiceError
from pipeline.model.customization import Target
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.objects import Objects
from pipeline.provisioners.aws.read_only import WriteRefusedError
from pipeline.provisioners.aws.sessions import NotAssumableError, RoleSessions
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served, running

MEMBER, NOBODY = "210000000006", "999999999999"
REGION = "eu-west-1"
BACKEND = S3Backend(bucket="example-vending-state", region=REGION)
TARGET = Target(account_id=MEMBER, customization="base")


def mark(day: int) -> Mark:
    return Mark(day=date(2026, 1, day), fingerprint="a-b-c-d", etag="none")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with running(Options()) as sandbox:
        sandbox.reset()  # what lives inside accounts is of this process
        for name in control.UNSET:
            monkeypatch.delenv(name, raising=False)
        for name, value in control.environment(sandbox.url).items():
            monkeypatch.setenv(name, value)
        yield sandbox


def connection(*, read_only: bool = False) -> Connection:
    return Connection(region=REGION, run_id="run", clock=SystemClock(), read_only=read_only)


def store(*, read_only: bool = False) -> S3StateStore:
    return S3StateStore(Objects(connection(read_only=read_only), REGION), BACKEND)


def sessions(*, own_role: str | None = None) -> RoleSessions:
    return RoleSessions(connection(), execution_role="OrganizationAccountAccessRole", own_role=own_role)


def make_bucket() -> None:
    client = connection().client("s3", region=REGION)
    client.create_bucket(Bucket=BACKEND.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})


def test_what_is_marked_is_read_back_and_the_last_mark_stays(served: Served) -> None:
    make_bucket()
    store().mark(TARGET, mark(1))
    store().mark(TARGET, mark(2))

    assert store().listing().marks == {TARGET: (mark(2),)}
    assert store().read_state(TARGET) is None


def test_a_plan_reads_the_marks_and_cannot_write_any(served: Served) -> None:
    make_bucket()
    store().mark(TARGET, mark(1))

    assert store(read_only=True).listing().marks == {TARGET: (mark(1),)}
    with pytest.raises(WriteRefusedError, match="PutObject"):
        store(read_only=True).mark(TARGET, mark(2))


def test_a_bucket_that_is_not_there_is_named_as_an_error_of_ours(served: Served) -> None:
    with pytest.raises(
        PermanentServiceError, match=f'bucket "{BACKEND.bucket}" in {REGION}: .*NoSuchBucket'
    ) as missing:
        store().listing()
    assert missing.value.hint == "create it, with versioning and encryption, or correct the name in vending.yaml"


def test_a_session_acts_in_the_account_and_is_shared_while_it_is_fresh(served: Served) -> None:
    ours = sessions()

    assert ours.member(MEMBER) is ours.member(MEMBER)
    assert [call.operation for call in served.calls].count("AssumeRole") == 1
    assert ours.member(MEMBER).secret_access_key not in repr(ours.member(MEMBER))


def test_a_role_that_cannot_be_assumed_is_told_apart(served: Served) -> None:
    with pytest.raises(NotAssumableError, match="AccessDenied"):
        sessions().member(NOBODY)
    assert not sessions().can_enter(NOBODY)
    assert sessions().can_enter(MEMBER)


def test_the_state_bucket_needs_a_role_of_our_own(served: Served) -> None:
    with pytest.raises(PermanentServiceError, match=r"roles\.apply"):
        sessions().scoped({})
