"""Customizing N accounts, against the plain way: `init` and `apply -auto-approve` in a directory of each account's own.

Same Terraform, provider, state bucket and sandbox. CPU is that of all child processes (Terraform and its providers); the
sandbox is not among them. `python -m benchmarks.customizations 12` prints one JSON line.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import boto3

from pipeline.app.clock import SystemClock
from pipeline.customizations.credentials import Credentials
from pipeline.customizations.deciding import decide
from pipeline.customizations.overrides import FILE, S3Backend, override
from pipeline.customizations.processes import Patience
from pipeline.customizations.releases import Release
from pipeline.customizations.running import Applied, Customizer
from pipeline.customizations.runs import Job, Surroundings
from pipeline.customizations.state import S3StateStore
from pipeline.customizations.terraform import cli_config, find_mirror, find_program
from pipeline.customizations.workspace import Workspace
from pipeline.model.customization import Target
from pipeline.sandbox import control
from pipeline.sandbox.options import Options

TERRAFORM_PROGRAM = shutil.which("terraform") or "terraform"
PARALLEL = os.cpu_count() or 1
OURS = S3Backend(bucket="terraform-states", region="us-east-1", prefix="ours")
PLAIN = S3Backend(bucket="terraform-states", region="us-east-1", prefix="plain")
TERRAFORM = """
variable "name" { type = string }
resource "aws_ssm_parameter" "p" {
  count = 10
  name  = "/${var.name}/${count.index}"
  type  = "String"
  value = "value"
}
"""


class Sessions:
    """One session for each account, as the product keeps them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Credentials] = {}

    def member(self, account_id: str) -> Credentials:
        with self._lock:
            if account_id not in self._kept:
                role = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
                found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="vend-bench")["Credentials"]
                self._kept[account_id] = Credentials(
                    access_key_id=found["AccessKeyId"],
                    secret_access_key=found["SecretAccessKey"],
                    session_token=found["SessionToken"],
                    expires=found["Expiration"],
                )
            return self._kept[account_id]

    def state(self, account_id: str) -> Credentials:  # noqa: ARG002 - the sandbox has one owner of buckets
        return Credentials(
            access_key_id=os.environ["AWS_ACCESS_KEY_ID"], secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"]
        )


@contextmanager
def sandbox(folder: Path, accounts: int) -> Iterator[None]:
    state = folder / "sandbox.json"
    for name in control.UNSET:
        os.environ.pop(name, None)
    os.environ.update(control.environment(control.start(state, Options(seed=f"accounts:{accounts}")).url))
    boto3.client("s3").create_bucket(Bucket=OURS.bucket)
    try:
        yield
    finally:
        control.stop(state)


class Memory:
    """The most that processes below this one take at a time, in MB: each page counted once, shared ones by their share."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            found = (pid for pid in _below(os.getpid()) if not _is_sandbox(pid))
            self.peak = max(self.peak, sum(map(_proportional_memory, found)) / 1024)


def _below(pid: int) -> Iterator[int]:
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield child
        yield from _below(child)


def _is_sandbox(pid: int) -> bool:
    try:
        return b"pipeline.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def _proportional_memory(pid: int) -> int:
    """In kB; 0 for a process that has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def measured(work: Callable[[], object]) -> dict[str, float]:
    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    began, before = time.perf_counter(), cpu()
    with Memory() as memory:
        work()
    return {
        "cpu_s": round(cpu() - before, 2),
        "wall_s": round(time.perf_counter() - began, 1),
        "peak_mb_each": round(memory.peak / PARALLEL),
    }


def in_parallel(work: Callable[[str], object], accounts: list[str]) -> None:
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(work, accounts))


def plainly(root: Path, environment: Mapping[str, str], sessions: Sessions) -> Callable[[str], object]:
    """What a loop over accounts in a shell does."""

    def run(account: str) -> None:
        folder = root / account
        folder.mkdir(parents=True, exist_ok=True)
        backend: Any = override(Release(name="baseline", folder=folder), PLAIN)["terraform"]
        backend["backend"]["s3"] |= {
            "key": f"plain/{account}.tfstate",
            "access_key": os.environ["AWS_ACCESS_KEY_ID"],
            "secret_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        }
        del backend["backend"]["s3"]["profile"]
        (folder / FILE).write_text(json.dumps({"terraform": backend}))
        (folder / "main.tf").write_text(TERRAFORM)
        member = sessions.member(account)
        keys = {
            "AWS_ACCESS_KEY_ID": member.access_key_id,
            "AWS_SECRET_ACCESS_KEY": member.secret_access_key,
            "AWS_SESSION_TOKEN": member.session_token,
        }
        for command in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve", f"-var=name={account}"]):
            subprocess.run(
                [TERRAFORM_PROGRAM, *command], cwd=folder, env={**environment, **keys}, check=True, capture_output=True
            )

    return run


def customizer(folder: Path, sessions: Sessions, mirror: Path | None) -> Customizer:
    patience = Patience(clock=SystemClock())
    around = Surroundings(
        program=find_program("terraform", os.environ, patience),
        workspace=Workspace(folder, SystemClock()),
        sessions=sessions,
        patience=patience,
        ours=os.environ,
        region="us-east-1",
        mirror=mirror,
    )
    return Customizer(around, OURS, S3StateStore(boto3.client("s3"), OURS))


def main(count: int) -> int:
    with tempfile.TemporaryDirectory(prefix="vend-bench-") as place, sandbox(Path(place), count):
        folder, sessions, mirror = Path(place), Sessions(), find_mirror(os.environ)
        listed = boto3.client("organizations").get_paginator("list_accounts").paginate().build_full_result()
        accounts = [each["Id"] for each in listed["Accounts"]][1 : count + 1]
        for account in accounts:
            sessions.member(account)
        (folder / "rc").write_text(cli_config(mirror, folder))
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(folder / "rc"), "CHECKPOINT_DISABLE": "1"}
        plain = plainly(folder / "plain", environment, sessions)
        source = folder / "terraform"
        source.mkdir()
        (source / "main.tf").write_text(TERRAFORM)
        release = Release(name="baseline", folder=source, variables=frozenset({"name"}))
        jobs = {
            account: Job(
                target=Target(account_id=account, customization="baseline"),
                release=release,
                inputs={"name": f"ours-{account}"},
            )
            for account in accounts
        }
        ours = customizer(folder / "work", sessions, mirror)

        def reconcile() -> None:
            store = S3StateStore(boto3.client("s3"), OURS)
            wanted = {job.target: ours.fingerprint(job) for job in jobs.values()}
            due = decide(wanted, store.listing(), SystemClock().now().date())
            names = [target.account_id for target, why in due.items() if why]
            in_parallel(lambda account: applied(ours, jobs[account]), names)

        found = {
            "accounts": len(accounts),
            "plain": {
                "all_change": measured(lambda: in_parallel(plain, accounts)),
                "none_change": measured(lambda: in_parallel(plain, accounts)),
            },
            "vend": {"all_change": measured(reconcile), "none_change": measured(reconcile)},
        }
        print(json.dumps(found))
    return 0


def applied(ours: Customizer, job: Job) -> None:
    ended = ours.apply(job, None)
    assert isinstance(ended, Applied), ended


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
