"""Tags of accounts: all at once where AWS allows it, else account by account."""

import logging
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pipeline.model.account import REPOSITORY_TAG, REQUEST_TAG
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.translation import code_of

if TYPE_CHECKING:
    from mypy_boto3_organizations.client import OrganizationsClient
    from mypy_boto3_resourcegroupstaggingapi.client import ResourceGroupsTaggingAPIClient

AccountTags = dict[str, dict[str, str]]
"""Tags by account id; an account that was never tagged may be missing."""

_NO_BULK_READS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidAction",
        "InvalidParameterException",
        "InvalidParameterValueException",
        "NotImplemented",
        "NotImplementedException",
        "UnauthorizedOperation",
        "UnknownOperationException",
        "UnsupportedOperationException",
    }
)
_NOT_IMPLEMENTED = 501
_PAGE = 100
_ACCOUNTS = ["organizations:account"]

_logger = logging.getLogger(__name__)


def bulk_tags(tagging: "ResourceGroupsTaggingAPIClient") -> AccountTags | None:
    """The tags of all accounts, 100 accounts a call; None where bulk reads are not allowed or not there.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    Lags behind writes, so what an adoption depends on is read once more (`Details.tags`).
    """
    return _resources(tagging, ResourcesPerPage=_PAGE)


def owned_by(tagging: "ResourceGroupsTaggingAPIClient", *, key: str, repository: str) -> list[str]:
    """The ids of the accounts whose ownership tags name this request; none where bulk reads are not there."""
    filters = [{"Key": REQUEST_TAG, "Values": [key]}, {"Key": REPOSITORY_TAG, "Values": [repository]}]
    return sorted(_resources(tagging, ResourcesPerPage=_PAGE, TagFilters=filters) or {})


def tags_of(organizations: "OrganizationsClient", account_id: str) -> dict[str, str]:
    """The tags of one account, ours and AWS's included."""
    found = listed(organizations.list_tags_for_resource, "Tags", ResourceId=account_id)
    return {tag["Key"]: tag["Value"] for tag in found}


def tags_one_by_one(organizations: "OrganizationsClient", account_ids: Iterable[str], pool: Executor) -> AccountTags:
    """The tags of these accounts, a call for each, as many at once as the pool has threads."""
    ids = list(account_ids)
    return dict(zip(ids, pool.map(lambda account_id: tags_of(organizations, account_id), ids), strict=True))


def _resources(tagging: "ResourceGroupsTaggingAPIClient", **arguments: Any) -> AccountTags | None:
    try:
        found = listed(
            tagging.get_resources,
            "ResourceTagMappingList",
            token="PaginationToken",  # noqa: S106 - the name of a parameter
            ResourceTypeFilters=_ACCOUNTS,
            **arguments,
        )
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code_of(error) not in _NO_BULK_READS and status != _NOT_IMPLEMENTED:
            raise
        _logger.info("Tags cannot be read in bulk (%s); they are read account by account", code_of(error))
        return None
    return {_account_id(each["ResourceARN"]): _as_mapping(each.get("Tags", [])) for each in found}


def _account_id(arn: str) -> str:
    """The account of `arn:aws:organizations::MANAGEMENT:account/o-…/ACCOUNT`."""
    return arn.rpartition("/")[2]


def _as_mapping(tags: Iterable[Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
