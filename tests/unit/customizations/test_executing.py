"""What runs before and after Terraform: when, with what, and what becomes of its failures."""

import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from pipeline.customizations.executables import Executables, read_executables
from pipeline.customizations.failures import Failure
from pipeline.customizations.python_environment import environment_place
from pipeline.customizations.reading import read_folder
from pipeline.customizations.releases import release_of
from pipeline.customizations.running import Applied, Held, Unchanged
from pipeline.customizations.terraform import Limits
from pipeline.customizations.workspace import Workspace
from pipeline.model.customization import Difference
from tests.unit.customizations.terraform_bench import ACCOUNT, OTHER, TARGET, Bench, HandClock
from tests.unit.customizations.test_running import CREATE, DELETE, POISON, reviewed


class Attended(Bench):
    """A bench whose customization brings executables. Each one it writes notes its name, like Terraform does its verb."""

    def brings(self, **scripts: str) -> None:
        """`pre`, `post`: scripts of the shell; `aft_pre`, `aft_post`: scripts that bash sources; `requirements`."""
        names = {
            "aft_pre": "api_helpers/pre-api-helpers.sh",
            "aft_post": "api_helpers/post-api-helpers.sh",
            "requirements": "api_helpers/python/requirements.txt",
        }
        for word, text in scripts.items():
            path = self.folder / names.get(word, word)
            path.parent.mkdir(parents=True, exist_ok=True)
            noting = f'echo \'{{"verb": "{word}"}}\' >> {self.terraform.folder}/record\n'
            path.write_text(text if word == "requirements" else f"#!/bin/sh\n{noting}{text}\n")
            path.chmod(0o755 if word in {"pre", "post"} else 0o644)
        repository = self.root / "repository"
        folder = read_folder(repository, "terraform/baseline")
        assert folder is not None
        self.release = release_of("baseline", folder, repository)

    def log(self, name: str, account_id: str = ACCOUNT) -> str:
        return (self.workspace.root / "logs" / account_id / f"baseline.{name}.log").read_text()


def apply_once(root: Path, temporary: str) -> None:
    tempfile.tempdir = temporary
    bench = Attended(root)
    bench.brings()
    bench.customizer().apply(bench.job(), reviewed(CREATE))


@pytest.fixture
def bench(tmp_path: Path) -> Attended:
    return Attended(tmp_path)


def test_they_run_before_the_plan_and_after_the_apply_and_afts_come_second(bench: Attended) -> None:
    bench.brings(pre="", post="", aft_pre="", aft_post="")
    bench.terraform.plans(CREATE)

    assert isinstance(bench.customizer().apply(bench.job(), reviewed(CREATE)), Applied)
    assert bench.terraform.verbs == ["init", "pre", "aft_pre", "plan", "apply", "post", "aft_post"]


def test_they_run_where_nothing_is_to_change_and_then_it_is_verified(bench: Attended) -> None:
    bench.brings(pre="", post="")
    assert isinstance(bench.customizer().apply(bench.job(), None), Unchanged)
    assert bench.terraform.verbs == ["init", "pre", "plan", "post"]
    assert [mark.begun for mark in bench.store.listing().marks[TARGET]] == [""]


def test_a_plan_runs_none_of_them(bench: Attended) -> None:
    bench.brings(pre="", post="")
    assert bench.customizer().difference(bench.job()) == Difference()
    assert bench.terraform.verbs == ["init", "plan"]


def test_what_they_say_is_told_when_all_went_well_too(bench: Attended) -> None:
    """It is for the run record: one line for each that has said something, and a short one."""
    bench.brings(pre="echo looked; echo found 3 things", post="", aft_post=f"echo {'x' * 5000}; printf done")
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Unchanged)
    assert ended.said[0] == "pre: looked / found 3 things"
    assert ended.said[1].startswith("post-api-helpers.sh: …xxx")
    assert (ended.said[1][-6:], len(ended.said), len(ended.said[1]) < 250) == ("/ done", 2, True)


def test_what_is_held_is_not_followed_by_anything(bench: Attended) -> None:
    bench.brings(post="")
    bench.terraform.plans(DELETE)
    assert isinstance(bench.customizer().apply(bench.job(), reviewed(CREATE)), Held)
    assert "post" not in bench.terraform.verbs
    assert bench.store.listing().marks == {}


