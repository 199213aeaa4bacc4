"""`vend completion SHELL`."""

from argparse import Namespace
from pathlib import Path

import shtab

from pipeline.app.parts import Parts
from pipeline.cli.arguments import build_parser
from pipeline.cli.output import print_text
from pipeline.errors import ExitCode


def run(arguments: Namespace, _working_directory: Path, _parts: Parts) -> ExitCode:
    print_text(shtab.complete(build_parser(), shell=arguments.shell))
    return ExitCode.OK
