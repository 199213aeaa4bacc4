"""What the backend over AWS Organizations does beyond the contract: calls, rates, fallbacks, failures, the record."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session

from pipeline.errors import PermanentServiceError, ServiceError, TemporaryServiceError
from pipeline.model.account import AccountState, ContactType, WantedState
from pipeline.model.change import CloseAccount, CreateUnit, FieldChange, UpdateAccount
from pipeline.model.observed import Details
from pipeline.model.operation import Done
from pipeline.provisioners import organizations
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.limits import Limits
from pipeline.provisioners.aws.organizations.failures import FAILURES, Way
from pipeline.provisioners.organizations.provisioner import OrganizationsProvisioner
from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.server import Served
from tests.contract.provisioner_benches import (
    REPOSITORY,
    ROLE,
    RUN_ID,
    SandboxBench,
    carry_out,
    creation,
    sandbox,
)

if TYPE_CHECKING:
    from pipeline.provisioners.aws.writes import ApiWrite

THROTTLED = {"TooManyRequestsException", "ThrottledException", "ThrottlingException"}
Start = Callable[..., Served]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a sandbox with these options; the clock stands still unless one is given."""
    with ExitStack() as stack:
        yield lambda clock=None, **options: stack.enter_context(sandbox(Options(**options), clock))


def backend(served: Served, **options: Any) -> OrganizationsProvisioner:
    connection = Connection(region="eu-west-1", run_id=RUN_ID, clock=served.clock, **options)
    return organizations.connect(connection, execution_role=ROLE, repository=REPOSITORY)


def counted(served: Served) -> Counter[str]:
    return Counter(call.operation for call in served.calls)


def throttles(served: Served) -> list[Any]:
    return [call for call in served.calls if call.error in THROTTLED]


class Cancelled(ScaledClock):
    """The time of a sandbox, in which nobody waits any more."""

    def __init__(self, clock: ScaledClock) -> None:
        super().__init__(0)
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        del seconds
        raise TemporaryServiceError("cancelled")


class TestCalls:
    @pytest.mark.parametrize("seed", ["empty", "sample", "accounts:1", "accounts:19", "accounts:120", "accounts:450"])
    def test_an_observation_takes_no_more_calls_than_the_bound(self, start: Start, seed: str) -> None:
        served = start(seed=seed, throttle=True)
        observed = backend(served, read_only=True).observe()
        n, u = len(observed.accounts), len(observed.units) - 1
        bound = math.ceil(n / 20) + u + math.ceil(u / 20) + math.ceil(n / 100) + 10
        assert len(served.calls) <= bound
        assert not throttles(served)
        assert n == len(served.sandbox.organization.latest.accounts)

    def test_no_fact_is_read_twice(self, start: Start) -> None:
        served = start(seed="sample")
        provisioner = backend(served)
        observed = provisioner.observe()
        calls = counted(served)
        assert calls["DescribeOrganization"] == calls["ListRoots"] == calls["ListCreateAccountStatus"] == 1
        assert calls["ListOrganizationalUnitsForParent"] == len(observed.units)
        wanted = {each.account_id: Details(contacts=frozenset(ContactType)) for each in observed.accounts}
        once = provisioner.observe_details(observed, wanted)
        active = [each for each in observed.accounts if each.state is AccountState.ACTIVE]
        assert counted(served)["GetAlternateContact"] == 3 * len(active)
        assert provisioner.observe_details(once, wanted) == once
        assert counted(served)["GetAlternateContact"] == 3 * len(active)

    def test_the_listing_of_an_observation_serves_the_creations_after_it(self, start: Start) -> None:
        served = start(seed="accounts:100")
        bench = SandboxBench(served)
        provisioner = bench.provisioner()
        provisioner.observe()
        pages = counted(served)["ListAccounts"]
        for number in range(10):
            carry_out(bench, provisioner, creation(f"new-{number}"))
        assert counted(served)["ListAccounts"] == pages

    def test_a_refused_creation_lists_all_accounts_twice_at_most(self, start: Start) -> None:
        """Once from the moment of the refusal on, and once more while it goes on looking."""
        served = start(seed="accounts:100", creation_delay=1.0)
        bench = SandboxBench(served)
        provisioner = bench.provisioner()
        provisioner.observe()
        pages = counted(served)["ListAccounts"]
        for number in range(5):
            served.inject(Fault(kind=Kind.CREATION_FAILURE, failure_reason="EMAIL_ALREADY_EXISTS"))
            with pytest.raises(PermanentServiceError, match="no account of this organization has the address"):
                carry_out(bench, provisioner, creation(f"new-{number}"))
        listings = (counted(served)["ListAccounts"] - pages) / pages
        assert 5 <= listings <= 10


