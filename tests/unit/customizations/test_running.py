"""What a run does with Terraform, played by a program of ours."""

import multiprocessing
import signal
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.customizations.comparing import review_digest
from pipeline.customizations.failures import Failure
from pipeline.customizations.running import Applied, Held, Unchanged
from pipeline.errors import PermanentServiceError, TemporaryServiceError, UsageError
from pipeline.model.customization import Difference, ResourceChange
from tests.unit.customizations.terraform_bench import ACCOUNT, OTHER, TARGET, Bench, diagnostic

CREATE = ("create", "aws_ssm_parameter.a")
UPDATE = ("update", "aws_ssm_parameter.b")
DELETE = ("delete", "aws_ssm_parameter.c")


POISON = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "GITHUB_TOKEN",
    "CI_JOB_TOKEN",
    "TF_VAR_color",
    "TF_CLI_ARGS_plan",
    "TF_LOG",
    "TF_DATA_DIR",
)


def reviewed(*rows: tuple[str, str]) -> Difference:
    changes = tuple(sorted(ResourceChange(address=address, action=action) for action, address in rows))
    return Difference(changes=changes, applicable=bool(rows))


def apply_once(root: Path, temporary: str) -> None:
    tempfile.tempdir = temporary
    bench = Bench(root)
    bench.customizer().apply(bench.job(), reviewed(CREATE))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_files_that_changed_since_an_apply_that_failed_can_be_named(bench: Bench) -> None:
    """Whoever repairs a folder sees what the repair is."""
    bench.terraform.plans(CREATE)
    bench.terraform.plays("apply", diagnostic("no"), code=1)
    bench.customizer().apply(bench.job(), reviewed(CREATE))
    (mark,) = bench.store.listing().marks[TARGET]
    (bench.folder / "main.tf").write_text("# repaired\n")

    assert bench.customizer().changed_files(bench.job(), mark.fingerprint.split("-")[0]) == ("main.tf",)


def test_difference_has_rows_and_writes_nothing_but_its_own_directory(bench: Bench) -> None:
    """A plan tells address and action, takes no lock, gets no session of the state, and leaves no mark."""
    bench.terraform.plans(UPDATE, CREATE)

    found = bench.customizer().difference(bench.job())

    assert found == reviewed(CREATE, UPDATE)
    assert bench.terraform.verbs == ["init", "plan"]
    assert "-lock=false" in bench.terraform.record[1]["arguments"]
    assert {kind for kind, _ in bench.sessions.asked} == {"member"}
    assert bench.store.listing().marks == {}


def test_difference_is_made_against_a_private_copy_of_the_state(bench: Bench) -> None:
    """The copy lies where the workspace's state is looked for, readable for its owner, and is gone afterwards."""
    bench.write_state("what is")
    copy = bench.workspace.root / "states" / "baseline" / ACCOUNT / "terraform.tfstate"
    seen = bench.root / "seen"
    look = f"open({str(seen)!r}, 'w').write(open({str(copy)!r}).read() + oct(os.stat({str(copy)!r}).st_mode & 0o777))"
    bench.terraform.plays("plan", python=(look,))

    bench.customizer().difference(bench.job())

    assert seen.read_text() == "what is0o600"
    assert not copy.exists()


def test_one_init_serves_all_accounts(bench: Bench) -> None:
    """The workspace of each account is chosen by its environment alone."""
    customizer = bench.customizer()
    for account in (ACCOUNT, OTHER):
        customizer.apply(bench.job(account), None)
    bench.customizer().apply(bench.job(), None)

    assert bench.terraform.verbs == ["init", "plan", "plan", "plan"]
    assert [bench.terraform.environment(n).get("TF_WORKSPACE") for n in range(3)] == [None, ACCOUNT, OTHER]


def test_init_that_failed_is_repeated(bench: Bench) -> None:
    bench.terraform.plays("init", "Error: no provider", code=1)
    first = bench.customizer().apply(bench.job(), None)
    bench.terraform.plays("init")
    second = bench.customizer().apply(bench.job(), None)

    assert isinstance(first, Failure)
    assert "terraform init failed: Error: no provider" in first.message
    assert isinstance(second, Unchanged)
    assert bench.terraform.verbs == ["init", "init", "plan"]


def test_changed_file_makes_another_directory(bench: Bench) -> None:
    bench.customizer().apply(bench.job(), None)
    (bench.folder / "main.tf").write_text('variable "color" {}\n# more\n')
    bench.customizer().apply(bench.job(), None)

    assert bench.terraform.verbs == ["init", "plan"] * 2
    assert len({each["directory"] for each in bench.terraform.record}) == 2


