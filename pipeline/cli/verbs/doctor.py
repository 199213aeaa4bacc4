"""`vend doctor`."""

from argparse import Namespace
from pathlib import Path

from pipeline.app.doctor import examine
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_text
from pipeline.errors import ExitCode
from pipeline.model.prerequisite import is_complete
from pipeline.reports import prerequisites


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    examined = examine(workspace, parts, offline=arguments.offline)
    form = prerequisites.as_json if arguments.format == "json" else prerequisites.as_text
    print_text(form(examined.found))
    return ExitCode.OK if is_complete(examined.found) else ExitCode.SERVICE
