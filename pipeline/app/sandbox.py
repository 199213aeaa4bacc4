"""`vend sandbox`: the AWS organization on this machine, in the background."""

import importlib.util
from collections.abc import Mapping

from pipeline.app.workspace import Workspace
from pipeline.errors import UsageError
from pipeline.sandbox import control
from pipeline.sandbox.options import Options

__all__ = ["UNSET", "Options", "environment", "start", "status", "stop"]

UNSET = control.UNSET


def start(workspace: Workspace, options: Options) -> control.Running:
    """Start it. Raises `VendError` when one runs already, or when the extra `sandbox` is not installed."""
    if importlib.util.find_spec("moto") is None:
        raise UsageError(
            "the sandbox is not installed",
            hint="install it with: python -m pip install 'account-vending[sandbox]'",
        )
    folder = workspace.sandbox_file.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")  # what lies here is of this machine
    return control.start(workspace.sandbox_file, options)


def stop(workspace: Workspace) -> bool:
    """Stop it; False if none runs."""
    return control.stop(workspace.sandbox_file) is not None


def status(workspace: Workspace) -> control.Running | None:
    return control.status(workspace.sandbox_file)


def environment(workspace: Workspace) -> Mapping[str, str]:
    """The variables that lead every AWS client to it. Raises `UsageError` if none runs."""
    running = status(workspace)
    if running is None:
        raise UsageError("no sandbox runs for this workspace", hint="start one with: vend sandbox start")
    return control.environment(running.url)
