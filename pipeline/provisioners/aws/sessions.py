"""Sessions for other programs than this one: of a role in a member account, and of our own role with less power."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pipeline.errors import PermanentServiceError
from pipeline.provisioners.aws.connection import Connection, session_name
from pipeline.provisioners.aws.translation import code_of, translated

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleRequestTypeDef

_SECONDS: Final = 3600
"""The most that AWS gives to a role that was itself assumed: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html"""

_FRESH: Final = timedelta(minutes=10)
"""A session that ends sooner is asked for anew."""


class NotAssumableError(PermanentServiceError):
    """AWS does not let us assume the role: it is not there, does not trust us, or is too new to be known everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSession:
    """`expires` is aware of its time zone. Its text shows no secret."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: datetime

    def __repr__(self) -> str:
        return f"RoleSession({self.access_key_id}, expires {self.expires.isoformat()})"


class RoleSessions:
    """Safe to use from many threads; a session is shared while it is fresh. Raises `ServiceError`."""

    def __init__(self, connection: Connection, *, execution_role: str, own_role: str | None) -> None:
        self._connection = connection
        self._execution_role = execution_role
        self._own_role = own_role
        self._lock = threading.Lock()
        self._sts: STSClient | None = None
        self._kept: dict[tuple[str, str], RoleSession] = {}

    def member(self, account_id: str) -> RoleSession:
        """A session of the execution role in the account."""
        arn = f"arn:{self._connection.partition}:iam::{account_id}:role/{self._execution_role}"
        return self._session(arn, "")

    def can_enter(self, account_id: str) -> bool:
        """Whether `member` gives a session; of a new account it does not for some minutes."""
        try:
            self.member(account_id)
        except NotAssumableError:
            return False
        return True

    def scoped(self, policy: Mapping[str, Any]) -> RoleSession:
        """A session of our own role that can do no more than `policy` says."""
        if self._own_role is None:
            raise PermanentServiceError(
                "vending.yaml: the state bucket needs a role, and roles.apply is not set",
                hint="set roles.apply: Terraform gets sessions of it that reach one account's state each",
            )
        return self._session(self._own_role, json.dumps(policy, separators=(",", ":")))

    def _session(self, arn: str, policy: str) -> RoleSession:
        with self._lock:
            kept = self._kept.get((arn, policy))
            if kept is None or kept.expires - self._connection.clock.now() < _FRESH:
                kept = self._kept[arn, policy] = self._assume(arn, policy)
            return kept

    def _assume(self, arn: str, policy: str) -> RoleSession:
        if self._sts is None:
            self._sts = self._connection.token_service()
        wanted: AssumeRoleRequestTypeDef = {
            "RoleArn": arn,
            "RoleSessionName": session_name(self._connection.run_id),
            "DurationSeconds": _SECONDS,
        }
        if policy:
            wanted["Policy"] = policy
        with _told_apart(), translated():
            answer = self._sts.assume_role(**wanted)["Credentials"]
        return RoleSession(
            access_key_id=answer["AccessKeyId"],
            secret_access_key=answer["SecretAccessKey"],
            session_token=answer["SessionToken"],
            expires=answer["Expiration"],
        )


@contextmanager
def _told_apart() -> Iterator[None]:
    """A refusal of the role itself comes out as `NotAssumableError`."""
    try:
        yield
    except PermanentServiceError as error:
        if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == "AccessDenied":
            raise NotAssumableError(str(error), hint=error.hint) from error.__cause__
        raise