class TestFallbacks:
    def test_a_server_of_before_september_2026_gives_the_same_organization(self, start: Start) -> None:
        served = start(seed="sample")
        today = backend(served).observe()
        served.sandbox.options = Options(seed="sample", legacy_status=True)
        served.reset()
        before = backend(served).observe()
        assert counted(served)["ListAccountsForParent"] == len(before.units)
        assert [each.spec.organizational_unit for each in before.accounts] == [
            each.spec.organizational_unit for each in today.accounts
        ]

    def test_status_suspended_is_read_as_closed_or_suspended(self, start: Start) -> None:
        served = start(seed="sample", legacy_status=True)
        (suspended,) = [each for each in backend(served).observe().accounts if each.state is AccountState.SUSPENDED]
        assert suspended.spec.state is WantedState.CLOSED

    def test_an_account_can_be_moved_where_the_server_tells_no_paths(self, start: Start) -> None:
        bench = SandboxBench(start(seed="empty", legacy_status=True, creation_delay=1.0))
        carry_out(bench, bench.provisioner(), CreateUnit(path="Workloads"))
        results = carry_out(bench, bench.provisioner(), creation("billing", "Workloads"))
        assert all(isinstance(result, Done) for result in results)

    @pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterException"])
    def test_tags_are_read_account_by_account_where_they_cannot_be_read_in_bulk(self, start: Start, code: str) -> None:
        served = start(seed="sample", throttle=True)
        limits = Limits(served.clock)
        in_bulk = backend(served, limits=limits).observe()
        served.inject(Fault(kind=Kind.ERROR, operation="GetResources", code=code))
        one_by_one = backend(served, limits=limits).observe()
        assert [each.spec.tags for each in one_by_one.accounts] == [each.spec.tags for each in in_bulk.accounts]
        assert [each.key for each in one_by_one.accounts] == [each.key for each in in_bulk.accounts]
        assert counted(served)["ListTagsForResource"] == len(in_bulk.accounts)
        assert not throttles(served)

    def test_a_bulk_read_whose_token_has_expired_begins_again(self, start: Start) -> None:
        served = start(seed="accounts:150")
        expected = backend(served).observe()
        expired = Fault(kind=Kind.ERROR, operation="GetResources", code="PaginationTokenExpiredException", skip=1)
        served.inject(expired)
        calls = counted(served)["GetResources"]
        assert backend(served).observe().accounts == expected.accounts
        assert counted(served)["GetResources"] - calls == 4


