"""Where a run is: which forge, repository, pull request and commit, by the variables of GitHub Actions and GitLab CI.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pipeline.errors import UsageError

GITHUB: Final = "github"
GITLAB: Final = "gitlab"
_TOKENS: Final = {
    GITHUB: ("VEND_FORGE_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    GITLAB: ("VEND_FORGE_TOKEN", "GITLAB_TOKEN"),
}
_SHA: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known. `head`: the newest commit of the pull request; `commit`: the one that is checked out; `branch`: its branch.

    `is_queued`: a merge queue or train asks for the verdict, of a commit that people do not look at; then `base`, if it is known,
    is the commit that it is compared with. `run_url`: where people see this run. `run`: its name for orders. `url` is the forge's
    API (GitHub) or address (GitLab).
    """

    forge: str = ""
    repository: str = ""
    url: str = ""
    number: int | None = None
    head: str = ""
    base_ref: str = ""
    base: str = ""
    is_queued: bool = False
    commit: str = ""
    branch: str = ""
    run: str = ""
    run_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the arguments say; it goes before what the variables say."""

    forge: str | None = None
    repository: str | None = None
    url: str | None = None
    number: int | None = None
    head: str | None = None
    branch: str | None = None


def surroundings(environment: Mapping[str, str], given: Given) -> Surroundings:
    """Raises `UsageError` if the forge or repository is not known, or something given is not what it should be."""
    found = _found(environment)
    if given.forge is not None and given.forge != found.forge:
        found = Surroundings(forge=given.forge)
    named: dict[str, Any] = {
        "repository": given.repository,
        "url": given.url,
        "number": given.number,
        "head": given.head,
        "branch": given.branch,
    }
    known = replace(found, **{name: value for name, value in named.items() if value is not None})
    if given.head is not None and given.number is None:
        known = replace(known, commit=given.head)
    if not known.forge or not known.repository:
        raise UsageError(
            "there is no forge here: neither GitHub Actions nor GitLab CI has set its variables",
            hint="say where: --forge github|gitlab --repository OWNER/NAME, and the rest as --help has it",
        )
    for name, sha in (("head", known.head), ("commit", known.commit)):
        if sha and not _SHA.fullmatch(sha):
            raise UsageError(
                f'--head: the {name} "{sha}" is not the id of a commit', hint="give all its hexadecimal digits"
            )
    return known


def token_of(environment: Mapping[str, str], forge: str) -> str:
    """The token, from the environment only: arguments are for everybody on the machine to read. Raises `UsageError`."""
    for name in _TOKENS[forge]:
        if environment.get(name):
            return environment[name]
    raise UsageError(f"{forge}: there is no token", hint=f"set one of {', '.join(_TOKENS[forge])} in the environment")


def _found(environment: Mapping[str, str]) -> Surroundings:
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment)
    if environment.get("GITLAB_CI") == "true":
        return _gitlab(environment)
    return Surroundings()


def _github(environment: Mapping[str, str]) -> Surroundings:
    repository, run = environment.get("GITHUB_REPOSITORY", ""), environment.get("GITHUB_RUN_ID", "")
    attempt = environment.get("GITHUB_RUN_ATTEMPT", "1")
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    pull, group = event.get("pull_request"), event.get("merge_group")
    about: dict[str, Any] = {}
    if isinstance(pull, Mapping):
        about = {"number": int(pull["number"]), "head": str(pull["head"]["sha"]), "base_ref": str(pull["base"]["ref"])}
    elif isinstance(group, Mapping):
        about = {"is_queued": True, "head": str(group["head_sha"]), "base": str(group["base_sha"])}
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    return Surroundings(
        forge=GITHUB,
        repository=repository,
        url=environment.get("GITHUB_API_URL", ""),
        commit=environment.get("GITHUB_SHA", ""),
        branch=environment.get("GITHUB_REF_NAME", ""),
        run=f"{run}.{attempt}" if run else "",
        run_url=f"{server}/{repository}/actions/runs/{run}" if run else "",
        **about,
    )


def _gitlab(environment: Mapping[str, str]) -> Surroundings:
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    commit = environment.get("CI_COMMIT_SHA", "")
    # Only a pipeline of the merged result has it: in any other one, the commit is the head itself.
    head = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or commit
    is_train = environment.get("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train"
    return Surroundings(
        forge=GITLAB,
        repository=environment.get("CI_PROJECT_PATH", ""),
        url=environment.get("CI_SERVER_URL", ""),
        number=int(number) if number.isdecimal() else None,
        head=(commit if is_train else head) if number else "",
        is_queued=is_train,
        base_ref=environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
        commit=commit,
        branch=environment.get("CI_COMMIT_BRANCH", ""),
        run=environment.get("CI_JOB_ID", ""),
        run_url=environment.get("CI_JOB_URL", ""),
    )


def _event(path: str) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f'GITHUB_EVENT_PATH: "{path}" is no event ({type(error).__name__})', hint="unset it"
        ) from error
    return event if isinstance(event, Mapping) else {}
