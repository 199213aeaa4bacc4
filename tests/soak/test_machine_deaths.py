"""Workers die by SIGKILL in every kind of operation that a plan has: before it, and right after its write. `make soak`.

Nothing is lost, and nothing is done twice: AWS hears the same writes as from a run in which nobody dies.
"""

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args
from urllib.request import Request, urlopen

import boto3
import pytest

from pipeline.app.apply import Applying, apply
from pipeline.app.clock import ScaledClock
from pipeline.app.customizing import KIND
from pipeline.app.parts import Parts
from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.cli import main
from pipeline.model.change import CreateAccount, CustomizeAccount
from pipeline.model.operation import Lane
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_to_json
from pipeline.provisioners.aws.read_only import is_read
from pipeline.provisioners.steps import Step, step_of
from pipeline.provisioners.upkeep_steps import AcceptEmailUpdate
from pipeline.reconcile.inline import PLACES
from pipeline.reconcile.listening import Silent
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from tests.end_to_end import machines, organization
from tests.end_to_end.conftest import REPOSITORY, Aws
from tests.end_to_end.test_machines import most_creations_at_a_time
from tests.soak import test_landing_zone_deaths as zone
from tests.soak.dying import AFTER_WRITE, BEFORE, SEEN, Deaths, Fleet, kinds_of, operations_of, submitted
from tests.temporal_bench import TemporalServer
from tests.unit.customizations.terraform_bench import FakeTerraform, planned

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

NOTICED: Final = 60.0
WITHIN: Final = 900.0
SAID_AGAIN: Final = {("organizations", "TagResource"), ("controltower", "ResetEnabledControl")}
"""Writes that may be heard once more than without deaths: they say the whole value, or put right what is right already."""

LEFT_OUT: Final = {("ec2", "DeleteInternetGateway")}
"""A gateway that is detached, and not yet deleted when the worker dies, is found by nobody: it stays, and costs nothing."""

FORMER: Final = "access: [{group: Search-Admins, permission_set: ReadOnlyAccess}]\n"
NEW_ADDRESS: Final = "aws+search-dev-new@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An organization and what is asked of it. `write` writes the requests, `sow` changes what AWS has before the plan."""

    name: str
    options: Options
    write: Callable[[Path], None]
    sow: Callable[[Path, Aws], None] = lambda _, __: None
    end: Callable[[Path, Aws], None] = lambda _, __: None
    """What people have to do after the run."""


# What is asked for


SETTINGS: Final = """\
regions: [eu-south-2]
custom_fields: {stage: first}
settings:
  alias: example-KEY
  password_policy: {minimum_length: 24}
  s3_block_public_access: true
  ebs_encryption_by_default: true
  imdsv2: required
  default_vpcs: delete
"""
MORE: Final = {
    "log-archive": SETTINGS + "access: [{group: Security-Auditors, permission_set: ReadOnlyAccess}]\n",
    "audit": "settings: {ebs_encryption_key: {eu-west-1: alias/volumes}}\naccess: []\n",
    "network": "contact_information: {full_name: Example, address_line_1: Street 1, city: Berlin, postal_code: '10115', "
    "state_or_region: Berlin, country_code: DE, phone_number: '+49 30 1'}\n",
    "new-1": SETTINGS + "access: [{group: Payments-Admins, permission_set: AdministratorAccess}]\n",
}
"""What the 20 accounts of the crash tests are asked for besides: settings inside, a Region, a primary contact and access."""

AUDIT: Final = "210000000002"


def write_accounts(root: Path) -> None:
    organization.write_requests(root)
    folder = root / "account-requests"
    for key, text in MORE.items():
        with (folder / f"{key}.yaml").open("a") as request:
            request.write(text.replace("KEY", key))
    changed = (folder / "search-dev.yaml").read_text().replace("aws+search-dev@example.com", NEW_ADDRESS)
    (folder / "search-dev.yaml").write_text(changed)