class TestFailedCreations:
    """One row for each reason of AWS."""

    @pytest.mark.parametrize("reason", [*FAILURES, "A_REASON_OF_TOMORROW"])
    def test_each_reason_has_its_outcome_and_its_hint(self, start: Start, reason: str) -> None:
        served = start(seed="empty", creation_delay=1.0)
        bench = SandboxBench(served)
        served.inject(Fault(kind=Kind.CREATION_FAILURE, failure_reason=reason))
        with pytest.raises(ServiceError, match=re.escape(reason)) as failed:
            carry_out(bench, bench.provisioner(), creation("billing"))
        way = FAILURES[reason].way if reason in FAILURES else Way.REFUSE
        assert isinstance(failed.value, TemporaryServiceError) is (way is Way.JOIN)
        assert getattr(failed.value, "stops_lane", False) is (way is Way.PERSON)
        assert failed.value.hint

    def test_an_interruption_while_looking_says_nothing_about_the_address(self, start: Start) -> None:
        """The clock of a run that is cancelled ends every wait."""
        served = start(seed="empty", creation_delay=1.0)
        provisioner = organizations.connect(
            Connection(region="eu-west-1", run_id=RUN_ID, clock=Cancelled(served.clock)),
            execution_role=ROLE,
            repository=REPOSITORY,
        )
        served.inject(Fault(kind=Kind.CREATION_FAILURE, failure_reason="EMAIL_ALREADY_EXISTS"))
        request, wait = provisioner.expand(creation("billing"))
        done = provisioner.perform(request, {})
        assert isinstance(done, Done)
        served.clock.sleep(5)
        with pytest.raises(TemporaryServiceError, match="cancelled"):
            provisioner.perform(wait, done.facts)

    def test_an_account_that_another_run_has_just_created_is_found_without_bulk_tags(self, start: Start) -> None:
        """This run observed before the account was there, and has to list again, however young its listing is."""
        served = start(seed="empty", creation_delay=1.0)
        served.inject(Fault(kind=Kind.ERROR, operation="GetResources", code="AccessDeniedException", times=1_000))
        first, second = SandboxBench(served), SandboxBench(served)
        early, late = first.provisioner(), second.provisioner()
        early.observe()
        late.observe()
        made = carry_out(second, late, creation("billing"))
        adopted = carry_out(first, early, creation("billing"))
        assert all(isinstance(each, Done) for each in (*made, *adopted))
        assert [each.spec.name for each in late.observe().accounts].count("billing") == 1

    def test_every_reason_that_the_sdk_knows_has_a_row(self) -> None:
        shape = Session().get_service_model("organizations").shape_for("CreateAccountFailureReason")
        assert set(shape.enum) <= set(FAILURES)

    def test_after_a_failure_the_next_run_asks_again(self, start: Start) -> None:
        served = start(seed="empty", creation_delay=1.0)
        bench = SandboxBench(served)
        served.inject(Fault(kind=Kind.CREATION_FAILURE, failure_reason="INTERNAL_FAILURE"))
        with pytest.raises(PermanentServiceError, match="INTERNAL_FAILURE"):
            carry_out(bench, bench.provisioner(), creation("billing"))
        assert all(isinstance(each, Done) for each in carry_out(bench, bench.provisioner(), creation("billing")))

    @pytest.mark.parametrize("kind", [Kind.CARRIED_OUT_THEN_ERROR, Kind.CARRIED_OUT_THEN_RESET])
    def test_a_creation_whose_answer_was_lost_is_not_sent_again_but_looked_for(self, start: Start, kind: Kind) -> None:
        served = start(seed="empty", creation_delay=5.0)
        bench = SandboxBench(served)
        served.inject(Fault(kind=kind, operation="CreateAccount"))
        provisioner = bench.provisioner()
        with pytest.raises(TemporaryServiceError):
            carry_out(bench, provisioner, creation("billing"))
        assert all(isinstance(each, Done) for each in carry_out(bench, provisioner, creation("billing")))
        assert counted(served)["CreateAccount"] == 1


class TestQuotas:
    def close(self, served: Served, reason: str) -> ServiceError:
        bench = SandboxBench(served)
        fault = Fault(
            kind=Kind.ERROR,
            operation="CloseAccount",
            code="ConstraintViolationException",
            members={"Reason": reason},
        )
        served.inject(fault)
        change = CloseAccount(key="retired-api", account_id="210000000012", name="retired-api")
        with pytest.raises(ServiceError, match=reason) as refused:
            carry_out(bench, bench.provisioner(), change)
        return refused.value

    def test_a_used_up_quota_of_closings_stops_all_closings(self, start: Start) -> None:
        error = self.close(start(seed="sample"), "CLOSE_ACCOUNT_QUOTA_EXCEEDED")
        assert isinstance(error, PermanentServiceError)
        assert error.stops_lane
        assert "another day" in error.hint

    def test_three_closings_at_once_are_waited_for(self, start: Start) -> None:
        error = self.close(start(seed="sample"), "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")
        assert isinstance(error, TemporaryServiceError)
        assert error.delay > 0


