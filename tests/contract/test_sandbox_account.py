"""The sandbox's Account Management does what AWS documents.

https://docs.aws.amazon.com/accounts/latest/reference/api-reference.html
"""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.sandbox.account_management.email import passwords
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID
from tests.contract.sandbox_client import Aws, opened, refusal

LOG_ARCHIVE, AUDIT, SUSPENDED, NOWHERE = "210000000001", "210000000002", "210000000010", "999999999999"
REGION_DELAY = 600.0
DENIED = ("AccessDeniedException", None)
CONTACT = {"Name": "Desk", "Title": "On call", "EmailAddress": "desk@example.com", "PhoneNumber": "+1 (2) 3-4"}
ADDRESS = {
    "FullName": "Example Corp",
    "AddressLine1": "1 Road",
    "City": "Oslo",
    "PostalCode": "0001",
    "CountryCode": "NO",
    "PhoneNumber": "+47 1",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options(region_delay=REGION_DELAY)) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


def test_a_new_name_is_seen_by_both_services(aws: Aws) -> None:
    aws.account.put_account_name(AccountId=LOG_ARCHIVE, AccountName="Log Archive")

    assert aws.account.get_account_information(AccountId=LOG_ARCHIVE)["AccountName"] == "Log Archive"
    assert aws.organizations.describe_account(AccountId=LOG_ARCHIVE)["Account"]["Name"] == "Log Archive"


def test_the_management_account_is_meant_when_no_account_is_named(aws: Aws) -> None:
    aws.account.put_account_name(AccountName="renamed-management")

    assert aws.account.get_account_information()["AccountId"] == MANAGEMENT_ID
    assert aws.organizations.describe_account(AccountId=MANAGEMENT_ID)["Account"]["Name"] == "renamed-management"


@pytest.mark.parametrize("account_id", [MANAGEMENT_ID, NOWHERE, SUSPENDED])
def test_itself_by_id_a_stranger_and_an_account_that_is_not_active_are_denied(aws: Aws, account_id: str) -> None:
    assert refusal(aws.account.get_account_information, AccountId=account_id) == DENIED
    assert (
        refusal(aws.account.put_alternate_contact, AccountId=account_id, AlternateContactType="BILLING", **CONTACT)
        == DENIED
    )


def test_a_member_may_only_mean_itself(aws: Aws) -> None:
    member = aws.client("account", aws.inside(LOG_ARCHIVE))

    assert member.get_account_information()["AccountId"] == LOG_ARCHIVE
    assert refusal(member.get_account_information, AccountId=AUDIT) == DENIED


def test_members_are_out_of_reach_without_trusted_access(aws: Aws) -> None:
    aws.organizations.disable_aws_service_access(ServicePrincipal="account.amazonaws.com")

    assert refusal(aws.account.get_account_information, AccountId=LOG_ARCHIVE) == DENIED


def test_an_alternate_contact_is_unset_set_and_unset_again(aws: Aws) -> None:
    which = {"AccountId": LOG_ARCHIVE, "AlternateContactType": "SECURITY"}
    unset = refusal(aws.account.get_alternate_contact, **which)
    aws.account.put_alternate_contact(**which, **CONTACT)
    kept = aws.account.get_alternate_contact(**which)["AlternateContact"]
    aws.account.delete_alternate_contact(**which)

    assert unset[0] == "ResourceNotFoundException"
    assert kept == {**CONTACT, "AlternateContactType": "SECURITY"}
    assert refusal(aws.account.delete_alternate_contact, **which)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": ""},
        {"Name": "x" * 65},
        {"Title": "x" * 51},
        {"EmailAddress": "nobody"},
        {"PhoneNumber": "call me"},
        {"PhoneNumber": "1" * 26},
        {"AlternateContactType": "FRIEND"},
    ],
)
def test_a_wrong_contact_names_the_field_that_is_wrong(aws: Aws, wrong: dict[str, str]) -> None:
    given = {"AccountId": LOG_ARCHIVE, "AlternateContactType": "BILLING"} | CONTACT | wrong

    assert refusal(aws.account.put_alternate_contact, **given) == ("ValidationException", "fieldValidationFailed")


@pytest.mark.parametrize("name", ["a<b", "x" * 51, "tab\t"])
def test_a_wrong_name_is_refused(aws: Aws, name: str) -> None:
    refused = refusal(aws.account.put_account_name, AccountId=LOG_ARCHIVE, AccountName=name)

    assert refused == ("ValidationException", "fieldValidationFailed")


def test_contact_information_is_cloned_from_the_management_account_and_can_be_replaced(aws: Aws) -> None:
    created = aws.create("new")["AccountId"]
    cloned = aws.account.get_contact_information(AccountId=created)["ContactInformation"]
    aws.account.put_contact_information(AccountId=created, ContactInformation=ADDRESS)

    assert cloned == aws.account.get_contact_information()["ContactInformation"]
    assert aws.account.get_contact_information(AccountId=created)["ContactInformation"] == ADDRESS