def test_when_the_first_fails_terraform_does_nothing(bench: Attended) -> None:
    bench.brings(pre="echo looking; printf '\\033[31mno such thing\\n' >&2; exit 3", aft_pre="")
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert ended.message == (
        f'account {ACCOUNT}, customization "baseline": pre failed with exit code 3: looking / no such thing'
    )
    assert str(ended.log) in ended.hint
    assert bench.terraform.verbs == ["init", "pre"]
    assert bench.store.listing().marks == {}
    assert not list((bench.workspace.root / "runs").rglob("files"))


@pytest.mark.parametrize("rows", [(CREATE,), ()])
def test_when_the_last_fails_nothing_is_verified_and_the_next_run_repeats_it(
    bench: Attended, rows: tuple[tuple[str, str], ...]
) -> None:
    """Though Terraform has nothing more to do, and even if all was verified before."""
    assert isinstance(bench.customizer().apply(bench.job(), None), Unchanged)
    bench.brings(post="exit 1")
    bench.terraform.plans(*rows)
    first = bench.customizer().apply(bench.job(), reviewed(*rows))
    marks = bench.store.listing().marks[TARGET]
    bench.brings(post="")
    bench.terraform.plans()
    second = bench.customizer().apply(bench.job(), reviewed(*rows))

    assert isinstance(first, Failure)
    assert [bool(mark.begun) for mark in marks] == [True]
    assert isinstance(second, Unchanged)
    assert bench.terraform.verbs[-2:] == ["plan", "post"]
    assert [mark.begun for mark in bench.store.listing().marks[TARGET]] == [""]


@pytest.mark.parametrize("word", ["pre", "post", "aft_post"])
def test_a_run_that_is_killed_while_one_runs_is_repeated(bench: Attended, word: str) -> None:
    """Whatever Terraform has left to do then; and only then it counts as verified."""
    bench.brings(**{word: "kill -9 $PPID; sleep 0.1"})
    bench.terraform.plans(CREATE)
    with tempfile.TemporaryDirectory() as temporary:
        child = multiprocessing.get_context("forkserver").Process(target=apply_once, args=(bench.root, temporary))
        child.start()
        child.join()
    killed = bench.store.listing().marks.get(TARGET, ())
    bench.brings(**{word: ""})
    bench.terraform.plans(*(() if "post" in word else (CREATE,)))
    ended = bench.customizer().apply(bench.job(), reviewed(CREATE))

    assert child.exitcode == -signal.SIGKILL
    assert [bool(mark.begun) for mark in killed] == ([True] if "post" in word else [])
    assert isinstance(ended, Unchanged if "post" in word else Applied)
    assert bench.terraform.verbs[-1] == ("apply" if word == "pre" else word)
    assert [mark.begun for mark in bench.store.listing().marks[TARGET]] == [""]
    assert not list((bench.workspace.root / "runs").rglob("files"))


def test_they_get_the_accounts_session_and_nothing_else_of_ours(tmp_path: Path) -> None:
    """No credentials, tokens or variables of Terraform; no session of the state, though there is a state."""
    poison = dict.fromkeys((*POISON, "PIP_INDEX_URL", "PYTHONPATH"), "secret")
    bench = Attended(tmp_path, ours={"PATH": os.environ["PATH"], "HOME": "/home/me", **poison})
    bench.brings(pre="env; cat $AWS_CONFIG_FILE", aft_pre="env")
    bench.customizer().apply(bench.job(), None)

    said = bench.log("pre").splitlines()
    names = {line.partition("=")[0] for line in said if "=" in line and not line.startswith("credential_process")}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD", "LC_CTYPE"} == {
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_SHARED_CREDENTIALS_FILE",
        "CT_MGMT_REGION",
        "DEFAULT_PATH",
        "HOME",
        "PATH",
        "TMPDIR",
        "VENDED_ACCOUNT_ID",
    }
    assert [line for line in said if line.startswith("[profile")] == ["[profile target]", "[profile aft-target]"]
    assert {f"VENDED_ACCOUNT_ID={ACCOUNT}", "AWS_PROFILE=target"} <= set(said)
    assert "AWS_PROFILE=aft-target" in bench.log("pre-api-helpers").splitlines()
    assert {kind for kind, _ in bench.sessions.asked} == {"member"}