def test_nothing_is_written_into_the_repository(bench: Bench) -> None:
    bench.terraform.plans(CREATE)
    bench.customizer().apply(bench.job(), None)

    assert [path.name for path in (bench.root / "repository").rglob("*") if path.is_file()] == ["main.tf"]


def test_lock_file_of_the_folder_is_obeyed(bench: Bench) -> None:
    (bench.folder / ".terraform.lock.hcl").write_text("# locked\n")
    bench.customizer().difference(bench.job())

    assert "-lockfile=readonly" in bench.terraform.record[0]["arguments"]


def test_apply_applies_the_plan_file_and_only_if_it_has_changes(bench: Bench) -> None:
    bench.terraform.plans(CREATE)
    ended = bench.customizer().apply(bench.job(), reviewed(CREATE))

    assert ended == Applied(difference=reviewed(CREATE))
    plan, apply = bench.terraform.record[1:]
    (written,) = (each.removeprefix("-out=") for each in plan["arguments"] if each.startswith("-out="))
    assert apply["arguments"] == ["apply", "-json", "-input=false", "-lock-timeout=7s", written]
    assert "-lock-timeout=7s" in plan["arguments"]


def test_empty_plan_is_not_applied_and_is_remembered(bench: Bench) -> None:
    bench.write_state("what is")
    ended = bench.customizer().apply(bench.job(), None)

    listing = bench.store.listing()
    assert ended == Unchanged(difference=Difference())
    assert bench.terraform.verbs == ["init", "plan"]
    assert [mark.etag for mark in listing.marks[TARGET]] == [listing.etags[TARGET]]


@pytest.mark.parametrize(
    ("seen", "now", "words"),
    [
        ([CREATE], [CREATE, DELETE], "not reviewed: delete aws_ssm_parameter.c"),
        ([CREATE, UPDATE], [CREATE], "reviewed, but no longer to do: update aws_ssm_parameter.b"),
        ([CREATE], [("replace", CREATE[1])], "not reviewed: replace aws_ssm_parameter.a"),
        ([], [CREATE], "not reviewed: create aws_ssm_parameter.a"),
    ],
)
def test_what_was_not_reviewed_is_held(
    bench: Bench, seen: list[tuple[str, str]], now: list[tuple[str, str]], words: str
) -> None:
    bench.terraform.plans(*now)
    ended = bench.customizer().apply(bench.job(), reviewed(*seen))

    assert isinstance(ended, Held)
    assert "not what was reviewed" in ended.message
    assert words in ended.message
    assert "apply" not in bench.terraform.verbs
    assert bench.store.listing().marks == {}


def test_unreviewed_destruction_is_held_above_its_bound(bench: Bench) -> None:
    bench.terraform.plans(DELETE, ("replace", "aws_vpc.v"))

    assert isinstance(bench.customizer().apply(bench.job(), None, max_destroys=1), Held)
    assert isinstance(bench.customizer().apply(bench.job(), None, max_destroys=2), Applied)


def test_rest_of_an_apply_that_died_is_still_reviewed(bench: Bench) -> None:
    """After a begun apply, what is left of its own review may be done; anything else may not."""
    bench.terraform.plans(CREATE, UPDATE)
    bench.terraform.plays("apply", diagnostic("the service is out"), code=1)
    first = bench.customizer().apply(bench.job(), reviewed(CREATE, UPDATE))
    (mark,) = bench.store.listing().marks[TARGET]
    bench.terraform.plans(UPDATE, DELETE)
    beyond = bench.customizer().apply(bench.job(), reviewed(CREATE, UPDATE))
    bench.terraform.plans(UPDATE)
    bench.terraform.plays("apply")
    rest = bench.customizer().apply(bench.job(), reviewed(CREATE, UPDATE))

    assert isinstance(first, Failure)
    assert mark.begun == review_digest(reviewed(CREATE, UPDATE))
    assert isinstance(beyond, Held)
    assert isinstance(rest, Applied)
    assert [each.begun for each in bench.store.listing().marks[TARGET]] == [""]


@pytest.mark.parametrize("verb", ["init", "plan", "apply"])
def test_run_that_is_killed_is_repeated_whole(bench: Bench, verb: str) -> None:
    """Killed during any command, the next run ends right, and the leftovers are gone."""
    bench.terraform.plans(CREATE)
    play = {"plan": 2}.get(verb, 0)
    kill = "os.kill(os.getppid(), signal.SIGKILL); time.sleep(0.1)"
    lines = () if verb != "plan" else ('{"type": "version"}',)
    bench.terraform.plays(verb, *lines, code=play, python=(kill,))
    with tempfile.TemporaryDirectory() as temporary:
        child = multiprocessing.get_context("forkserver").Process(target=apply_once, args=(bench.root, temporary))
        child.start()
        child.join()
    bench.terraform.plays("init")
    bench.terraform.plays("apply")
    bench.terraform.plans(CREATE)

    ended = bench.customizer().apply(bench.job(), reviewed(CREATE))

    assert child.exitcode == -signal.SIGKILL
    assert isinstance(ended, Applied)
    assert [each.begun for each in bench.store.listing().marks[TARGET]] == [""]
    assert not list((bench.workspace.root / "runs").rglob("plan"))


