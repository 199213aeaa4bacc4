"""The sandbox's tagging API over accounts, in both protocols that SDKs speak, and over what moto keeps.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID
from tests.contract.sandbox_client import Aws, opened, refusal

ACCOUNTS = {"ResourceTypeFilters": ["organizations:account"]}
LOG_ARCHIVE, UNTAGGED = "210000000001", "210000000011"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Aws]:
    with opened(Options()) as aws:
        yield aws


@pytest.fixture
def aws(sandbox: Aws) -> Aws:
    sandbox.served.reset("sample")
    return sandbox


def arn(account_id: str) -> str:
    return f"arn:aws:organizations::{MANAGEMENT_ID}:account/o-exampleorgid1/{account_id}"


def listed(client: Any, **parameters: Any) -> dict[str, dict[str, str]]:
    """Tags by the last part of the ARN, over all pages."""
    found = {}
    for page in client.get_paginator("get_resources").paginate(**parameters):
        for each in page["ResourceTagMappingList"]:
            found[each["ResourceARN"].rpartition("/")[2]] = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
    return found


def test_tagged_accounts_are_listed_with_all_their_tags_and_untagged_ones_never_appear(aws: Aws) -> None:
    found = listed(aws.tagging, **ACCOUNTS)

    assert len(found) == 11
    assert found[LOG_ARCHIVE] == {
        "CostCenter": "1000",
        "Owner": "security",
        REQUEST_TAG: "log-archive",
        REPOSITORY_TAG: "example-account-requests",
    }
    assert not {UNTAGGED, MANAGEMENT_ID} & found.keys()


def test_an_account_that_was_tagged_once_stays_listed(aws: Aws) -> None:
    aws.organizations.tag_resource(ResourceId=UNTAGGED, Tags=[{"Key": "a", "Value": "b"}])
    aws.organizations.untag_resource(ResourceId=UNTAGGED, TagKeys=["a"])

    assert listed(aws.tagging, **ACCOUNTS)[UNTAGGED] == {}


def test_a_hundred_accounts_make_a_page(aws: Aws) -> None:
    aws.served.reset("accounts:250")

    pages = list(aws.tagging.get_paginator("get_resources").paginate(**ACCOUNTS, ResourcesPerPage=100))

    assert [len(page["ResourceTagMappingList"]) for page in pages] == [100, 100, 50]
    assert pages[-1]["PaginationToken"] == ""
    assert len(listed(aws.tagging, **ACCOUNTS, ResourcesPerPage=100)) == 250


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([{"Key": "Owner", "Values": ["search"]}], {"search-prod", "search-dev", "retired-api"}),
        ([{"Key": "Owner", "Values": ["platform", "crm"]}], {"network", "Legacy CRM"}),
        ([{"Key": "Owner"}, {"Key": "CostCenter", "Values": ["4711"]}], {"payments-dev", "billing"}),
        ([{"Key": "Temporary"}], {"shared-services"}),
    ],
)
def test_filters_are_joined_by_and_and_their_values_by_or(aws: Aws, filters: list[Any], names: set[str]) -> None:
    found = listed(aws.tagging, **ACCOUNTS, TagFilters=filters)

    assert {aws.organizations.describe_account(AccountId=each)["Account"]["Name"] for each in found} == names


def test_accounts_can_be_asked_for_by_arn(aws: Aws) -> None:
    assert listed(aws.tagging, ResourceARNList=[arn(LOG_ARCHIVE)]).keys() == {LOG_ARCHIVE}


@pytest.mark.parametrize(
    "parameters",
    [
        {"ResourcesPerPage": 101},
        {"ResourcesPerPage": 0},
        {"PaginationToken": "x"},
        {"ResourceARNList": [arn(LOG_ARCHIVE)]},
        {"TagFilters": [{"Key": "x", "Values": ["y"] * 21}]},
    ],
)
def test_wrong_input_is_an_invalid_parameter(aws: Aws, parameters: dict[str, Any]) -> None:
    assert refusal(aws.tagging.get_resources, **ACCOUNTS, **parameters)[0] == "InvalidParameterException"


def test_a_pagination_token_is_good_for_a_quarter_of_an_hour(aws: Aws) -> None:
    first = aws.tagging.get_resources(**ACCOUNTS, ResourcesPerPage=5)
    aws.wait(15 * 60)
    second = aws.tagging.get_resources(**ACCOUNTS, ResourcesPerPage=5, PaginationToken=first["PaginationToken"])
    aws.wait(15 * 60 + 1)
    token = second["PaginationToken"]

    refused = refusal(aws.tagging.get_resources, **ACCOUNTS, ResourcesPerPage=5, PaginationToken=token)

    assert refused[0] == "PaginationTokenExpiredException"


def test_accounts_are_there_for_the_management_account_in_us_east_1_alone(aws: Aws) -> None:
    elsewhere = aws.client("resourcegroupstaggingapi", region="eu-west-1")
    member = aws.client("resourcegroupstaggingapi", aws.inside(LOG_ARCHIVE))

    assert listed(elsewhere, **ACCOUNTS) == {}
    assert listed(member, **ACCOUNTS) == {}


def test_accounts_are_tagged_and_untagged_by_arn(aws: Aws) -> None:
    nowhere = arn("999999999999")
    answer = aws.tagging.tag_resources(ResourceARNList=[arn(UNTAGGED), nowhere], Tags={"Owner": "sales"})
    tags = listed(aws.tagging, **ACCOUNTS)[UNTAGGED]
    aws.tagging.untag_resources(ResourceARNList=[arn(UNTAGGED)], TagKeys=["Owner"])

    assert tags == {"Owner": "sales"}
    assert answer["FailedResourcesMap"][nowhere]["ErrorCode"] == "TargetNotFoundException"
    assert listed(aws.tagging, **ACCOUNTS)[UNTAGGED] == {}


def test_what_moto_keeps_is_listed_behind_the_accounts(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="example-bucket")
    s3.put_bucket_tagging(Bucket="example-bucket", Tagging={"TagSet": [{"Key": "Owner", "Value": "us"}]})

    everything = listed(aws.tagging)
    buckets = listed(aws.tagging, ResourceTypeFilters=["s3"])

    assert {"arn:aws:s3:::example-bucket", LOG_ARCHIVE} <= everything.keys()
    assert buckets == {"arn:aws:s3:::example-bucket": {"Owner": "us"}}
    assert "Owner" in aws.tagging.get_tag_keys()["TagKeys"]


def test_the_older_json_protocol_gives_the_same_answer(aws: Aws) -> None:
    place = urlsplit(aws.served.url)
    scope = f"{access_key_of(MANAGEMENT_ID)}/20260101/us-east-1/tagging/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "ResourceGroupsTaggingAPI_20170126.GetResources",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    connection = HTTPConnection(place.hostname or "", place.port)
    connection.request("POST", "/", json.dumps(ACCOUNTS), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()

    assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer["ResourceTagMappingList"] == aws.tagging.get_resources(**ACCOUNTS)["ResourceTagMappingList"]
