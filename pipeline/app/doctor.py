"""`vend doctor`: every prerequisite of a run, and the repair of what is missing. Reads only; one look does not hinder another."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pipeline.app.parts import Parts, member_role
from pipeline.app.workspace import Workspace
from pipeline.customizations.processes import Patience
from pipeline.customizations.settings import StateBucket, StateFolder
from pipeline.customizations.terraform import find_mirror, find_program
from pipeline.errors import ServiceError, SettingsError, TemporaryServiceError, UsageError
from pipeline.forges.connecting import connect
from pipeline.forges.surroundings import Given, surroundings, token_of
from pipeline.model.prerequisite import Prerequisite, Presence
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.prerequisites import (
    ACCOUNT_SERVICE,
    BucketFacts,
    Identity,
    Prerequisites,
    has_credentials,
)
from pipeline.provisioners.aws.sessions import RoleSessions
from pipeline.settings import FILE, Settings, load_settings

_BOOTSTRAP: Final = "apply terraform/bootstrap in the management account (docs/setup.md)"
_SIGN_IN: Final = "sign in to the management account, or let the CI job assume the plan role; then look again"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """`settings` are None where `vending.yaml` cannot be used; then nothing else is looked at."""

    found: tuple[Prerequisite, ...]
    settings: Settings | None = None


def examine(workspace: Workspace, parts: Parts, *, offline: bool = False) -> Examined:
    """Look at this machine and, unless `offline`, at the forge and at AWS."""
    try:
        settings = load_settings(workspace.root)
    except SettingsError as error:
        problem = error.findings[0].message if error.findings else str(error)
        return Examined(found=(_missing(FILE, problem, error.hint),))
    found = [_ok(FILE, f"the organization of account {settings.organization.management_account}")]
    found += [_git(workspace.root), *_terraform(settings, parts)]
    if offline:
        found += [_unknown(name, "not looked at, offline") for name in ("forge", "AWS")]
    else:
        found += [_forge(), *_aws(workspace, settings, parts)]
    return Examined(found=tuple(found), settings=settings)


def _git(root: Path) -> Prerequisite:
    try:
        import git  # noqa: PLC0415 - GitPython looks for the program git when it is imported
    except ImportError:
        return _missing("git", "there is no program git in PATH", "install git")
    try:
        with git.Repo(root, search_parent_directories=True) as repository:
            is_shallow = repository.git.rev_parse("--is-shallow-repository") == "true"
            version = ".".join(map(str, repository.git.version_info))
    except (git.GitError, OSError):
        return _missing("git", f'"{root}" is in no repository', "run git init, or clone the workspace")
    if is_shallow:
        return _missing(
            "git", "the clone is shallow: who asked cannot be told", "fetch everything: git fetch --unshallow"
        )
    return _ok("git", f"version {version}")


def _terraform(settings: Settings, parts: Parts) -> Iterator[Prerequisite]:
    wanted = settings.customizations.terraform
    name = "Terraform"
    floor = tuple(int(part) for part in wanted.minimum_version.split("."))
    try:
        program = find_program(wanted.binary, os.environ, Patience(clock=parts.clock), floor=floor)
    except UsageError as error:
        is_needed = bool(settings.customizations.layers) or settings.customizations.state is not None
        detail = str(error) if is_needed else f"{error}; only customizations need it"
        yield (_missing if is_needed else _unknown)(name, detail, error.hint)
        return
    yield _ok(name, f"{program.product} {program.version}")
    mirror = wanted.mirror or find_mirror(os.environ)
    if mirror is None:
        yield _ok("providers of Terraform", "from its registry")
    elif Path(mirror).is_dir():
        yield _ok("providers of Terraform", f"from the mirror {mirror}")
    else:
        yield _missing(
            "providers of Terraform", f'the mirror "{mirror}" is no folder', "correct customizations.terraform.mirror"
        )


def _forge() -> Prerequisite:
    name = "forge"
    try:
        where = surroundings(os.environ, Given())
    except UsageError:
        return _unknown(
            name, "this is no job of GitHub Actions or GitLab CI", "run vend doctor in the workflow as well"
        )
    try:
        token_of(os.environ, where.forge)
        forge = connect(where, os.environ)
        forge.open_pull_requests()
        lacks = forge.token_lacks()
    except UsageError as error:
        return _missing(name, str(error), error.hint)
    except ServiceError as error:
        return _missing(name, str(error), error.hint or "give the token the scopes of docs/setup.md")
    if lacks:
        remedy = "give it the scopes of docs/setup.md; on GitHub, use GITHUB_TOKEN of the workflow, or that of an app"
        return _missing(name, f"the token lacks {lacks}", remedy)
    return _ok(name, f"the token reads the pull requests of {where.repository}; what it may write shows when it writes")


def _aws(workspace: Workspace, settings: Settings, parts: Parts) -> Iterator[Prerequisite]:
    run = parts.new_run_id()
    connection = parts.connection(settings, run, role=settings.roles.plan, read_only=True)
    looks = Prerequisites(connection)
    try:
        identity = looks.identity() if has_credentials() else None
    except TemporaryServiceError as error:
        yield _unknown("AWS", str(error), error.hint)
        return
    except ServiceError as error:
        yield _missing("credentials", str(error), error.hint or _SIGN_IN)
        return
    if identity is None:
        yield _missing("credentials", "the SDK finds none, so nothing of AWS is looked at", _SIGN_IN)
        return
    yield _right_account(identity, settings)
    yield from _permissions(connection, settings)
    yield _look("trusted access of Account Management", looks.trusted_services, _trusted)
    role = member_role(settings, connection)
    entering = RoleSessions(connection, execution_role=role, own_role=settings.roles.plan)
    management = settings.organization.management_account
    yield _look("execution role", lambda: _entered(looks, entering, management), lambda found: _enters(found, role))
    yield from _oidc(workspace.root, looks, identity)
    yield from _state(looks, settings)
    if settings.provisioner == "control_tower":
        yield from _control_tower(settings, parts, run)


def _right_account(identity: Identity, settings: Settings) -> Prerequisite:
    wanted = settings.organization.management_account
    if identity.account_id == wanted:
        return _ok("credentials", identity.arn)
    detail = f"{identity.arn} is not in the management account {wanted}"
    return _missing("credentials", detail, f"{_SIGN_IN}, or correct organization.management_account")


def _permissions(connection: Connection, settings: Settings) -> Iterator[Prerequisite]:
    from pipeline.provisioners.aws.dry_reads import try_permissions  # noqa: PLC0415 - takes the SDK along

    tower, trail = settings.provisioner == "control_tower", settings.drift.who
    for each in try_permissions(connection, tower=tower, trail=trail):
        name = f"permission {each.action}"
        if each.is_given:
            yield _ok(name)
        elif each.is_given is None:
            yield _unknown(name, each.problem)
        else:
            yield _missing(name, each.problem, f"allow {each.action} in the policy of the role, or {_BOOTSTRAP}")


def _trusted(services: frozenset[str]) -> Prerequisite:
    name = "trusted access of Account Management"
    if ACCOUNT_SERVICE in services:
        return _ok(name)
    remedy = f"aws organizations enable-aws-service-access --service-principal {ACCOUNT_SERVICE}"
    return _missing(name, "names, contacts and Regions of accounts cannot be read without it", remedy)


def _entered(looks: Prerequisites, entering: RoleSessions, management: str) -> tuple[str | None, bool]:
    member = looks.some_member(management)
    return member, member is not None and entering.can_enter(member)


def _enters(found: tuple[str | None, bool], role: str) -> Prerequisite:
    name, (member, is_entered) = "execution role", found
    if member is None:
        return _unknown(name, "there is no account to try it in", "look again when there is one")
    if is_entered:
        return _ok(name, f"{role} lets us into account {member}")
    remedy = f"let every account have {role}, trusting the management account; terraform/bootstrap makes one that reads"
    return _missing(name, f"{role} does not let us into account {member}", remedy)


def _oidc(root: Path, looks: Prerequisites, identity: Identity) -> Iterator[Prerequisite]:
    """Of each forge whose workflows are in the workspace."""
    if (root / ".github" / "workflows" / "plan.yml").is_file():
        yield _issuer("token.actions.githubusercontent.com", looks, identity)
    if (root / ".gitlab-ci.yml").is_file():
        yield _issuer(os.environ.get("CI_SERVER_HOST", "gitlab.com"), looks, identity)


def _issuer(host: str, looks: Prerequisites, identity: Identity) -> Prerequisite:
    name = f"OpenID Connect provider {host}"

    def judge(is_there: bool) -> Prerequisite:  # noqa: FBT001 - it is the answer, not an option
        return _ok(name) if is_there else _missing(name, "AWS does not know it", _BOOTSTRAP)

    return _look(name, lambda: looks.has_oidc_provider(identity.account_id, host), judge)


def _state(looks: Prerequisites, settings: Settings) -> Iterator[Prerequisite]:
    state = settings.customizations.state
    match state:
        case StateBucket(bucket=bucket, region=region):
            name = f"state bucket {bucket}"
            yield _look(name, lambda: looks.bucket(bucket, region), lambda facts: _bucket(name, facts))
            if settings.roles.apply is None:
                remedy = "set roles.apply in vending.yaml: Terraform gets sessions of it for one state each"
                yield _missing("role for the state bucket", "roles.apply is not set", remedy)
        case StateFolder(local=local):
            yield _ok("states of customizations", f'in the folder "{local}" of this machine')
        case None if settings.customizations.layers:
            yield _missing(
                "states of customizations", "customizations.state is not set", "name a bucket and its Region"
            )
        case None:
            return


def _bucket(name: str, facts: BucketFacts | None) -> Prerequisite:
    if facts is None:
        return _missing(name, "there is none of that name", _BOOTSTRAP)
    lacking = [
        what for what, is_so in (("versions", facts.is_versioned), ("encryption", facts.is_encrypted)) if not is_so
    ]
    if lacking:
        return _missing(name, f"without {' and '.join(lacking)}", f"switch it on; {_BOOTSTRAP} makes one that has it")
    return _ok(name, "versioned and encrypted")


def _control_tower(settings: Settings, parts: Parts, run: str) -> Iterator[Prerequisite]:
    name = "landing zone"
    try:
        zone = parts.observer(settings, run).observe().landing_zone
    except ServiceError as error:
        yield _unknown(name, str(error), error.hint)
        return
    if zone is None:
        region = settings.organization.home_region
        remedy = "set it up, or correct organization.home_region"
        yield _missing(name, f'there is none in "{region}"', remedy)
        return
    yield _ok(name, f"version {zone.version}, {zone.status}, accounts by {zone.mode.value}")
    for obstacle in zone.factory_obstacles:
        yield _missing("Account Factory", obstacle.problem, obstacle.remedy)
    if not zone.factory_obstacles:
        yield _ok("Account Factory")


def _look(name: str, call: Callable[[], Answer], judge: Callable[[Answer], Prerequisite]) -> Prerequisite:
    """The judgement of what the call tells, or why it cannot be told."""
    try:
        answer = call()
    except ServiceError as error:
        return _unknown(name, str(error), error.hint)
    return judge(answer)


def _ok(name: str, detail: str = "") -> Prerequisite:
    return Prerequisite(name=name, presence=Presence.OK, detail=detail)


def _missing(name: str, detail: str, remedy: str) -> Prerequisite:
    return Prerequisite(name=name, presence=Presence.MISSING, detail=detail, remedy=remedy)


def _unknown(name: str, detail: str, remedy: str = "") -> Prerequisite:
    return Prerequisite(name=name, presence=Presence.UNKNOWN, detail=detail, remedy=remedy)
