"""A sandbox process for each test worker, and workspaces to run in."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.clock import ScaledClock
from pipeline.app.parts import Parts
from pipeline.app.plan import plan
from pipeline.app.workspace import Workspace
from pipeline.planning.documents import plan_to_json
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from tests.end_to_end import organization

REPOSITORY = Path(__file__).parents[2]
LANDING_ZONE_FASTER = 20.0


@dataclass(frozen=True)
class Aws:
    """A running sandbox, and the environment that leads to it."""

    url: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def aws_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    state = tmp_path_factory.mktemp("sandbox") / "state.json"
    running = control.start(state, Options(creation_delay=0.03, closing_delay=0.03))
    yield Aws(running.url, control.environment(running.url))
    control.stop(state)


@pytest.fixture
def aws(aws_process: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The sandbox, as it was sown, with this process's environment leading to it."""
    organization.reset(aws_process.url)
    for name in control.UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in aws_process.environment.items():
        monkeypatch.setenv(name, value)
    return aws_process


@pytest.fixture
def twenty_accounts(tmp_path: Path, aws: Aws) -> Path:
    """A workspace whose plan changes 20 accounts; the reviewed plan is in plan.json."""
    organization.write_requests(tmp_path)
    planned = plan(Workspace(tmp_path), Parts(clock=ScaledClock(200)))
    assert planned.plan is not None
    assert not planned.plan.holds, planned.plan.holds
    (tmp_path / "plan.json").write_text(plan_to_json(planned.plan))
    return tmp_path


@pytest.fixture
def sample(tmp_path: Path, aws: Aws) -> Path:
    """A copy of the repository's own sample organization, but for its customizations: they take Terraform, and minutes."""
    shutil.copytree(REPOSITORY / "account-requests", tmp_path / "account-requests")
    settings = (REPOSITORY / "vending.yaml").read_text()
    (tmp_path / "vending.yaml").write_text(settings.partition("customizations:")[0])
    for request in (tmp_path / "account-requests").rglob("*.yaml"):
        lines = request.read_text().splitlines(keepends=True)
        request.write_text("".join(line for line in lines if not line.startswith("customizations:")))
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def landing_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Starts a sandbox with a landing zone of its own, and gives the sample workspace for it; `vend sandbox` finds it there."""
    state = Workspace(tmp_path).sandbox_file

    def started(**options: Any) -> Path:
        shutil.copytree(REPOSITORY / "samples" / "landing-zone", tmp_path, dirs_exist_ok=True)
        (tmp_path / ".git").mkdir()
        running = control.start(
            state, Options(landing_zone=True, home_region="eu-west-1", time_scale=LANDING_ZONE_FASTER, **options)
        )
        for name in control.UNSET:
            monkeypatch.delenv(name, raising=False)
        for name, value in control.environment(running.url).items():
            monkeypatch.setenv(name, value)
        return tmp_path

    yield started
    control.stop(state)
