"""What has to be there before a run, looked at one thing at a time: reads only, on a connection that cannot write.

Each answer stands for itself: what one look cannot tell does not keep the others from telling.
"""

from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import ServiceError
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.translation import translated

ACCOUNT_SERVICE: Final = "account.amazonaws.com"
"""The principal of Account Management, whose trusted access names, contacts and Regions take.

https://docs.aws.amazon.com/accounts/latest/reference/using-orgs-trusted-access.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose credentials these are: twelve digits, and the ARN of the user or the session."""

    account_id: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFacts:
    """Whether the bucket keeps versions, and whether it encrypts what is put into it."""

    is_versioned: bool
    is_encrypted: bool


def region_of_credentials() -> str | None:
    """The Region that the environment or the profile names; no call is made."""
    from botocore.session import Session  # noqa: PLC0415 - the SDK takes 0.3 s to import; most verbs never call AWS

    found = Session().get_config_variable("region")
    return str(found) if found else None


def has_credentials() -> bool:
    """Whether the SDK finds any; a shared address of the machine may be asked for them."""
    from botocore.session import Session  # noqa: PLC0415 - as above

    with translated():
        return Session().get_credentials() is not None


class Prerequisites:
    """Looks at one organization. Every look raises `ServiceError` when it cannot tell."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def identity(self) -> Identity:
        with translated():
            answer = self._connection.client("sts", region=self._connection.home_region).get_caller_identity()
        return Identity(account_id=answer["Account"], arn=answer["Arn"])

    def management_account(self) -> str:
        """The id of the organization's management account."""
        with translated():
            answer = self._connection.organizations.describe_organization()["Organization"]
        return str(answer["MasterAccountId"])

    def some_member(self, management_account: str) -> str | None:
        """The id of an active account besides the management account; None if there is none."""
        with translated():
            pages = self._connection.organizations.get_paginator("list_accounts").paginate()
            accounts = (each for page in pages for each in page["Accounts"] if each["Id"] != management_account)
            return next((each["Id"] for each in accounts if _is_active(each)), None)

    def trusted_services(self) -> frozenset[str]:
        """The service principals that the organization trusts."""
        found: set[str] = set()
        with translated():
            client = self._connection.organizations
            answer = client.list_aws_service_access_for_organization()
            while True:
                found |= {str(each["ServicePrincipal"]) for each in answer["EnabledServicePrincipals"]}
                if "NextToken" not in answer:
                    return frozenset(found)
                answer = client.list_aws_service_access_for_organization(NextToken=answer["NextToken"])

    def has_oidc_provider(self, account_id: str, host: str) -> bool:
        """Whether the management account knows this issuer of tokens."""
        arn = f"arn:{self._connection.partition}:iam::{account_id}:oidc-provider/{host}"
        client = self._connection.client("iam")
        try:
            with translated():
                client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        except ServiceError as error:
            if _code(error) == "NoSuchEntity":
                return False
            raise
        return True

    def bucket(self, name: str, region: str) -> BucketFacts | None:
        """None if there is no such bucket."""
        client = self._connection.client("s3", region=region)
        try:
            with translated():
                versioning = client.get_bucket_versioning(Bucket=name).get("Status")
            return BucketFacts(is_versioned=versioning == "Enabled", is_encrypted=self._is_encrypted(client, name))
        except ServiceError as error:
            if _code(error) == "NoSuchBucket":
                return None
            raise

    def _is_encrypted(self, client: Any, name: str) -> bool:
        try:
            with translated():
                rules = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        except ServiceError as error:
            if _code(error) == "ServerSideEncryptionConfigurationNotFoundError":
                return False
            raise
        return bool(rules)


def _is_active(account: Any) -> bool:
    """AWS calls it `Status` until September 2026, and `State` from then on.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
    """
    return "ACTIVE" in {account.get("State"), account.get("Status")}


def _code(error: ServiceError) -> str:
    answer: Any = getattr(error.__cause__, "response", {})
    return str(answer.get("Error", {}).get("Code", ""))
