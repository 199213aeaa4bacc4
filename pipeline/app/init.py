"""`vend init`: a new workspace that passes `vend validate`, with the workflows of its forge. Never overwrites a file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pipeline import __version__
from pipeline.app.parts import Parts
from pipeline.errors import ServiceError, UsageError
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.prerequisites import Prerequisites, has_credentials, region_of_credentials

GITHUB: Final = "github"
GITLAB: Final = "gitlab"

_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "account": (r"[0-9]{12}", "twelve digits"),
    "region": (r"[a-z]{2}(?:-[a-z]+)+-[0-9]", "a Region, like eu-west-1"),
    "repository": (r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "a name of letters, digits and ._-, at most 100"),
    "domain": (r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", "a domain, like example.com"),
    "branch": (r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", "a branch of letters, digits and ._/-"),
}
_REMOTE: Final = re.compile(r"(?:[a-z+]+://)?(?:[^@/\s]+@)?([^:/\s]+)(?::[0-9]+)?[:/](.+?)(?:\.git)?/?", re.ASCII)
_SCHEMAS: Final = ("settings", "organization", "defaults", "account-request")
_WORKSPACE: Final[Mapping[str, str]] = {
    "vending.yaml": "vending.yaml",
    "_organization.yaml": "account-requests/_organization.yaml",
    "_defaults.yaml": "account-requests/_defaults.yaml",
    "example.yaml": "account-requests/example-sandbox.yaml",
    "gitignore": ".gitignore",
    "editorconfig": ".editorconfig",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "vscode-settings.json": ".vscode/settings.json",
}
_WORKFLOWS: Final = ("plan", "apply", "drift", "snapshot", "request")
_JOBS: Final = ("base", "plan", "apply", "drift", "snapshot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a workspace is made from; None for what is not known yet. `forge`: github, gitlab, or empty for none."""

    account: str | None = None
    region: str | None = None
    repository: str | None = None
    domain: str | None = None
    branch: str | None = None
    forge: str | None = None
    control_tower: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """What nobody has said and nothing has told, by name."""
        return tuple(name for name in _SHAPES if getattr(self, name) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Paths below the folder, sorted. `kept`: they were there with other content, and are as they were."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]


def problem_of(name: str, value: str) -> str | None:
    """Why the answer cannot be used, as the words that go after it; None if it can."""
    pattern, wanted = _SHAPES[name]
    return None if re.fullmatch(pattern, value, re.ASCII) else f"is not {wanted}"


def find_out(directory: Path, given: Answers, parts: Parts) -> Answers:
    """What was given, and what git and the credentials tell of the rest. Never raises for what cannot be found."""
    host, path, branch, domain = _of_git(directory)
    forge = given.forge if given.forge is not None else _forge_of(host)
    region = given.region or region_of_credentials()
    return Answers(
        account=given.account or _management_account(region, parts),
        region=region,
        repository=given.repository or path.rpartition("/")[2] or None,
        domain=given.domain or domain,
        branch=given.branch or branch or "main",
        forge=forge,
        control_tower=given.control_tower,
    )


def init(directory: Path, answers: Answers) -> Made:
    """Write what is missing of the workspace. Raises `UsageError` for an answer that cannot be used, or a folder neither."""
    for name in _SHAPES:
        value = getattr(answers, name)
        if value is None or (problem := problem_of(name, value)) is not None:
            said = "is not known" if value is None else f'"{value}" {problem}'
            raise UsageError(f"--{name}: {said}", hint=f"give {_SHAPES[name][1]} with --{name}")
    written: list[str] = []
    unchanged: list[str] = []
    kept: list[str] = []
    for path, text in sorted(contents(answers).items()):
        target = directory / path
        if target.exists() or target.is_symlink():
            is_same = target.is_file() and target.read_bytes() == text.encode()
            (unchanged if is_same else kept).append(path)
            continue
        _write(target, text)
        written.append(path)
    return Made(written=tuple(written), unchanged=tuple(unchanged), kept=tuple(kept))


def contents(answers: Answers) -> dict[str, str]:
    """The files of the workspace, by path."""
    values = _values(answers)
    made = {path: render(_template("workspace", name), values, path) for name, path in _WORKSPACE.items()}
    made |= {f"schemas/{each}.schema.json": _text("schemas", f"{each}.schema.json") for each in _SCHEMAS}
    return made | forge_files(answers.forge or "", values)


def forge_files(forge: str, values: Mapping[str, str]) -> dict[str, str]:
    """The workflows of the forge, by path."""
    found: dict[str, str] = {}
    if forge == GITHUB:
        for each in _WORKFLOWS:
            found[f".github/workflows/{each}.yml"] = render(_template("github/workflows", f"{each}.yml"), values)
        form = "account-request.yml"
        found[f".github/ISSUE_TEMPLATE/{form}"] = _template("github/ISSUE_TEMPLATE", form)
    elif forge == GITLAB:
        found[".gitlab-ci.yml"] = _template("gitlab", "gitlab-ci.yml")
        for each in _JOBS:
            name = f"{each}.gitlab-ci.yml"
            found[f"ci/gitlab/{name}"] = render(_template("gitlab", name), values)
    return found


def render(template: str, values: Mapping[str, str], path: str = "") -> str:
    """The text with `@NAME@` replaced; `@SCHEMAS@` by the way from `path` to the schemas."""
    depth = 0 if path.startswith(".vscode/") else path.count("/")
    for name, value in {**values, "SCHEMAS": "../" * depth + "schemas"}.items():
        template = template.replace(f"@{name}@", value)
    return template


def _values(answers: Answers) -> dict[str, str]:
    return {
        "ACCOUNT": answers.account or "",
        "REGION": answers.region or "",
        "REPOSITORY": answers.repository or "",
        "DOMAIN": answers.domain or "",
        "BRANCH": answers.branch or "",
        "PROVISIONER": "control_tower" if answers.control_tower else "organizations",
        "PACKAGE": f"account-vending=={__version__}",
    }


def _template(folder: str, name: str) -> str:
    return _text(f"templates/{folder}", name)


def _text(folder: str, name: str) -> str:
    place = files("pipeline")
    for part in (*folder.split("/"), name):
        place = place.joinpath(part)
    return place.read_text("utf-8")


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as stream:  # x: somebody else may make it meanwhile
            stream.write(text)
    except OSError as error:
        raise UsageError(
            f'"{target}" cannot be written: {error.strerror}', hint="choose another folder; what is written stays"
        ) from error


def _of_git(directory: Path) -> tuple[str, str, str | None, str | None]:
    """Host and path of the remote, the branch that is checked out, and the domain of the author's address."""
    from git import GitError, Repo  # noqa: PLC0415 - GitPython costs 0.1 s, and looks for git when it is imported

    start = next((each for each in (directory, *directory.parents) if each.is_dir()), Path.cwd())
    try:
        with Repo(start, search_parent_directories=True) as repository:
            url = next(iter(_remotes(repository)), "")
            found = _REMOTE.fullmatch(url)
            branch = None if repository.head.is_detached else repository.active_branch.name
            email = str(repository.config_reader().get_value("user", "email", ""))
    except (GitError, OSError, ValueError, TypeError):
        return "", "", None, None
    domain = email.rpartition("@")[2].lower()
    usable = domain if domain and problem_of("domain", domain) is None else None
    return (found[1], found[2], branch, usable) if found else ("", "", branch, usable)


def _remotes(repository: Any) -> Iterator[str]:
    """The address of `origin` first."""
    for remote in sorted(repository.remotes, key=lambda each: each.name != "origin"):
        yield from remote.urls


def _forge_of(host: str) -> str:
    return next((forge for forge in (GITHUB, GITLAB) if forge in host), "")


def _management_account(region: str | None, parts: Parts) -> str | None:
    """What the credentials tell, if there are any."""
    try:
        if not has_credentials():
            return None
        connection = Connection(
            region=region or "us-east-1", run_id=parts.new_run_id(), clock=parts.clock, read_only=True
        )
        return Prerequisites(connection).management_account()
    except ServiceError:
        return None  # the question goes to the person instead
