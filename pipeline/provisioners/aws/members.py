"""Sessions inside member accounts: one role, one session for each account and run, one client for each Region.

Making a client takes longer than a call, so the clients are shared, and each call is signed for the account that the
calling thread is in (`Members.inside`).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import ClientError

from pipeline.provisioners.aws.connection import Connection, home_of_organizations, session_name
from pipeline.provisioners.aws.translation import code_of

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

_PROBE_SECONDS: Final = 900
"""The least that AWS gives: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

_SESSION_SECONDS: Final = 3600
"""The most that AWS gives to a role that was itself assumed: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html"""


@dataclass(frozen=True, slots=True)
class Member:
    """One account, entered. The clients have no types here: stubs of EC2 alone are larger than this program."""

    account_id: str
    connection: Connection

    def open(self) -> None:
        """Assume the role, if it was not assumed yet. Raises what the SDK raises when that is refused."""
        self.connection.whereabouts.get_frozen_credentials()

    @property
    def iam(self) -> Any:
        return self.connection.client_inside("iam", home_of_organizations(self.connection.home_region))

    @property
    def s3control(self) -> Any:
        return self.connection.client_inside("s3control", self.connection.home_region)

    @property
    def ssm(self) -> Any:
        return self.connection.client_inside("ssm", self.connection.home_region)

    def keys_in(self, region: str) -> Any:
        return self.connection.client_inside("kms", region)

    @property
    def compute(self) -> Any:
        """EC2 in the home Region, for what is the same everywhere."""
        return self.compute_in(self.connection.home_region)

    def compute_in(self, region: str) -> Any:
        return self.connection.client_inside("ec2", region)


class Members:
    """The way into member accounts, by `execution_role`. Safe to use from many threads."""

    def __init__(self, connection: Connection, *, execution_role: str) -> None:
        self.connection = connection
        self._role = execution_role
        self._lock = threading.RLock()
        self._credentials: dict[str, Any] = {}

    @contextmanager
    def inside(self, account_id: str) -> Iterator[Member]:
        """The calling thread is in the account until the end of the block; the role is assumed at the first call."""
        with self.connection.whereabouts.be_in(account_id, self._credentials_of(account_id)):
            yield Member(account_id, self.connection)

    def gets_credentials_in(self, account_id: str, region: str) -> bool:
        """Whether STS of the Region gives credentials for the account. Raises what the SDK raises for any other refusal.

        What counts is the account that the role is in, not the caller's; a look at who one is goes through even where STS is off.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
        """
        try:
            self._ask(account_id, region, _PROBE_SECONDS)
        except ClientError as error:
            if code_of(error) == "RegionDisabledException":
                return False
            raise
        return True

    def _credentials_of(self, account_id: str) -> Any:
        with self._lock:
            if account_id not in self._credentials:
                self._credentials[account_id] = DeferredRefreshableCredentials(
                    method="assume-role", refresh_using=lambda: self._assume(account_id)
                )
            return self._credentials[account_id]

    def _assume(self, account_id: str) -> dict[str, str]:
        """Fresh credentials, from STS of the home Region: its tokens are valid in opt-in Regions, too.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
        """
        answer = self._ask(account_id, self.connection.home_region, _SESSION_SECONDS)
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    def _ask(self, account_id: str, region: str, seconds: int) -> "CredentialsTypeDef":
        return self.connection.token_service(region).assume_role(
            RoleArn=f"arn:{self.connection.partition}:iam::{account_id}:role/{self._role}",
            RoleSessionName=session_name(self.connection.run_id),
            DurationSeconds=seconds,
        )["Credentials"]
