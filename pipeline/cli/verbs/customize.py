"""`vend customize`."""

import shlex
from argparse import Namespace
from pathlib import Path

from pipeline.app.customize import Choice, targets_in
from pipeline.app.parts import Parts
from pipeline.app.plan import plan_choice
from pipeline.app.workspace import Workspace, find_workspace
from pipeline.cli.output import print_note, write_file
from pipeline.cli.verbs.apply import carry_out
from pipeline.cli.verbs.plan import show
from pipeline.errors import ExitCode, UsageError
from pipeline.planning.documents import plan_to_json
from pipeline.reports import findings as report
from pipeline.reports.summary import Occasion


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    if sum((bool(arguments.keys), arguments.targets is not None, arguments.all)) != 1:
        raise UsageError("customize: name the accounts in one way", hint="write KEY..., or --targets FILE, or --all")
    targets = None if arguments.targets is None else targets_in(arguments.targets)
    if isinstance(targets, tuple):
        print_note(report.as_text(targets).rstrip("\n"))
        print_note("vend customize: the targets have findings; nothing was changed")
        return ExitCode.FINDINGS
    choice = Choice(keys=tuple(arguments.keys), targets=targets, names=tuple(arguments.layer), force=arguments.force)
    workspace = find_workspace(arguments.root, working_directory)
    if arguments.out is None:
        return carry_out(arguments, workspace, parts, choice=choice)
    return _plan(arguments, workspace, parts, choice)


def _plan(arguments: Namespace, workspace: Workspace, parts: Parts, choice: Choice) -> ExitCode:
    planned = plan_choice(workspace, parts, choice)
    if planned.findings:
        print_note(report.as_text(planned.findings).rstrip("\n"))
    if planned.plan is None:
        print_note("vend customize: account requests have findings, so there is no plan")
        return planned.exit_code
    document = plan_to_json(planned.plan)
    write_file(arguments.out, document)
    show(arguments, planned.plan, document, apply=_to_carry_out(arguments), occasion=Occasion.CUSTOMIZE)
    if arguments.format == "text":
        print_note(f"\nThe plan is in {arguments.out}.")
    return planned.exit_code


def _to_carry_out(arguments: Namespace) -> str:
    """The command with the same choice that runs what was planned."""
    return shlex.join(
        (
            *("vend", "customize", *arguments.keys),
            *(("--targets", str(arguments.targets)) if arguments.targets is not None else ()),
            *(("--all",) if arguments.all else ()),
            *(part for name in arguments.layer for part in ("--layer", name)),
            *(("--force",) if arguments.force else ()),
            *("--reviewed", str(arguments.out)),
        )
    )
