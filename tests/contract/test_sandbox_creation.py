"""CreateAccount and CloseAccount in the sandbox take their time, and fail, as AWS documents."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.sandbox.faults import Fault, Kind
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from tests.contract.sandbox_client import Aws, opened, refusal

DELAY = 30.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options(creation_delay=DELAY, closing_delay=DELAY, account_limit=40)) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


def begin(aws: Aws, name: str, **more: Any) -> dict[str, Any]:
    answer = aws.organizations.create_account(**{"AccountName": name, "Email": f"{name}@example.com"} | more)
    status: dict[str, Any] = answer["CreateAccountStatus"]
    return status


def look(aws: Aws, status: dict[str, Any]) -> dict[str, Any]:
    answer = aws.organizations.describe_create_account_status(CreateAccountRequestId=status["Id"])
    now: dict[str, Any] = answer["CreateAccountStatus"]
    return now


def test_a_creation_is_in_progress_until_its_delay_is_over(aws: Aws) -> None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html"""
    status = begin(aws, "new", Tags=[{"Key": "CostCenter", "Value": "1"}])
    aws.wait(DELAY - 1)
    before = look(aws, status)
    aws.wait(1)
    after = look(aws, status)

    assert (status["State"], before["State"], after["State"]) == ("IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED")
    assert "AccountId" not in before
    assert (after["CompletedTimestamp"] - after["RequestedTimestamp"]).total_seconds() == pytest.approx(DELAY, abs=1)
    account = aws.organizations.describe_account(AccountId=after["AccountId"])["Account"]
    assert (account["Name"], account["Email"], account["State"]) == ("new", "new@example.com", "ACTIVE")
    assert aws.organizations.list_parents(ChildId=account["Id"])["Parents"] == [{"Id": ROOT_ID, "Type": "ROOT"}]
    tags = aws.organizations.list_tags_for_resource(ResourceId=account["Id"])["Tags"]
    assert tags == [{"Key": "CostCenter", "Value": "1"}]


def test_an_account_is_not_listed_before_it_is_created(aws: Aws) -> None:
    begin(aws, "new")

    assert "new" not in {each["Name"] for each in aws.organizations.list_accounts()["Accounts"]}


@pytest.mark.parametrize("email", ["aws+BILLING@example.com", "AWS@example.com", "aws+old-experiment@example.com"])
def test_an_address_that_is_in_use_in_any_case_fails_the_creation(aws: Aws, email: str) -> None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html"""
    ended = aws.create("again", Email=email)

    assert (ended["State"], ended["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")


def test_the_address_of_a_closed_account_stays_in_use(aws: Aws) -> None:
    """https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html"""
    aws.organizations.close_account(AccountId=aws.id_of("retired-api"))
    aws.wait(DELAY)

    assert aws.create("again", Email="aws+retired-api@example.com")["FailureReason"] == "EMAIL_ALREADY_EXISTS"


def test_the_address_of_a_creation_in_flight_is_a_concurrent_modification(aws: Aws) -> None:
    first, second = begin(aws, "new"), begin(aws, "new", Email="NEW@example.com")
    aws.wait(DELAY)

    assert look(aws, first)["State"] == "SUCCEEDED"
    assert look(aws, second)["FailureReason"] == "CONCURRENT_ACCOUNT_MODIFICATION"


def test_five_creations_may_be_in_progress(aws: Aws) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
    for number in range(5):
        begin(aws, f"new-{number}")

    refused = refusal(aws.organizations.create_account, AccountName="six", Email="six@example.com")
    aws.wait(DELAY)

    assert refused == ("ConstraintViolationException", "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")
    assert aws.create("six")["State"] == "SUCCEEDED"


def test_the_number_of_accounts_is_limited(aws: Aws) -> None:
    aws.served.reset("accounts:39")

    refused = refusal(aws.organizations.create_account, AccountName="more", Email="more@example.com")

    assert refused == ("ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"Email": "no-address"}, "INVALID_PATTERN"),
        ({"Email": "a@b."}, "MIN_LENGTH_EXCEEDED"),
        ({"Email": f"{'x' * 64}@example.com"}, "MAX_LENGTH_EXCEEDED"),
        ({"AccountName": "é"}, "INVALID_PATTERN"),
        ({"AccountName": "x" * 51}, "MAX_LENGTH_EXCEEDED"),
        ({"RoleName": "a role"}, "INVALID_PATTERN"),
        ({"RoleName": "AWSServiceRoleForMe"}, "INVALID_ROLE_NAME"),
        ({"IamUserAccessToBilling": "PERHAPS"}, "INVALID_ENUM"),
        ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "INVALID_SYSTEM_TAGS_PARAMETER"),
        ({"Tags": [{"Key": "x", "Value": "1"}, {"Key": "x", "Value": "2"}]}, "DUPLICATE_TAG_KEY"),
    ],
)
def test_wrong_input_is_refused_at_once_and_creates_nothing(aws: Aws, parameters: dict[str, Any], reason: str) -> None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html"""
    given = {"AccountName": "new", "Email": "new@example.com"} | parameters

    assert refusal(aws.organizations.create_account, **given) == ("InvalidInputException", reason)
    assert aws.organizations.list_create_account_status()["CreateAccountStatuses"] == []


