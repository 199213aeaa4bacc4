"""`vend sandbox`: the AWS organization on this machine, in the background."""

import importlib.util
from collections.abc import Mapping
from dataclasses import replace

from pipeline.app.workspace import Workspace
from pipeline.errors import SettingsError, UsageError
from pipeline.sandbox import control
from pipeline.sandbox.options import Options
from pipeline.settings import load_settings

__all__ = ["UNSET", "Options", "drift", "drift_present", "environment", "start", "status", "stop"]

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
    return control.start(workspace.sandbox_file, replace(options, home_region=_home_region(workspace, options)))


def _home_region(workspace: Workspace, options: Options) -> str:
    """Where the settings look for Control Tower and IAM Identity Center; settings that cannot be read stop no sandbox."""
    try:
        return load_settings(workspace.root).organization.home_region
    except SettingsError:
        return options.home_region


def stop(workspace: Workspace) -> bool:
    """Stop it; False if none runs."""
    return control.stop(workspace.sandbox_file) is not None


def status(workspace: Workspace) -> control.Running | None:
    return control.status(workspace.sandbox_file)


def environment(workspace: Workspace) -> Mapping[str, str]:
    """The variables that lead every AWS client to it. Raises `UsageError` if none runs."""
    return control.environment(_running(workspace).url)


def drift(workspace: Workspace, kind: str, target: str) -> str:
    """Cause drift in the landing zone as if somebody had done it by hand; says what was done."""
    return str(control.ask(_running(workspace).url, "drift", {"kind": kind, "target": target})["done"])


def drift_present(workspace: Workspace) -> list[str]:
    """What is in drift, a line each."""
    told = control.ask(_running(workspace).url, "drift")["drift"]
    return [f"{each['driftType']} {each['target']}" for each in told]


def _running(workspace: Workspace) -> control.Running:
    running = status(workspace)
    if running is None:
        raise UsageError("no sandbox runs for this workspace", hint="start one with: vend sandbox start")
    return running
