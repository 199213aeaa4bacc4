"""`vend explain KEY`."""

from argparse import Namespace
from pathlib import Path

from pipeline.app.explain import explain_request
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode
from pipeline.reports import explain as report
from pipeline.reports.findings import as_text


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    explanation = explain_request(find_workspace(arguments.root, working_directory), parts, arguments.key)
    if explanation.findings:
        print_note(as_text(explanation.findings).rstrip("\n"))
    print_text(report.as_json(explanation.rows) if arguments.format == "json" else report.as_text(explanation.rows))
    return ExitCode.FINDINGS if explanation.findings else ExitCode.OK
