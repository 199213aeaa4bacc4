"""Rates and lag of the sandbox: as documented, by the sandbox's own clock."""

from collections import Counter

import pytest

from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from tests.contract.sandbox_client import opened, refusal

LOG_ARCHIVE = "210000000001"
LAG = 8.0


@pytest.mark.parametrize(
    ("operation", "burst", "rate"),
    [("list_accounts", 12, 8), ("list_roots", 2, 1), ("list_create_account_status", 8, 5)],
)
def test_calls_beyond_burst_and_rate_are_throttled(operation: str, burst: int, rate: int) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
    with opened(Options(throttle=True)) as aws:
        call = getattr(aws.organizations, operation)
        for _ in range(burst):
            call()
        beyond = refusal(call)
        aws.wait(1)
        for _ in range(rate):
            call()
        again = refusal(call)
        aws.wait(1000)
        for _ in range(burst):
            call()

    assert beyond == again == ("TooManyRequestsException", None)


def test_creating_accounts_has_the_slowest_rate() -> None:
    with opened(Options(throttle=True, creation_delay=0)) as aws:
        for number in range(3):
            aws.organizations.create_account(AccountName="new", Email=f"new-{number}@example.com")
        fourth = {"AccountName": "new", "Email": "new-3@example.com"}
        at_once = refusal(aws.organizations.create_account, **fourth)
        aws.wait(9.9)
        too_early = refusal(aws.organizations.create_account, **fourth)
        aws.wait(0.1)
        aws.organizations.create_account(**fourth)

    assert at_once == too_early == ("TooManyRequestsException", None)


def test_account_management_and_tagging_are_throttled_in_their_own_words() -> None:
    """https://docs.aws.amazon.com/accounts/latest/reference/quotas.html"""
    with opened(Options(throttle=True)) as aws:
        aws.account.put_account_name(AccountId=LOG_ARCHIVE, AccountName="one")
        account = refusal(aws.account.put_account_name, AccountId=LOG_ARCHIVE, AccountName="two")
        for _ in range(15):
            aws.tagging.get_resources(ResourceTypeFilters=["organizations:account"])
        tagging = refusal(aws.tagging.get_resources)

    assert (account[0], tagging[0]) == ("TooManyRequestsException", "ThrottledException")


def test_without_the_option_nothing_is_throttled() -> None:
    with opened(Options()) as aws:
        for _ in range(30):
            aws.organizations.list_roots()

        assert {each.error for each in aws.served.calls} == {None}


def test_reads_lag_behind_writes_by_the_delay_and_writes_do_not() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_troubleshoot_general.html"""
    with opened(Options(consistency_delay=LAG, creation_delay=0)) as aws:
        unit = aws.unit("New")
        at_once = refusal(aws.organizations.describe_organizational_unit, OrganizationalUnitId=unit)
        aws.organizations.move_account(
            AccountId=LOG_ARCHIVE,
            SourceParentId=aws.organizations.list_parents(ChildId=LOG_ARCHIVE)["Parents"][0]["Id"],
            DestinationParentId=unit,
        )
        aws.organizations.tag_resource(ResourceId=LOG_ARCHIVE, Tags=[{"Key": "new", "Value": "1"}])
        seen = []
        for seconds in (0, LAG - 0.1, 0.1):
            aws.wait(seconds)
            tags = aws.organizations.list_tags_for_resource(ResourceId=LOG_ARCHIVE)["Tags"]
            parent = aws.organizations.list_parents(ChildId=LOG_ARCHIVE)["Parents"][0]["Id"]
            seen.append((parent == unit, {"Key": "new", "Value": "1"} in tags))

    assert at_once[0] == "OrganizationalUnitNotFoundException"
    assert seen == [(False, False), (False, False), (True, True)]


def test_a_creation_can_be_followed_though_the_account_is_not_listed_yet() -> None:
    with opened(Options(consistency_delay=LAG, creation_delay=1)) as aws:
        created = aws.create("new")
        listed = [Counter(each["Name"] for each in aws.organizations.list_accounts()["Accounts"])["new"]]
        not_yet = refusal(aws.organizations.describe_account, AccountId=created["AccountId"])
        aws.wait(LAG)
        listed.append(Counter(each["Name"] for each in aws.organizations.list_accounts()["Accounts"])["new"])

    assert created["State"] == "SUCCEEDED"
    assert not_yet[0] == "AccountNotFoundException"
    assert listed == [0, 1]


def test_the_seed_is_visible_from_the_first_moment() -> None:
    with opened(Options(consistency_delay=LAG)) as aws:
        assert len(aws.organizations.list_accounts()["Accounts"]) == 13
        assert aws.organizations.list_parents(ChildId=MANAGEMENT_ID)["Parents"] == [{"Id": ROOT_ID, "Type": "ROOT"}]


def test_a_deleted_unit_is_seen_until_the_delay_is_over() -> None:
    with opened(Options(consistency_delay=LAG)) as aws:
        unit = aws.unit("Short-lived")
        aws.organizations.delete_organizational_unit(OrganizationalUnitId=unit)
        aws.wait(LAG / 2)
        aws.wait(LAG / 2)
        gone = refusal(aws.organizations.describe_organizational_unit, OrganizationalUnitId=unit)

    assert gone[0] == "OrganizationalUnitNotFoundException"