def test_what_they_write_reaches_the_later_ones_of_the_run_and_nobody_else(bench: Attended) -> None:
    """Not Terraform, not another account, and not the repository."""
    bench.brings(pre="test ! -e seen || exit 9; echo $VENDED_ACCOUNT_ID > seen; echo x > main.tf", post="cat seen")
    customizer = bench.customizer()
    for account in (ACCOUNT, OTHER, ACCOUNT):
        assert isinstance(customizer.apply(bench.job(account), None), Unchanged)

    assert (bench.log("post"), bench.log("post", OTHER)) == (f"{ACCOUNT}\n", f"{OTHER}\n")
    assert [path.read_text() for path in bench.root.rglob("main.tf")] == ['variable "color" {}\n'] * 2
    assert not list(bench.root.rglob("seen"))


def test_a_script_of_afts_finds_its_own_files(tmp_path: Path) -> None:
    """By AFT's variables, and from the folder in which AFT begins: of account customizations, the one above."""
    for source, own in (("terraform/baseline", "."), ("terraform/account-customizations/web", "./web")):
        bench = Attended(tmp_path / own)
        bench.brings(aft_pre=f"cat {own}/api_helpers/note; cat $DEFAULT_PATH/${{CUSTOMIZATION:-.}}/api_helpers/note")
        (bench.folder / "api_helpers" / "note").write_text(f"{source}\n")
        repository = tmp_path / own / "repository"
        if source != "terraform/baseline":
            (repository / source).parent.mkdir(parents=True)
            bench.folder.rename(repository / source)
        folder = read_folder(repository, source)
        assert folder is not None
        bench.release = release_of("baseline", folder, repository)
        ended = bench.customizer().apply(bench.job(), None)
        assert isinstance(ended, Unchanged), ended
        assert bench.log("pre-api-helpers") == f"{source}\n" * 2


def test_a_profile_of_the_management_account_is_told_not_to_be_there(bench: Attended) -> None:
    bench.brings(aft_pre="echo 'The config profile (aft-management) could not be found'; false")
    ended = bench.customizer().apply(bench.job(), None)
    assert isinstance(ended, Failure)
    assert ended.hint.startswith('use the profile "aft-target": there is no profile "aft-management" here')


def test_one_that_takes_too_long_is_ended_with_all_its_children(tmp_path: Path) -> None:
    bench = Attended(tmp_path, limits=Limits(executable=1.5))
    bench.clock.step = 0.4
    bench.brings(pre=f"sleep 300 & echo $! > {tmp_path}/child; trap '' INT; wait")
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert "pre takes longer than 2 seconds and was stopped" in ended.message
    assert is_gone(int((tmp_path / "child").read_text()))


def test_one_that_writes_without_end_is_killed_and_its_message_is_short(bench: Attended) -> None:
    """At once, for it fills the disk: with a hint that it may ignore (as jobs in the background do), it would go on."""
    bench.brings(pre="trap '' INT; exec yes 0123456789012345678901234567890123456789")
    ended = bench.customizer().apply(bench.job(), None)
    assert isinstance(ended, Failure)
    assert "pre writes more than 16 MB and was stopped" in ended.message
    assert len(ended.message) < 800
    assert (bench.workspace.root / "logs" / ACCOUNT / "baseline.pre.log").stat().st_size == 16_000_000


def test_a_stopped_run_stops_it_and_the_next_run_may_go_through(tmp_path: Path) -> None:
    record = tmp_path / "bin" / "record"
    bench = Attended(tmp_path, cancelled=lambda: record.exists() and '"pre"' in record.read_text())
    bench.clock.step = 0.4
    bench.brings(pre="sleep 300")
    ended = bench.customizer().apply(bench.job(), None)
    assert isinstance(ended, Failure)
    assert (ended.temporary, "was stopped, because the run was" in ended.message) == (True, True)


def test_one_that_cannot_be_started_fails_the_account_alone(bench: Attended) -> None:
    bench.brings(pre="")
    (bench.folder / "pre").write_text("#!/no/such/program\n")
    ended = bench.customizer().apply(bench.job(), None)
    assert isinstance(ended, Failure)
    assert "it cannot be started: No such file or directory" in ended.message


