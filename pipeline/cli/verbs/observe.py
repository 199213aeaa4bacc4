"""`vend observe`."""

import sys
from argparse import Namespace
from pathlib import Path

from pipeline.app.observe import observe
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text, wants_color, write_file
from pipeline.errors import ExitCode
from pipeline.model.account import ROOT
from pipeline.planning.documents import observed_to_json
from pipeline.reports.organization import tree
from pipeline.reports.phrases import counted


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    observed = observe(find_workspace(arguments.root, working_directory), parts)
    if arguments.out is None:
        print_text(tree(observed, color=wants_color(arguments.color, sys.stdout)))
        return ExitCode.OK
    write_file(arguments.out, observed_to_json(observed))
    units = sum(unit.path != ROOT for unit in observed.units)
    counts = f"{counted(len(observed.accounts), 'account')} in {counted(units, 'unit')}"
    print_note(f"{arguments.out}: {counts}, read at {observed.read_at}")
    return ExitCode.OK
