"""`vend apply`."""

import shutil
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pipeline.app.apply import Applied, Applying, Approve, apply
from pipeline.app.attaching import attach
from pipeline.app.customize import Choice
from pipeline.app.observe import read_text
from pipeline.app.parts import Parts
from pipeline.app.workspace import Workspace, find_workspace
from pipeline.cli.forges import Carry, merging
from pipeline.cli.output import print_note, print_text, wants_color
from pipeline.cli.progress import progress_on
from pipeline.errors import ExitCode, UsageError
from pipeline.model.change import subject_of
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_from_json
from pipeline.reconcile.engine import Stop, Task
from pipeline.reconcile.listening import Several, Silent
from pipeline.reports import findings, outcomes, plan_text
from pipeline.reports.escaping import visible
from pipeline.reports.phrases import counted
from pipeline.reports.summary import Occasion

_HOW_TO_REVIEW = {
    "apply": 'run "vend plan", have plan.json reviewed, then "vend apply --reviewed plan.json"; in CI, --merged',
    "customize": "write one with -o FILE, have it reviewed, then repeat the command with --reviewed FILE in place of it",
}
STOPPING = {
    False: "no further change is started; interrupt again to stop at once",
    True: "stopping now; what is in progress is found by the next run",
}


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    workspace = find_workspace(arguments.root, working_directory)
    if arguments.attach is not None:
        return _attach(arguments, workspace, parts)
    if arguments.merged:
        return carry_out(arguments, workspace, parts, carry=merging(arguments, workspace, parts))
    return carry_out(arguments, workspace, parts)


def carry_out(
    arguments: Namespace,
    workspace: Workspace,
    parts: Parts,
    *,
    choice: Choice | None = None,
    carry: Carry | None = None,
) -> ExitCode:
    """Apply everything, or with a choice nothing but customizations; with what the two verbs share of their arguments.

    `carry` applies by itself what it knows to be reviewed.
    """
    approve = _approve(arguments) if carry is None else _nobody
    stop = Stop()
    color = wants_color(arguments.color, sys.stderr)
    beginning = _Beginning()
    logged = arguments.verbose or arguments.log_format == "json"
    progress = progress_on(sys.stderr, parts.clock, stop, color=color, logged=logged)
    with _interrupts(stop, beginning, say=logged or not sys.stderr.isatty()), progress as listener:
        wish = Applying(
            approve=approve,
            listener=Several(beginning, listener),
            is_new=arguments.accept_new_plan,
            stop=stop,
            record=arguments.record,
            choice=choice,
            found=_say_found,
        )
        applied = (carry or apply)(workspace, parts, wish)
    if applied.findings:
        print_note(findings.as_text(applied.findings).rstrip("\n"))
    if applied.review is None:
        print_note(f"vend {arguments.verb}: nothing was changed")
        return applied.exit_code
    _show(arguments, applied)
    return applied.exit_code


def _nobody(_plan: Plan) -> None:
    return None


def _attach(arguments: Namespace, workspace: Workspace, parts: Parts) -> ExitCode:
    """`--attach RUN`: nothing is planned and nothing begun."""
    stop, beginning = Stop(), _Beginning()
    logged = arguments.verbose or arguments.log_format == "json"
    progress = progress_on(sys.stderr, parts.clock, stop, color=wants_color(arguments.color, sys.stderr), logged=logged)
    with _interrupts(stop, beginning, say=logged or not sys.stderr.isatty()), progress as listener:
        attached = attach(workspace, parts, arguments.attach, Several(beginning, listener), stop)
    if arguments.format == "json":
        print_text(attached.record.read_text(encoding="utf-8"))
    elif arguments.format == "markdown":
        print_text(outcomes.as_markdown(attached.outcomes, None))
    else:
        print_text(outcomes.as_text(attached.outcomes, None, color=wants_color(arguments.color, sys.stdout)))
    print_note(f"\nThe record of this run is in {attached.record}.")
    return attached.exit_code


def _say_found(run: str) -> None:
    print_note(
        f'vend: run "{run}" goes on without the process that began it; it is followed to its end before a new plan'
    )


def _approve(arguments: Namespace) -> Approve:
    """How this run learns what was reviewed. Raises `UsageError` if it cannot."""
    if arguments.reviewed is not None:
        reviewed = plan_from_json(read_text(arguments.reviewed, "--reviewed"), source=str(arguments.reviewed))
        return lambda _plan: reviewed
    if not arguments.accept_new_plan:
        raise UsageError(f"{arguments.verb}: there is no reviewed plan", hint=_HOW_TO_REVIEW[arguments.verb])
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "--accept-new-plan: asks a person, and there is no terminal",
            hint="use --reviewed with a plan that was reviewed",
        )
    return lambda plan: _ask(plan, color=wants_color(arguments.color, sys.stdout))


def _ask(plan: Plan, *, color: bool) -> Plan | None:
    width = shutil.get_terminal_size((120, 40)).columns
    print_text(plan_text.as_text(plan, color=color, width=width, occasion=Occasion.APPLY))
    if not plan.changes:
        return plan
    try:
        answer = input(f'\nApply {counted(len(plan.changes), "change")}? Only "yes" does: ')
    except EOFError:
        return None
    return plan if answer.strip() == "yes" else None


def _show(arguments: Namespace, applied: Applied) -> None:
    if arguments.format == "json":
        print_text(applied.record.read_text(encoding="utf-8") if applied.record else "{}")
        return
    if arguments.format == "markdown":
        print_text(outcomes.as_markdown(applied.outcomes, applied.remaining))
    else:
        print_text(
            outcomes.as_text(applied.outcomes, applied.remaining, color=wants_color(arguments.color, sys.stdout))
        )
    if applied.review is not None and applied.review.vanished:
        names = ", ".join(sorted({visible(subject_of(change)) for change in applied.review.vanished}))
        print_note(f"\nReviewed, and not to do any more (done already, or no longer asked for): {names}")
    print_note(f"\nThe record of this run is in {applied.record}.")


class _Beginning(Silent):
    """Whether changes have begun: until then there is nothing to finish, and a question may be waiting for its answer."""

    def __init__(self) -> None:
        self.has_come = False

    def planned(self, tasks: Sequence[Task]) -> None:  # noqa: ARG002 - that they are planned is all that matters
        self.has_come = True


@contextmanager
def _interrupts(stop: Stop, beginning: _Beginning, *, say: bool) -> Iterator[None]:
    """SIGINT and SIGTERM: once drains, twice stops; a third time, or before the first change, is the ordinary interrupt.

    `say`: nothing else tells the person what an interrupt has led to; progress bars do.
    """

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_cancelled or not beginning.has_come:
            raise KeyboardInterrupt
        stop.interrupt()
        if say:
            print_note(f"vend: {STOPPING[stop.is_cancelled]}")

    before = {each: signal.signal(each, interrupted) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
