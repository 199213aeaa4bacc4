"""The sandbox at 10,000 accounts is fast and small enough to work with. `make soak`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pipeline.sandbox import control
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

ACCOUNTS = 10_000
CREATION_SECONDS, CALL_MILLISECONDS, MEGABYTES = 60, 20, 200


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[control.Running]:
    yield control.start(tmp_path / "sandbox.json", Options(seed="empty", creation_delay=0))
    control.stop(tmp_path / "sandbox.json")


def test_ten_thousand_accounts_are_created_listed_and_kept_within_the_budget(sandbox: control.Running) -> None:
    session: Any = boto3.Session()

    def client(service: str) -> Any:
        return session.client(
            service,
            region_name="us-east-1",
            endpoint_url=sandbox.url,
            aws_access_key_id=access_key_of(MANAGEMENT_ID),
            aws_secret_access_key=control.SECRET_ACCESS_KEY,
            config=Config(retries={"total_max_attempts": 1}),
        )

    organizations, tagging = client("organizations"), client("resourcegroupstaggingapi")

    def create(number: int) -> None:
        organizations.create_account(
            AccountName=f"n-{number}", Email=f"n-{number}@example.com", Tags=[{"Key": "Number", "Value": str(number)}]
        )

    began = perf_counter()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(create, range(ACCOUNTS)))
    creation = perf_counter() - began
    pages = organizations.get_paginator("list_accounts").paginate()
    listed = [each["Id"] for each in chain.from_iterable(page["Accounts"] for page in pages)]
    calls = {
        "ListAccounts": organizations.list_accounts,
        "ListTagsForResource": lambda: organizations.list_tags_for_resource(ResourceId=listed[-1]),
        "ListCreateAccountStatus": lambda: organizations.list_create_account_status(States=["IN_PROGRESS"]),
        "GetResources": lambda: tagging.get_resources(ResourceTypeFilters=["organizations:account"]),
        "GetCallerIdentity": client("sts").get_caller_identity,
    }
    slow = {}
    for name, call in calls.items():
        taken = []
        for _ in range(100):
            began = perf_counter()
            call()
            taken.append((perf_counter() - began) * 1000)
        if median(taken) > CALL_MILLISECONDS:
            slow[name] = median(taken)

    status = Path(f"/proc/{sandbox.pid}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    assert creation < CREATION_SECONDS
    assert len(set(listed)) == len(listed) == ACCOUNTS + 1
    assert slow == {}
    assert resident < MEGABYTES
