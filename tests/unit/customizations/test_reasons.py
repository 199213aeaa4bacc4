"""Why a customization runs, and which files of its source have changed."""

import os
from pathlib import Path

import pytest

from pipeline.customizations.deciding import Due, Reason
from pipeline.customizations.reasons import Reasons
from pipeline.customizations.runs import Job
from pipeline.errors import PermanentServiceError
from tests.unit.customizations.terraform_bench import OTHER, Bench

CHANGED = Due(reasons=(Reason.SOURCE_CHANGED, Reason.INPUTS_CHANGED), earlier_source="s1")


class Source:
    """Answers which files have changed, and counts how often it is asked."""

    def __init__(self, *files: str, error: Exception | None = None) -> None:
        self.files = files
        self.error = error
        self.asked: list[str] = []

    def changed_files(self, job: Job, earlier_source: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        self.asked.append(earlier_source)
        if self.error is not None:
            raise self.error
        return self.files


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_changed_source_names_its_files(bench: Bench) -> None:
    said = Reasons(Source("main.tf", "modules/x/a.tf")).of(bench.job(), CHANGED)

    assert said == ("source changed (main.tf, modules/x/a.tf)", "inputs changed")


def test_a_name_that_is_no_text_can_still_be_written(bench: Bench) -> None:
    """Git keeps names as bytes."""
    (said, _) = Reasons(Source(os.fsdecode(b"\xff.tf"))).of(bench.job(), CHANGED)

    assert said == "source changed (\\udcff.tf)"


def test_many_files_are_counted(bench: Bench) -> None:
    said = Reasons(Source(*(f"{number}.tf" for number in range(7)))).of(bench.job(), CHANGED)

    assert said[0] == "source changed (0.tf, 1.tf, 2.tf, 3.tf, 4.tf and 2 more)"


def test_each_earlier_source_is_asked_for_once_however_many_accounts_have_it(bench: Bench) -> None:
    source = Source("main.tf")
    reasons = Reasons(source)
    for job in (bench.job(), bench.job(OTHER), bench.job()):
        for earlier in ("s1", "s2"):
            reasons.of(job, Due(reasons=(Reason.SOURCE_CHANGED,), earlier_source=earlier))

    assert source.asked == ["s1", "s2"]


def test_nothing_is_asked_where_the_source_has_not_changed(bench: Bench) -> None:
    source = Source("main.tf")

    assert Reasons(source).of(bench.job(), Due(reasons=(Reason.VERIFICATION,))) == ("due for verification",)
    assert source.asked == []


@pytest.mark.parametrize(
    "source",
    [Source(), Source(error=PermanentServiceError("AccessDenied")), Source(error=ValueError("no JSON"))],
    ids=["not remembered", "out of reach", "damaged"],
)
def test_that_it_has_changed_is_told_even_if_nobody_knows_where(bench: Bench, source: Source) -> None:
    assert Reasons(source).of(bench.job(), CHANGED)[0] == "source changed"
