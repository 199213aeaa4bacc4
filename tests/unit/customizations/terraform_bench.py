"""A program that plays Terraform, and the rest of what a run needs, for tests."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.customizations.credentials import Credentials
from pipeline.customizations.overrides import LocalBackend
from pipeline.customizations.processes import Patience
from pipeline.customizations.releases import Release
from pipeline.customizations.running import Customizer
from pipeline.customizations.runs import Job, Surroundings
from pipeline.customizations.state import LocalStateStore
from pipeline.customizations.terraform import Limits, Program
from pipeline.customizations.workspace import Workspace
from pipeline.model.customization import Target
from pipeline.model.json import Json

ACCOUNT = "210000000001"
OTHER = "210000000002"
TARGET = Target(account_id=ACCOUNT, customization="baseline")

_SCRIPT = """#!{python} -IS
import json, os, signal, sys, time
here = os.path.dirname(os.path.abspath(__file__))
verb = sys.argv[1]
inputs = next((a[10:] for a in sys.argv if a.startswith("-var-file=")), None)
plan = next((a[5:] for a in sys.argv if a.startswith("-out=")), None)
told = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "directory": os.getcwd(), "verb": verb,
        "inputs": json.load(open(inputs)) if inputs else None,
        "modes": [oct(os.stat(p).st_mode & 0o777) for p in (inputs, os.environ.get("AWS_CONFIG_FILE")) if p]}}
with open(os.path.join(here, "record"), "a") as record:
    record.write(json.dumps(told) + "\\n")
if verb == "plan":
    open(plan, "w").write("the plan")
    workspace = os.environ["TF_WORKSPACE"]
if verb == "apply":
    told["plan"] = open(sys.argv[-1]).read()
try:
    play = json.load(open(os.path.join(here, verb + ".json")))
except FileNotFoundError:
    play = {{"lines": [], "code": 0}}
print("\\n".join(play["lines"]), flush=True)
for script in play.get("python", []):
    exec(script)
sys.exit(play["code"])
"""


@dataclass
class HandClock:
    """Time that passes only when somebody looks: `step` seconds at each look."""

    step: float = 0.0
    seconds: float = 0.0
    today: datetime = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)

    def now(self) -> datetime:
        return self.today

    def monotonic(self) -> float:
        self.seconds += self.step
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeSessions:
    """Sessions whose names tell what they are; `asked` tells who wanted which."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    refuse: Callable[[str], None] = lambda _: None

    def member(self, account_id: str) -> Credentials:
        return self._session("member", account_id)

    def state(self, account_id: str) -> Credentials:
        return self._session("state", account_id)

    def _session(self, kind: str, account_id: str) -> Credentials:
        self.refuse(kind)
        self.asked.append((kind, account_id))
        return Credentials(
            access_key_id=f"{kind}-{account_id}-{len(self.asked)}",
            secret_access_key="the-secret-key",
            session_token="the-token",
            expires=datetime(2026, 3, 4, 6, 6, tzinfo=UTC),
        )


class FakeTerraform:
    """The program, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "terraform"
        self.path.write_text(_SCRIPT.format(python=sys.executable))
        self.path.chmod(0o755)

    def plays(self, verb: str, *lines: Mapping[str, Json] | str, code: int = 0, python: tuple[str, ...] = ()) -> None:
        """From now on the verb says these lines, does that, and exits so."""
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (self.folder / f"{verb}.json").write_text(json.dumps({"lines": texts, "code": code, "python": python}))

    def plans(self, *rows: tuple[str, str]) -> None:
        """From now on a plan has these changes: action and address."""
        self.plays("plan", *(planned(*row) for row in rows), code=2 if rows else 0)

    @property
    def record(self) -> list[dict[str, Json]]:
        path = self.folder / "record"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def verbs(self) -> list[Json]:
        return [each["verb"] for each in self.record]

    def environment(self, place: int = -1) -> dict[str, str]:
        return dict(self.record[place]["environment"])  # type: ignore[arg-type]  # it is a mapping of texts


def planned(action: str, address: str, reason: str = "") -> dict[str, Json]:
    change: dict[str, Json] = {"resource": {"addr": address}, "action": action, "reason": reason}
    return {"type": "planned_change", "@message": f"{address}: Plan to {action}", "change": change}


def diagnostic(summary: str, detail: str = "", **more: Json) -> dict[str, Json]:
    return {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, "detail": detail, **more}}


@dataclass
class Bench:
    """A customizer over a fake Terraform, with local states."""

    root: Path
    ours: Mapping[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin:/bin"})
    clock: HandClock = field(default_factory=HandClock)
    limits: Limits = field(default_factory=lambda: Limits(lock=7))
    cancelled: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.terraform = FakeTerraform(self.root / "bin")
        self.sessions = FakeSessions()
        self.backend = LocalBackend(directory=self.root / "kept")
        self.store = LocalStateStore(self.backend)
        self.folder = self.root / "repository" / "terraform" / "baseline"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "main.tf").write_text('variable "color" {}\n')
        self.release = Release(name="baseline", folder=self.folder, variables=frozenset({"color"}))
        self.workspace = Workspace(self.root / "work", self.clock)

    def job(self, account_id: str = ACCOUNT, **inputs: Json) -> Job:
        return Job(
            target=Target(account_id=account_id, customization="baseline"),
            release=self.release,
            inputs=inputs or {"color": "blue"},
        )

    def surroundings(self) -> Surroundings:
        return Surroundings(
            program=Program(path=self.terraform.path, product="terraform", version="1.11.4"),
            workspace=self.workspace,
            sessions=self.sessions,
            patience=Patience(clock=self.clock, cancelled=self.cancelled, grace=5),
            ours=self.ours,
            region="eu-west-1",
            limits=self.limits,
        )

    def customizer(self) -> Customizer:
        return Customizer(self.surroundings(), self.backend, self.store)

    def write_state(self, text: str, account_id: str = ACCOUNT) -> None:
        """As Terraform would."""
        path = self.backend.directory / "baseline" / account_id / "terraform.tfstate"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
