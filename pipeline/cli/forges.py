"""What `plan` and `apply` do with a forge: from arguments and the variables of the CI to the pull request and back."""

import os
from argparse import Namespace
from collections.abc import Callable
from functools import partial

from pipeline.app.apply import Applied, Applying
from pipeline.app.changed_lines import changed_lines
from pipeline.app.landed import find_merged, overtaken_by
from pipeline.app.merged import apply_merged, run_at
from pipeline.app.parts import Parts
from pipeline.app.pull_request import Branch, BranchPlan, branch_of, desk_at, plan_branch, publish, watched
from pipeline.app.workspace import Workspace
from pipeline.cli.output import print_note, print_text, write_file
from pipeline.errors import ExitCode
from pipeline.forges.connecting import connect
from pipeline.forges.surroundings import Given, Surroundings, surroundings
from pipeline.planning.documents import plan_to_json
from pipeline.reports import findings
from pipeline.reports.escaping import visible

Carry = Callable[[Workspace, Parts, Applying], Applied]


def plan_pull_request(arguments: Namespace, workspace: Workspace, parts: Parts) -> ExitCode:
    """`vend plan` with `--pull-request`, `--base` or `--comment-file`."""
    if not arguments.pull_request:
        made = plan_branch(workspace, parts, Branch(base=arguments.base), observed_file=arguments.observed)
        return _show(arguments, workspace, made, made.comment(root="", link=None))
    where = _where(arguments)
    desk = desk_at(workspace, parts, connect(where, os.environ), where)
    with watched(desk):
        branch = branch_of(workspace, where, arguments.base)
        made = plan_branch(workspace, parts, branch, observed_file=arguments.observed)
        changed = changed_lines(workspace, branch.base) if made.findings and branch.base is not None else {}
    published = publish(desk, made, changed)
    code = _show(arguments, workspace, made, published.body)
    for note in published.notes:
        print_note(f"vend plan: {note}")
    return code


def merging(arguments: Namespace, workspace: Workspace, parts: Parts) -> Carry:
    """What `vend apply --merged` carries out. Raises `VendError` if it cannot be known."""
    where = _where(arguments)
    forge = connect(where, os.environ)
    run = run_at(workspace, parts, forge, where, arguments.every)
    if newer := overtaken_by(forge, where):
        print_note(
            f'vend apply: {where.commit}: the branch "{visible(where.branch)}" has {newer} now, whose run applies what has '
            "landed; run the job there if it does not by itself"
        )
        return lambda *_: Applied()
    merged = find_merged(forge, where, run.prefix, arguments.plans)
    for each in merged.reviewed:
        number = each.pull_request.number
        print_note(f"vend apply: pull request {number}: {each.why or 'its reviewed plan was found'}")
    if merged.direct:
        print_note("".join(f"vend apply: {note}\n" for note in merged.notes).rstrip("\n"))
    return partial(apply_merged, run, merged)


def _show(arguments: Namespace, workspace: Workspace, made: BranchPlan, comment: str) -> ExitCode:
    if made.findings:
        print_note(findings.as_text(made.findings).rstrip("\n"))
    if arguments.comment_file is not None:
        write_file(arguments.comment_file, comment)
    if made.yours is not None:
        out = arguments.out or workspace.plan_file
        write_file(out, plan_to_json(made.yours))
        print_note(f"The plan of this branch is in {out}.")
        if arguments.format == "json":
            print_text(plan_to_json(made.yours))
            return made.exit_code
    print_text(comment)
    return made.exit_code


def _where(arguments: Namespace) -> Surroundings:
    given = Given(
        forge=arguments.forge,
        repository=arguments.repository,
        url=arguments.forge_url,
        number=getattr(arguments, "number", None),
        head=arguments.head,
        branch=getattr(arguments, "branch", None),
    )
    return surroundings(os.environ, given)
