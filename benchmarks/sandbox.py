"""The sandbox at 10,000 accounts: creation through CreateAccount, the slowest and the usual call, memory.

`python benchmarks/sandbox.py [accounts]`
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

from pipeline.sandbox import control
from pipeline.sandbox.identifiers import access_key_of
from pipeline.sandbox.options import Options
from pipeline.sandbox.organization import MANAGEMENT_ID, ROOT_ID

REPEATED = 200


def client(service: str, url: str) -> Any:
    session: Any = boto3
    return session.client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=access_key_of(MANAGEMENT_ID),
        aws_secret_access_key=control.SECRET_ACCESS_KEY,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=10),
    )


def create(url: str, accounts: int) -> float:
    """Seconds to create that many accounts, five at a time, as AWS allows."""
    organizations = client("organizations", url)

    def one(number: int) -> None:
        organizations.create_account(
            Email=f"new-{number}@example.com",
            AccountName=f"new-{number}",
            Tags=[{"Key": "Number", "Value": str(number)}],
        )

    began = time.perf_counter()
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(one, range(accounts)))
    return time.perf_counter() - began


def calls(url: str) -> dict[str, Callable[[], Any]]:
    organizations, tagging, account = (
        client(each, url) for each in ("organizations", "resourcegroupstaggingapi", "account")
    )
    first = next(each for each in organizations.list_accounts()["Accounts"] if each["Id"] != MANAGEMENT_ID)["Id"]
    return {
        "ListAccounts": organizations.list_accounts,
        "DescribeAccount": lambda: organizations.describe_account(AccountId=first),
        "ListTagsForResource": lambda: organizations.list_tags_for_resource(ResourceId=first),
        "TagResource": lambda: organizations.tag_resource(ResourceId=first, Tags=[{"Key": "a", "Value": "b"}]),
        "ListAccountsForParent (root)": lambda: organizations.list_accounts_for_parent(ParentId=ROOT_ID),
        "ListCreateAccountStatus (failed)": lambda: organizations.list_create_account_status(States=["FAILED"]),
        "GetResources (100)": lambda: tagging.get_resources(ResourceTypeFilters=["organizations:account"]),
        "GetResources (one tag)": lambda: tagging.get_resources(
            ResourceTypeFilters=["organizations:account"], TagFilters=[{"Key": "Number", "Values": ["none"]}]
        ),
        "PutAccountName": lambda: account.put_account_name(AccountId=first, AccountName="renamed"),
        "GetCallerIdentity": client("sts", url).get_caller_identity,
    }


def milliseconds(call: Callable[[], Any]) -> tuple[float, float]:
    """Median and worst of `REPEATED` calls."""
    taken = []
    for _ in range(REPEATED):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken), max(taken)


def megabytes(pid: int) -> float:
    """Resident memory of the server; Linux."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def main(accounts: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state_file = Path(folder) / "sandbox.json"
        sandbox = control.start(state_file, Options(seed="empty", creation_delay=0))
        try:
            print(f"empty: {megabytes(sandbox.pid):.0f} MB")
            print(f"CreateAccount x {accounts}: {create(sandbox.url, accounts):.1f} s")
            began = time.perf_counter()
            pages = sum(1 for _ in client("organizations", sandbox.url).get_paginator("list_accounts").paginate())
            print(f"ListAccounts, all {pages} pages: {time.perf_counter() - began:.1f} s")
            for name, call in calls(sandbox.url).items():
                usual, worst = milliseconds(call)
                print(f"{name}: {usual:.1f} ms, at worst {worst:.1f} ms")
            print(f"{accounts} accounts: {megabytes(sandbox.pid):.0f} MB")
        finally:
            control.stop(state_file)
        began = time.perf_counter()
        control.start(state_file, Options(seed=f"accounts:{accounts}"))
        print(f"seed accounts:{accounts}, from start to answer: {time.perf_counter() - began:.1f} s")
        control.stop(state_file)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