class TestRates:
    """Against a sandbox that throttles by the documented rates."""

    def test_many_reads_and_writes_at_once_are_never_throttled(self, start: Start) -> None:
        """In real time: a delay on the way, as a busy machine has it, would count as often as time ran faster."""
        served = start(ScaledClock(1), seed="accounts:30", throttle=True)
        bench = SandboxBench(served)
        provisioner = bench.provisioner()
        observed = provisioner.observe()
        members = [each for each in observed.accounts if each.key]
        changes = [
            UpdateAccount(
                key=str(each.key),
                account_id=each.account_id,
                name=each.spec.name,
                fields=(FieldChange(path=("tags", "Batch"), before=None, after="1"),),
            )
            for each in members[:12]
        ]
        wanted = {each.account_id: Details(tags=True, contacts=frozenset(ContactType)) for each in members[12:]}
        with ThreadPoolExecutor(8) as pool:
            details = pool.submit(provisioner.observe_details, observed, wanted)
            results = list(pool.map(lambda change: carry_out(bench, provisioner, change), changes))
            details.result()
        assert all(isinstance(each, Done) for result in results for each in result)
        assert not throttles(served)

    def test_creations_reach_the_documented_rate_without_being_throttled(self, start: Start) -> None:
        """The documented rate lets 3 pass at once, and one every 10 s after them."""
        served = start(seed="empty", throttle=True, creation_delay=1.0)
        bench = SandboxBench(served)
        provisioner = bench.provisioner()
        provisioner.observe()
        began, count = served.clock.monotonic(), 100
        for number in range(count):
            carry_out(bench, provisioner, creation(f"new-{number:03d}"))
        allowed = (count - 3) / 0.1
        assert allowed / (served.clock.monotonic() - began) >= 0.95
        assert not throttles(served)
        assert counted(served)["CreateAccount"] == count


class TestRecord:
    def test_every_write_is_noted_with_its_request_id_and_no_read_is(self, start: Start) -> None:
        served = start(seed="empty", creation_delay=1.0)
        bench = SandboxBench(served)
        carry_out(bench, bench.provisioner(), CreateUnit(path="Workloads"))
        carry_out(bench, bench.provisioner(), creation("billing", "Workloads"))
        assert [(each.operation, each.subject, each.error) for each in bench.writes] == [
            ("CreateOrganizationalUnit", "Workloads", None),
            ("CreateAccount", "aws+billing@example.com", None),
            ("MoveAccount", "310000000001", None),
        ]
        assert all(each.request_id for each in bench.writes)
        assert len({each.request_id for each in bench.writes}) == 3

    def test_a_write_that_failed_is_noted_with_its_error(self, start: Start) -> None:
        served = start(seed="sample")
        bench = SandboxBench(served)
        served.inject(Fault(kind=Kind.ERROR, operation="CloseAccount", code="ConflictException"))
        served.inject(Fault(kind=Kind.CONNECTION_RESET, operation="CreateAccount"))
        change = CloseAccount(key="retired-api", account_id="210000000012", name="retired-api")
        for each in (change, creation("new-one")):
            with pytest.raises(TemporaryServiceError):
                carry_out(bench, bench.provisioner(), each)
        conflict, lost = bench.writes
        assert (conflict.error, conflict.subject, bool(conflict.request_id)) == (
            "ConflictException",
            "210000000012",
            True,
        )
        assert (lost.operation, lost.request_id) == ("CreateAccount", None)
        assert lost.error

    def test_a_role_is_assumed_under_the_name_of_the_run(self, start: Start) -> None:
        served = start(seed="sample")
        writes: list[ApiWrite] = []
        role = "arn:aws:iam::210000000002:role/OrganizationAccountAccessRole"
        connection = Connection(
            region="eu-west-1", run_id=RUN_ID, clock=served.clock, role_arn=role, read_only=True, on_write=writes.append
        )
        arn = connection.client("sts").get_caller_identity()["Arn"]
        assert arn == f"arn:aws:sts::210000000002:assumed-role/OrganizationAccountAccessRole/vend-{RUN_ID}"
        connection.client("sts").get_caller_identity()
        assert counted(served)["AssumeRole"] == 1
        assert writes == []

    def test_credentials_that_nobody_knows_are_a_permanent_error_with_a_remedy(self, start: Start) -> None:
        served = start(seed="sample")
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            with pytest.raises(PermanentServiceError, match="UnrecognizedClientException") as refused:
                backend(served).observe()
        assert "renew the credentials" in refused.value.hint
