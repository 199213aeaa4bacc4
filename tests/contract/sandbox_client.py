"""A sandbox in this process whose clock stands still, and boto3 clients for it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.sandbox.clock import ScaledClock
from pipeline.sandbox.control import SECRET_ACCESS_KEY
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID
from pipeline.sandbox.server import Served, running

_SESSION: Any = boto3.Session()


class Aws:
    """Clients of one sandbox, by default with the management account's credentials, and without retries."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._clients: dict[str, Any] = {}

    @property
    def organizations(self) -> Any:
        return self.client("organizations")

    @property
    def account(self) -> Any:
        return self.client("account")

    @property
    def tagging(self) -> Any:
        return self.client("resourcegroupstaggingapi")

    def client(
        self,
        service: str,
        credentials: Mapping[str, str] | None = None,
        region: str = "us-east-1",
        key: str = access_key_of(MANAGEMENT_ID),
    ) -> Any:
        name = f"{service} {region} {credentials['AccessKeyId'] if credentials else key}"
        if name not in self._clients:
            given = credentials or {"AccessKeyId": key, "SecretAccessKey": SECRET_ACCESS_KEY}
            self._clients[name] = _SESSION.client(
                service,
                region_name=region,
                endpoint_url=self.served.url,
                aws_access_key_id=given["AccessKeyId"],
                aws_secret_access_key=given["SecretAccessKey"],
                aws_session_token=given.get("SessionToken"),
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            )
        return self._clients[name]

    def inside(self, account_id: str, role: str = "OrganizationAccountAccessRole") -> Mapping[str, str]:
        """Credentials of a role in an account."""
        arn = f"arn:aws:iam::{account_id}:role/{role}"
        answer = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="contract")
        credentials: Mapping[str, str] = answer["Credentials"]
        return credentials

    def wait(self, seconds: float) -> None:
        self.served.clock.advance(seconds)

    def create(self, name: str, **more: Any) -> dict[str, Any]:
        """The status of a creation, when its delay is over."""
        email = more.pop("Email", f"{name}@example.com")
        status = self.organizations.create_account(AccountName=name, Email=email, **more)["CreateAccountStatus"]
        self.wait(self.served.sandbox.options.creation_delay)
        answer = self.organizations.describe_create_account_status(CreateAccountRequestId=status["Id"])
        ended: dict[str, Any] = answer["CreateAccountStatus"]
        return ended

    def unit(self, name: str, parent_id: str = ROOT_ID) -> str:
        """The id of a unit that is new."""
        answer = self.organizations.create_organizational_unit(ParentId=parent_id, Name=name)
        return str(answer["OrganizationalUnit"]["Id"])

    def id_of(self, name: str) -> str:
        """The id of an account by its name."""
        pages = self.organizations.get_paginator("list_accounts").paginate()
        return next(str(each["Id"]) for page in pages for each in page["Accounts"] if each["Name"] == name)

    def close(self) -> None:
        for each in self._clients.values():
            each.close()


@contextmanager
def opened(options: Options, scale: float = 0) -> Iterator[Aws]:
    with running(options, ScaledClock(scale)) as served:
        aws = Aws(served)
        try:
            yield aws
        finally:
            aws.close()


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str | None]:
    """The code and the reason that a call is refused with."""
    try:
        call(**parameters)
    except ClientError as error:
        answer: Any = error.response
        return answer["Error"]["Code"], answer.get("Reason") or answer.get("reason")
    raise AssertionError(f"{call} was not refused: {parameters}")