def test_state_lock_tells_who_when_and_how_to_release_it(bench: Bench) -> None:
    detail = (
        "Error message: PreconditionFailed\nLock Info:\n  ID:        1111-22\n  Path:      b/x.tfstate\n"
        "  Operation: OperationTypeApply\n  Who:       runner@host\n  Version:   1.11.4\n"
        "  Created:   2026-01-02 03:04:05.6 +0000 UTC\n  Info:      \n\n\nTerraform acquires"
    )
    bench.terraform.plays("plan", diagnostic("Error acquiring the state lock", detail), code=1)
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert isinstance(ended.error, TemporaryServiceError)
    assert '"runner@host" since 2026-01-02 03:04:05.6 +0000 UTC' in ended.message
    assert f"TF_WORKSPACE={ACCOUNT}" in ended.hint
    assert ended.hint.endswith("force-unlock 1111-22")


_REFUSED = "operation error S3: PutObject, https response error StatusCode: 403, api error AccessDenied: Access Denied"


def test_a_lock_that_may_not_be_written_is_nobodys_lock(bench: Bench) -> None:
    detail = f"Error message: {_REFUSED}\n\nTerraform acquires a state lock"
    bench.terraform.plays("plan", diagnostic("Error acquiring the state lock", detail), code=1)
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert isinstance(ended.error, PermanentServiceError)
    assert "locked by" not in ended.message
    assert _REFUSED in ended.message
    assert "force-unlock" not in ended.hint


def test_a_state_bucket_that_refuses_us_is_told_from_a_refusal_inside_the_account(bench: Bench) -> None:
    bucket = "see that the state's bucket belongs to your organization"
    bench.terraform.plays("plan", diagnostic("Error acquiring the state lock", _REFUSED), code=1)
    of_state = bench.customizer().apply(bench.job(), None)
    listing = "Error: Failed to get existing workspaces: Unable to list objects in S3 bucket"
    bench.terraform.plays("plan", f"{listing}: {_REFUSED}", code=1)
    of_init = bench.customizer().apply(bench.job(), None)
    bench.terraform.plays("plan", diagnostic("creating S3 Bucket", _REFUSED, address="aws_s3_bucket.b"), code=1)
    of_resource = bench.customizer().apply(bench.job(), None)

    assert isinstance(of_state, Failure)
    assert isinstance(of_init, Failure)
    assert isinstance(of_resource, Failure)
    assert [bucket in each.hint for each in (of_state, of_init, of_resource)] == [True, True, False]


def test_a_failing_init_tells_its_error_and_not_what_went_well_before(bench: Bench) -> None:
    said = [f"- Installed hashicorp/provider-{number} v1.0.0 (unauthenticated)" for number in range(20)]
    bench.terraform.plays("init", *said, "╷", "│ Error: Failed to query available provider packages", "╵", code=1)
    ended = bench.customizer().difference(bench.job())

    assert isinstance(ended, Failure)
    assert ended.message.endswith("terraform init failed: Error: Failed to query available provider packages")


def test_failure_has_terraforms_words_the_log_and_the_command_to_repeat(bench: Bench) -> None:
    problem = diagnostic(
        "creating parameter",
        "it is\n  there",
        address="aws_ssm_parameter.p",
        range={"filename": "m.tf", "start": {"line": 2}},
    )
    bench.terraform.plays("plan", problem, code=1)
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert isinstance(ended.error, PermanentServiceError)
    assert ended.message == (
        f'account {ACCOUNT}, customization "baseline": terraform plan failed: '
        "m.tf:2 aws_ssm_parameter.p: creating parameter: it is there"
    )
    assert ended.log is not None
    assert str(ended.log) in ended.hint
    assert stat.S_IMODE(ended.log.stat().st_mode) == 0o600
    assert f"TF_WORKSPACE={ACCOUNT} AWS_PROFILE=target {bench.terraform.path} -chdir=" in ended.hint


