"""Runs in a landing zone are killed, again and again: the next one goes on, nothing is done twice. `make soak`."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.model.account import AccountState
from pipeline.model.landing_zone import Mode
from pipeline.model.observed import ObservedState
from pipeline.planning.documents import plan_to_json
from pipeline.reconcile.recorder import read_record
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from pipeline.settings import load_settings
from tests.end_to_end import organization
from tests.end_to_end.conftest import REPOSITORY, Aws
from tests.end_to_end.processes import TIMES_FASTER, Death, MortalParts, launch, run

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3000)]

KILLED: Final = -9
ACCOUNTS: Final = 17
"""15 of the seed, and two that are new."""

WRITE_STEP, OPERATION_STEP = 2, 3
"""Every how-manieth write and operation is a point of death."""

UNITS: Final = """\
units:
  Security:
  Infrastructure:
    register: true
    controls:
      - {control: AWS-GR_ENCRYPTED_VOLUMES, state: disabled}
  Legacy:
  Sandbox: {register: true}
  Workloads:
    register: true
    units:
      Prod:
        register: true
        controls:
          - {control: AWS-GR_ENCRYPTED_VOLUMES}
      Dev: {register: true, units: {Early: {register: true}}}
"""
REQUESTS: Final = {
    "infrastructure/network": """\
name: network
email: aws+network@example.com
sso_user: {email: grace@example.com, first_name: Grace, last_name: Hopper}
""",
    "infrastructure/shared-services": """\
name: shared-tools
email: aws+shared-services@example.com
organizational_unit: Workloads/Prod
access:
  - {group: Payments-Admins, permission_set: ReadOnlyAccess}
""",
    "search-dev": """\
name: search-dev
email: aws+search-dev@example.com
organizational_unit: Legacy
managed: false
""",
    "retired-api": """\
name: retired-api
email: aws+retired-api@example.com
organizational_unit: Sandbox
state: closed
""",
    "workloads/orders-dev": """\
name: orders-dev
email: aws+orders-dev@example.com
organizational_unit: Workloads/Dev/Early
tags: {Team: orders}
""",
}
"""What is asked for beyond the sample: another administrator, a move with a name and access, leaving, closing, nesting."""

Sow = Callable[[], None]


@pytest.fixture(params=list(Mode), ids=lambda mode: mode.value)
def aws(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A landing zone in which an operation takes longer than a run takes to die and the next one to begin."""
    state = tmp_path / "sandbox.json"
    options = Options(
        landing_zone=True,
        home_region="eu-west-1",
        auto_enroll=request.param is Mode.AUTO_ENROLL,
        time_scale=TIMES_FASTER,
        creation_delay=30.0,
        baseline_delay=240.0,
        control_delay=30.0,
    )
    running = control.start(state, options)
    for name in control.UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in control.environment(running.url).items():
        monkeypatch.setenv(name, value)
    yield Aws(running.url, control.environment(running.url))
    control.stop(state)


@pytest.fixture
def root(tmp_path: Path, aws: Aws) -> Path:
    """A workspace whose plan has changes of every kind; the reviewed plan is in plan.json."""
    del aws
    found = tmp_path / "workspace"
    shutil.copytree(REPOSITORY / "samples" / "landing-zone", found)
    folder = found / "account-requests"
    (folder / "_organization.yaml").write_text(UNITS)
    for key, text in REQUESTS.items():
        (folder / f"{key}.yaml").write_text(text)
    planned = plan(Workspace(found), MortalParts())
    assert planned.plan is not None
    assert not planned.plan.holds, planned.plan.holds
    (found / "plan.json").write_text(plan_to_json(planned.plan))
    return found


def ended(url: str) -> Counter[str]:
    """What Control Tower has done, by its lifecycle events: the event and whom it is about."""
    with urlopen(f"{url}/_vend/events", timeout=30) as answer:
        events: list[dict[str, Any]] = json.load(answer)["events"]
    return Counter(_in_short(each["detail"]) for each in events)


def _in_short(detail: dict[str, Any]) -> str:
    (status,) = detail["serviceEventDetails"].values()
    about = status.get("account", {}).get("accountName") or status["enabledBaselineDetails"]["targetIdentifier"]
    return f"{detail['eventName']} {about} {status.get('state', '')}"


def observed(root: Path) -> ObservedState:
    return MortalParts().observer(load_settings(root), "test").observe()


def assert_as_asked_for(root: Path, url: str, undisturbed: Counter[str]) -> None:
    """The plan is empty, each account is there once, and Control Tower has done nothing more than in a run that lives."""
    planned = plan(Workspace(root), MortalParts())
    assert planned.plan is not None
    assert planned.plan.is_empty, (planned.plan.changes, planned.plan.holds)
    state = observed(root)
    assert len(state.accounts) == len({each.spec.email for each in state.accounts}) == ACCOUNTS
    assert {each.spec.name for each in state.accounts if each.state is AccountState.ACTIVE} >= {"orders-dev"}
    assert not [each for each in state.products if each.account_id is None]
    assert ended(url) == undisturbed
    closed = [error for _, operation, error in organization.calls(url) if operation == "CloseAccount" and error is None]
    assert len(closed) == 1


def test_a_run_in_a_landing_zone_that_is_killed_is_finished_by_the_next(root: Path, aws: Aws) -> None:
    """Right after every second write, and before every third operation; each time in an organization that begins anew."""
    organization.reset(aws.url)
    whole = root / "whole.json"
    assert run(root, aws.environment, whole) == 0
    undisturbed = ended(aws.url)
    assert_as_asked_for(root, aws.url, undisturbed)
    writes = len(read_record(whole).writes)
    assert writes >= 24
    deaths = [Death("after-write", number) for number in range(1, writes + 1, WRITE_STEP)]
    for death in deaths:
        _die_and_go_on(root, aws, death, undisturbed)
    for number in count(1, OPERATION_STEP):
        if not _die_and_go_on(root, aws, Death("before-operation", number), undisturbed):
            break
    assert number > writes  # there are more operations than writes, since some of them wait


def _die_and_go_on(root: Path, aws: Aws, death: Death, undisturbed: Counter[str]) -> bool:
    """Whether the run has come to that point."""
    organization.reset(aws.url)
    has_died = run(root, aws.environment, root / "first.json", death) == KILLED
    code = run(root, aws.environment, root / "second.json")
    assert code == 0, (death, read_record(root / "second.json").outcomes)
    assert_as_asked_for(root, aws.url, undisturbed)
    return has_died


def test_two_runs_in_a_landing_zone_at_the_same_time_do_nothing_twice(root: Path, aws: Aws) -> None:
    organization.reset(aws.url)
    assert run(root, aws.environment, root / "whole.json") == 0
    undisturbed = ended(aws.url)
    organization.reset(aws.url)
    both = [launch(root, aws.environment, root / f"run-{number}.json") for number in range(2)]
    for each in both:
        each.join(timeout=300)
    assert all(each.exitcode in {0, 6} for each in both), [each.exitcode for each in both]
    assert run(root, aws.environment, root / "third.json") == 0
    assert_as_asked_for(root, aws.url, undisturbed)


def test_a_run_in_a_landing_zone_may_die_after_every_write_and_still_arrives(root: Path, aws: Aws) -> None:
    organization.reset(aws.url)
    for attempt in count():
        if run(root, aws.environment, root / f"{attempt}.json", Death("after-write", 1)) != KILLED:
            break
    assert attempt >= ACCOUNTS
    planned = plan(Workspace(root), MortalParts())
    assert planned.plan is not None
    assert planned.plan.is_empty