def give_former_access(root: Path, aws: Aws) -> None:
    """By a run of its own, so that it is ours to take away; and the key that is asked for, inside the account."""
    del aws
    former = root.parent / "former"
    if not former.exists():
        (former / "account-requests").mkdir(parents=True)
        (former / "vending.yaml").write_text(organization.SETTINGS)
        (former / "account-requests" / "_organization.yaml").write_text("units: {Security: }\n")
        text = "name: audit\nemail: aws+audit@example.com\norganizational_unit: Security\n"
        text += 'tags: {CostCenter: "1000", Owner: security}\n' + FORMER
        (former / "account-requests" / "audit.yaml").write_text(text)
    assert applied(former) == 0
    role = f"arn:aws:iam::{AUDIT}:role/OrganizationAccountAccessRole"
    session = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    kms = boto3.client(
        "kms",
        region_name="eu-west-1",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    kms.create_alias(AliasName="alias/volumes", TargetKeyId=kms.create_key()["KeyMetadata"]["Arn"])


def hand_in_the_code(root: Path, aws: Aws) -> None:
    with urlopen(f"{aws.url}/_vend/otp", timeout=30) as answer:
        (code,) = (each["otp"] for each in json.load(answer).values())
    assert main(["--root", str(root), "email-code", "search-dev", code], parts()) == 0


def write_landing_zone(root: Path) -> None:
    shutil.copytree(REPOSITORY / "samples" / "landing-zone", root)
    folder = root / "account-requests"
    (folder / "_organization.yaml").write_text(zone.UNITS)
    for key, text in zone.REQUESTS.items():
        (folder / f"{key}.yaml").write_text(text)


def write_repairs(root: Path) -> None:
    """The sample, but for accounts that would have to be enrolled: a landing zone in drift enrolls none that is there."""
    shutil.copytree(REPOSITORY / "samples" / "landing-zone", root)
    for name in ("legacy-wiki", "workloads/legacy-erp"):
        (root / "account-requests" / f"{name}.yaml").unlink()
    settings = (root / "vending.yaml").read_text()
    (root / "vending.yaml").write_text(settings.replace("mode: auto", "mode: auto-enroll"))


def change_by_hand(root: Path, aws: Aws) -> None:
    """What Control Tower tells of, and a reset of the unit repairs."""
    del root
    for kind, target in (
        ("scp-updated", "Sandbox"),
        ("inheritance-drift", "billing"),
        ("control-drift", ""),
        ("moved-account", "search-prod"),
    ):
        body = json.dumps({"kind": kind, "target": target}).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{aws.url}/_vend/drift", data=body, method="POST", headers=headers), timeout=30):
            pass


CUSTOMIZED: Final = ("billing", "search-prod", "orders")
LAYERS: Final = """\
tags: {mode: additive}
customizations:
  state: {local: .vend/state}
  layers:
    - {name: base}
    - {name: network, depends_on: [base]}
"""


def write_customizations(root: Path) -> None:
    """Two accounts that are there and one that is new, each with two customizations that build on each other."""
    folder = root / "account-requests"
    folder.mkdir(parents=True)
    (root / "vending.yaml").write_text(organization.SETTINGS + LAYERS)
    (folder / "_organization.yaml").write_text("units: {Workloads: {units: {Prod: }}}\n")
    for key in CUSTOMIZED:
        text = f"name: {key}\nemail: aws+{key}@example.com\norganizational_unit: Workloads/Prod\n"
        (folder / f"{key}.yaml").write_text(text)
    for name in ("base", "network"):
        (root / "terraform" / name).mkdir(parents=True)
        (root / "terraform" / name / "main.tf").write_text("")


_LOCKED: Final = """
deaths, target = {deaths!r}, os.path.basename(os.getcwd()).partition("-")[0] + "-" + os.environ["TF_WORKSPACE"]
def note(what):
    with open(os.path.join(here, "order"), "a") as order:
        order.write(target + " " + verb + " " + what + "\\n")
def die(moment):
    try:
        os.close(os.open(os.path.join(deaths, moment + " customize"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getppid(), signal.SIGKILL)
lock, until = os.path.join(here, target + ".lock"), time.time() + 60
while True:
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        break
    except FileExistsError:
        if time.time() > until:
            sys.exit("the state stays locked")
        time.sleep(0.05)
note("begins")
applied = os.path.join(here, target + ".applied")
"""
"""As Terraform does: whoever plans or applies waits for the lock of the state; and it goes on when its worker is killed."""

_PLAN: Final = """
if not os.path.exists(applied):
    print(json.dumps({change}))
    play["code"] = 2
note("ends")
os.unlink(lock)
"""
_APPLY: Final = """
die("{halfway}")
time.sleep(5)
if os.path.exists(applied):
    note("is there already")
open(applied, "w").close()
note("ends")
os.unlink(lock)
die("{after}")
time.sleep(1)
"""
HALFWAY: Final = "halfway"


def terraform(folder: Path, deaths: Deaths) -> FakeTerraform:
    """Kills the worker that has started it: in the middle of what it applies, and when that is done and nobody knows it yet."""
    made = FakeTerraform(folder)
    locked = _LOCKED.format(deaths=str(deaths.folder))
    made.plays("version", json.dumps({"terraform_version": "1.11.4"}))
    made.plays("plan", python=(locked + _PLAN.format(change=planned("create", "aws_vpc.main")),))
    made.plays("apply", python=(locked + _APPLY.format(halfway=HALFWAY, after=AFTER_WRITE),))
    return made


SCENARIOS: Final = (
    Scenario(
        name="accounts",
        options=Options(
            home_region="eu-west-1", creation_delay=20, closing_delay=20, throttle=True, time_scale=machines.FASTER
        ),
        write=write_accounts,
        sow=give_former_access,
        end=hand_in_the_code,
    ),
    Scenario(
        name="service-catalog",
        options=Options(
            landing_zone=True,
            home_region="eu-west-1",
            creation_delay=30,
            baseline_delay=60,
            control_delay=30,
            time_scale=machines.FASTER,
        ),
        write=write_landing_zone,
    ),
    Scenario(
        name="repairs",
        options=Options(
            landing_zone=True,
            home_region="eu-west-1",
            creation_delay=30,
            baseline_delay=60,
            control_delay=30,
            time_scale=machines.FASTER,
        ),
        write=write_repairs,
        sow=change_by_hand,
    ),
    Scenario(
        name="auto-enroll",
        options=Options(
            landing_zone=True,
            home_region="eu-west-1",
            auto_enroll=True,
            creation_delay=30,
            baseline_delay=60,
            control_delay=30,
            time_scale=machines.FASTER,
        ),
        write=write_landing_zone,
    ),
    Scenario(
        name="customizations",
        options=Options(creation_delay=20, time_scale=machines.FASTER),
        write=write_customizations,
    ),
)


def parts() -> Parts:
    return Parts(clock=ScaledClock(machines.FASTER))


def applied(root: Path) -> int:
    """The exit code of a run in this process, with workers of its own, of what is planned just now."""
    wanted = to_review(root)
    wish = Applying(approve=lambda _: wanted, listener=Silent(), record=root / "inline.json")
    return int(apply(Workspace(root), parts(), wish).exit_code)


def to_review(root: Path) -> Plan:
    made = plan(Workspace(root), parts()).plan
    assert made is not None
    return made


def writes(url: str) -> Counter[tuple[str, str]]:
    """All that AWS has carried out."""
    return Counter(
        (service, name)
        for service, name, error in organization.calls(url)
        if not error and service != "sts" and not is_read(service, name) and not name.startswith("GET")
    )


# What is tested


@pytest.fixture(params=SCENARIOS, ids=lambda each: each.name)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    found: Scenario = request.param
    return found


@contextmanager
def _sandbox(scenario: Scenario, state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    running = control.start(state, scenario.options)
    environment = control.environment(running.url)
    environment["PATH"] = f"{state.parent / 'program'}{os.pathsep}{os.environ['PATH']}"
    for name in control.UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        yield Aws(running.url, environment)
    finally:
        control.stop(state)


@pytest.fixture
def aws(scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with _sandbox(scenario, tmp_path / "sandbox.json", monkeypatch) as running:
        yield running


@pytest.fixture
def server() -> Iterator[TemporalServer]:
    made = TemporalServer()
    made.start()
    yield made
    made.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What became of a run on three workers. `left`: the plan that remains; `writes`, what AWS has carried out."""

    exit_code: int | None
    left: Plan
    writes: Counter[tuple[str, str]]
    events: Counter[str]
    fleet: Fleet


class Bench:
    """Runs a scenario in an organization that begins anew."""

    def __init__(self, scenario: Scenario, folder: Path, aws: Aws, server: TemporalServer) -> None:
        self._scenario, self._folder, self._aws, self._server = scenario, folder, aws, server

    def run(self, name: str, deaths: Deaths) -> Ran:
        organization.reset(self._aws.url)
        root = self._folder / name / "workspace"
        self._scenario.write(root)
        self._scenario.sow(root, self._aws)
        with (root / "vending.yaml").open("a") as settings:
            settings.write(f'engine: {{kind: temporal, address: "{self._server.address}"}}\n')
        self.planned = to_review(root)
        assert not self.planned.holds, self.planned.holds
        (root / "plan.json").write_text(plan_to_json(self.planned))
        self.root = root
        before = writes(self._aws.url)
        fleet = Fleet(root=root, environment=self._aws.environment, deaths=deaths, address=self._server.address)
        code = self._until_the_end(fleet)
        written = writes(self._aws.url) - before
        self._scenario.end(root, self._aws)
        happened = zone.ended(self._aws.url) if self._scenario.options.landing_zone else Counter()
        return Ran(exit_code=code, left=to_review(root), writes=written, events=happened, fleet=fleet)

    def _until_the_end(self, fleet: Fleet) -> int | None:
        until = time.monotonic() + WITHIN
        with submitted(self.root, self._aws.environment) as job:
            try:
                while job.is_alive() and time.monotonic() < until:
                    fleet.go_on()
                    job.join(0.05)
            finally:
                fleet.end()
            return job.exitcode


def deaths_in(folder: Path, *, mortal: bool) -> Deaths:
    folder.mkdir()
    return Deaths(folder, mortal=mortal)


def test_a_worker_dies_in_every_kind_of_operation_and_nothing_is_lost_or_done_twice(
    scenario: Scenario, tmp_path: Path, aws: Aws, server: TemporalServer
) -> None:
    bench = Bench(scenario, tmp_path, aws, server)
    program = FakeTerraform(tmp_path / "program")
    program.plays("version", json.dumps({"terraform_version": "1.11.4"}))
    program.plans(("create", "aws_vpc.main"))
    points = deaths_in(tmp_path / "points", mortal=False)
    whole = bench.run("whole", points)
    assert whole.left.is_empty
    assert len(whole.fleet.died) == 0
    deaths = deaths_in(tmp_path / "deaths", mortal=True)
    terraform(tmp_path / "program", deaths)

    ran = bench.run("killed", deaths)

    assert deaths.kinds(BEFORE) == points.kinds(SEEN) == kinds_of(bench.root, bench.planned)
    # The first write of a kind may be on its way when its worker dies over another operation; then nobody writes it again.
    assert points.kinds(AFTER_WRITE) <= deaths.kinds(AFTER_WRITE) | deaths.died_in()
    assert len(ran.fleet.died) >= len(deaths.kinds(BEFORE))
    assert ran.fleet.ended == []
    assert ran.fleet.longest_unnoticed < NOTICED
    assert ran.exit_code == whole.exit_code
    assert ran.left.is_empty, (ran.left.changes, ran.left.holds)
    assert set(whole.writes - ran.writes) <= LEFT_OUT
    assert set(ran.writes - whole.writes) <= SAID_AGAIN
    assert ran.events == whole.events
    assert_limits_are_kept(bench.planned)
    assert_terraform_ran_once(program, bench.planned, deaths)


def assert_limits_are_kept(planned: Plan) -> None:
    if any(isinstance(each, CreateAccount) for each in planned.changes):
        assert most_creations_at_a_time() <= PLACES[Lane.CREATION]


def assert_terraform_ran_once(program: FakeTerraform, planned: Plan, deaths: Deaths) -> None:
    """Each customization was applied once, and nobody was at its state at the same time."""
    wanted = sum(isinstance(each, CustomizeAccount) for each in planned.changes)
    if not wanted:
        return
    assert deaths.kinds(HALFWAY) == {KIND}
    told = (program.folder / "order").read_text().splitlines()
    applied_to = Counter(each.partition(" ")[0] for each in told if each.endswith("apply begins"))
    assert len(applied_to) == wanted
    assert set(applied_to.values()) == {1}
    assert not [each for each in told if each.endswith("is there already")]
    for target in applied_to:
        steps = [each.rpartition(" ")[2] for each in told if each.startswith(f"{target} ")]
        assert steps == ["begins", "ends"] * (len(steps) // 2)


def test_the_scenarios_have_every_kind_of_operation_that_a_plan_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code for a new address is handed in by a person, and by no plan."""
    seen: set[type] = set()
    for each in SCENARIOS:
        if each.name == "customizations":
            continue
        folder = tmp_path / each.name
        folder.mkdir()
        with _sandbox(each, folder / "sandbox.json", monkeypatch) as aws:
            each.write(folder / "workspace")
            each.sow(folder / "workspace", aws)
            planned = to_review(folder / "workspace")
            seen |= {type(step_of(operation)) for operation in operations_of(folder / "workspace", planned)}
    assert seen == set(_members(Step)) - {AcceptEmailUpdate}


def _members(union: Any) -> Iterator[type]:
    for each in get_args(union) or (union,):
        if get_args(each):
            yield from _members(each)
        else:
            yield each
