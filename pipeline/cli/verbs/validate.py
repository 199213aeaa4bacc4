"""`vend validate`."""

from argparse import Namespace
from pathlib import Path

from pipeline.app.desire import read_desire
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode, SettingsError
from pipeline.reports import ci_findings
from pipeline.reports import findings as report

RENDERINGS = {
    "text": report.as_text,
    "json": report.as_json,
    "github": report.as_github,
    "sarif": report.as_sarif,
    "junit": ci_findings.as_junit,
    "codequality": ci_findings.as_code_quality,
}

WHOLE = frozenset({"json", "sarif", "junit", "codequality"})
"""Documents, which are there without findings, too."""


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    try:
        desire = read_desire(find_workspace(arguments.root, working_directory), parts, fetch=arguments.fetch)
    except SettingsError as error:
        if arguments.format != "text":  # as text, they are part of the error
            print_text(RENDERINGS[arguments.format](error.findings))
        raise
    if desire.findings or arguments.format in WHOLE:
        print_text(RENDERINGS[arguments.format](desire.findings))
    requests = len(desire.desired.requests)
    if desire.is_valid:
        print_note(f"{requests} account request{'s' if requests != 1 else ''} valid")
        return ExitCode.OK
    print_note(f"{len(desire.findings)} finding{'s' if len(desire.findings) != 1 else ''}")
    return ExitCode.FINDINGS