def test_inputs_stay_for_the_command_by_hand_and_go_with_the_next_run(bench: Bench) -> None:
    inputs = bench.workspace.root / "runs" / ACCOUNT / "baseline" / "inputs.tfvars.json"
    bench.terraform.plays("plan", diagnostic("no"), code=1)
    failed = bench.customizer().apply(bench.job(), None)

    assert isinstance(failed, Failure)
    assert f"-var-file={inputs}" in failed.hint
    assert inputs.exists()

    bench.terraform.plans()
    bench.customizer().apply(bench.job(), None)

    assert not inputs.exists()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("api error ExpiredToken: The security token expired", TemporaryServiceError),
        ("api error ThrottlingException: Rate exceeded", TemporaryServiceError),
        ("Saved plan is stale", TemporaryServiceError),
        ("acquiring the state lock: api error PreconditionFailed: NoSuchKey", TemporaryServiceError),
        ("api error AccessDenied: not authorized", PermanentServiceError),
    ],
)
def test_passing_problems_are_told_from_lasting_ones(bench: Bench, words: str, kind: type[Exception]) -> None:
    bench.terraform.plays("plan", diagnostic(words), code=1)
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert isinstance(ended.error, kind)


def test_session_that_is_refused_is_this_accounts_failure(bench: Bench) -> None:
    def refuse(kind: str) -> None:
        raise PermanentServiceError(f"no {kind} session", hint="make the role")

    bench.sessions.refuse = refuse
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert f'account {ACCOUNT}, customization "baseline": no member session' in ended.message
    assert ended.hint == "make the role"
    assert bench.terraform.verbs == []


def test_work_directory_that_cannot_be_written_is_a_failure(bench: Bench) -> None:
    customizer = bench.customizer()
    (bench.workspace.root / "prepared").write_text("a file where a folder should be")
    ended = customizer.apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert "the work directory cannot be used" in ended.message


def test_reattached_providers_are_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ours={"PATH": "/usr/bin", "TF_REATTACH_PROVIDERS": "{}"})

    with pytest.raises(UsageError, match="TF_REATTACH_PROVIDERS is set"):
        bench.customizer()


def test_inputs_are_literal_private_and_only_those_declared(bench: Bench) -> None:
    """In tfvars.json `${` stands for itself; what the folder does not declare stays away."""
    bench.customizer().difference(bench.job(color="${x} %{y}", size=3))

    told = bench.terraform.record[1]
    assert told["inputs"] == {"color": "${x} %{y}"}
    assert told["modes"] == ["0o600", "0o600"]


def test_environment_is_what_is_on_the_list(tmp_path: Path) -> None:
    """No credentials, tokens or switches of Terraform reach the program, whatever our environment has."""
    poison = dict.fromkeys(POISON, "secret")
    ours = {"PATH": "/usr/bin:/bin", "HOME": "/home/me", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", **poison}
    bench = Bench(tmp_path, ours=ours)
    bench.customizer().difference(bench.job())

    seen = bench.terraform.environment()
    assert set(seen) - {"LC_CTYPE"} == {
        "PATH",
        "HOME",
        "TMPDIR",
        "AWS_ENDPOINT_URL",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_PROFILE",
        "VENDED_ACCOUNT_ID",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "TF_CLI_CONFIG_FILE",
        "TF_IN_AUTOMATION",
        "TF_INPUT",
        "TF_WORKSPACE",
        "CHECKPOINT_DISABLE",
        "GOGC",
        "GOMEMLIMIT",
    }
    assert seen["AWS_PROFILE"] == "target"
    assert seen["HOME"] != "/home/me"
    assert "secret" not in seen.values()


def test_nothing_secret_is_left_on_the_disk(bench: Bench) -> None:
    """Neither keys nor tokens stand in any file of the work directory, during the run or after it."""
    found = bench.root / "found"
    scan = (
        f"open({str(found)!r}, 'w').write(str([f for d, _, fs in os.walk({str(bench.workspace.root)!r}) for f in fs"
        " if 'the-secret-key' in open(os.path.join(d, f), errors='replace').read()]))"
    )
    bench.terraform.plays("plan", python=(scan,), code=2)
    bench.customizer().apply(bench.job(), None)

    assert found.read_text() == "[]"
    assert not Path(bench.terraform.environment()["AWS_CONFIG_FILE"]).parent.exists()


@pytest.mark.parametrize("fault", [lambda bench: bench.folder.rename(bench.root / "elsewhere")])
def test_folder_that_is_gone_is_a_failure(bench: Bench, fault: Callable[[Bench], object]) -> None:
    fault(bench)
    ended = bench.customizer().difference(bench.job())

    assert isinstance(ended, Failure)
    assert "there is no folder" in ended.message


def test_files_that_changed_are_named(bench: Bench) -> None:
    """From what was remembered beside the states, not from git."""
    customizer = bench.customizer()
    customizer.apply(bench.job(), None)
    earlier = customizer.fingerprint(bench.job()).text.split("-")[0]
    (bench.folder / "more.tf").write_text("# more\n")

    assert bench.customizer().changed_files(bench.job(), earlier) == ("more.tf",)
    assert bench.customizer().changed_files(bench.job(), "unknown") == ()
