"""`vend status [KEY]`."""

from argparse import Namespace
from pathlib import Path

from pipeline.app import status
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode
from pipeline.reports.standing import as_text


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    """0 if nothing goes on, 6 if something does."""
    workspace = find_workspace(arguments.root, working_directory)
    if arguments.key is not None:
        standings = status.standings(workspace, parts, arguments.key)
        print_text(as_text(standings) if standings else f'No run that goes on has a change of "{arguments.key}".')
        return ExitCode.INCOMPLETE if standings else ExitCode.OK
    runs = status.runs(workspace, parts)
    print_text("\n".join(runs) if runs else "No run goes on.")
    if runs:
        print_note("Follow one to its end: vend apply --attach RUN")
    return ExitCode.INCOMPLETE if runs else ExitCode.OK
