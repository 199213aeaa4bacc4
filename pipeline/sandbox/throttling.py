"""The documented request rates, as token buckets per calling account and per organization.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
https://docs.aws.amazon.com/accounts/latest/reference/quotas.html
Nothing is published for the tagging API: 15 calls a second are our choice. An operation that is not listed is not limited.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from pipeline.model.clock import Clock


class Rate(NamedTuple):
    """Calls per second, and how many at once."""

    per_second: float
    burst: float


class Limit(NamedTuple):
    account: Rate
    organization: Rate | None = None


def _each(operations: str, per_second: float, burst: float) -> dict[str, Limit]:
    return {operation: Limit(Rate(per_second, burst)) for operation in operations.split()}


_ORGANIZATIONS: Final[Mapping[str, Limit]] = {
    **_each("CreateAccount", 0.1, 3),
    **_each("CloseAccount", 0.05, 1),
    "DescribeCreateAccountStatus": Limit(Rate(2, 2), Rate(2, 3)),
    "ListAccounts": Limit(Rate(8, 12), Rate(9, 15)),
    "ListTagsForResource": Limit(Rate(10, 15), Rate(12, 18)),
    "DescribeAccount": Limit(Rate(20, 30), Rate(24, 36)),
    **_each("ListCreateAccountStatus ListAccountsForParent ListOrganizationalUnitsForParent ListParents", 5, 8),
    **_each("ListPolicies ListPoliciesForTarget ListTargetsForPolicy ListDelegatedAdministrators", 5, 8),
    **_each("ListChildren", 6, 10),
    **_each("ListRoots DescribeOrganization CreateOrganizationalUnit EnableAWSServiceAccess", 1, 2),
    **_each("RegisterDelegatedAdministrator DeregisterDelegatedAdministrator", 1, 2),
    **_each("ListAWSServiceAccessForOrganization", 1, 3),
    **_each("MoveAccount UpdateOrganizationalUnit DeleteOrganizationalUnit", 2, 3),
    **_each("DescribeOrganizationalUnit DescribePolicy", 2, 2),
    **_each("TagResource UntagResource", 4, 6),
}

_ACCOUNT: Final[Mapping[str, Limit]] = {
    **_each("GetAlternateContact GetContactInformation", 10, 15),
    **_each("PutAlternateContact PutContactInformation", 5, 8),
    **_each("DeleteAlternateContact", 1, 6),
    **_each("GetPrimaryEmail GetAccountInformation", 3, 3),
    **_each("PutAccountName StartPrimaryEmailUpdate AcceptPrimaryEmailUpdate EnableRegion DisableRegion", 1, 1),
    **_each("ListRegions GetRegionOptStatus", 5, 5),
}

LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "organizations": _ORGANIZATIONS,
    "account": _ACCOUNT,
    "resourcegroupstaggingapi": _each("GetResources GetTagKeys GetTagValues TagResources UntagResources", 15, 15),
}


@dataclass(slots=True)
class Bucket:
    rate: Rate
    tokens: float
    filled_at: float

    def fill(self, now: float) -> None:
        self.tokens = min(self.rate.burst, self.tokens + (now - self.filled_at) * self.rate.per_second)
        self.filled_at = now


class TokenBuckets:
    """Admits a call if both buckets that it draws from have a token; a refused call takes none.

    Not safe to share between threads without a lock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def admits(self, service: str, operation: str, caller: str) -> bool:
        """Whether the call is within the rates; takes a token if it is."""
        limit = LIMITS.get(service, {}).get(operation)
        if limit is None:
            return True
        buckets = [self._bucket(service, operation, caller, limit.account)]
        if limit.organization is not None:
            buckets.append(self._bucket(service, operation, "organization", limit.organization))
        # a token that arrives at this very moment is there, whatever the last bit of a float says
        if any(bucket.tokens < 1 - 1e-9 for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.tokens -= 1
        return True

    def _bucket(self, service: str, operation: str, owner: str, rate: Rate) -> Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault((service, operation, owner), Bucket(rate, rate.burst, now))
        bucket.fill(now)
        return bucket


class Unlimited:
    """Admits every call."""

    def admits(self, service: str, operation: str, caller: str) -> bool:  # noqa: ARG002 - the protocol's signature
        return True
