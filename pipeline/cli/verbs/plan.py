"""`vend plan`."""

import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from pipeline.app.parts import Parts
from pipeline.app.plan import plan
from pipeline.app.workspace import find_workspace
from pipeline.cli.forges import plan_pull_request
from pipeline.cli.output import print_note, print_text, wants_color, write_file
from pipeline.errors import ExitCode, UsageError
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_to_json
from pipeline.reports import findings, plan_markdown, plan_text
from pipeline.reports.summary import Occasion


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    if arguments.pull_request or arguments.comment_file is not None or arguments.base is not None:
        return plan_pull_request(arguments, workspace, parts)
    planned = plan(workspace, parts, observed_file=arguments.observed)
    if planned.findings:
        print_note(findings.as_text(planned.findings).rstrip("\n"))
    if planned.plan is None:
        print_note("vend plan: account requests have findings, so there is no plan")
        return planned.exit_code
    if arguments.detail and arguments.detail not in planned.subjects:
        raise _unknown(arguments.detail, planned.subjects)
    document = plan_to_json(planned.plan)
    out = arguments.out or workspace.plan_file
    write_file(out, document)
    apply = f"vend apply --reviewed {shlex.quote(_shown(out, working_directory))}"
    show(arguments, planned.plan, document, detail=arguments.detail, apply=apply)
    if arguments.observed is not None:
        print_note(f"\nPlanned from what was observed at {planned.read_at}; the organization may have changed since.")
    if arguments.format == "text" and not arguments.detail:
        print_note(f"\nThe plan is in {_shown(out, working_directory)}.")
    return planned.exit_code


def show(
    arguments: Namespace,
    made: Plan,
    document: str,
    *,
    apply: str,
    detail: str | None = None,
    occasion: Occasion = Occasion.TERMINAL,
) -> None:
    """The plan in the form that the arguments ask for.

    `apply`: the command that carries it out once it was reviewed; `detail`: only this subject, in full.
    """
    color = wants_color(arguments.color, sys.stdout)
    if detail:
        print_text(plan_text.detail(made, detail))
    elif arguments.format == "json":
        print_text(document)
    elif arguments.format == "markdown":
        print_text(plan_markdown.as_markdown(made))
    else:
        width = shutil.get_terminal_size((120, 40)).columns
        print_text(plan_text.as_text(made, color=color, width=width, occasion=occasion, apply=apply))


def _unknown(key: str, subjects: Collection[str]) -> UsageError:
    near = get_close_matches(key, subjects, n=1)
    hint = (
        f'did you mean "{near[0]}"?' if near else "name a request by its file name without .yaml, or a unit by its path"
    )
    return UsageError(f'--detail: there is no account request and no unit "{key}"', hint=hint)


def _shown(path: Path, working_directory: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(working_directory) if resolved.is_relative_to(working_directory) else resolved)
