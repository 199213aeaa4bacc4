"""The wheel is all that somebody else needs: it carries the schemas and works outside this repository."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `vend` from a built wheel, in an environment of its own; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    (dependencies,) = (Path(sys.prefix) / "lib").glob("python*/site-packages")
    for each in dependencies.iterdir():
        if "account_vending" not in each.name and not (site / each.name).exists():
            (site / each.name).symlink_to(each)
    return folder / "env" / "bin" / "vend"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "account-requests", tmp_path / "own" / "account-requests")
    shutil.copytree(REPOSITORY / "terraform", tmp_path / "own" / "terraform")
    shutil.copy(REPOSITORY / "vending.yaml", tmp_path / "own")
    return tmp_path / "own"


def vend(program: Path, *arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *arguments], cwd=at, capture_output=True, text=True, check=False)


def test_the_wheel_is_not_this_checkout(installed: Path, tmp_path: Path) -> None:
    script = "import pipeline; print(pipeline.__file__)"
    done = subprocess.run(
        [str(installed.with_name("python")), "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert not done.stdout.startswith(str(REPOSITORY))


def test_it_validates_in_the_workspace(installed: Path, workspace: Path) -> None:
    done = vend(installed, "validate", at=workspace)

    assert done.returncode == 0, done.stderr


def test_it_validates_from_another_directory(installed: Path, workspace: Path, tmp_path: Path) -> None:
    (workspace / "account-requests" / "wrong.yaml").write_text("name: wrong\nmail: x\n")
    done = vend(installed, "--root", str(workspace), "validate", at=tmp_path)

    assert done.returncode == 3
    assert "account-requests/wrong.yaml:2:1:" in done.stdout


def test_it_starts_a_workspace_that_is_valid(installed: Path, tmp_path: Path) -> None:
    answers = ("--account", "111122223333", "--region", "eu-west-1", "--domain", "example.com", "--repository", "acme")
    made = vend(installed, "init", "new", "--github", *answers, at=tmp_path)
    done = vend(installed, "--root", "new", "validate", at=tmp_path)

    assert (made.returncode, done.returncode) == (0, 0), made.stderr + done.stderr
    assert (tmp_path / "new" / ".github" / "workflows" / "apply.yml").is_file()
