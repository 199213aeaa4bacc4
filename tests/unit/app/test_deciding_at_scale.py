"""Which customizations have to run, in many accounts: from one listing, without Terraform and without a call for each."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.app.customizing import Customizations
from pipeline.app.desire import Desire
from pipeline.app.parts import Parts
from pipeline.app.terraform import Customizing
from pipeline.customizations import settings as rules
from pipeline.customizations.given import account_input
from pipeline.customizations.reading import read_folder
from pipeline.customizations.releases import release_of
from pipeline.customizations.running import Customizer
from pipeline.customizations.runs import Job
from pipeline.customizations.settings import PlanMode
from pipeline.customizations.state import NO_STATE, Listing, Mark
from pipeline.model.change import CustomizeAccount
from pipeline.model.customization import Customization, Target
from pipeline.model.plan import Plan
from pipeline.settings import EngineSettings, Organization, Settings
from tests.builders import MANAGEMENT, REPOSITORY, a_desired, a_request, a_state, account_id_of, an_account
from tests.unit.customizations.folders import WRITTEN
from tests.unit.customizations.terraform_bench import Bench

KEYS = tuple(f"account-{number}" for number in range(500))
NAMES = ("baseline", "network")
TERRAFORM = 'variable "account" {\n  type = object({ id = string })\n}\nvariable "cidr" {\n  default = ""\n}\n'


@dataclass
class Counting:
    """A store that holds a listing, and counts what it is asked for."""

    known: Listing = field(default_factory=Listing)
    asked: Counter[str] = field(default_factory=Counter)

    def listing(self, target: Target | None = None) -> Listing:
        self.asked["listing of all" if target is None else "listing of one"] += 1
        return self.known

    def mark(self, target: Target, mark: Mark) -> None:
        raise AssertionError((target, mark))

    def read_state(self, target: Target) -> bytes | None:
        self.asked[f"state of {target.account_id}"] += 1
        return None

    def remember_source(self, digest: str, files: object) -> None:
        raise AssertionError((digest, files))

    def recall_source(self, digest: str) -> None:
        self.asked[f"source {digest}"] += 1


class Large:
    """Five hundred accounts with two customizations each, on a fake Terraform."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bench = Bench(root)
        for name in NAMES:
            (root / "terraform" / name).mkdir(parents=True)
            (root / "terraform" / name / "main.tf").write_text(TERRAFORM)
        self.store = Counting()
        self.cidrs: dict[str, str] = {}
        self.asked_for: tuple[str, ...] = NAMES
        self.observed = a_state(*(an_account(key) for key in KEYS))

    def customizer(self) -> Customizer:
        return Customizer(self.bench.surroundings(), self.bench.backend, self.store)

    def verify_all(self) -> None:
        """As if every customization had been applied today, with nothing in its state."""
        customizer, today = self.customizer(), self.bench.clock.now().date()
        marks = {}
        for name in NAMES:
            folder = read_folder(self.root, f"terraform/{name}")
            assert folder is not None
            release = release_of(name, folder, self.root)
            for key in KEYS:
                account_id = account_id_of(key)
                account = account_input(a_request(key), account_id)
                target = Target(account_id=account_id, customization=name)
                job = Job(target=target, release=release, inputs={"cidr": "10.0.0.0/20", "account": account})
                marks[target] = (Mark(day=today, fingerprint=customizer.fingerprint(job).text, etag=NO_STATE),)
        self.store.known = Listing(marks=marks)

    def customizations(self) -> Customizations:
        given = {
            key: tuple(
                Customization(
                    name=name,
                    source=f"terraform/{name}",
                    location=WRITTEN,
                    inputs={"cidr": self.cidrs.get(key, "10.0.0.0/20")},
                )
                for name in self.asked_for
            )
            for key in KEYS
        }
        folders = {f"terraform/{name}": read_folder(self.root, f"terraform/{name}") for name in NAMES}
        state = rules.Customizations(state=rules.StateFolder(local="kept"))
        desire = Desire(
            settings=Settings(
                organization=Organization(management_account=MANAGEMENT, home_region="eu-west-1"),
                repository=REPOSITORY,
                customizations=state,
                engine=EngineSettings(customizations=1),  # two would wait for each other, on a clock that stands still
            ),
            desired=a_desired(*(a_request(key) for key in KEYS)),
            findings=(),
            customizations=given,
            folders={source: folder for source, folder in folders.items() if folder is not None},
        )
        terraform = Customizing(customizer=self.customizer(), store=self.store, can_enter=lambda _: False)
        return Customizations(self.root, desire, Parts(clock=self.bench.clock), terraform)

    def planned(self) -> Plan:
        return self.customizations().planned(Plan(managed=len(KEYS)), self.observed, PlanMode.CHANGED)


def test_what_is_unchanged_costs_one_listing_and_nothing_for_each_account(tmp_path: Path) -> None:
    large = Large(tmp_path)
    large.verify_all()

    assert large.planned().changes == ()
    assert large.store.asked == {"listing of all": 1}
    assert large.bench.sessions.asked == []
    assert large.bench.terraform.record == []


def test_what_changed_costs_its_own_plans_and_nothing_for_the_others(tmp_path: Path) -> None:
    large = Large(tmp_path)
    large.verify_all()
    large.cidrs[KEYS[7]] = "10.1.0.0/20"
    plan = large.planned()

    changed = [(each.key, each.reasons) for each in plan.changes if isinstance(each, CustomizeAccount)]
    assert changed == [(KEYS[7], ("inputs changed",))] * len(NAMES)
    assert large.bench.terraform.verbs == ["init", "plan"] * len(NAMES)
    assert {account for _, account in large.bench.sessions.asked} == {account_id_of(KEYS[7])}


def test_when_the_last_customization_of_an_account_goes_it_is_told_like_any_other(tmp_path: Path) -> None:
    large = Large(tmp_path)
    large.verify_all()
    large.asked_for = ()
    plan = large.planned()

    assert [each.rule for each in plan.findings] == ["customization-left-behind"] * len(NAMES)
    assert large.store.asked == {"listing of all": 1}
