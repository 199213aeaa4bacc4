"""What a token lacks is told before it is needed."""

import json
from pathlib import Path

import pytest

from pipeline.app.init import GITLAB, Answers, init
from pipeline.app.parts import Parts
from pipeline.cli import main
from pipeline.sandbox import control
from tests.forges.benches import bench_of
from tests.forges.serving import Fault

ANSWERS = Answers(
    account="111122223333", region="eu-west-1", repository="acme", domain="example.com", branch="main", forge=GITLAB
)


def test_gitlab_tells_whether_the_scope_api_is_there() -> None:
    with bench_of("gitlab") as bench:
        assert bench.forge().token_lacks() == ""
        bench.world.scopes = ["read_api", "read_repository"]
        assert bench.forge().token_lacks() == 'the scope "api"'


@pytest.mark.parametrize("status", [401, 403, 404])
def test_of_a_token_that_gitlab_says_nothing_of_nothing_is_known(status: int) -> None:
    with bench_of("gitlab") as bench:
        bench.fake.faults.append(Fault("GET", "personal_access_tokens", status))
        assert bench.forge().token_lacks() == ""


def test_github_tells_the_scopes_of_a_person_and_only_apps_write_check_runs() -> None:
    with bench_of("github") as bench:
        bench.world.pull(7)
        assert bench.forge().token_lacks() == ""
        bench.fake.faults.append(Fault("GET", "pulls", 200, [], {"X-OAuth-Scopes": "repo, workflow"}))
        assert bench.forge().token_lacks() == "the right to write check runs, which a person's token never has"
        bench.fake.faults.append(Fault("GET", "pulls", 200, [], {"X-OAuth-Scopes": ""}))
        assert 'the scope "repo"' in bench.forge().token_lacks()


def test_doctor_names_the_scope_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*control.UNSET, "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    init(tmp_path, ANSWERS)
    monkeypatch.chdir(tmp_path)
    with bench_of("gitlab") as bench:
        for name, value in bench.environment.items():
            monkeypatch.setenv(name, value)
        bench.world.scopes = ["read_api"]
        assert main(["doctor", "--format", "json"], Parts()) == 7

    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["prerequisites"]}
    assert (rows["forge"]["presence"], rows["forge"]["detail"]) == ("missing", 'the token lacks the scope "api"')
    assert rows["forge"]["remedy"]