def test_a_state_is_required_for_some_countries(aws: Aws) -> None:
    refused = refusal(aws.account.put_contact_information, ContactInformation=ADDRESS | {"CountryCode": "DE"})

    assert refused == ("ValidationException", "fieldValidationFailed")


def test_a_region_is_enabled_and_disabled_with_delay(aws: Aws) -> None:
    which: dict[str, Any] = {"AccountId": LOG_ARCHIVE, "RegionName": "eu-south-1"}

    def status() -> str:
        return str(aws.account.get_region_opt_status(**which)["RegionOptStatus"])

    seen = [status()]
    aws.account.enable_region(**which)
    seen.append(status())
    conflict = refusal(aws.account.disable_region, **which)
    aws.wait(REGION_DELAY)
    seen.append(status())
    aws.account.disable_region(**which)
    seen.append(status())
    aws.wait(REGION_DELAY)
    seen.append(status())

    assert seen == ["DISABLED", "ENABLING", "ENABLED", "DISABLING", "DISABLED"]
    assert conflict[0] == "ConflictException"


@pytest.mark.parametrize("region", ["us-east-1", "mars-north-1"])
def test_only_opt_in_regions_can_be_enabled(aws: Aws, region: str) -> None:
    refused = refusal(aws.account.enable_region, AccountId=LOG_ARCHIVE, RegionName=region)

    assert refused == ("ValidationException", "invalidRegionOptTarget")


def test_six_regions_of_an_account_may_be_changing(aws: Aws) -> None:
    disabled = aws.account.list_regions(AccountId=LOG_ARCHIVE, RegionOptStatusContains=["DISABLED"])["Regions"]
    for each in disabled[:6]:
        aws.account.enable_region(AccountId=LOG_ARCHIVE, RegionName=each["RegionName"])

    refused = refusal(aws.account.enable_region, AccountId=LOG_ARCHIVE, RegionName=disabled[6]["RegionName"])

    assert refused[0] == "TooManyRequestsException"


def test_regions_are_listed_page_by_page_with_their_status(aws: Aws) -> None:
    pages = list(aws.account.get_paginator("list_regions").paginate(AccountId=AUDIT, PaginationConfig={"PageSize": 7}))

    regions = {each["RegionName"]: each["RegionOptStatus"] for page in pages for each in page["Regions"]}
    assert len(regions) == sum(len(page["Regions"]) for page in pages)
    assert regions["us-east-1"] == "ENABLED_BY_DEFAULT"
    assert regions["af-south-1"] == "DISABLED"


def test_an_address_changes_when_its_password_comes_back(aws: Aws) -> None:
    """https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-root-user-email.html"""
    which = {"AccountId": LOG_ARCHIVE, "PrimaryEmail": "logs@example.com"}
    aws.account.start_primary_email_update(**which)
    otp = passwords(aws.served.sandbox.organization)[LOG_ARCHIVE]["otp"]
    wrong = refusal(aws.account.accept_primary_email_update, **which, Otp="wrong1")
    before = aws.account.get_primary_email(AccountId=LOG_ARCHIVE)["PrimaryEmail"]
    accepted = aws.account.accept_primary_email_update(**which, Otp=otp)

    assert wrong[0] == "ValidationException"
    assert before == "aws+log-archive@example.com"
    assert accepted["Status"] == "ACCEPTED"
    assert aws.account.get_primary_email(AccountId=LOG_ARCHIVE)["PrimaryEmail"] == "logs@example.com"
    assert aws.account.get_primary_email_update_status(AccountId=LOG_ARCHIVE)["Status"] == "ACCEPTED"
    assert aws.create("free-again", Email="aws+log-archive@example.com")["State"] == "SUCCEEDED"


def test_an_address_in_use_is_a_conflict_and_a_password_expires_after_a_day(aws: Aws) -> None:
    which = {"AccountId": LOG_ARCHIVE, "PrimaryEmail": "logs@example.com"}
    in_use = refusal(
        aws.account.start_primary_email_update, AccountId=LOG_ARCHIVE, PrimaryEmail="AWS+audit@example.com"
    )
    nothing = refusal(aws.account.accept_primary_email_update, **which, Otp="123456")
    aws.account.start_primary_email_update(**which)
    otp = passwords(aws.served.sandbox.organization)[LOG_ARCHIVE]["otp"]
    aws.wait(24 * 3600 + 1)

    assert in_use[0] == "ConflictException"
    assert nothing[0] == "ResourceNotFoundException"
    assert refusal(aws.account.accept_primary_email_update, **which, Otp=otp)[0] == "ValidationException"
