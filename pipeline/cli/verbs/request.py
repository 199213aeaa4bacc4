"""`vend request`."""

import os
from argparse import Namespace
from pathlib import Path

from pipeline.app.parts import Parts
from pipeline.app.request import Issue, Requested, propose, read_issue, request_from, write
from pipeline.app.workspace import Workspace, find_workspace
from pipeline.cli.output import print_note, print_text
from pipeline.errors import ExitCode
from pipeline.forges.connecting import connect
from pipeline.forges.surroundings import GITHUB, Given, surroundings, token_of
from pipeline.reports import findings


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    issue = read_issue(arguments.from_issue)
    requested = request_from(issue, workspace, parts)
    if requested.findings:
        print_note(findings.as_text(requested.findings).rstrip("\n"))
    if arguments.open:
        _open(requested, issue, workspace)
    elif requested.file:
        write(requested, workspace)
        print_text(f"{requested.file} is written; commit it, and open a pull request")
    if not requested.file:
        print_note(f"vend request: issue #{issue.number} has findings, so there is no request")
    return requested.exit_code


def _open(requested: Requested, issue: Issue, workspace: Workspace) -> None:
    forge = connect(surroundings(os.environ, Given()), os.environ)
    url = propose(requested, issue, workspace, forge, token_of(os.environ, GITHUB))
    if url:
        print_text(f"{requested.file} is in {url}")
