"""The choice of real parts for customizations: which program, where states lie, whose sessions."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.app.parts import Parts, member_role
from pipeline.app.workspace import Workspace
from pipeline.customizations.credentials import Credentials
from pipeline.customizations.overrides import Backend, LocalBackend, S3Backend
from pipeline.customizations.processes import Patience
from pipeline.customizations.running import Customizer
from pipeline.customizations.runs import Surroundings
from pipeline.customizations.settings import StateBucket, StateFolder
from pipeline.customizations.state import LocalStateStore, S3StateStore, StateStore, session_policy
from pipeline.customizations.terraform import Limits, find_mirror, find_program
from pipeline.customizations.workspace import Workspace as WorkDirectory
from pipeline.errors import SettingsError
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.objects import Objects
from pipeline.provisioners.aws.sessions import RoleSession, RoleSessions
from pipeline.provisioners.aws.writes import ApiWrite
from pipeline.reconcile.engine import Stop
from pipeline.reconcile.patience import StoppableClock
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Customizing:
    """What runs Terraform, where it remembers what is verified, and whether an account can be entered."""

    customizer: Customizer
    store: StateStore
    can_enter: Callable[[str], bool]


def reading_terraform(workspace: Workspace, settings: Settings, parts: Parts, run: str) -> Customizing:
    """For plans: on the plan role, and on clients that cannot write."""
    connection = parts.connection(settings, run, role=settings.roles.plan, read_only=True)
    return terraform_for(workspace, settings, parts, connection, Stop())


def writing_terraform(
    workspace: Workspace,
    settings: Settings,
    parts: Parts,
    run: str,
    *,
    on_write: Callable[[ApiWrite], None],
    stop: Stop,
) -> Customizing:
    """For carrying out: on the apply role."""
    clock = StoppableClock(parts.clock, stop)
    connection = parts.connection(
        settings, run, role=settings.roles.apply, read_only=False, clock=clock, on_write=on_write
    )
    return terraform_for(workspace, settings, parts, connection, stop)


def terraform_for(
    workspace: Workspace, settings: Settings, parts: Parts, connection: Connection, stop: Stop
) -> Customizing:
    """Makes no call. Raises `SettingsError` where no state is named, `UsageError` where Terraform is missing or too old."""
    backend = _backend(workspace, settings)
    patience = Patience(clock=parts.clock, cancelled=lambda: stop.is_cancelled)
    wanted = settings.customizations.terraform
    store: StateStore = (
        S3StateStore(Objects(connection, backend.region), backend)
        if isinstance(backend, S3Backend)
        else LocalStateStore(backend)
    )
    own_role = settings.roles.plan if connection.read_only else settings.roles.apply
    sessions = RoleSessions(connection, execution_role=member_role(settings, connection), own_role=own_role)
    floor = tuple(int(part) for part in wanted.minimum_version.split("."))
    place = workspace.root / ".vend" / "terraform"
    around = Surroundings(
        program=find_program(wanted.binary, os.environ, patience, floor=floor, memory=place / "versions"),
        workspace=WorkDirectory(place, parts.clock),
        sessions=_Sessions(sessions, backend, connection.partition),
        patience=patience,
        ours=os.environ,
        region=settings.organization.home_region,
        mirror=Path(wanted.mirror) if wanted.mirror else find_mirror(os.environ),
        limits=Limits(executable=60.0 * settings.customizations.executable_minutes),
    )
    return Customizing(customizer=Customizer(around, backend, store), store=store, can_enter=sessions.can_enter)


def _backend(workspace: Workspace, settings: Settings) -> Backend:
    match settings.customizations.state:
        case StateBucket(bucket=bucket, region=region, prefix=prefix):
            return S3Backend(bucket=bucket, region=region, prefix=prefix)
        case StateFolder(local=local):
            return LocalBackend(directory=(workspace.root / local).absolute())
        case None:
            raise SettingsError(
                "vending.yaml: there are customizations, and customizations.state does not say where their state is",
                hint="write customizations: {state: {bucket: example-vending-state, region: eu-west-1}}",
            )


class _Sessions:
    """The sessions of the door to AWS, in the words of the customizations' room."""

    def __init__(self, sessions: RoleSessions, backend: Backend, partition: str) -> None:
        self._sessions = sessions
        self._backend = backend
        self._partition = partition

    def member(self, account_id: str) -> Credentials:
        return _credentials(self._sessions.member(account_id))

    def state(self, account_id: str) -> Credentials:
        if not isinstance(self._backend, S3Backend):
            raise TypeError("a local state needs no session")
        policy = session_policy(self._backend, account_id, partition=self._partition)
        return _credentials(self._sessions.scoped(policy))


def _credentials(session: RoleSession) -> Credentials:
    return Credentials(
        access_key_id=session.access_key_id,
        secret_access_key=session.secret_access_key,
        session_token=session.session_token,
        expires=session.expires,
    )
