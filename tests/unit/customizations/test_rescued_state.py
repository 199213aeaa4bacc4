"""A state that could not be saved: kept for its account, told with the way out, and nothing runs over it."""

import stat
from pathlib import Path

import pytest

from pipeline.customizations.failures import Failure
from pipeline.customizations.running import Applied
from pipeline.model.customization import Difference, ResourceChange
from tests.unit.customizations.terraform_bench import ACCOUNT, OTHER, Bench, diagnostic

CREATE = ("create", "aws_ssm_parameter.a")
REVIEWED = Difference(changes=(ResourceChange(address=CREATE[1], action=CREATE[0]),), applicable=True)
LEAVES_ITS_STATE = "import os; open('errored.tfstate', 'w').write(os.environ['TF_WORKSPACE'])"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """The state's bucket refuses what an apply writes."""
    bench = Bench(tmp_path)
    bench.terraform.plans(CREATE)
    bench.terraform.plays("apply", diagnostic("Failed to save state"), code=1, python=(LEAVES_ITS_STATE,))
    return bench


def kept(bench: Bench, account: str) -> list[Path]:
    return sorted((bench.workspace.root / "logs" / account).glob("*.errored.tfstate"))


def test_a_state_that_could_not_be_saved_is_kept_for_its_account_alone(bench: Bench) -> None:
    customizer = bench.customizer()
    for account in (ACCOUNT, OTHER):
        ended = customizer.apply(bench.job(account), REVIEWED)

        assert isinstance(ended, Failure)
        assert not ended.temporary
        (place,) = kept(bench, account)
        assert place.read_text() == account
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert f"state push {place}" in ended.hint
        assert f"TF_WORKSPACE={account}" in ended.hint
        assert "Failed to save state" in ended.message


def test_a_state_whose_run_died_before_it_was_kept_stops_every_account(bench: Bench) -> None:
    """It may be any account's, and the next one would be written over it."""
    customizer = bench.customizer()
    customizer.apply(bench.job(), REVIEWED)
    (place,) = kept(bench, ACCOUNT)
    (prepared,) = {each.parent for each in bench.workspace.root.rglob("main.tf") if "prepared" in each.parts}
    place.rename(prepared / "errored.tfstate")
    bench.terraform.plays("apply")

    assert isinstance(refused := customizer.apply(bench.job(OTHER), REVIEWED), Failure)
    assert refused.temporary
    assert str(prepared / "errored.tfstate") in refused.message
    assert bench.terraform.verbs.count("apply") == 1


def test_nothing_is_planned_or_applied_before_it_is_pushed(bench: Bench) -> None:
    """A plan against the older state would make everything once more."""
    customizer = bench.customizer()
    customizer.apply(bench.job(), REVIEWED)
    bench.terraform.plays("apply")

    assert isinstance(refused := customizer.apply(bench.job(), REVIEWED), Failure)
    assert "push it first" in refused.hint
    assert isinstance(customizer.difference(bench.job()), Failure)
    assert bench.terraform.verbs.count("plan") == 1, "nothing was planned again"
    kept(bench, ACCOUNT)[0].unlink()
    assert isinstance(customizer.apply(bench.job(), REVIEWED), Applied)