@pytest.mark.parametrize(
    "email", [".dot@example.com", "a%b@example.com", "a@-example.com", "a@example.com-", "ü@example.com"]
)
def test_an_address_that_only_the_documentation_forbids_fails_the_creation(aws: Aws, email: str) -> None:
    assert aws.create("new", Email=email)["FailureReason"] == "INVALID_EMAIL"


@pytest.mark.parametrize("reason", ["ACCOUNT_LIMIT_EXCEEDED", "INTERNAL_FAILURE"])
def test_a_reason_that_was_asked_for_fails_the_next_creation_alone(aws: Aws, reason: str) -> None:
    aws.served.inject(Fault(kind=Kind.CREATION_FAILURE, operation="CreateAccount", failure_reason=reason))

    assert aws.create("first")["FailureReason"] == reason
    assert aws.create("first")["State"] == "SUCCEEDED"


def test_creations_are_listed_by_state_page_by_page(aws: Aws) -> None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html"""
    ended = [aws.create(f"new-{number}")["Id"] for number in range(5)]
    failed = aws.create("again", Email="aws@example.com")["Id"]
    in_flight = begin(aws, "in-flight")["Id"]

    def listed(**parameters: Any) -> list[str]:
        pages = aws.organizations.get_paginator("list_create_account_status").paginate(**parameters)
        return [each["Id"] for page in pages for each in page["CreateAccountStatuses"]]

    assert listed(PaginationConfig={"PageSize": 2}) == [*ended, failed, in_flight]
    assert listed(States=["IN_PROGRESS"]) == [in_flight]
    assert listed(States=["IN_PROGRESS", "FAILED"], PaginationConfig={"PageSize": 1}) == [failed, in_flight]


def test_an_unknown_creation_is_not_found(aws: Aws) -> None:
    asked = {"CreateAccountRequestId": "car-00000000"}

    refused = refusal(aws.organizations.describe_create_account_status, **asked)

    assert refused == ("CreateAccountStatusNotFoundException", None)


def test_closing_takes_its_time_and_stays_listed(aws: Aws) -> None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_CloseAccount.html"""
    account_id = aws.id_of("retired-api")

    def state() -> str:
        return str(aws.organizations.describe_account(AccountId=account_id)["Account"]["State"])

    aws.organizations.close_account(AccountId=account_id)
    at_once, again = state(), refusal(aws.organizations.close_account, AccountId=account_id)
    aws.wait(DELAY)

    assert (at_once, state()) == ("PENDING_CLOSURE", "CLOSED")
    assert again[0] == "ConflictException"
    assert refusal(aws.organizations.close_account, AccountId=account_id)[0] == "AccountAlreadyClosedException"


def test_the_management_account_cannot_be_closed(aws: Aws) -> None:
    refused = refusal(aws.organizations.close_account, AccountId=MANAGEMENT_ID)

    assert refused == ("ConstraintViolationException", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")


def test_three_accounts_may_be_closing(aws: Aws) -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
    for name in ("billing", "network", "audit"):
        aws.organizations.close_account(AccountId=aws.id_of(name))

    refused = refusal(aws.organizations.close_account, AccountId=aws.id_of("search-dev"))
    aws.wait(DELAY)
    aws.organizations.close_account(AccountId=aws.id_of("search-dev"))

    assert refused == ("ConstraintViolationException", "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED")


def test_250_accounts_may_be_closed_in_thirty_days() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
    with opened(Options(seed="accounts:252", closing_delay=0)) as aws:
        ids = [f"{220_000_000_000 + number}" for number in range(1, 253)]
        for each in ids[:250]:
            aws.organizations.close_account(AccountId=each)
        refused = refusal(aws.organizations.close_account, AccountId=ids[250])
        aws.wait(30 * 24 * 3600 + 1)
        aws.organizations.close_account(AccountId=ids[250])

    assert refused == ("ConstraintViolationException", "CLOSE_ACCOUNT_QUOTA_EXCEEDED")


def test_a_closed_account_cannot_be_entered(aws: Aws) -> None:
    account_id = aws.id_of("retired-api")
    aws.inside(account_id)
    aws.organizations.close_account(AccountId=account_id)
    aws.wait(DELAY)

    assume = aws.client("sts").assume_role
    arn = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
    assert refusal(assume, RoleArn=arn, RoleSessionName="contract")[0] == "AccessDenied"
