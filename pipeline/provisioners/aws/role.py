"""Acting as a role: the SDK's own machinery, given the role and the session name by us instead of a profile."""

from typing import Any

from botocore.credentials import AssumeRoleCredentialFetcher, CredentialProvider, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session


class GivenProvider(CredentialProvider):
    """Credentials that somebody else keeps."""

    METHOD = "given"
    CANONICAL_NAME = None

    def __init__(self, credentials: Any) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Any:
        return self._credentials


class RoleProvider(CredentialProvider):
    """Credentials of one role, fetched at the first call and renewed before they expire.

    An hour at a time: the most that AWS gives to a role that was itself assumed (role chaining).
    """

    METHOD = "assume-role"
    CANONICAL_NAME = None

    def __init__(self, source: Session, role_arn: str, session_name: str, region: str) -> None:
        super().__init__()
        self._source = source
        self._role_arn = role_arn
        self._session_name = session_name
        self._region = region

    def load(self) -> Any:
        """Credentials that refresh themselves. Raises `NoCredentialsError` when there is nothing to assume the role with."""
        credentials = self._source.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._client,
            source_credentials=credentials,
            role_arn=self._role_arn,
            extra_args={"RoleSessionName": self._session_name},
        )
        return DeferredRefreshableCredentials(method=self.METHOD, refresh_using=fetcher.fetch_credentials)

    def _client(self, service: str, **credentials: Any) -> Any:
        return self._source.create_client(service, region_name=self._region, **credentials)
