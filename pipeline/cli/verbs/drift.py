"""`vend drift`."""

import os
import shutil
import sys
from argparse import Namespace
from pathlib import Path

from pipeline.app.accepting import Accepted, Opening, accept, chosen
from pipeline.app.base_branch import prefix_of
from pipeline.app.drift import WEEKLY, Looking, drift
from pipeline.app.notifying import Place, notify, publish
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note, print_text, wants_color, write_file
from pipeline.errors import ExitCode, UsageError
from pipeline.forges.connecting import connect
from pipeline.forges.orders import order_of
from pipeline.forges.surroundings import Given, Surroundings, surroundings, token_of
from pipeline.model.drift_report import DriftReport
from pipeline.planning.rotation import Share, share_of
from pipeline.reports import findings
from pipeline.reports.drift_html import as_html
from pipeline.reports.drift_json import as_json
from pipeline.reports.drift_markdown import as_markdown
from pipeline.reports.drift_text import as_text


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    if arguments.open and not arguments.accept:
        raise UsageError("--open: there is nothing to open", hint="say what is accepted: --accept KEY --open")
    began = parts.clock.now()
    where = _where(arguments) if arguments.publish or arguments.open else None
    looking = Looking(observed_file=arguments.observed, previous=arguments.previous, share=_share(arguments))
    found = drift(workspace, parts, looking)
    if found.findings:
        print_note(findings.as_text(found.findings).rstrip("\n"))
    if found.report is None:
        print_note("vend drift: account requests have findings, so there is no report")
        return found.exit_code
    if arguments.accept:
        done = accept(
            workspace,
            parts,
            found.desire,
            chosen(found.report, arguments.accept),
            branch=arguments.branch,
            opening=None if where is None else _opening(arguments, where),
        )
        return _show_accepted(done)
    _show(arguments, found.report)
    if where is not None:
        place = Place(
            forge=connect(where, os.environ),
            root=prefix_of(workspace),
            link=where.run_url or None,
            order=order_of(began, where.run),
        )
        for note in publish(found.report, found.desire, place):
            print_note(f"vend drift: {note}")
        webhooks = found.desire.settings.notifications if found.is_news else ()
        for warning in notify(found.report, webhooks, os.environ, link=place.link):
            print_note(f"vend drift: warning: {warning}")
    return found.exit_code


def _show(arguments: Namespace, report: DriftReport) -> None:
    match arguments.format:
        case "json":
            text = as_json(report)
        case "markdown":
            text = as_markdown(report)
        case "html":
            text = as_html(report)
        case _:
            color = arguments.out is None and wants_color(arguments.color, sys.stdout)
            text = as_text(report, color=color, width=shutil.get_terminal_size((120, 40)).columns)
    if arguments.report is not None:
        write_file(arguments.report, as_json(report))
    if arguments.out is None:
        print_text(text)
    else:
        write_file(arguments.out, text)
        print_note(f"The report is in {arguments.out}.")


def _opening(arguments: Namespace, where: Surroundings) -> Opening:
    return Opening(
        forge=connect(where, os.environ),
        base=arguments.base or where.branch or "main",
        token=token_of(os.environ, where.forge),
    )


def _show_accepted(done: Accepted) -> ExitCode:
    for name in done.files:
        print_text(f"{name}: asks for what is, on branch {done.branch}, commit {done.commit}")
    if done.url:
        print_text(done.url)
    else:
        print_note(f"To see it: git show {done.branch}. Nothing that is checked out was changed.")
    return ExitCode.OK


def _share(arguments: Namespace) -> Share:
    if arguments.customizations is None:
        return WEEKLY
    try:
        return share_of(arguments.customizations)
    except ValueError as error:
        raise UsageError(f"--customizations: {error}", hint="write one like 1/7, 25%, 0 or 1") from None


def _where(arguments: Namespace) -> Surroundings:
    given = Given(forge=arguments.forge, repository=arguments.repository, url=arguments.forge_url, head=arguments.head)
    return surroundings(os.environ, given)
