"""`vend sandbox start|stop|status|env|shell|drift`."""

import os
import shlex
from argparse import Namespace
from pathlib import Path
from typing import NoReturn

from pipeline.app import sandbox
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace, find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode


def run(arguments: Namespace, working_directory: Path, _parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    return ACTIONS[arguments.action](arguments, workspace)


def _start(arguments: Namespace, workspace: Workspace) -> ExitCode:
    options = sandbox.Options(
        port=arguments.port,
        seed=arguments.seed,
        creation_delay=arguments.creation_delay,
        consistency_delay=arguments.consistency_delay,
        throttle=arguments.throttle,
        landing_zone=arguments.landing_zone,
        landing_zone_version=arguments.landing_zone_version,
        auto_enroll=arguments.auto_enroll,
    )
    running = sandbox.start(workspace, options)
    print_text(f"The sandbox answers at {running.url}, process {running.pid}.")
    print_note('Use it: eval "$(vend sandbox env)", or: vend sandbox shell')
    return ExitCode.OK


def _stop(_arguments: Namespace, workspace: Workspace) -> ExitCode:
    print_text("The sandbox is stopped." if sandbox.stop(workspace) else "No sandbox runs for this workspace.")
    return ExitCode.OK


def _status(_arguments: Namespace, workspace: Workspace) -> ExitCode:
    running = sandbox.status(workspace)
    if running is None:
        print_text("No sandbox runs for this workspace.")
        return ExitCode.INCOMPLETE
    print_text(f"The sandbox answers at {running.url}, process {running.pid}.")
    return ExitCode.OK


def _env(_arguments: Namespace, workspace: Workspace) -> ExitCode:
    variables = sandbox.environment(workspace)
    print_text("\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())))
    print_text(f"unset {' '.join(sandbox.UNSET)}")
    return ExitCode.OK


def _shell(arguments: Namespace, workspace: Workspace) -> NoReturn:
    environment = {name: value for name, value in os.environ.items() if name not in sandbox.UNSET}
    environment |= sandbox.environment(workspace)
    command = arguments.command or [environment.get("SHELL", "/bin/sh")]
    print_note(f"sandbox: {environment['AWS_ENDPOINT_URL']}")
    # The command takes this process's place, so its exit code and its terminal are its own.
    os.execvpe(command[0], command, environment)  # noqa: S606 - the user's own command, with the user's own rights


def _drift(arguments: Namespace, workspace: Workspace) -> ExitCode:
    if arguments.kind is not None:
        print_text(sandbox.drift(workspace, arguments.kind, arguments.target or ""))
    else:
        print_text("\n".join(sandbox.drift_present(workspace)) or "Nothing is in drift.")
    return ExitCode.OK


ACTIONS = {"start": _start, "stop": _stop, "status": _status, "env": _env, "shell": _shell, "drift": _drift}
