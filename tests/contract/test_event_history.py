"""Who has done it: CloudTrail's event history in the sandbox, and what is read from it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from pipeline.app.clock import SystemClock
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.trail import LOOKUPS, PAGES, Trail
from pipeline.sandbox import control
from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from tests.contract.sandbox_client import Aws, opened, refusal

NETWORK, AUDIT = "210000000003", "210000000002"
ROLE = "arn:aws:iam::111122223333:role/breakglass"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options()) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    sandbox.served.reset("sample")
    for name in control.UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in control.environment(sandbox.served.url).items():
        monkeypatch.setenv(name, value)
    return sandbox


class Still(SystemClock):
    """The sandbox's time, which stands still; waiting takes none."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._seconds = 0.0

    def now(self) -> datetime:
        return self._aws.served.clock.now()

    def monotonic(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += max(0.0, seconds)


def trail(aws: Aws) -> Trail:
    return Trail(Connection(region="eu-west-1", run_id="test", clock=Still(aws), read_only=True))


def tag(aws: Aws, account_id: str, key: str, value: str = "x") -> None:
    aws.organizations.tag_resource(ResourceId=account_id, Tags=[{"Key": key, "Value": value}])


def test_a_change_by_hand_is_found_with_its_caller_and_what_it_was_about(aws: Aws) -> None:
    tag(aws, NETWORK, "CostCenter")

    (event,) = trail(aws).events({"TagResource", "MoveAccount"}).events

    assert (event.name, event.about, event.parts) == ("TagResource", NETWORK, frozenset({"costcenter"}))
    assert event.who == "arn:aws:iam::111122223333:user/administrator"
    assert event.from_where == "127.0.0.1"


def test_whoever_acts_in_a_role_is_named_with_role_and_session(aws: Aws) -> None:
    given = aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{AUDIT}:role/OrganizationAccountAccessRole", RoleSessionName="jane"
    )
    aws.client("account", given["Credentials"]).put_alternate_contact(
        AlternateContactType="SECURITY", Name="N", Title="T", EmailAddress="a@b.co", PhoneNumber="+1 1"
    )
    looked_up = aws.client("cloudtrail", given["Credentials"]).lookup_events()["Events"]

    assert [each["Username"] for each in looked_up] == ["jane"]
    assert trail(aws).events({"PutAlternateContact"}).events == ()  # of the member's own history


def test_reads_and_calls_that_failed_are_no_changes(aws: Aws) -> None:
    aws.organizations.list_accounts()
    assert refusal(lambda: tag(aws, "999999999999", "A"))[0] == "TargetNotFoundException"

    assert aws.client("cloudtrail").lookup_events()["Events"] == []


def test_events_come_newest_first_page_by_page_and_only_so_many_are_read(aws: Aws) -> None:
    for number in range(PAGES * 50 + 1):
        tag(aws, NETWORK, f"Key{number % 40}", str(number))

    found = trail(aws).events({"TagResource"})

    assert len(found.events) == PAGES * 50
    assert len({each.event_id for each in found.events}) == PAGES * 50
    assert found.notes == ("there are more than 250 events TagResource in us-east-1; older ones were not read",)


def test_no_more_is_looked_up_than_a_report_may_cost(aws: Aws) -> None:
    names = {f"Call{number}" for number in range(LOOKUPS + 5)}

    found = trail(aws).events(names)

    assert len([each for each in aws.served.calls if each.operation == "LookupEvents"]) == LOOKUPS
    assert found.notes == (f"more than {LOOKUPS} lookups would be needed to see who; the rest is left out",)


def test_whoever_may_not_look_is_told_so_and_asked_no_more(aws: Aws) -> None:
    aws.served.inject(
        Fault(kind=Kind.ERROR, service="cloudtrail", operation="LookupEvents", code="AccessDeniedException", status=400)
    )

    found = trail(aws).events({"TagResource", "MoveAccount"})

    assert found.notes == ("CloudTrail may not be read in us-east-1: allow cloudtrail:LookupEvents, to see who",)
    assert len([each for each in aws.served.calls if each.operation == "LookupEvents"]) == 1


def test_a_call_that_was_not_looked_up_to_the_end_is_not_among_those_that_were(aws: Aws) -> None:
    assert trail(aws).events({"TagResource", "MoveAccount"}).looked == {"TagResource", "MoveAccount"}
    names = {f"Call{number:02d}" for number in range(LOOKUPS + 5)}

    assert trail(aws).events(names).looked == set(sorted(names)[:LOOKUPS])


def test_a_call_to_control_tower_is_found_in_the_home_region_with_its_unit_and_its_control(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened(Options(landing_zone=True, home_region="eu-west-1")) as tower:
        named = "arn:aws:controltower:eu-west-1::control/AWS-GR_ENCRYPTED_VOLUMES"
        root = tower.organizations.list_roots()["Roots"][0]["Id"]
        units = tower.organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
        unit = next(each for each in units if each["Name"] == "Workloads")
        home = tower.client("controltower", region="eu-west-1")
        home.enable_control(controlIdentifier=named, targetIdentifier=unit["Arn"])
        for name, value in control.environment(tower.served.url).items():
            monkeypatch.setenv(name, value)
        (event,) = trail(tower).events({"EnableControl"}).events

    assert (event.about, event.parts) == (unit["Id"], frozenset({named.lower()}))


def test_a_question_is_about_one_attribute_and_a_time_that_can_be(aws: Aws) -> None:
    look = aws.client("cloudtrail").lookup_events
    name = {"AttributeKey": "EventName", "AttributeValue": "TagResource"}
    now = aws.served.clock.now()

    assert refusal(lambda: look(LookupAttributes=[name, name]))[0] == "InvalidLookupAttributesException"
    assert refusal(lambda: look(StartTime=now, EndTime=now - timedelta(hours=1)))[0] == "InvalidTimeRangeException"
    assert refusal(lambda: look(NextToken="made up"))[0] == "InvalidNextTokenException"