def test_a_changed_executable_is_a_changed_customization(bench: Attended) -> None:
    """In AFT's layout, too, where it does not lie where the Terraform is."""
    bench.brings(post="")
    (bench.folder / "terraform").mkdir()
    (bench.folder / "main.tf").rename(bench.folder / "terraform" / "main.tf")
    bench.brings(post="")
    before = bench.customizer().fingerprint(bench.job()).parts
    bench.brings(post="# more")
    after = bench.customizer().fingerprint(bench.job()).parts
    assert [name for name in before if before[name] != after[name]] == ["source"]
    assert bench.release.folder.name == "terraform"


def test_python_packages_are_installed_once_for_all_accounts_and_runs(tmp_path: Path) -> None:
    """Its programs come first on the path; the same requirements are not installed again."""
    bench = Attended(tmp_path, ours={"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"})
    bench.brings(aft_pre="command -v python; env", requirements="# none yet\n")
    for account in (ACCOUNT, OTHER):
        assert isinstance(bench.customizer().apply(bench.job(account), None), Unchanged)

    (made,) = (path for path in (bench.workspace.root / "python").iterdir() if path.is_dir())
    assert bench.log("pre-api-helpers", OTHER).splitlines()[0] == str(made / "bin" / "python")
    assert "PIP_NO_INDEX" not in bench.log("pre-api-helpers")
    built = (made / "pyvenv.cfg").stat().st_mtime_ns
    bench.customizer().apply(bench.job(), None)
    assert (made / "pyvenv.cfg").stat().st_mtime_ns == built


@pytest.mark.parametrize("line", ["lib/one", "./lib/one", "one.whl", "one @ file:///x/one", "-r lib/one"])
def test_requirements_that_refer_to_a_file_of_the_folder_are_installed_anew_when_it_changes(
    tmp_path: Path, line: str
) -> None:
    """pip takes whatever is a folder or an archive there; the name of the package does not change with it."""
    workspace = Workspace(tmp_path / "work", HandClock())

    def places(text: str) -> set[Path]:
        return {environment_place(workspace, text, files={"one": each}) for each in ("1", "2")}

    assert len(places(f"# packages\n{line}\n")) == 2
    assert len(places("# a/path is no package\none==1.0\n")) == 1


def test_packages_that_cannot_be_installed_fail_the_account_before_anything_runs(tmp_path: Path) -> None:
    """And the next run begins with the installation again."""
    bench = Attended(tmp_path, ours={"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"})
    bench.brings(pre="", requirements="no-such-package-of-ours==1.0\n")
    ended = bench.customizer().apply(bench.job(), None)

    assert isinstance(ended, Failure)
    assert "requirements.txt: pip install failed with exit code 1" in ended.message
    assert "No matching distribution found for no-such-package-of-ours==1.0" in ended.message
    assert bench.terraform.verbs == ["init"]
    assert not list((bench.workspace.root / "python").glob("*.ready"))


def test_an_executable_without_its_bit_is_a_finding_and_afts_need_none(tmp_path: Path) -> None:
    home = tmp_path / "terraform/x"
    for name in ("pre", "post", "api_helpers/post-api-helpers.sh"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch(mode=0o644)
    (home / "post").chmod(0o755)
    found, findings = read_executables(tmp_path, "terraform/x")

    assert found == Executables(before=("pre",), after=("post", "api_helpers/post-api-helpers.sh"))
    (finding,) = findings
    assert (finding.location.file, finding.rule) == ("terraform/x/pre", "customization-executable")
    assert finding.hint == "make it so: git update-index --chmod=+x terraform/x/pre; or give it another name"


def test_a_folder_of_executables_alone_is_a_customization(tmp_path: Path) -> None:
    bench = Attended(tmp_path)
    (bench.folder / "main.tf").unlink()
    bench.brings(aft_post="")
    folder = read_folder(tmp_path / "repository", "terraform/baseline")
    assert folder is not None
    assert not folder.is_empty


def is_gone(pid: int) -> bool:
    """Whether the process has ended, soon: it is reaped by somebody else."""
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.1)
    return False
