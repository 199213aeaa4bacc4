"""The choice of Temporal: which server, which workers, and what they carry out operations with."""

import importlib.util
import logging
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline import __version__
from pipeline.app.carrying import Carriers
from pipeline.app.customizing import Customizations, OutdatedError
from pipeline.app.desire import read_desire
from pipeline.app.terraform import writing_terraform
from pipeline.errors import SettingsError, TemporaryServiceError, UsageError
from pipeline.model.operation import Facts, Lane, Operation, Result
from pipeline.reconcile.inline import PLACES
from pipeline.settings import FILE, Settings, load_settings

if TYPE_CHECKING:
    from pipeline.app.parts import Parts
    from pipeline.app.workspace import Workspace
    from pipeline.reconcile.engine import Engine, Stop
    from pipeline.reconcile.recorder import Write
    from pipeline.reconcile.temporal.connection import Server
    from pipeline.reconcile.temporal.names import Timing
    from pipeline.reconcile.temporal.turn import Hands

_MANY: Final = 500
"""Places of a lane that has no limit but the places of its workers."""

_logger = logging.getLogger(__name__)


def scope_of(settings: Settings) -> str:
    """Whose accounts the runs of these settings are about."""
    return f"{settings.organization.management_account}/{settings.repository}"


def temporal_engine(
    settings: Settings, run: str, on_write: "Callable[[Write], None]", timing: "Timing | None" = None
) -> "Engine":
    """Raises `UsageError` where the extra is not installed, `SettingsError` where the API key is not there."""
    _check_installed()
    from pipeline.reconcile.temporal.engine import TemporalEngine  # noqa: PLC0415 - the extra, only where it is chosen

    return TemporalEngine(
        server_of(settings),
        scope_of(settings),
        run,
        __version__,
        run_places(settings),
        on_write=on_write,
        timing=timing,
    )


def run_places(settings: Settings) -> Mapping[Lane, int]:
    """Of all workers together: AWS's own limits, and none for what happens inside of accounts."""
    terraform = settings.engine.customizations or _MANY
    return {**PLACES, Lane.CREATION: settings.engine.accounts, Lane.MEMBER: _MANY, Lane.TERRAFORM: terraform}


def server_of(settings: Settings) -> "Server":
    from pipeline.reconcile.temporal.connection import Server, Tls  # noqa: PLC0415 - as above

    wanted = settings.engine
    tls = None
    if wanted.tls is not None:
        if ("certificate" in wanted.tls) != ("key" in wanted.tls):
            raise SettingsError(
                f"{FILE}: engine.tls: a certificate and its key go together", hint="write both, or neither"
            )
        files = {name: Path(wanted.tls[name]) for name in ("ca", "certificate", "key") if name in wanted.tls}
        tls = Tls(**files, server_name=wanted.tls.get("server_name"))
    return Server(address=wanted.address, namespace=wanted.namespace, tls=tls, api_key=_api_key(wanted.api_key_from))


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a worker serves: `places` by lane; None for those of `worker_places`.

    `grace`: seconds to finish in when it is told to leave; `sticky` as in `reconcile.temporal.fleet.Post`.
    """

    places: Mapping[Lane, int] | None = None
    grace: float = 30.0
    health_port: int | None = None
    sticky: float = 5.0


def serve(workspace: "Workspace", parts: "Parts", wish: Serving, leave: "Stop") -> None:
    """Work until `leave` drains. Raises `VendError` if the server cannot be reached at the start."""
    settings = load_settings(workspace.root)
    _check_installed()
    from pipeline.app.health import Health  # noqa: PLC0415 - as above
    from pipeline.reconcile.temporal.fleet import Post, work  # noqa: PLC0415 - as above
    from pipeline.reconcile.temporal.turn import Turns  # noqa: PLC0415 - as above

    places = wish.places or worker_places(settings)
    if Lane.CLOSING not in places:
        _logger.info('the lane "%s" is left to workers with a role that may close accounts', Lane.CLOSING.value)
    post = Post(
        server=server_of(settings), scope=scope_of(settings), places=places, grace=wish.grace, sticky=wish.sticky
    )
    turns = Turns(lambda run, stop, wrote: hands_for(workspace, parts, run, stop, wrote), __version__)
    with Health(wish.health_port, leave) as health:
        work(post, turns, leave, health.begun)


def worker_places(settings: Settings) -> Mapping[Lane, int]:
    """Of one worker: as many as one machine carries, on every lane that its role may be trusted with.

    Where a role is named, another one closes accounts: those who have it serve that lane, and name it.
    """
    terraform = settings.engine.customizations or os.cpu_count() or 1
    places = {**PLACES, Lane.CREATION: settings.engine.accounts, Lane.TERRAFORM: terraform}
    if settings.roles.apply is not None:
        del places[Lane.CLOSING]
    return places


def hands_for(
    workspace: "Workspace", parts: "Parts", run: str, stop: "Stop", wrote: "Callable[[Write], None]"
) -> "Hands":
    """How this worker carries out the operations of a run."""
    from pipeline.reconcile.temporal.turn import Hands  # noqa: PLC0415 - as above

    carrying = _Carrying(workspace, parts, run, stop, wrote)
    return Hands(perform=carrying.perform, clock=parts.clock, jitter=random.random)


class _Carrying:
    """Carries out operations with what this worker's checkout says; reads it again when it is not what was reviewed."""

    def __init__(
        self, workspace: "Workspace", parts: "Parts", run: str, stop: "Stop", wrote: "Callable[[Write], None]"
    ) -> None:
        self._workspace = workspace
        self._parts = parts
        self._run = run
        self._stop = stop
        self._wrote = wrote
        self._carriers = self._read()

    def perform(self, operation: Operation, facts: Facts) -> Result:
        try:
            return self._carriers.perform(operation, facts)
        except OutdatedError:
            self._carriers = self._read()
            raise

    def _read(self) -> Carriers:
        desire = read_desire(self._workspace, self._parts, fetch=True)
        if not desire.is_valid:
            raise TemporaryServiceError(
                f"the checkout of this worker has {len(desire.findings)} findings", hint="see: vend validate"
            )
        provisioner = self._parts.provisioner(desire.settings, self._run, self._wrote, self._stop)
        if not desire.customizations:
            return Carriers(provisioner=provisioner)
        terraform = writing_terraform(
            self._workspace, desire.settings, self._parts, self._run, on_write=self._wrote, stop=self._stop
        )
        customizations = Customizations(self._workspace.root, desire, self._parts, terraform)
        return Carriers(provisioner=provisioner, customizations=customizations)


def _check_installed() -> None:
    if importlib.util.find_spec("temporalio") is None:
        raise UsageError(
            f'{FILE}: engine.kind is "temporal", and the extra "temporal" is not installed',
            hint="install it with: python -m pip install 'account-vending[temporal]'",
        )


def _api_key(source: Mapping[str, str] | None) -> str | None:
    if source is None:
        return None
    if len(source) != 1:
        raise SettingsError(
            f"{FILE}: engine.api_key_from: names {len(source)} sources", hint="write one of environment, file"
        )
    if (name := source.get("environment")) is not None:
        key, where = os.environ.get(name, ""), f'the variable "{name}"'
    else:
        key, where = _contents(Path(source["file"])), f'the file "{source["file"]}"'
    if not key.strip():
        raise SettingsError(f"{FILE}: engine.api_key_from: {where} holds no API key", hint="put the key there")
    return key.strip()


def _contents(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
