"""`vend worker`."""

import logging
import signal
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pipeline.app.health import check_health
from pipeline.app.machines import Serving, serve
from pipeline.app.parts import Parts
from pipeline.app.workspace import find_workspace
from pipeline.cli.output import print_note
from pipeline.errors import ExitCode, SettingsError, UsageError, VendError
from pipeline.model.operation import Lane
from pipeline.reconcile.engine import Stop

_logger = logging.getLogger(__name__)


def run(arguments: Namespace, working_directory: Path, parts: Parts) -> ExitCode:
    """Work until told to leave; or only ask the worker that does how it is."""
    if arguments.health_check is not None:
        check_health(arguments.health_check)
        return ExitCode.OK
    logs = arguments.log_format != "text"
    try:
        leave = Stop()
        wish = Serving(places=_places(arguments.lane), grace=arguments.grace, health_port=arguments.health_port)
        with _told_to_leave(leave, _logger.info if logs else _note):
            serve(find_workspace(arguments.root, working_directory), parts, wish, leave)
    except VendError as error:
        if not logs:
            raise
        _log(error)
        return error.exit_code
    return ExitCode.OK


def _note(text: str) -> None:
    print_note(f"vend: {text}")


def _log(error: VendError) -> None:
    """Whoever reads the log of a worker reads nothing but its log."""
    findings = error.findings if isinstance(error, SettingsError) else ()
    for each in findings:
        _logger.error("%s: %s", each.location, each.message, extra={"hint": each.hint})
    _logger.error("%s", error, extra={"hint": error.hint})


def _places(given: list[str]) -> dict[Lane, int] | None:
    """`["terraform=2"]` as places by lane; None for all lanes. Raises `UsageError`."""
    places = {}
    for each in given:
        name, _, number = each.partition("=")
        if name not in {lane.value for lane in Lane}:
            raise UsageError(f'--lane: there is no lane "{name}"', hint=f"the lanes are {', '.join(Lane)}")
        if not number.isdecimal() or int(number) < 1:
            raise UsageError(f'--lane: "{each}" does not say how many at a time', hint=f"write for example {name}=2")
        places[Lane(name)] = int(number)
    return places or None


@contextmanager
def _told_to_leave(leave: Stop, say: Callable[[str], None]) -> Iterator[None]:
    """SIGTERM and SIGINT: once finishes or hands back what is at work, twice ends at once; others notice and take over."""

    def told(_signal: int, _frame: FrameType | None) -> None:
        if leave.is_draining:
            raise KeyboardInterrupt
        leave.drain()
        say("leaving: what is at work is finished or handed back; once more ends at once")

    before = {each: signal.signal(each, told) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
